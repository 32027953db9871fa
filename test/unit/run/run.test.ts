import { describe, expect, it } from 'vitest';
import { fail, orThrow } from '../../../src-main/base/errors.ts';
import type { RunEvent, RunResult } from '../../../src-main/contract/index.ts';
import {
  RunResult as RunResultSchema,
  RunEvent as RunEventSchema,
} from '../../../src-main/contract/index.ts';
import { executeRun, resumeRun } from '../../../src-main/run/run.ts';
import { inputSet, modelOf, plan, script, world } from './fakes.ts';

const lost = fail('link.closed', {}, 'gone', 'plug it back');
const reset = fail('device.reset', {}, 'brown-out', 'check the supply');

const finishedOf = (r: RunResult) => r.windows.filter((w) => w.status === 'finished').map((w) => w.index);
const phasesOf = (events: readonly RunEvent[]) =>
  events.filter((e) => e.type === 'phase').map((e) => e.phase);

describe('a performance run', () => {
  it('tunes N so that five windows of different inputs last at least 10 s, and is valid', async () => {
    const w = world(script(), inputSet(8, false));
    const events: RunEvent[] = [];
    const r = orThrow(await executeRun(plan(), w.ports, { onEvent: (e) => events.push(e) }));
    expect(r.status).toBe('finished');
    expect(finishedOf(r)).toEqual([0, 1, 2, 3, 4]);
    expect(r.windows.every((x) => x.durationUs! >= 10e6)).toBe(true);
    expect(new Set(r.windows.map((x) => x.inputSha256)).size).toBe(5);
    expect(r.latency).toMatchObject({
      value: 12_500,
      unit: 'us',
      source: 'emulated',
      n: 5,
      interval: { method: 'deterministic' },
    });
    expect(r.throughput!.value).toBeCloseTo(80, 9);
    expect(r.comparison).toMatchObject({
      method: 'bit-exact',
      compared: 5,
      equal: 5,
      text: 'device = host: equal on 5 of 5',
    });
    expect(r.profile).toMatchObject({
      totalCycles: 1_562_500,
      arenaHighBytes: 1000,
      ops: [{ kernel: 'FullyConnectedS8', name: 'fc', macs: 640 }],
    });
    expect(r.validity).toMatchObject({ valid: true });
    expect(phasesOf(events)).toEqual([
      'deploying',
      'identifying',
      'tuning',
      'measuring',
      'profiling',
      'checking',
      'finished',
    ]);
    for (const e of events) expect(() => RunEventSchema.parse(e)).not.toThrow();
    expect(RunResultSchema.parse(JSON.parse(JSON.stringify(r)))).toEqual(r);
  });

  it('a 2.5 s window is measured and called invalid', async () => {
    const w = world(script(), inputSet(8, false));
    const r = orThrow(await executeRun(plan({ windowS: 2.5 }), w.ports));
    expect(r.status).toBe('finished');
    expect(r.validity.valid).toBe(false);
    const broken = r.validity.rules.filter((x) => !x.kept);
    expect(broken.map((x) => x.rule)).toEqual(['every window lasts at least 10 s']);
    expect(broken[0]!.reason).toMatch(/2\.5\d\d s/);
  });

  it('the same input five times is invalid', async () => {
    const w = world(script(), inputSet(1, false));
    const r = orThrow(await executeRun(plan(), w.ports));
    expect(r.validity.rules.filter((x) => !x.kept).map((x) => x.rule)).toEqual(['5 different inputs']);
  });

  it('repeats a window in which the DUT reset, and keeps the void one with its reason', async () => {
    const w = world(script(), inputSet(8, false));
    // infer calls: bursts of tuning first (n = 1, then 16)
    w.bench.script.faults.set('infer#4', reset);
    const r = orThrow(await executeRun(plan(), w.ports));
    expect(r.status).toBe('finished');
    expect(finishedOf(r)).toEqual([0, 1, 2, 3, 4]);
    const excluded = r.windows.filter((x) => x.status === 'excluded');
    expect(excluded).toHaveLength(1);
    expect(excluded[0]).toMatchObject({
      index: 1,
      attempt: 0,
      exclusion: { id: 'device.reset' },
      durationUs: null,
    });
    expect(r.windows.find((x) => x.index === 1 && x.status === 'finished')!.attempt).toBe(1);
    expect(w.bench.counts.get('recover')).toBe(1);
    expect(r.latency!.n).toBe(5);
  });

  it('gives up after the planned number of repeats, keeping what was measured', async () => {
    const w = world(script(), inputSet(8, false));
    for (let i = 5; i < 20; i++) w.bench.script.faults.set(`infer#${i}`, reset);
    const r = orThrow(await executeRun(plan({ maxRepeats: 2 }), w.ports));
    expect(r.status).toBe('failed');
    expect(r.failure).toMatchObject({
      id: 'run.too-many-repeats',
      facts: { window: 3, repeats: 2, last: 'device.reset' },
    });
    expect(finishedOf(r)).toEqual([0, 1]);
    expect(r.windows.filter((x) => x.status === 'excluded')).toHaveLength(3);
    expect(w.store.runs.get(1)!.status).toBe('failed');
  });

  it('pauses when the cable is pulled and goes on with the same window', async () => {
    const w = world(script(), inputSet(8, false));
    w.bench.script.faults.set('infer#5', lost);
    const events: RunEvent[] = [];
    const r = orThrow(await executeRun(plan(), w.ports, { onEvent: (e) => events.push(e) }));
    expect(r.status).toBe('finished');
    expect(finishedOf(r)).toEqual([0, 1, 2, 3, 4]);
    expect(events.find((e) => e.type === 'paused')).toMatchObject({
      window: 2,
      of: 5,
      failure: { id: 'link.closed' },
    });
    expect(events.find((e) => e.type === 'resumed')).toMatchObject({ window: 2, of: 5 });
    expect(phasesOf(events)).toContain('paused');
    expect(w.bench.counts.get('deploy')).toBe(1);
  });

  it('is interrupted, not failed, when the board does not come back', async () => {
    const w = world(script(), inputSet(8, false));
    w.bench.script.faults.set('infer#5', lost).set('reconnect#1', fail('device.lost', {}, '', ''));
    const r = orThrow(await executeRun(plan({ maxRepeats: 0 }), w.ports));
    expect(r.status).toBe('interrupted');
    expect(finishedOf(r)).toEqual([0, 1]);
  });

  it('another board that comes back is refused', async () => {
    const w = world(script(), inputSet(8, false));
    w.bench.script.faults.set('infer#5', lost);
    w.bench.script.onStep = (step) => {
      if (step === 'reconnect') w.bench.script.boardSerial = 'ANOTHER';
    };
    const r = orThrow(await executeRun(plan(), w.ports));
    expect(r.status).toBe('failed');
    expect(r.failure).toMatchObject({ id: 'run.other-device', facts: { field: 'boardSerial' } });
    expect(finishedOf(r)).toEqual([0, 1]);
  });

  it('a board whose serial number cannot be read after it came back is not taken for another', async () => {
    const w = world(script(), inputSet(8, false));
    w.bench.script.faults.set('infer#5', lost);
    w.bench.script.onStep = (step) => {
      if (step === 'reconnect') w.bench.script.boardSerial = 'unknown';
    };
    const r = orThrow(await executeRun(plan(), w.ports));
    expect(r).toMatchObject({ status: 'finished', failure: null });
  });

  it('what went wrong while the monitor went away is kept as a warning', async () => {
    const w = world(script(), inputSet(8, false));
    const events: RunEvent[] = [];
    w.bench.script.faults.set('infer#5', lost);
    w.bench.warnings.push(fail('trace.write-failed', {}, 'disk', 'free some'));
    const r = orThrow(await executeRun(plan(), w.ports, { onEvent: (e) => events.push(e) }));
    expect(r.status).toBe('finished');
    expect(events.filter((e) => e.type === 'warning').map((e) => e.failure.id)).toEqual([
      'trace.write-failed',
    ]);
  });

  it('Ctrl-C in the third window keeps two, and a resumed run measures the other three only', async () => {
    const abort = new AbortController();
    const w = world(script(), inputSet(8, false));
    w.bench.script.onStep = (step, count) => {
      if (step === 'infer' && count === 5) abort.abort();
    };
    const first = orThrow(await executeRun(plan(), w.ports, { signal: abort.signal }));
    expect(first.status).toBe('interrupted');
    expect(finishedOf(first)).toEqual([0, 1]);
    expect(first.windows.at(-1)).toMatchObject({
      index: 2,
      status: 'excluded',
      exclusion: { id: 'run.interrupted' },
    });
    expect(w.store.runs.get(1)!.status).toBe('interrupted');

    const again = world(script(), inputSet(8, false), w.store);
    const second = orThrow(await resumeRun(1, again.ports));
    expect(second.status).toBe('finished');
    expect(finishedOf(second)).toEqual([0, 1, 2, 3, 4]);
    // no tuning, three windows
    expect(again.bench.counts.get('infer')).toBe(3);
    expect(second.validity.valid).toBe(true);
  });

  it('a resumed run refuses another firmware', async () => {
    const abort = new AbortController();
    const w = world(script(), inputSet(8, false));
    w.bench.script.onStep = (step, count) => step === 'infer' && count === 5 && abort.abort();
    orThrow(await executeRun(plan(), w.ports, { signal: abort.signal }));
    const again = world(script({ firmwareHash: 'ffffffff' }), inputSet(8, false), w.store);
    const r = orThrow(await resumeRun(1, again.ports));
    expect(r.failure!.id).toBe('device.wrong-firmware');
    expect(finishedOf(r)).toEqual([0, 1]);
  });

  it('refuses a device that runs another Program before it measures', async () => {
    const w = world(script({ programHash: 'deadbeef' }), inputSet(8, false));
    const r = orThrow(await executeRun(plan(), w.ports));
    expect(r).toMatchObject({ status: 'failed', failure: { id: 'device.wrong-program' }, windows: [] });
  });

  it('repeats with more inferences where tuning saw a slower device', async () => {
    const w = world(script(), inputSet(8, false));
    w.bench.script.onStep = (step, count) => {
      if (step === 'infer' && count === 3) w.bench.script.latencyUs = 10_000;
    };
    const r = orThrow(await executeRun(plan(), w.ports));
    expect(r.windows[0]).toMatchObject({
      index: 0,
      status: 'excluded',
      exclusion: { id: 'run.window-short' },
    });
    expect(r.windows.filter((x) => x.status === 'finished').every((x) => x.durationUs! >= 10e6)).toBe(true);
    expect(w.bench.counts.get('recover')).toBeUndefined();
    expect(r.validity.valid).toBe(true);
  });

  it('a different output makes the run invalid and names the count', async () => {
    const w = world(script(), inputSet(8, false));
    w.bench.script.wrongOn.add('030000');
    const r = orThrow(await executeRun(plan(), w.ports));
    expect(r.comparison.text).toBe('device = host: equal on 4 of 5');
    expect(r.windows.map((x) => x.outputCheck)).toEqual(['equal', 'equal', 'equal', 'different', 'equal']);
    expect(r.validity.valid).toBe(false);
  });

  it('a foreign DUT without mj is compared within print precision and has no profile', async () => {
    const w = world(script({ hasMj: false }), inputSet(8, false));
    const r = orThrow(await executeRun(plan(), w.ports));
    expect(r.comparison).toMatchObject({
      method: 'print-precision',
      equal: 5,
      text: 'device = host: equal within print precision on 5 of 5',
    });
    expect(r.profile).toBeNull();
    expect(w.bench.counts.get('profile')).toBeUndefined();
  });

  it('ETA comes from the windows that are done', async () => {
    const w = world(script(), inputSet(8, false));
    const etas: (number | null)[] = [];
    orThrow(
      await executeRun(plan(), w.ports, {
        onEvent: (e) => e.type === 'progress' && e.phase === 'measuring' && etas.push(e.etaS),
      }),
    );
    expect(etas[0]).toBeNull();
    // a window takes 10.05 s (804 × 12.5 ms) and its warm-up of five
    expect(etas[1]).toBeCloseTo(4 * 10.125, 1);
    expect(etas.at(-1)).toBe(0);
  });

  it('a full store ends the run as failed and keeps the finished windows', async () => {
    const w = world(script(), inputSet(8, false));
    w.store.faults.set('saveWindow#3', fail('store.full', {}, 'The disk is full.', 'Free some space.'));
    const r = orThrow(await executeRun(plan(), w.ports));
    expect(r).toMatchObject({ status: 'failed', failure: { id: 'store.full' } });
    expect(w.store.runs.get(1)!.windows).toHaveLength(2);
  });

  it('recovers from trouble outside windows', async () => {
    const w = world(script(), inputSet(8, false));
    w.bench.script.faults
      .set('identity#1', fail('device.no-reply', {}, '', ''))
      .set('profile#1', fail('device.no-reply', {}, '', ''));
    const r = orThrow(await executeRun(plan(), w.ports));
    expect(r.status).toBe('finished');
    expect(w.bench.counts.get('recover')).toBe(2);
    expect(r.profile).not.toBeNull();
  });

  it('a bug in an adapter reaches the host, and the run does not stay running', async () => {
    const w = world(script(), inputSet(8, false));
    w.bench.script.onStep = (step, count) => {
      if (step === 'infer' && count === 5) throw new Error('off by one');
    };
    await expect(executeRun(plan(), w.ports)).rejects.toThrow('off by one');
    expect(w.store.runs.get(1)).toMatchObject({
      status: 'failed',
      failure: { id: 'run.bug', facts: { message: 'off by one' } },
    });
    expect(w.store.runs.get(1)!.windows).toHaveLength(2);
  });

  it('refuses a bad plan by the name of the setting', async () => {
    const w = world(script(), inputSet(8, false));
    expect(await executeRun(plan({ windows: 0 }), w.ports)).toMatchObject({
      ok: false,
      id: 'run.bad-plan',
      facts: { field: 'windows' },
    });
    expect(await executeRun(plan({ targetId: 'other' }), w.ports)).toMatchObject({
      ok: false,
      id: 'run.other-target',
    });
    expect(w.store.runs.size).toBe(0);
  });
});

