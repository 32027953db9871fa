import Database from 'better-sqlite3';
import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { orThrow } from '../../../src-main/base/errors.ts';
import { migrate, shippedMigrations } from '../../../src-main/store/migrate.ts';
import { livenessOf, thisProcess } from '../../../src-main/store/process-identity.ts';
import { openStore, type StoreOptions } from '../../../src-main/store/store.ts';
import { viewNames } from '../../../src-main/store/views.ts';
import { executeRun, resumeRun } from '../../../src-main/run/run.ts';
import { root } from '../../needs.ts';
import { inputSet, plan, script, world } from '../run/fakes.ts';

let dir: string;
let path: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'mj-store-'));
  path = join(dir, 'bench.sqlite');
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const open = (options: StoreOptions = {}) => orThrow(openStore(path, options));

/** A run over fakes into a real database. */
async function runInto(
  store: ReturnType<typeof open>,
  over: Parameters<typeof plan>[0] = {},
  labelled = false,
) {
  const w = world(script(), inputSet(8, labelled));
  const ports = { ...w.ports, store: store.runs };
  return { world: w, ports, result: orThrow(await executeRun(plan(over), ports)) };
}

describe('a new database', () => {
  it('is created with its folder, every table STRICT, in WAL mode with foreign keys', () => {
    path = join(dir, 'a', 'b', 'bench.sqlite');
    open().close();
    const db = new Database(path);
    const tables = db
      .prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
      .all() as { name: string; sql: string }[];
    expect(tables.length).toBeGreaterThan(15);
    expect(tables.filter((t) => !/\)\s*STRICT/.test(t.sql)).map((t) => t.name)).toEqual([]);
    expect(db.pragma('journal_mode', { simple: true })).toBe('wal');
    expect(db.pragma('user_version', { simple: true })).toBe(shippedMigrations().length);
    expect(db.pragma('foreign_key_check')).toEqual([]);
    db.close();
  });

  it('opening twice migrates once and makes no backup', () => {
    open().close();
    const again = open();
    expect(again.migrated).toMatchObject({ backupPath: null });
    again.close();
  });

  it('every documented view can be read and is listed', () => {
    const store = open();
    for (const v of viewNames) expect(orThrow(store.views.read(v)).rows).toEqual([]);
    store.close();
    const db = new Database(path);
    const views = db
      .prepare("SELECT name FROM sqlite_schema WHERE type = 'view' ORDER BY name")
      .pluck()
      .all();
    db.close();
    expect(views).toEqual([...viewNames].sort());
  });
});

describe('docs/database.md', () => {
  it('names every view with its columns in order, and every table', () => {
    const text = readFileSync(join(root, 'docs/database.md'), 'utf8');
    const store = open();
    for (const v of viewNames) {
      const line = text.split('\n').find((l) => l.startsWith(`| \`${v}\` |`));
      expect(line?.split('|')[3]!.trim().replaceAll('`', '').split(', '), v).toEqual(
        orThrow(store.views.read(v)).columns,
      );
    }
    store.close();
    const db = new Database(path);
    const tables = db
      .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
      .pluck()
      .all() as string[];
    db.close();
    const documented = text.slice(text.indexOf('## Tables'), text.indexOf('## Safety'));
    expect(tables.filter((t) => !documented.includes(`\`${t}\``))).toEqual([]);
  });
});

