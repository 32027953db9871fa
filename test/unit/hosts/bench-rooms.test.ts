/** Hardware, settings, model check and sample of the bench, as a page asks for them. */
import Database from 'better-sqlite3';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { orThrow, type Failure, type Result } from '../../../src-main/base/errors.ts';
import type { MethodInput, MethodName, MethodOutput } from '../../../src-main/contract/bench/methods.ts';
import { Settings, withRecent } from '../../../src-main/contract/bench/settings.ts';
import { createCore, type Core } from '../../../src-main/core.ts';
import { sampleComparison } from '../../../src-main/core/samples.ts';
import { BenchService } from '../../../src-main/hosts/bench/service.ts';
import { readSettings } from '../../../src-main/hosts/bench/settings.ts';
import { root } from '../../needs.ts';

let dir: string;
let core: Core;
let service: BenchService;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'mj-rooms-'));
  core = orThrow(await createCore({ dbPath: join(dir, 'bench.db') }));
  service = new BenchService(core, { host: 'in-process', modelsDir: join(root, 'models'), version: '0' });
});
afterEach(async () => {
  await service[Symbol.asyncDispose]();
  await core[Symbol.asyncDispose]();
  rmSync(dir, { recursive: true, force: true });
});

async function ask<M extends MethodName>(method: M, input: MethodInput<M>): Promise<Result<MethodOutput<M>>> {
  return (await service.request(method, input)) as Result<MethodOutput<M>>;
}
const idOf = (r: Result<unknown>): string => (r as Failure).id;

describe('settings', () => {
  it('are defaults at first, keep what was set, and leave the rest', async () => {
    expect(orThrow(await ask('settings.get', {}))).toEqual({ settings: Settings.parse({}), folder: dir });
    orThrow(await ask('settings.set', { theme: 'dark', supplyV: 3.45 }));
    orThrow(await ask('settings.set', { theme: 'light' }));
    expect(orThrow(await ask('settings.get', {})).settings).toEqual({
      ...Settings.parse({}),
      theme: 'light',
      supplyV: 3.45,
    });
  });

  it('are there after the bench was started again', async () => {
    orThrow(await ask('settings.set', { density: 'compact', recentPorts: ['/dev/ttyACM0'] }));
    await core[Symbol.asyncDispose]();
    core = orThrow(await createCore({ dbPath: join(dir, 'bench.db') }));
    service = new BenchService(core, { host: 'in-process', modelsDir: join(root, 'models'), version: '0' });
    expect(orThrow(await ask('settings.get', {})).settings).toMatchObject({
      density: 'compact',
      recentPorts: ['/dev/ttyACM0'],
    });
  });

  it('refuse what is no value of theirs, and a wrong field changes nothing', async () => {
    const wrong = { theme: 'dark', supplyV: 12 } as MethodInput<'settings.set'>;
    expect(idOf(await ask('settings.set', wrong))).toBe('bench.bad-input');
    expect(orThrow(await ask('settings.get', {})).settings.theme).toBe('system');
    const long = { recentPorts: Array.from({ length: 9 }, (_, i) => `/dev/tty${i}`) };
    expect(idOf(await ask('settings.set', long))).toBe('bench.bad-input');
  });

  it('a value of a newer version, or one that was damaged, is its default', async () => {
    expect(readSettings({ theme: 'sepia', density: 'compact', unknown: 1 })).toEqual({
      ...Settings.parse({}),
      density: 'compact',
    });
    const db = new Database(join(dir, 'bench.db'));
    db.prepare('INSERT INTO settings (name, value_json) VALUES (?, ?)').run('theme', '{half');
    db.close();
    expect(orThrow(await ask('settings.get', {})).settings.theme).toBe('system');
  });

  it('an address that was used comes first, once, and eight are kept', () => {
    expect(withRecent(['a', 'b'], 'b')).toEqual(['b', 'a']);
    expect(withRecent(['1', '2', '3', '4', '5', '6', '7', '8'], '9')).toEqual([
      '9',
      '1',
      '2',
      '3',
      '4',
      '5',
      '6',
      '7',
    ]);
  });
});

