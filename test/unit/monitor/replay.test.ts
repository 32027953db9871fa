import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../../src-main/base/clock.ts';
import { orThrow } from '../../../src-main/base/errors.ts';
import { ppk2Codec } from '../../../src-main/monitor/ppk2/decoder.ts';
import { openPpk2 } from '../../../src-main/monitor/ppk2/driver.ts';
import { openReplay } from '../../../src-main/monitor/replay/driver.ts';
import { createPpk2Twin } from '../../../src-main/sim/monitors/ppk2-twin.ts';
import { CHUNK_SAMPLES, newTraceHeader } from '../../../src-main/trace/format.ts';
import { float32Codec } from '../../../src-main/trace/float32.ts';
import { MemoryTraceStore } from '../../../src-main/trace/memory-store.ts';
import { recordTrace } from '../../../src-main/trace/recording.ts';
import { twinBench } from './twin-bench.ts';
import type { Step } from './ppk2-bench.ts';

/** 1.5 s through all ranges with windows on D0, samples and bytes lost, one gap over the end of a chunk. */
async function recorded() {
  const steps: Step[] = [];
  for (let t = 0; t < 1_500_000; t += 1700)
    steps.push({ timeUs: t, currentA: 10 ** (-5 + ((t / 1700) % 5) * 0.9), logic: (t / 170_000) & 1 });
  const dropSamples = new Set(Array.from({ length: 50 }, (_, i) => CHUNK_SAMPLES - 20 + i));
  const faults = { dropShare: 0.002, dropSamples, loseBytes: new Set([90_001]) };
  const bench = twinBench(createPpk2Twin({ faults }));
  const monitor = orThrow(await openPpk2(bench.link));
  orThrow(await monitor.setSupply({ mode: 'source', millivolts: 3300 }));
  bench.begin(steps);
  const store = new MemoryTraceStore(
    newTraceHeader(monitor.streamFormat, { traceId: 'a', title: 'a', source: 'emulated' }),
  );
  const recording = recordTrace(monitor, store, ppk2Codec);
  await bench.clock.sleepUntilUs(bench.clock.nowUs() + 1_500_000);
  await recording.stop();
  return { store, accuracy: monitor.accuracy };
}

describe('a recorded trace as a monitor', () => {
  it('recorded again is the same trace: words, gaps, causes, marks, edges, supply, state', async () => {
    const { store, accuracy } = await recorded();
    const replay = orThrow(
      openReplay({ source: store, codec: ppk2Codec, clock: new ManualClock(), pace: 'free', accuracy }),
    );
    const again = new MemoryTraceStore({ ...store.header });
    const end = await recordTrace(replay, again, ppk2Codec).ended;
    expect(end).toMatchObject({ kind: 'complete' });
    expect(again.lengthSamples()).toBe(store.lengthSamples());
    expect(orThrow(store.gaps(0, Infinity)).length).toBeGreaterThan(50);
    expect(orThrow(again.gaps(0, Infinity))).toEqual(orThrow(store.gaps(0, Infinity)));
    expect(orThrow(again.marks(0, Infinity))).toEqual(orThrow(store.marks(0, Infinity)));
    expect(orThrow(again.edges(0, 0, Infinity))).toEqual(orThrow(store.edges(0, 0, Infinity)));
    expect(orThrow(again.supplies())).toEqual(orThrow(store.supplies()));
    for (let i = 0; i * CHUNK_SAMPLES < store.lengthSamples(); i++)
      expect(orThrow(again.chunk(i))).toEqual(orThrow(store.chunk(i)));
  });

  it('at real pace takes the time it took, and stops when it is told', async () => {
    const { store, accuracy } = await recorded();
    const clock = new ManualClock();
    const replay = orThrow(openReplay({ source: store, codec: ppk2Codec, clock, pace: 'real', accuracy }));
    const recording = recordTrace(replay, new MemoryTraceStore({ ...store.header }), ppk2Codec);
    for (let ms = 1; ms <= 500; ms++) {
      await clock.advanceTo(ms * 1000);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(recording.lengthSamples).toBeGreaterThanOrEqual(50_000);
    expect(recording.lengthSamples).toBeLessThanOrEqual(53_000);
    expect((await recording.stop()).kind).toBe('complete');
  });

  it('refuses another codec, an empty trace, another voltage and a switch', async () => {
    const { store, accuracy } = await recorded();
    const clock = new ManualClock();
    expect(openReplay({ source: store, codec: float32Codec, clock, pace: 'free', accuracy })).toMatchObject({
      ok: false,
      id: 'trace.unknown-codec',
    });
    const empty = new MemoryTraceStore(store.header);
    expect(openReplay({ source: empty, codec: ppk2Codec, clock, pace: 'free', accuracy })).toMatchObject({
      ok: false,
      id: 'trace.empty',
    });
    const replay = orThrow(openReplay({ source: store, codec: ppk2Codec, clock, pace: 'free', accuracy }));
    expect(await replay.setSupply({ mode: 'ampere', millivolts: 3000 })).toMatchObject({
      id: 'monitor.other-voltage',
    });
    expect(await replay.setDutPower(true)).toMatchObject({ id: 'monitor.cannot-supply' });
  });
});