describe('runs in the database', () => {
  it.each(['performance', 'energy', 'accuracy'] as const)(
    'a %s run is read back as it ended',
    async (mode) => {
      const store = open();
      const { result } = await runInto(store, { mode }, mode === 'accuracy');
      expect(result.status).toBe('finished');
      expect(orThrow(store.runs.result(result.runId))).toEqual(result);
      store.close();
      // and by another process, looking only
      const reader = orThrow(openStore(path, { readOnly: true }));
      expect(orThrow(reader.runs.result(result.runId))).toEqual(result);
      reader.close();
    },
  );

  it('lists runs newest first with their scores', async () => {
    const store = open();
    await runInto(store);
    await runInto(store, { mode: 'energy' });
    await runInto(store, { mode: 'accuracy' }, true);
    const list = orThrow(store.runs.list());
    expect(list.map((r) => [r.runId, r.mode, r.status, r.windowsFinished])).toEqual([
      [3, 'accuracy', 'finished', 0],
      [2, 'energy', 'finished', 5],
      [1, 'performance', 'finished', 5],
    ]);
    expect(list[2]).toMatchObject({
      latencyUs: 12_500,
      valid: true,
      energyUjPerInference: null,
      score: null,
    });
    expect(list[1]!.energyUjPerInference).toBeCloseTo(825, 9);
    expect(list[0]!.score).toBe(1);
    store.close();
  });

  it('the views show windows, profile shares, cycles per MAC and traces', async () => {
    const store = open();
    const { result } = await runInto(store, { mode: 'energy' });
    const windows = orThrow(store.views.read('v_windows', result.runId));
    expect(windows.rows).toHaveLength(5);
    const column = (v: typeof windows, name: string) => v.rows[0]![v.columns.indexOf(name)];
    expect(column(windows, 'latency_us')).toBe(12_500);
    expect(column(windows, 'energy_uj_per_inference')).toBeCloseTo(825, 9);
    const ops = orThrow(store.views.read('v_op_profile', result.runId));
    expect(column(ops, 'cycles_per_mac')).toBeCloseTo(1_562_400 / 640, 9);
    expect(column(ops, 'share')).toBeCloseTo(1_562_400 / 1_562_500, 12);
    const traces = orThrow(store.views.read('v_traces', result.runId));
    expect(column(traces, 'sha256')).toBe('ab'.repeat(32));
    store.close();
  });

  it('boards, monitors, models and programs have one row each however many runs', async () => {
    const store = open();
    await runInto(store, { mode: 'energy' });
    await runInto(store, { mode: 'energy' });
    store.close();
    const db = new Database(path);
    const count = (t: string) => db.prepare(`SELECT count(*) FROM ${t}`).pluck().get();
    expect(['boards', 'monitors', 'models', 'programs', 'runs', 'traces'].map(count)).toEqual([
      1, 1, 1, 1, 2, 1,
    ]);
    db.close();
  });

  it('a window cannot be finished twice, and nothing of a refused write stays', async () => {
    const store = open();
    const { result } = await runInto(store);
    const again = { ...result.windows[0]!, attempt: 7 };
    expect(() => store.runs.saveWindow(result.runId, again)).toThrow(/UNIQUE/);
    expect(orThrow(store.runs.load(result.runId)).windows).toHaveLength(5);
    store.close();
  });

  it('unknown and finished runs are not resumed', async () => {
    const store = open();
    const { result } = await runInto(store);
    expect(store.runs.reopen(99)).toMatchObject({ ok: false, id: 'store.no-run', facts: { runId: 99 } });
    expect(store.runs.reopen(result.runId)).toMatchObject({ ok: false, id: 'store.run-finished' });
    expect(store.runs.result(99)).toMatchObject({ ok: false, id: 'store.no-run' });
    store.close();
  });

  it('a removed run takes its windows with it', async () => {
    const store = open();
    const { result } = await runInto(store, { mode: 'energy' });
    orThrow(store.notes.add(result.runId, 'warm room'));
    orThrow(store.runs.remove(result.runId));
    expect(orThrow(store.views.read('v_windows')).rows).toEqual([]);
    expect(orThrow(store.views.read('v_notes')).rows).toEqual([]);
    expect(store.runs.remove(result.runId)).toMatchObject({ id: 'store.no-run' });
    orThrow(store.integrity());
    store.close();
  });

  it('a stopped run is resumed from the database by its stored plan', async () => {
    const store = open();
    const abort = new AbortController();
    const w = world(script(), inputSet(8, false));
    w.bench.script.onStep = (step, count) => step === 'infer' && count === 5 && abort.abort();
    const first = orThrow(
      await executeRun(plan({ windowS: 12 }), { ...w.ports, store: store.runs }, { signal: abort.signal }),
    );
    expect(first.status).toBe('interrupted');
    const again = world(script(), inputSet(8, false));
    const second = orThrow(await resumeRun(first.runId, { ...again.ports, store: store.runs }));
    expect(second.status).toBe('finished');
    expect(again.bench.counts.get('infer')).toBe(3);
    expect(second.windows.filter((x) => x.status === 'finished').every((x) => x.durationUs! >= 12e6)).toBe(
      true,
    );
    expect(orThrow(store.runs.result(first.runId))).toEqual(second);
    store.close();
  });

  it('a row edited into nonsense is a failure with its column, not a crash', async () => {
    const store = open();
    const { result } = await runInto(store);
    store.close();
    const db = new Database(path);
    db.prepare('UPDATE runs SET plan_json = \'{"mode":7}\'').run();
    db.close();
    const reader = open();
    expect(reader.runs.result(result.runId)).toMatchObject({
      ok: false,
      id: 'store.bad-row',
      facts: { column: 'runs.plan_json' },
    });
    reader.close();
  });

  it('keeps notes, exported edges, calibrations by key and TFLM records', async () => {
    let now = 0;
    const store = open({ nowIso: () => new Date(now++ * 1000).toISOString() });
    const { result } = await runInto(store, { mode: 'energy' });
    orThrow(store.notes.add(result.runId, 'warm room'));
    expect(orThrow(store.notes.of(result.runId))).toMatchObject([{ text: 'warm room' }]);
    orThrow(
      store.edges.put('t1', [
        { atUs: 5.25, channel: 0, level: 1 },
        { atUs: 9, channel: 0, level: 0 },
      ]),
    );
    const ofWindows = result.windows.flatMap((w) => [w.energy!.traceStartUs, w.energy!.traceEndUs]);
    expect(orThrow(store.edges.of('t1'))).toEqual([
      { atUs: 0, channel: 0, level: 1 },
      { atUs: 5.25, channel: 0, level: 1 },
      { atUs: 9, channel: 0, level: 0 },
      { atUs: ofWindows[1], channel: 0, level: 0 },
    ]);
    expect(new Set(ofWindows)).toEqual(new Set([0, ofWindows[1]]));

    const key = { board: 'pico', firmwareHash: '12345678', timingModel: 'emulated/xip-1' };
    const layer = {
      kernel: 'FullyConnectedS8',
      macs: 640,
      outputs: 10,
      bytes: 700,
      cycles: 5000,
      predictedCycles: 4990.5,
    };
    orThrow(store.calibrations.put({ ...key, kernels: {} }, [layer]));
    const id = orThrow(store.calibrations.put({ ...key, kernels: { later: 1 } }, [layer]));
    expect(orThrow(store.calibrations.latest(key))).toMatchObject({ id, model: { kernels: { later: 1 } } });
    expect(orThrow(store.calibrations.layers(id))).toEqual([layer]);
    expect(orThrow(store.calibrations.latest({ ...key, firmwareHash: 'ffffffff' }))).toBeNull();

    const check = { programHash: '0badcafe', tflmVersion: '0.1', inputs: 20, record: 'test/golden' };
    orThrow(store.referenceChecks.put(check));
    orThrow(store.referenceChecks.put({ ...check, inputs: 40 }));
    expect(orThrow(store.referenceChecks.of('0badcafe'))).toEqual({ ...check, inputs: 40 });
    expect(orThrow(store.referenceChecks.of('deadbeef'))).toBeNull();
    store.close();
  });
});