describe('hardware', () => {
  it('the emulated Pico and PPK2 are always there, with the pins of the descriptor', async () => {
    const list = orThrow(await ask('hardware.scan', {}));
    const emulated = list.targets.find((t) => t.id === 'pico-emulated')!;
    expect(emulated).toMatchObject({ needsPort: false, source: 'emulated', boardId: 'pico' });
    expect(emulated.pins.map((p) => [p.use, p.gpio, p.channel])).toEqual([
      ['window', 2, 0],
      ['operator', 3, 1],
      ['operator', 4, 2],
      ['operator', 5, 3],
      ['timestamp', 6, 4],
    ]);
    expect(list.monitors.find((m) => m.kind === 'ppk2')).toMatchObject({
      emulated: true,
      windowInput: 'level',
    });
  });

  it('a page can name no program as a port', async () => {
    const marker = join(dir, 'started');
    const port = `process:touch ${marker}`;
    expect(idOf(await ask('hardware.identify', { port }))).toBe('bench.bad-input');
    const wiring = { port };
    expect(idOf(await ask('hardware.checkWiring', { targetId: 'pico', wiring }))).toBe('bench.bad-input');
    const model = service.models.list()[0]!.token;
    expect(idOf(await ask('runs.start', { model, targetId: 'pico', mode: 'performance', wiring }))).toBe(
      'bench.bad-input',
    );
    expect(idOf(await ask('traces.record', { monitor: `ppk2:${port}` }))).toBe('bench.bad-input');
    expect(() => readFileSync(marker)).toThrow();
  });

  it('a port that is not there is said so', async () => {
    expect(idOf(await ask('hardware.identify', { port: '/dev/mj-not-there' }))).toBe('link.not-found');
  });

  it('an unknown target is refused before anything begins', async () => {
    expect(idOf(await ask('hardware.checkWiring', { targetId: 'nope' }))).toBe('cli.unknown-target');
    expect(orThrow(await ask('activities.list', {}))).toEqual([]);
  });

  it('a wiring check is an activity with its steps as events, and its command line', async () => {
    const activity = orThrow(await ask('hardware.checkWiring', { targetId: 'pico' }));
    expect(activity).toMatchObject({ kind: 'check', cli: 'microjoule check-wiring --target pico' });
    const ended = new Promise<void>((resolve) => {
      service.activities.watchList((list) => list.every((a) => a.state === 'ended') && resolve());
    });
    await ended;
    // a real target without a port cannot even be opened
    expect(orThrow(await ask('activities.list', {}))[0]).toMatchObject({ failure: { id: 'cli.no-port' } });
  });
});

describe('a model before it runs', () => {
  it('fits, with its layers and what is predicted', async () => {
    const model = service.models.list().find((m) => m.name === 'kws-syn')!.token;
    const check = orThrow(await ask('models.check', { model, targetId: 'pico-emulated' }));
    expect(check.operators.length).toBeGreaterThan(5);
    expect(check.operators.reduce((sum, o) => sum + o.macs, 0)).toBe(check.macs);
    expect(check.arenaBytes).toBeLessThan(check.arenaAvailableBytes);
    expect(check.flashBytes).toBeLessThan(check.flashAvailableBytes);
    // with a cost model every operator has its share; without one the reason is given
    if (check.unpredicted === null) {
      const cycles = check.operators.reduce((sum, o) => sum + (o.cycles ?? 0), 0);
      expect(check.latency!.source).toBe('predicted');
      expect(check.latency!.value / (cycles / 125)).toBeCloseTo(1, 1);
    } else expect(check.unpredicted.id).toMatch(/^predict\./);
  });

  it('nobody has calibrated silicon: it fits all the same, and says why nothing is predicted', async () => {
    const model = service.models.list().find((m) => m.name === 'tiny-ad')!.token;
    const check = orThrow(await ask('models.check', { model, targetId: 'pico' }));
    expect(check).toMatchObject({ latency: null, unpredicted: { id: 'predict.no-calibration' } });
    expect(check.operators.every((o) => o.cycles === null)).toBe(true);
  });

  it('what is no model is refused when it is handed over, and an unknown token names no file', async () => {
    const bytes = new TextEncoder().encode('not a model');
    expect(idOf(await ask('models.add', { name: 'x.tflite', bytes }))).toMatch(/^model\./);
    // and is not offered afterwards
    expect(orThrow(await ask('models.list', {})).map((m) => m.origin)).not.toContain('added');
    expect(idOf(await ask('models.check', { model: '../../etc/passwd', targetId: 'pico' }))).toBe(
      'bench.no-model',
    );
  });
});

describe('the recorded comparison', () => {
  it('comes with the product, is emulated, and knows nothing of where it was made', async () => {
    const { sample, comparisons } = orThrow(await ask('samples.get', {}));
    expect(sample.runs.every((r) => r.source === 'emulated' && r.status === 'finished')).toBe(true);
    expect(sample.labels).toHaveLength(sample.runs.length);
    expect(JSON.stringify(sample)).not.toMatch(/\/(?:home|tmp|work|Users)\//);
    // waiting for flash can only cost time
    expect(comparisons[0]!.figures[0]).toMatchObject({ figure: 'latency', verdict: 'better' });
  });

  it('a file that is missing or of another version is a failure with a next step', () => {
    expect(idOf(sampleComparison(join(dir, 'none.json')))).toBe('bench.no-sample');
    writeFileSync(join(dir, 'old.json'), '{"format":0}');
    expect(sampleComparison(join(dir, 'old.json'))).toMatchObject({ ok: false, facts: { reason: 'format' } });
  });
});
