import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { orThrow } from '../../src-main/base/errors.ts';
import { Rng } from '../../src-main/base/rng.ts';
import { openStore } from '../../src-main/store/store.ts';

let dir: string;
let db: string;
const children: ChildProcess[] = [];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'mj-killed-'));
  db = join(dir, 'bench.sqlite');
});
afterEach(() => {
  for (const c of children.splice(0)) c.kill('SIGKILL');
  rmSync(dir, { recursive: true, force: true });
});

interface Child {
  readonly process: ChildProcess;
  /** Resolves when a line with this beginning was printed. */
  line(start: string): Promise<string>;
  readonly ended: Promise<{ readonly code: number | null; readonly text: string }>;
}

function measure(mode: string, runId: string, hangAt = 0): Child {
  const child = spawn(
    process.execPath,
    [join(import.meta.dirname, 'run-child.ts'), db, mode, runId, String(hangAt)],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  children.push(child);
  let text = '';
  const waiting: { start: string; done: (line: string) => void }[] = [];
  const look = () => {
    for (const w of [...waiting]) {
      const found = text.split('\n').find((l) => l.startsWith(w.start));
      if (found) w.done(found);
    }
  };
  child.stdout.on('data', (b: Buffer) => {
    text += b.toString();
    look();
  });
  child.stderr.on('data', (b: Buffer) => (text += b.toString()));
  const ended = new Promise<{ code: number | null; text: string }>((resolve) =>
    child.on('close', (code) => resolve({ code, text })),
  );
  const line = (start: string) =>
    Promise.race([
      new Promise<string>((done) => {
        waiting.push({ start, done });
        look();
      }),
      ended.then((e) => {
        throw new Error(`ended before "${start}": ${e.text}`);
      }),
    ]);
  return { process: child, line, ended };
}

async function kill(child: Child): Promise<void> {
  child.process.kill('SIGKILL');
  await child.ended;
}

describe('kill -9 in the middle of a run', () => {
  it.each([
    // infer 1–2 tune a performance run, so the 5th is its third window; energy runs are tuned by mj prof
    ['performance', 5],
    ['energy', 3],
  ])(
    'a %s run: readable database, marked interrupted, every finished window there, and resume finishes it',
    async (mode, hangAt) => {
      const child = measure(mode, 'new', hangAt);
      await child.line('hang');

      // a second process beside it reads, and does not disturb it
      const beside = orThrow(openStore(db));
      expect(beside.recovered).toEqual([]);
      expect(orThrow(beside.runs.load(1))).toMatchObject({ status: 'running' });
      expect(beside.runs.reopen(1)).toMatchObject({
        ok: false,
        id: 'store.run-in-use',
        facts: { pid: child.process.pid },
      });
      beside.close();
      await kill(child);

      const after = orThrow(openStore(db));
      expect(after.recovered).toEqual([1]);
      orThrow(after.integrity());
      const left = orThrow(after.runs.result(1));
      expect(left).toMatchObject({
        status: 'interrupted',
        failure: { id: 'run.process-died', facts: { pid: child.process.pid } },
      });
      expect(left.windows.map((w) => [w.index, w.status])).toEqual([
        [0, 'finished'],
        [1, 'finished'],
      ]);
      expect(left.latency).toMatchObject({ value: 12_500, n: 2 });
      after.close();

      const resumed = await measure(mode, '1').ended;
      expect(resumed).toMatchObject({ code: 0, text: 'run 1\nfinished\n' });
      const done = orThrow(openStore(db, { readOnly: true }));
      const result = orThrow(done.runs.result(1));
      expect(result).toMatchObject({ status: 'finished', failure: null, validity: { valid: true } });
      expect(result.windows.slice(0, 2)).toEqual(left.windows);
      expect(result.windows.map((w) => w.index)).toEqual([0, 1, 2, 3, 4]);
      done.close();
    },
  );

  it('at any moment, again and again: no item is lost, none is counted twice', async () => {
    const rng = new Rng(11);
    let runId = 'new';
    let items = 0;
    for (let round = 0; round < 6; round++) {
      const child = measure('accuracy', runId, rng.int(10, 30));
      await child.line('hang');
      await kill(child);
      runId = '1';
      const store = orThrow(openStore(db));
      orThrow(store.integrity());
      const run = orThrow(store.runs.load(1));
      expect(run.status).toBe('interrupted');
      expect(run.items.map((i) => i.index)).toEqual(run.items.map((_, i) => i));
      expect(run.items.length).toBeGreaterThan(items);
      items = run.items.length;
      store.close();
    }
    expect(await measure('accuracy', '1').ended).toMatchObject({ code: 0 });
    const store = orThrow(openStore(db, { readOnly: true }));
    expect(orThrow(store.runs.result(1))).toMatchObject({
      status: 'finished',
      accuracy: { items: 200, correct: 180 },
      comparison: { equal: 200 },
    });
    store.close();
  });

  it('while it writes: every item that was reported as stored is there', async () => {
    let runId = 'new';
    for (const until of [3, 40, 41, 90, 150]) {
      const child = measure('accuracy', runId);
      // the child does not wait: it is somewhere in a later transaction when the signal comes
      await child.line(`item ${until}`);
      child.process.kill('SIGKILL');
      const { text } = await child.ended;
      const reported = Math.max(...[...text.matchAll(/^item (\d+)$/gm)].map((m) => Number(m[1])));
      runId = '1';
      const store = orThrow(openStore(db));
      orThrow(store.integrity());
      const { items } = orThrow(store.runs.load(1));
      expect(items.length).toBeGreaterThanOrEqual(reported);
      expect(items.map((i) => i.index)).toEqual(items.map((_, i) => i));
      store.close();
      if (items.length === 200) return;
    }
  });
});