describe('an energy run', () => {
  it('gives median µJ per inference of five windows with its voltage and both uncertainties', async () => {
    const w = world(script(), inputSet(8, false));
    const r = orThrow(await executeRun(plan({ mode: 'energy' }), w.ports));
    expect(r.status).toBe('finished');
    expect(r.validity).toMatchObject({ valid: true });
    expect(r.windows.every((x) => x.warmUp === 0 && x.energy!.supplyV === 3.3)).toBe(true);
    // 3.3 V × 20 mA × 12.5 ms
    expect(r.energyPerInference!.value).toBeCloseTo(825, 9);
    expect(r.energyPerInference!.systematic).toMatchObject({ plusMinus: expect.closeTo(8.25, 9) as number });
    expect(r.energyPerInference!.derivedFrom).toMatchObject({
      monitor: { serial: 'M1' },
      traceIds: ['t1'],
      runId: 1,
    });
    expect(r.netEnergyPerInference!.value).toBeCloseTo(412.5, 9);
    expect(r.meanPower!.value).toBeCloseTo(66, 9);
    expect(r.latency!.value).toBeCloseTo(12_500, 9);
    expect(w.bench.meter!.closed).toBe(true);
    expect(r.traces).toMatchObject([{ id: 't1', sha256: 'ab'.repeat(32) }]);
    expect(w.bench.mode).toBe('energy');
  });

  it('without lap times and without mj it is tuned by the slope of the host clock, idle time cancelled', async () => {
    const w = world(script({ hasMj: false }), inputSet(8, false));
    const r = orThrow(await executeRun(plan({ mode: 'energy' }), w.ports));
    expect(r.windows[0]).toMatchObject({ inferences: Math.ceil((10e6 * 1.02) / 12_500) });
    expect(r.validity.valid).toBe(true);
  });

  it('a monitor that is unplugged in a window voids that window only', async () => {
    const w = world(script(), inputSet(8, false));
    w.bench.script.faults.set('finish#2', fail('monitor.lost', {}, '', ''));
    const r = orThrow(await executeRun(plan({ mode: 'energy' }), w.ports));
    expect(r.status).toBe('finished');
    expect(finishedOf(r)).toEqual([0, 1, 2, 3, 4]);
    expect(r.windows.filter((x) => x.status === 'excluded')).toMatchObject([
      { index: 1, exclusion: { id: 'monitor.lost' }, energy: null },
    ]);
    expect(w.bench.counts.get('reconnect')).toBe(1);
  });

  it('another monitor that comes back is refused', async () => {
    const w = world(script(), inputSet(8, false));
    w.bench.script.faults.set('finish#2', fail('monitor.lost', {}, '', ''));
    w.bench.script.onStep = (step) => {
      if (step === 'reconnect') w.bench.script.monitorSerial = 'M2';
    };
    const r = orThrow(await executeRun(plan({ mode: 'energy' }), w.ports));
    expect(r).toMatchObject({
      status: 'failed',
      failure: { id: 'run.other-monitor', facts: { before: 'M1', now: 'M2' } },
    });
    expect(finishedOf(r)).toEqual([0]);
  });

  it('a recording that ends in mid-window ends the window: nobody waits for a board whose supply went with the monitor', async () => {
    const w = world(script(), inputSet(8, false));
    w.bench.script.onStep = (step, count) => {
      if (step !== 'openWindow') return;
      w.bench.meterEnds =
        count === 2 ? Promise.resolve(fail('monitor.link-lost', {}, 'unplugged', 'plug it in')) : null;
    };
    const r = orThrow(await executeRun(plan({ mode: 'energy' }), w.ports));
    expect(r.status).toBe('finished');
    expect(r.windows.filter((x) => x.status === 'excluded')).toMatchObject([
      { index: 1, exclusion: { id: 'monitor.link-lost' } },
    ]);
    expect(finishedOf(r)).toEqual([0, 1, 2, 3, 4]);
  });

  it('abandons the recording when the DUT fails', async () => {
    const w = world(script(), inputSet(8, false));
    w.bench.script.faults.set('infer#2', reset);
    const r = orThrow(await executeRun(plan({ mode: 'energy' }), w.ports));
    expect(w.bench.counts.get('abandon')).toBe(1);
    expect(r.status).toBe('finished');
  });

  it('is refused without a monitor', async () => {
    const w = world(script(), inputSet(8, false), undefined, false);
    expect(await executeRun(plan({ mode: 'energy' }), w.ports)).toMatchObject({
      ok: false,
      id: 'run.no-monitor',
    });
  });

  it('four windows are not five', async () => {
    const w = world(script(), inputSet(8, false));
    const r = orThrow(await executeRun(plan({ mode: 'energy', windows: 4 }), w.ports));
    expect(r.validity.rules.filter((x) => !x.kept)).toMatchObject([
      { rule: 'exactly 5 windows', reason: '4 finished' },
    ]);
  });
});

