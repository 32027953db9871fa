import { describe, expect, it } from 'vitest';
import { orThrow } from '../../../src-main/base/errors.ts';
import { judgeWindow } from '../../../src-main/core/window-soundness.ts';
import { lpm01a } from '../../../src-main/monitor/lpm01a/descriptor.ts';
import { lpm01aFormatAccuracy } from '../../../src-main/monitor/lpm01a/accuracy.ts';
import { windowEnergy } from '../../../src-main/trace/energy.ts';
import { float32Buffer, float32Calibration, float32Codec } from '../../../src-main/trace/float32.ts';
import { newTraceHeader, type GapCause } from '../../../src-main/trace/format.ts';
import { MemoryTraceStore } from '../../../src-main/trace/memory-store.ts';
import { ChunkWriter } from '../../../src-main/trace/recorder.ts';
import { Trace } from '../../../src-main/trace/trace.ts';
import { openBench, request } from './core-fixture.ts';

describe('energy runs with the monitors that can be emulated', () => {
  it('the LPM01A’s events bound the same windows as the PPK2’s logic input, with the same energy', async () => {
    await using bench = await openBench();
    const run = async (monitor: string) =>
      orThrow(await bench.core.run(request({ mode: 'energy', windowS: 0.2, inferences: 400 }), { monitor }));
    const [ppk2, lpm] = [await run('ppk2'), await run('lpm01a')];
    expect(lpm).toMatchObject({ status: 'finished', monitor: { kind: 'lpm01a', sampleRateHz: 5000 } });
    const [a, b] = [ppk2.windows[0]!.energy!, lpm.windows[0]!.energy!];
    expect(b.durationUs / a.durationUs).toBeCloseTo(1, 2);
    expect(b.energyUj / a.energyUj).toBeCloseTo(1, 2);
    expect(b.lostSamples).toBe(0);
    expect(b.layers).toBeNull();
    expect(b.warnings.join()).toMatch(/no-layers: monitor\.no-operator-input/);
    expect(lpm.notes.join('\n')).toMatch(/no-layers: .*not which operator runs.* \(1 of 1 windows\)/);
    expect(b.systematic.find((p) => p.cause === 'monitor gain')!.plusMinus / b.energyUj).toBeCloseTo(
      0.0205,
      4,
    );
  });

  it.each(['scpi', 'ina'])('%s sees no windows: the run is refused with that reason', async (monitor) => {
    await using bench = await openBench();
    const run = orThrow(await bench.core.run(request({ mode: 'energy' }), { monitor }));
    expect(run).toMatchObject({ status: 'failed', failure: { id: 'monitor.no-window-input' } });
  });

  it('an address says nothing of an emulated target', async () => {
    await using bench = await openBench();
    expect(await bench.core.run(request({ mode: 'energy' }), { monitor: 'ppk2:/dev/x' })).toMatchObject({
      ok: false,
      id: 'cli.option-not-here',
    });
  });
});

/** 1000 samples at 1 kHz of 10 mA, with what happened at some of them; the window is [200, 800). */
async function judged(
  happens: (w: ChunkWriter, at: number) => void,
  verdictUs = 0,
  currentA: (at: number) => number = () => 0.01,
) {
  const monitor = { kind: 'x', serial: null, firmware: null };
  const header = newTraceHeader(
    { codecId: 'float32', sampleRateHz: 1000, rangeCount: 1, monitor },
    { traceId: 't', title: 't', source: 'emulated' },
  );
  const store = new MemoryTraceStore(header);
  const writer = new ChunkWriter(header, store, float32Codec);
  writer.calibration(float32Calibration());
  writer.supply({ volts: 3.3, uncertaintyV: 0.02, origin: 'set-point' });
  const { words, amperes } = float32Buffer(1);
  while (writer.lengthSamples < 1000) {
    happens(writer, writer.lengthSamples);
    amperes[0] = currentA(writer.lengthSamples);
    writer.words(words, 0, 1);
  }
  orThrow(await writer.sync());
  const trace = new Trace(store, float32Codec);
  const window = {
    ordinal: 0,
    startSample: 200,
    endSample: 800,
    startUncertainSamples: 1,
    endUncertainSamples: 1,
  };
  const energy = orThrow(windowEnergy(trace, window, { accuracy: lpm01aFormatAccuracy('ascii') }));
  return judgeWindow(trace, window, energy, { descriptor: lpm01a, verdictUs });
}

const gapAt = (sample: number, missing: number, cause: GapCause) => (w: ChunkWriter, at: number) => {
  if (at === sample) w.gap(missing, cause);
};
const markAt = (sample: number, kind: string) => (w: ChunkWriter, at: number) => {
  if (at === sample) w.mark(kind, '');
};
const excluded = { ok: false, id: 'monitor.window-damaged' };

describe('a window counts', () => {
  it('when nothing happened, when it happened elsewhere, and when hardly anything is missing', async () => {
    expect((await judged(() => undefined)).ok).toBe(true);
    expect((await judged(gapAt(100, 20, 'misaligned'))).ok).toBe(true);
    expect((await judged(gapAt(900, 20, 'likely-multiple-of-64'))).ok).toBe(true);
    expect((await judged(markAt(900, 'monitor.stalled'))).ok).toBe(true);
  });

  it('not with misaligned samples, many lost ones, a stall, a reset or an overcurrent in it', async () => {
    expect(await judged(gapAt(300, 1, 'misaligned'))).toMatchObject({
      ...excluded,
      facts: { missingSamples: 1 },
    });
    expect(await judged(gapAt(300, 2, 'lost'))).toMatchObject(excluded);
    for (const kind of ['monitor.stalled', 'lpm01a.target-reset', 'lpm01a.overcurrent'])
      expect(await judged(markAt(300, kind))).toMatchObject({ ...excluded, facts: { causes: [kind] } });
  });

  it('not while a loss that was found after it may lie in it', async () => {
    expect(await judged(gapAt(900, 64, 'likely-multiple-of-64'), 150_000)).toMatchObject(excluded);
    expect((await judged(gapAt(970, 64, 'likely-multiple-of-64'), 150_000)).ok).toBe(true);
  });

  it('not beyond the full scale of the monitor', async () => {
    expect(
      await judged(
        () => undefined,
        0,
        (at) => (at === 500 ? 0.051 : 0.01),
      ),
    ).toMatchObject({
      ok: false,
      id: 'monitor.over-range',
    });
  });
});