describe('runs that a dead process left', () => {
  const dead = { boot: 'b', namespace: 'n', pid: 1, started: '1' };

  async function orphan(): Promise<number> {
    const store = open({ self: dead });
    const w = world(script(), inputSet(8, false));
    const runId = orThrow(
      store.runs.begin({
        plan: (await runInto(store)).result.plan,
        source: 'emulated',
        targetName: 'Fake',
        assumptions: [],
        clockPlusMinusPpm: null,
        inputKind: 'random',
        inputCount: 8,
        remarks: [],
        startedAt: w.ports.nowIso(),
      }),
    );
    store.close();
    return runId;
  }

  it('become interrupted on opening', async () => {
    const runId = await orphan();
    const store = open({ liveness: () => 'dead' });
    expect(store.recovered).toEqual([runId]);
    expect(orThrow(store.runs.result(runId))).toMatchObject({
      status: 'interrupted',
      failure: { id: 'run.process-died', facts: { pid: 1 } },
    });
    store.close();
  });

  it('stay as they are while the process lives, and cannot be taken from it', async () => {
    const runId = await orphan();
    const store = open({ liveness: () => 'alive' });
    expect(store.recovered).toEqual([]);
    expect(orThrow(store.runs.load(runId)).status).toBe('running');
    expect(store.runs.reopen(runId)).toMatchObject({ ok: false, id: 'store.run-in-use', facts: { pid: 1 } });
    expect(store.runs.remove(runId)).toMatchObject({ ok: false, id: 'store.run-in-use' });
    store.close();
  });

  it('of this very process are in use until they end', async () => {
    const store = open();
    const { plan: p } = (await runInto(store)).result;
    const runId = orThrow(
      store.runs.begin({
        plan: p,
        source: 'emulated',
        targetName: 'Fake',
        assumptions: [],
        clockPlusMinusPpm: null,
        inputKind: 'random',
        inputCount: 8,
        remarks: [],
        startedAt: '',
      }),
    );
    expect(store.runs.reopen(runId)).toMatchObject({
      ok: false,
      id: 'store.run-in-use',
      facts: { pid: process.pid },
    });
    store.close();
  });

  it('in another container are left alone until somebody asks for them', async () => {
    const runId = await orphan();
    const store = open({ liveness: () => 'unknown' });
    expect(store.recovered).toEqual([]);
    expect(store.runs.reopen(runId).ok).toBe(true);
    store.close();
  });

  it('are not touched by a reader', async () => {
    const runId = await orphan();
    const reader = open({ readOnly: true, liveness: () => 'dead' });
    expect(orThrow(reader.runs.load(runId)).status).toBe('running');
    reader.close();
  });

  it('this process is alive; another boot, a free pid and a reused pid are dead', () => {
    const self = thisProcess();
    expect(livenessOf(self)).toBe('alive');
    expect(livenessOf({ ...self, boot: 'other' })).toBe('dead');
    expect(livenessOf({ ...self, pid: 2 ** 22 + 1 })).toBe('dead');
    expect(livenessOf({ ...self, namespace: 'pid:[1]' })).toBe('unknown');
    if (self.started !== '') expect(livenessOf({ ...self, started: '1' })).toBe('dead');
  });
});

