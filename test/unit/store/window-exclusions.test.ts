import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { orThrow, type Failure } from '../../../src-main/base/errors.ts';
import { EXCLUDED_BY_HAND, type RunResult } from '../../../src-main/contract/index.ts';
import { executeRun } from '../../../src-main/run/run.ts';
import { openStore, type Store } from '../../../src-main/store/store.ts';
import { inputSet, plan, script, world } from '../run/fakes.ts';

let dir: string;
let store: Store;
let runId: number;

/** Six windows; the fourth is slower than the others. */
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'mj-exclusions-'));
  store = orThrow(openStore(join(dir, 'bench.db')));
  const s = script();
  let loads = 0;
  s.onStep = (step) => {
    if (step === 'load') s.latencyUs = ++loads === 5 ? 20_000 : 12_500;
  };
  const w = world(s, inputSet(8, false));
  const run = orThrow(await executeRun(plan({ windows: 6 }), { ...w.ports, store: store.runs }));
  runId = run.runId;
});
afterEach(() => {
  store.close();
  rmSync(dir, { recursive: true, force: true });
});

const slowest = (r: RunResult) => r.windows.findIndex((w) => w.durationUs! / w.inferences === 20_000);
const counted = (r: RunResult) => r.windows.filter((w) => w.status === 'finished').map((w) => w.index);
const row = () => orThrow(store.runs.list())[0]!;

describe('a window that is left out by hand', () => {
  it('no longer counts, keeps what it measured, and says why', () => {
    const before = orThrow(store.runs.result(runId));
    expect(before.latency!.interval.method).toBe('t');
    const index = slowest(before);
    const after = orThrow(store.runs.exclude(runId, index, 'the cable was touched'));
    expect(counted(after)).toEqual(counted(before).filter((i) => i !== index));
    expect(after.windows[index]).toMatchObject({
      status: 'excluded',
      durationUs: before.windows[index]!.durationUs,
      exclusion: { id: EXCLUDED_BY_HAND, cause: 'Left out by hand: the cable was touched' },
    });
    expect(after.latency).toMatchObject({ value: 12_500, n: 5, interval: { method: 'deterministic' } });
    expect(after.notes).toContain('1 window left out by hand; the reasons are with the windows.');
    expect(after.notes.join()).not.toContain('voided');
  });

  it('is so for whoever asks, after a restart too, and in the list of runs', () => {
    const index = slowest(orThrow(store.runs.result(runId)));
    const after = orThrow(store.runs.exclude(runId, index, 'x'));
    store.close();
    store = orThrow(openStore(join(dir, 'bench.db')));
    expect(orThrow(store.runs.result(runId))).toEqual(after);
    expect(row()).toMatchObject({ latencyUs: 12_500, valid: true });
  });

  it('counts again when that is undone: the result is as before, to the digit', () => {
    const before = orThrow(store.runs.result(runId));
    const index = slowest(before);
    orThrow(store.runs.exclude(runId, index, 'x'));
    expect(orThrow(store.runs.include(runId, index))).toEqual(before);
    expect(row().latencyUs).toBe(before.latency!.value);
  });

  it('the run rules are judged without it: four windows are not five', () => {
    orThrow(store.runs.exclude(runId, 0, 'x'));
    expect(row().valid).toBe(true);
    const four = orThrow(store.runs.exclude(runId, 1, 'y'));
    expect(four.validity.valid).toBe(false);
    expect(row().valid).toBe(false);
  });
});

describe('what cannot be left out or counted', () => {
  const idOf = (r: object): string => (r as Failure).id;

  it('a window that is not there, and one that was never left out', () => {
    expect(idOf(store.runs.exclude(runId, 17, 'x'))).toBe('run.no-window');
    expect(idOf(store.runs.include(runId, 0))).toBe('run.no-window');
    expect(idOf(store.runs.exclude(99, 0, 'x'))).toBe('store.no-run');
  });

  it('windows of a run that may still go on', async () => {
    const abort = new AbortController();
    const w = world(script(), inputSet(8, false));
    const run = orThrow(
      await executeRun(
        plan(),
        { ...w.ports, store: store.runs },
        { signal: abort.signal, onEvent: (e) => e.type === 'window' && abort.abort() },
      ),
    );
    expect(run.status).toBe('interrupted');
    expect(idOf(store.runs.exclude(run.runId, 0, 'x'))).toBe('run.not-finished');
  });

  it('what the run itself voided stays out: it was measured again in its place', async () => {
    const reset = { ok: false, id: 'device.reset', facts: {}, cause: 'brown-out', next: 'check' } as const;
    const s = script({ faults: new Map([['infer#4', reset]]) });
    const w = world(s, inputSet(8, false));
    const run = orThrow(await executeRun(plan(), { ...w.ports, store: store.runs }));
    const voided = run.windows.filter((x) => x.status === 'excluded');
    expect(voided.map((x) => x.exclusion!.id)).toEqual(['device.reset']);
    const after = orThrow(store.runs.exclude(run.runId, 1, 'x'));
    expect(after.windows.filter((x) => x.status === 'excluded').length).toBe(voided.length + 1);
    const undone = orThrow(store.runs.include(run.runId, 1));
    expect(undone.windows.filter((x) => x.status === 'excluded').length).toBe(voided.length);
  });

  it('nothing is left of it when the run is removed', () => {
    orThrow(store.runs.exclude(runId, 0, 'x'));
    orThrow(store.runs.remove(runId));
    expect(idOf(store.runs.result(runId))).toBe('store.no-run');
  });
});
