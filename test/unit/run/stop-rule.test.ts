import { describe, expect, it } from 'vitest';
import { orThrow } from '../../../src-main/base/errors.ts';
import type { RunEvent, WindowResult } from '../../../src-main/contract/index.ts';
import { RunPlan } from '../../../src-main/contract/index.ts';
import { windowValues } from '../../../src-main/contract/window-values.ts';
import { executeRun, resumeRun } from '../../../src-main/run/run.ts';
import { preciseEnough, stopNote } from '../../../src-main/run/stop-rule.ts';
import { inputSet, plan, script, world } from './fakes.ts';

const windowOf = (index: number, latencyUs: number, status: 'finished' | 'excluded' = 'finished') =>
  ({
    index,
    attempt: 0,
    status,
    inferences: 100,
    durationUs: latencyUs * 100,
    energy: null,
  }) as unknown as WindowResult;
const windowsOf = (...latenciesUs: number[]) => latenciesUs.map((us, i) => windowOf(i, us));
const planOf = (untilRel: number | null) => RunPlan.parse({ ...plan({ windows: 50 }), untilRel });

describe('values of windows', () => {
  it('half the t interval over the median, computed by hand', () => {
    // 98, 99, 100, 101, 102: s = √2.5, t(4, 95 %) = 2.7764451 (table), half = 2.7764451·√(2.5/5) = 1.9632
    const known = windowValues('performance', windowsOf(98, 99, 100, 101, 102))!;
    expect(known.median).toBe(100);
    expect(known.halfRel).toBeCloseTo(0.019632, 6);
  });

  it('excluded windows say nothing', () => {
    expect(windowValues('performance', [windowOf(0, 5, 'excluded')])).toBeNull();
    expect(windowValues('performance', [...windowsOf(100), windowOf(1, 5, 'excluded')])!.values).toEqual([
      100,
    ]);
  });
});

describe('the stop rule', () => {
  it('two windows that agree by chance do not end a run', () => {
    expect(preciseEnough(planOf(0.01), windowsOf(100, 100.0001, 100, 100.0001))).toBe(false);
    expect(preciseEnough(planOf(0.01), windowsOf(100, 100.0001, 100, 100.0001, 100))).toBe(true);
  });

  it('an interval just above the asked width goes on, just below stops', () => {
    const windows = windowsOf(98, 99, 100, 101, 102);
    expect(preciseEnough(planOf(0.0196), windows)).toBe(false);
    expect(preciseEnough(planOf(0.0197), windows)).toBe(true);
  });

  it('without a rule all windows are measured', () => {
    expect(preciseEnough(planOf(null), windowsOf(100, 100, 100, 100, 100))).toBe(false);
    expect(stopNote(planOf(null), windowsOf(100, 101))).toBeNull();
  });

  it('an interval that was not reached is said', () => {
    expect(stopNote(planOf(0.001), windowsOf(98, 99, 100, 101, 102))).toBe(
      'The 95 % interval was to be below ± 0.1 % and is ± 2 % after 5 windows, of at most 50.',
    );
  });
});

describe('a run with a stop rule', () => {
  /** Latency of the windows in turn; the tuning before them takes the first. */
  function wobbling(latenciesUs: readonly number[]) {
    let at = 0;
    const s = script();
    s.onStep = (step) => {
      if (step === 'load') s.latencyUs = latenciesUs[Math.min(at++, latenciesUs.length - 1)]!;
    };
    return world(s, inputSet(50, false));
  }

  it('stops as soon as the interval is narrow, and says how wide it is', async () => {
    const w = wobbling([12_500, 12_500, 12_900, 12_500, 12_500, 12_500, 12_500, 12_500, 12_500]);
    const events: RunEvent[] = [];
    const r = orThrow(
      await executeRun(plan({ windows: 50, untilRel: 0.015 }), w.ports, { onEvent: (e) => events.push(e) }),
    );
    const known = windowValues('performance', r.windows)!;
    expect(r.status).toBe('finished');
    expect(known.values.length).toBeGreaterThan(5);
    expect(known.values.length).toBeLessThan(50);
    expect(known.halfRel).toBeLessThan(0.015);
    // one window earlier it was still too wide
    expect(windowValues('performance', r.windows.slice(0, -1))!.halfRel).toBeGreaterThan(0.015);
    expect(r.notes.some((n) => n.startsWith('Measured until the 95 % interval was below ± 1.5 %'))).toBe(
      true,
    );
    const last = events.findLast((e) => e.type === 'progress' && e.phase === 'measuring');
    expect(last).toMatchObject({ done: known.values.length, total: known.values.length });
  });

  it('identical windows end it after five', async () => {
    const r = orThrow(
      await executeRun(plan({ windows: 50, untilRel: 0.01 }), world(script(), inputSet(50, false)).ports),
    );
    expect(r.windows.length).toBe(5);
    expect(r.validity.valid).toBe(true);
  });

  it('measures all that are allowed when the interval stays wide', async () => {
    const w = wobbling([12_500, 12_500, 14_000, 12_500, 14_000, 12_500, 14_000]);
    const r = orThrow(await executeRun(plan({ windows: 6, untilRel: 0.001 }), w.ports));
    expect(r.windows.filter((x) => x.status === 'finished').length).toBe(6);
    expect(r.notes.some((n) => n.startsWith('The 95 % interval was to be below ± 0.1 %'))).toBe(true);
  });

  it('a run that was stopped when it was precise enough has nothing left to measure', async () => {
    const abort = new AbortController();
    const s = script();
    const w = world(s, inputSet(50, false));
    let windows = 0;
    const first = orThrow(
      await executeRun(plan({ windows: 50, untilRel: 0.01 }), w.ports, {
        signal: abort.signal,
        onEvent: (e) => {
          if (e.type === 'window' && ++windows === 5) abort.abort();
        },
      }),
    );
    expect(first.status).toBe('interrupted');
    const again = world(script(), inputSet(50, false));
    const r = orThrow(await resumeRun(first.runId, { ...again.ports, store: w.ports.store }));
    expect(r.status).toBe('finished');
    expect(r.windows.length).toBe(5);
  });
});
