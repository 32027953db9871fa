import { describe, expect, it } from 'vitest';
import { orThrow } from '../../../src-main/base/errors.ts';
import { TraceOperators, TraceRun } from '../../../src-main/contract/index.ts';
import { openBench, request } from './core-fixture.ts';

describe('operators of the run that made a trace', () => {
  it('lie between the edges of their pins, in whole inferences, and carry their energies', async () => {
    await using bench = await openBench();
    const { core } = bench;
    const traces: string[] = [];
    const run = orThrow(
      await core.run(
        request({ mode: 'energy', windows: 2, windowS: 0.2 }),
        {},
        { onTrace: (id) => traces.push(id) },
      ),
    );
    const energy = run.windows[0]!.energy!;
    expect(traces).toEqual([energy.traceId]);
    const trace = energy.traceId;
    const known = TraceRun.parse(orThrow(core.traceOperators.run(trace)));
    expect(known).toMatchObject({ runId: run.runId, modelName: 'tiny-ad', source: 'emulated' });
    // those that do not count are there too, with their reason
    expect(known.windows.map((w) => [w.index, w.attempt, w.status, w.exclusion?.id])).toEqual(
      run.windows.filter((w) => w.energy).map((w) => [w.index, w.attempt, w.status, w.exclusion?.id]),
    );
    const { operators, windows, layers } = known;
    expect(operators.length).toBe(layers!.length);
    expect(operators.every((o, i) => o.index === i && o.name !== '' && o.kernel !== '')).toBe(true);

    // D0 bounds the windows, as the markers of the trace see it
    const info = orThrow(core.trace.info(trace));
    const marks = orThrow(core.trace.markers({ trace, fromSample: 0, toSample: info.lengthSamples }));
    expect(windows.map((w) => [w.startSample, w.endSample])).toEqual(
      marks.windows.map((w) => [w.startSample, w.endSample]),
    );

    // all of one window, where it is short enough: a partition of it
    const first = windows.find((w) => w.status === 'finished');
    const whole = { trace, fromSample: first!.startSample, toSample: first!.endSample };
    const coarse = TraceOperators.parse(orThrow(core.traceOperators.within(whole)));
    expect(coarse.level).not.toBe('none');
    for (let i = 1; i < coarse.from.length; i++)
      expect(coarse.from[i]).toBeGreaterThanOrEqual(coarse.to[i - 1]!);
    expect(coarse.from[0]).toBe(first!.startSample);
    expect(coarse.to.at(-1)).toBe(first!.endSample);
    expect(coarse.inference.at(-1)).toBe(first!.inferences - 1);

    // a moment in the middle: the whole inference around it and its neighbours
    const middle = Math.floor((first!.startSample + first!.endSample) / 2);
    const near = orThrow(core.traceOperators.within({ trace, fromSample: middle, toSample: middle + 1 }));
    expect(near.level).toBe('operators');
    const inferences = [...new Set(near.inference)];
    expect(inferences.length).toBeGreaterThanOrEqual(2);
    expect(near.from[0]).toBeLessThanOrEqual(middle);
    expect(near.to.at(-1)).toBeGreaterThan(middle);
    expect(near.operator[0]).toBe(0);

    // energies of the operators sum to the inference's
    const sum = layers!.reduce((uj, l) => uj + l.energyUj, 0);
    expect(sum / run.energyPerInference!.value).toBeCloseTo(1, 2);

    // between the windows there is none
    const idle = {
      trace,
      fromSample: windows.at(-2)!.endSample + 10,
      toSample: windows.at(-1)!.startSample - 10,
    };
    expect(orThrow(core.traceOperators.within(idle))).toMatchObject({ level: 'none', failure: null });
  });

  it('are none of a recording that no run made', async () => {
    await using bench = await openBench();
    const { trace } = orThrow(await bench.core.record({ monitor: 'emulated', seconds: 0.5 }));
    expect(orThrow(bench.core.traceOperators.run(trace.id))).toBeNull();
    const none = orThrow(
      bench.core.traceOperators.within({ trace: trace.id, fromSample: 0, toSample: 50_000 }),
    );
    expect(none.level).toBe('none');
    expect(none.from.length).toBe(0);
    expect(bench.core.traceOperators.run('gone')).toMatchObject({ ok: false, id: 'trace.not-found' });
  });
});