describe.runIf(existsSync('/proc/self/stat'))('a process that ended and was not reaped yet', () => {
  it('is dead', async () => {
    // the shell becomes `sleep`, which never reaps the child it inherited
    const shell = spawn('sh', ['-c', 'sleep 0 & echo $!; exec sleep 30'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    try {
      const pid = Number(await new Promise<Buffer>((resolve) => shell.stdout.once('data', resolve)));
      const fields = () => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
      while (fields()[0] !== 'Z') await new Promise((r) => setImmediate(r));
      expect(livenessOf({ ...thisProcess(), pid, started: fields()[19]! })).toBe('dead');
    } finally {
      shell.kill('SIGKILL');
    }
  });
});

/** The schema of today. */
const newest = shippedMigrations().length;

describe('migrations', () => {
  const extra = {
    number: newest + 1,
    name: 'colour',
    sql: "ALTER TABLE boards ADD COLUMN colour TEXT NOT NULL DEFAULT 'green';",
  };

  it('copy the database first and keep its rows', async () => {
    const old = open();
    const { result } = await runInto(old);
    old.close();
    const store = open({ migrations: [...shippedMigrations(), extra] });
    expect(store.migrated).toEqual({
      from: newest,
      to: newest + 1,
      backupPath: `${path}.v${newest}.backup`,
    });
    expect(orThrow(store.runs.result(result.runId))).toEqual(result);
    store.close();
    const backup = orThrow(openStore(`${path}.v${newest}.backup`, { readOnly: true }));
    expect(orThrow(backup.runs.result(result.runId))).toEqual(result);
    backup.close();
  });

  it('that fail in the middle leave the database as it was', async () => {
    const old = open();
    const { result } = await runInto(old);
    old.close();
    const broken = {
      number: newest + 1,
      name: 'broken',
      sql: 'ALTER TABLE boards ADD COLUMN half TEXT; SELECT * FROM nothing_there;',
    };
    expect(() => openStore(path, { migrations: [...shippedMigrations(), broken] })).toThrow(/nothing_there/);
    const store = open();
    expect(store.migrated).toMatchObject({ from: newest, to: newest });
    expect(orThrow(store.runs.result(result.runId))).toEqual(result);
    store.close();
  });

  it('keep windows of before the uncertainties of the net energy: its bound is then the gross one, wider', async () => {
    const two = shippedMigrations().slice(0, 2);
    const db = new Database(path);
    orThrow(migrate(db, path, two));
    db.exec(`INSERT INTO models VALUES ('${'ab'.repeat(32)}', 'm', NULL, '');
      INSERT INTO traces VALUES ('t', '/t', NULL, '', 100000, 1);`);
    db.prepare(
      `INSERT INTO runs (status, mode, target_id, target_name, source, model_sha256, plan_json, assumptions_json, input_kind, input_count, started_at)
      VALUES ('interrupted', 'energy', 'fake', 'Fake', 'emulated', ?, ?, '[]', 'random', 8, '')`,
    ).run(
      'ab'.repeat(32),
      JSON.stringify({
        mode: 'energy',
        model: { name: 'm', sha256: 'ab'.repeat(32), path: null },
        targetId: 'fake',
      }),
    );
    db.exec(`INSERT INTO windows VALUES (1, 0, 0, 'finished', NULL, 'i', 'x', 10, 0, 1e6, 'equal', '');
      INSERT INTO window_energies VALUES (1, 0, 0, 100, 60, 0.01, 0.02, 1e6, 3.3, 0.03, 'set-point',
        '[{"cause":"monitor gain","plusMinus":10,"basis":""}]', 1, 0, 1, 't', 0, 1e6, '[]');`);
    db.close();
    const store = open();
    const energy = orThrow(store.runs.load(1)).windows[0]!.energy!;
    expect(energy).toMatchObject({ statisticalUj: null, netStatisticalUj: null, clockRel: 0, channel: 0 });
    expect(energy.netSystematic).toEqual(energy.systematic);
    expect(orThrow(store.runs.result(1)).netEnergyPerInference).toMatchObject({
      value: 6,
      interval: { method: 'none' },
      systematic: { plusMinus: 1 },
    });
    store.close();
  });

  it('from every earlier version give the same schema as a new file', () => {
    const schemaOf = (p: string) => {
      const db = new Database(p, { readonly: true });
      const rows = db.prepare('SELECT type, name, sql FROM sqlite_schema ORDER BY type, name').all();
      db.close();
      return rows;
    };
    open().close();
    const all = shippedMigrations();
    for (let from = 0; from < all.length; from++) {
      const p = join(dir, `from-${from}.sqlite`);
      const db = new Database(p);
      orThrow(migrate(db, p, all.slice(0, from)));
      db.close();
      orThrow(openStore(p)).close();
      expect(schemaOf(p)).toEqual(schemaOf(path));
    }
  });
});

describe('files that are not ours to open', () => {
  it('a newer database is refused and left alone', () => {
    open({
      migrations: [...shippedMigrations(), { number: newest + 1, name: 'x', sql: 'CREATE TABLE x (a) ;' }],
    }).close();
    const before = readFileSync(path);
    for (const readOnly of [false, true])
      expect(openStore(path, { readOnly })).toMatchObject({
        ok: false,
        id: 'store.newer',
        facts: { fileVersion: newest + 1, knownVersion: newest },
      });
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  it('an older database is not migrated by a reader', () => {
    open().close();
    const more = [...shippedMigrations(), { number: newest + 1, name: 'x', sql: 'CREATE TABLE x (a) ;' }];
    expect(openStore(path, { readOnly: true, migrations: more })).toMatchObject({
      ok: false,
      id: 'store.older',
    });
  });

  it("another program's SQLite file is refused and left alone", () => {
    const db = new Database(path);
    db.exec('CREATE TABLE bookmarks (url TEXT)');
    db.close();
    const before = readFileSync(path);
    expect(openStore(path)).toMatchObject({ ok: false, id: 'store.foreign' });
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  it('a text file is corrupt, and stays as it was', () => {
    writeFileSync(path, 'dear diary\n'.repeat(500));
    const before = readFileSync(path);
    for (const readOnly of [false, true])
      expect(openStore(path, { readOnly })).toMatchObject({ ok: false, id: 'store.corrupt' });
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  it('a database with damaged pages is corrupt', async () => {
    const store = open();
    await runInto(store);
    store.close();
    const bytes = readFileSync(path);
    bytes.fill(0xa5, 4096 * 3, 4096 * 9);
    writeFileSync(path, bytes);
    expect(openStore(path)).toMatchObject({ ok: false, id: 'store.corrupt' });
  });

  it('a truncated database is corrupt', async () => {
    const store = open();
    await runInto(store);
    store.close();
    writeFileSync(path, readFileSync(path).subarray(0, 4096 * 5 + 100));
    expect(openStore(path)).toMatchObject({ ok: false, id: 'store.corrupt' });
  });

  it('a locked database says so after the time given', () => {
    open().close();
    const other = new Database(path);
    other.pragma('locking_mode = EXCLUSIVE');
    other.exec('BEGIN EXCLUSIVE');
    expect(openStore(path, { busyMs: 10 })).toMatchObject({ ok: false, id: 'store.locked' });
    other.exec('ROLLBACK');
    other.close();
    open().close();
  });

  it('a write that meets a lock fails and the next one succeeds', async () => {
    const store = open({ busyMs: 10 });
    const { result } = await runInto(store);
    const other = new Database(path);
    other.exec('BEGIN IMMEDIATE');
    expect(store.notes.add(result.runId, 'x')).toMatchObject({ ok: false, id: 'store.locked' });
    // readers are not held up
    expect(orThrow(store.runs.list())).toHaveLength(1);
    other.exec('ROLLBACK');
    other.close();
    expect(store.notes.add(result.runId, 'x').ok).toBe(true);
    store.close();
  });

  it('a folder, a missing file for a reader, and a path through a file', () => {
    expect(openStore(dir)).toMatchObject({ ok: false, id: 'store.cannot-open' });
    expect(openStore(path, { readOnly: true })).toMatchObject({ ok: false, id: 'store.none' });
    expect(existsSync(path)).toBe(false);
    writeFileSync(path, '');
    expect(openStore(join(path, 'x.sqlite'))).toMatchObject({ ok: false, id: 'store.cannot-open' });
  });

  it('a file without write permission is read-only', () => {
    open().close();
    chmodSync(path, 0o444);
    chmodSync(dir, 0o555);
    const root = process.getuid!() === 0;
    try {
      // root may write anything: look as nobody
      if (root) process.seteuid!(65534);
      expect(openStore(path)).toMatchObject({ ok: false, id: 'store.read-only' });
    } finally {
      if (root) process.seteuid!(0);
      chmodSync(dir, 0o755);
    }
  });
});

describe('a full disk', () => {
  it('stops the run with store.full and keeps every window before it', async () => {
    const probe = open();
    await runInto(probe);
    probe.close();
    const db = new Database(path);
    const pages = db.pragma('page_count', { simple: true }) as number;
    db.close();
    const store = open({ maxPages: pages + 1 });
    const w = world(script(), inputSet(400, true));
    const result = orThrow(await executeRun(plan({ mode: 'accuracy' }), { ...w.ports, store: store.runs }));
    expect(result.status).toBe('failed');
    expect(result.failure!.id).toBe('store.full');
    const kept = orThrow(store.runs.load(result.runId));
    expect(kept.items.length).toBeGreaterThan(3);
    expect(kept.items.length).toBeLessThan(400);
    expect(kept.items.length).toBe(result.items.length);
    store.close();
    // with room again the run goes on
    const later = open();
    orThrow(later.integrity());
    const more = world(script(), inputSet(400, true));
    const resumed = orThrow(await resumeRun(result.runId, { ...more.ports, store: later.runs }));
    expect(resumed).toMatchObject({ status: 'finished', accuracy: { items: 400 } });
    expect(more.bench.counts.get('infer')).toBe(400 - kept.items.length);
    later.close();
  });
});
