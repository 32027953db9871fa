/** Energy of front end and inference of a stream, read from the trace of an emulated power monitor. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { HarnessMode, InputEncoding, ResultKind } from '../../../src-main/abi/generated.ts';
import { orThrow } from '../../../src-main/base/errors.ts';
import { pico } from '../../../src-main/board/pico.ts';
import { buildImage } from '../../../src-main/compile/image.ts';
import { loadPrebuilt } from '../../../src-main/compile/prebuilt.ts';
import { openSession } from '../../../src-main/device/session.ts';
import { kwsFeatures } from '../../../src-main/engine/feature-recipe.ts';
import { ppk2Codec } from '../../../src-main/monitor/ppk2/decoder.ts';
import { openPpk2 } from '../../../src-main/monitor/ppk2/driver.ts';
import { openSimulatedBench } from '../../../src-main/sim/simulated-bench.ts';
import { swapFrontEnd } from '../../../src-main/stream/energy-share.ts';
import { openStream } from '../../../src-main/stream/open-stream.ts';
import { streamEnergy } from '../../../src-main/stream/phase-energy.ts';
import { newTraceHeader } from '../../../src-main/trace/format.ts';
import { MemoryTraceStore } from '../../../src-main/trace/memory-store.ts';
import { recordTrace } from '../../../src-main/trace/recording.ts';
import { root } from '../../needs.ts';
import { programOf } from '../../stream-rig.ts';

const program = programOf(readFileSync(join(root, 'models/kws-syn.tflite')), 'kws-syn');
const format = { kind: 'audio', channels: 1, sampleRateHz: 16000 } as const;
const CHANNELS = { windowChannel: 0, timestampChannel: 4 };

/** Two seconds of a tone into the emulated Pico, recorded by the emulated PPK2. */
async function recorded() {
  const { firmware, kernels } = orThrow(loadPrebuilt(pico));
  const config = {
    mode: HarnessMode.Performance,
    inputEncoding: InputEncoding.Raw,
    resultKind: ResultKind.Scores,
    model: 'stream',
    vendor: 'microjoule',
    baud: 921_600,
  };
  const bench = orThrow(await openSimulatedBench({ seed: 4, monitor: 'ppk2' }));
  orThrow(
    await bench.programmer.program(
      orThrow(buildImage({ board: pico, firmware, kernels, program, config })).uf2,
    ),
  );
  const monitor = orThrow(await openPpk2(bench.monitor!));
  orThrow(await monitor.setSupply({ mode: 'source', millivolts: 3300 }));
  orThrow(await monitor.setDutPower(true));
  const session = orThrow(await openSession(bench.dut, { baud: 921_600, bootUs: 2_000_000 }));
  const header = newTraceHeader(monitor.streamFormat, { traceId: 't', title: 'test', source: 'emulated' });
  const recording = recordTrace(monitor, new MemoryTraceStore(header), ppk2Codec);
  const times = { frontEndUs: 0, inferenceUs: 0 };
  const stream = orThrow(
    await openStream(session, {
      format,
      program: program.bytes,
      features: kwsFeatures,
      window: { rows: 49, hopRows: 12 },
      onEvent: (e) => {
        if (e.kind !== 'window') return;
        times.frontEndUs += e.frontEndUs;
        times.inferenceUs += e.inferenceUs;
      },
    }),
  );
  const fromSample = recording.trace.lengthSamples;
  const fromUs = bench.clock.nowUs();
  for (let n = 0; n < 100; n++) {
    const samples = Int16Array.from({ length: 320 }, (_, i) => 9000 * Math.sin(0.05 * (320 * n + i)));
    orThrow(await stream.pump(fromUs + 20_000 * (n + 1)));
    orThrow(
      await stream.push({ type: 'samples', format, firstSample: 320 * n, timeUs: 20_000 * n, samples }),
    );
  }
  orThrow(await stream.finish());
  const toUs = bench.clock.nowUs();
  const worldJ = await bench.worldEnergy(fromUs, toUs);
  await recording.stop();
  const toSample = recording.trace.lengthSamples;
  return { bench, trace: recording.trace, fromSample, toSample, times, worldJ };
}

describe('Energy of a stream by phase', () => {
  it('the trace gives what the front end, the inferences and the rest took', async () => {
    const { bench, trace, fromSample, toSample, times, worldJ } = await recorded();
    await using _ = bench;
    const energy = orThrow(streamEnergy(trace, { ...CHANNELS, fromSample, toSample }));
    expect(energy.coverage).toBe(1);
    // five inferences of 0.15 s: their edges are seen to a sample each
    expect(energy.durationS.inference * 1e6).toBeCloseTo(times.inferenceUs, -3);
    // the rows after the last window are in the trace only
    expect((energy.durationS.frontEnd * 1e6) / times.frontEndUs).toBeGreaterThan(0.98);
    expect((energy.durationS.frontEnd * 1e6) / times.frontEndUs).toBeLessThan(1.25);
    const { frontEnd, inference, rest } = energy.energyJ;
    expect((frontEnd + inference + rest) / worldJ).toBeCloseTo(1, 1);
    // asleep the board draws less than at work, and no phase draws more than 40 mA
    const power = (j: number, s: number) => j / s;
    expect(power(inference, energy.durationS.inference)).toBeGreaterThan(power(rest, energy.durationS.rest));
    expect(power(inference, energy.durationS.inference)).toBeLessThan(3.3 * 0.06);
    expect(energy.edgesJ / (frontEnd + inference)).toBeLessThan(0.05);
    const what = orThrow(swapFrontEnd({ frontEnd, inference, rest: 0 }, 29));
    expect(what.gain).toBeGreaterThan(1);
    expect(what.after.frontEnd).toBeLessThan(what.before.frontEnd);
  }, 60_000);

  it('says so where the pins show nothing', async () => {
    const { bench, trace, fromSample, toSample } = await recorded();
    await using _ = bench;
    const wrong = { windowChannel: 6, timestampChannel: 7, fromSample, toSample };
    expect(streamEnergy(trace, wrong)).toMatchObject({ ok: false, id: 'stream.no-phases' });
  }, 60_000);
});