describe('an accuracy run', () => {
  it('infers every item once and gives top-1 with a Wilson interval', async () => {
    const w = world(script(), inputSet(40, true));
    const r = orThrow(await executeRun(plan({ mode: 'accuracy' }), w.ports));
    expect(r.status).toBe('finished');
    expect(r.accuracy).toMatchObject({
      items: 40,
      correct: 36,
      score: { value: 0.9, unit: 'fraction', n: 40, interval: { method: 'wilson' } },
    });
    expect(r.accuracy!.score!.interval.low!).toBeCloseTo(0.7695, 3);
    expect(r.comparison.text).toBe('device = host: equal on 40 of 40');
    expect(r.validity.valid).toBe(true);
    expect(w.bench.mode).toBe('performance');
  });

  it('fewer items than the data set has are measured and called invalid', async () => {
    const w = world(script(), inputSet(40, true));
    const r = orThrow(await executeRun(plan({ mode: 'accuracy', maxItems: 10 }), w.ports));
    expect(r.accuracy!.items).toBe(10);
    expect(r.validity.rules.find((x) => !x.kept)).toMatchObject({
      rule: 'all files of the data set',
      reason: '10 of 40',
    });
  });

  it('shows the bytes of the first output that differs', async () => {
    const w = world(script(), inputSet(10, true));
    w.bench.script.wrongOn.add('040000');
    const r = orThrow(await executeRun(plan({ mode: 'accuracy' }), w.ports));
    expect(r.comparison.text).toBe('device = host: equal on 9 of 10');
    const raw = modelOf(new Uint8Array([4, 0, 0]));
    expect(r.items[4]!.difference!.expected).toBe(Buffer.from(raw).toString('hex'));
    expect(r.items[4]!.difference!.got).not.toBe(r.items[4]!.difference!.expected);
  });

  it('AUC of files with many windows uses the mean window score', async () => {
    const w = world(script(), inputSet(12, true, 3));
    const r = orThrow(await executeRun(plan({ mode: 'accuracy', scoring: 'auc' }), w.ports));
    expect(r.items[0]).toMatchObject({ inferences: 3, predicted: null });
    const last = [0, 1, 2].map((k) => Number((modelOf(new Uint8Array([0, 0, k]))[3]! / 256).toFixed(3)));
    expect(r.items[0]!.scores[3]).toBeCloseTo((last[0]! + last[1]! + last[2]!) / 3, 12);
    expect(w.bench.counts.get('infer')).toBe(36);
  });

  it('an item is repeated after trouble and the others are kept', async () => {
    const w = world(script(), inputSet(10, true));
    w.bench.script.faults.set('infer#4', reset);
    const r = orThrow(await executeRun(plan({ mode: 'accuracy' }), w.ports));
    expect(r.status).toBe('finished');
    expect(r.accuracy!.items).toBe(10);
    expect(w.store.events.filter((e) => e.type === 'warning')).toHaveLength(1);
  });

  it('a stopped run goes on with the items that are missing', async () => {
    const abort = new AbortController();
    const w = world(script(), inputSet(20, true));
    w.bench.script.onStep = (step, count) => step === 'load' && count === 8 && abort.abort();
    const first = orThrow(await executeRun(plan({ mode: 'accuracy' }), w.ports, { signal: abort.signal }));
    expect(first).toMatchObject({ status: 'interrupted', accuracy: { items: 7 } });
    const again = world(script(), inputSet(20, true), w.store);
    const second = orThrow(await resumeRun(1, again.ports));
    expect(second).toMatchObject({ status: 'finished', accuracy: { items: 20, correct: 18 } });
    expect(again.bench.counts.get('infer')).toBe(13);
  });

  it('needs labels', async () => {
    const w = world(script(), inputSet(8, false));
    expect(await executeRun(plan({ mode: 'accuracy' }), w.ports)).toMatchObject({
      ok: false,
      id: 'run.no-labels',
    });
  });
});
