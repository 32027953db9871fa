import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { orThrow } from '../../src-main/base/errors.ts';
import { kwsFeatures } from '../../src-main/engine/feature-recipe.ts';
import { openGenerator } from '../../src-main/stream/generated-source.ts';
import { openStream } from '../../src-main/stream/open-stream.ts';
import { root } from '../needs.ts';
import { imuModel, imuRecipe, openStreamRig, programOf, streamAtItsPace } from '../stream-rig.ts';

export const name = 'stream';

const SECONDS = 600;
const check = (name: string, value: number, limit: number) => ({ name, value, limit, ok: value <= limit });

/** Ten minutes of motion: how many samples were not taken and windows not equal, and what it took of the device's time. */
async function motion(sampleRateHz: number) {
  const rows = sampleRateHz === 50 ? 50 : 128;
  const program = programOf(imuModel(rows), 'imu');
  await using rig = await openStreamRig(program, 115_200);
  await using source = orThrow(await openGenerator('imu', { seed: 3, durationS: SECONDS, sampleRateHz }));
  const stream = orThrow(
    await openStream(rig.session, {
      format: source.format,
      program: program.bytes,
      features: imuRecipe(sampleRateHz),
      window: { rows, hopRows: sampleRateHz / 2 },
      onEvent: () => undefined,
    }),
  );
  const { counters, realTimeFactor } = await streamAtItsPace(stream, source);
  const windows = 1 + Math.floor((SECONDS * sampleRateHz - rows) / (sampleRateHz / 2));
  return {
    realTimeFactor,
    notTaken: SECONDS * sampleRateHz - counters.samplesTaken,
    notEqual: windows - counters.windowsEqual,
  };
}

/** Ten minutes of speech into the emulated Pico at virtual real time: losses, the twin's verdict, duty cycle, latency. */
export async function bench() {
  const program = programOf(readFileSync(join(root, 'models/kws-syn.tflite')), 'kws-syn');
  await using rig = await openStreamRig(program);
  await using source = orThrow(
    await openGenerator('kws', { seed: 1, durationS: SECONDS, sampleRateHz: 16000 }),
  );
  const latencies: number[] = [];
  const stream = orThrow(
    await openStream(rig.session, {
      format: source.format,
      program: program.bytes,
      features: kwsFeatures,
      window: { rows: 49, hopRows: 25 },
      detection: { smoothingWindows: 2, threshold: 0.7, refractorySamples: 16000, ignoredClasses: [10, 11] },
      onEvent: (e) => e.kind === 'window' && latencies.push((e.receivedUs - e.pushedUs) / 1000),
    }),
  );
  const began = performance.now();
  const summary = await streamAtItsPace(stream, source);
  const wallS = (performance.now() - began) / 1000;
  latencies.sort((a, b) => a - b);
  const c = summary.counters;
  const slow = await motion(50);
  const fast = await motion(400);
  const expected = 1 + Math.floor((SECONDS * 16000 - 15_840) / 8000);
  return {
    figures: {
      windows: c.windows,
      detections: c.detections,
      'front end, % of the time': 100 * summary.frontEndDuty,
      'inference, % of the time': 100 * summary.inferenceDuty,
      'latency, ms, median': latencies[Math.floor(latencies.length / 2)]!,
      'latency, ms, worst': latencies.at(-1)!,
      'most bytes that waited in the ring': summary.maxQueuedBytes,
      'times real time': SECONDS / wallS,
      'six axes at 400 Hz, % of the time': 100 * fast.realTimeFactor,
    },
    checks: [
      check('samples not taken', SECONDS * 16000 - c.samplesTaken, 0),
      check('windows not equal to the twin', expected - c.windowsEqual, 0),
      check(
        'gaps, overruns, underruns, bad frames',
        c.gaps + c.overruns + c.underruns + c.badFramesDevice + c.badFramesHost,
        0,
      ),
      check('real-time factor', summary.realTimeFactor, 1),
      check('six axes at 50 and 400 Hz: samples not taken', slow.notTaken + fast.notTaken, 0),
      check('six axes at 50 and 400 Hz: windows not equal to the twin', slow.notEqual + fast.notEqual, 0),
    ],
  };
}
