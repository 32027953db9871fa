/** Streams on a line that damages at random, and with a host that breaks the rules. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { orThrow } from '../../src-main/base/errors.ts';
import { Rng } from '../../src-main/base/rng.ts';
import { openSession } from '../../src-main/device/session.ts';
import { encodeStreamFrame } from '../../src-main/device/stream-codec.ts';
import { kwsFeatures } from '../../src-main/engine/feature-recipe.ts';
import { streamSetup } from '../../src-main/engine/stream-setup.ts';
import { openStream } from '../../src-main/stream/open-stream.ts';
import { FaultyLink } from '../contract/stream-faults.ts';
import { root } from '../needs.ts';
import { imuModel, imuRecipe, openStreamRig, programOf } from '../stream-rig.ts';

const imu = programOf(imuModel(50), 'imu');
const kws = programOf(readFileSync(join(root, 'models/kws-syn.tflite')), 'kws-syn', 'general');
const format = { kind: 'imu', channels: 6, sampleRateHz: 400 } as const;
const BLOCK = 8;

/** Always harmful: bits of the body turned, bytes taken out or put in. */
function damaged(rng: Rng, frame: Uint8Array): Uint8Array {
  const at = rng.int(2, frame.length - 3);
  const kind = rng.int(0, 3);
  if (kind === 0) return frame.map((x, i) => (i === at ? x ^ (1 << rng.int(0, 7)) : x));
  if (kind === 1) return Uint8Array.from([...frame.subarray(0, at), ...frame.subarray(at + 1)]);
  if (kind === 2) return Uint8Array.from([...frame.subarray(0, at), 0x55, ...frame.subarray(at)]);
  return frame.subarray(0, at);
}

describe('A stream on a bad line', () => {
  it.each([1, 2, 3])('keeps its books to the sample: seed %i', async (seed) => {
    const rng = new Rng(seed);
    await using rig = await openStreamRig(imu);
    const link = new FaultyLink(rig.bench.dut);
    const session = orThrow(await openSession(link, { baud: 921_600 }));
    const stream = orThrow(
      await openStream(session, {
        format,
        program: imu.bytes,
        features: imuRecipe(400),
        window: { rows: 50, hopRows: 20 },
        detection: { smoothingWindows: 3, threshold: 0.4, refractorySamples: 100, ignoredClasses: [] },
        onEvent: () => undefined,
      }),
    );
    const lost = new Set<number>();
    link.arm({
      onWrite: (frame, n) => (rng.float() < 0.03 ? (lost.add(n), damaged(rng, frame)) : null),
      onRead: (bytes) => (rng.float() < 0.1 && bytes.length > 8 ? damaged(rng, bytes) : null),
    });
    const blocks = 400;
    for (let n = 0; n < blocks; n++) {
      orThrow(await stream.pump(stream.clock.nowUs() + 3000));
      const samples = Int16Array.from({ length: BLOCK * 6 }, () => rng.int(-20_000, 20_000));
      const firstSample = n * BLOCK;
      orThrow(
        await stream.push({ type: 'samples', format, firstSample, timeUs: firstSample * 2500, samples }),
      );
    }
    link.arm({});
    const { counters, gaps } = orThrow(await stream.finish());
    expect(lost.size).toBeGreaterThan(3);
    const missing = new Set<number>();
    for (const g of gaps) for (let i = 0; i < g.sampleCount; i++) missing.add(g.firstSample + i);
    const expected = [...lost].flatMap((n) => Array.from({ length: BLOCK }, (_, i) => n * BLOCK + i));
    expect([...missing].sort((a, b) => a - b)).toEqual(expected.sort((a, b) => a - b));
    expect(counters.samplesTaken + counters.gapSamples).toBe(blocks * BLOCK);
    expect(counters).toMatchObject({ windowsDifferent: 0, windowsUnknown: 0, overruns: 0 });
    expect(counters.windowsEqual).toBe(counters.windows);
    expect(counters.windows).toBeGreaterThan(20);
  });
});

describe('A host that does not keep to its credits', () => {
  it('overruns the ring of a busy device: what was lost is counted and is a gap', async () => {
    await using rig = await openStreamRig(kws);
    const setup = streamSetup({
      features: kwsFeatures,
      window: { rows: 49, hopRows: 1 },
      model: { inputScale: 0.6, inputZeroPoint: 0 },
      encoding: 'int16',
      blockBytes: 640,
      detection: null,
      sendFeatures: false,
      silenceUs: 0,
      dropBacklogBytes: 0,
    });
    const line = orThrow(
      await rig.session.mj!.openStream(orThrow(setup), { stallUs: 5_000_000, onEvent: () => undefined }),
    );
    const rng = new Rng(1);
    const blocks = 125;
    for (let n = 0; n < blocks; n++)
      orThrow(
        await rig.bench.dut.write(
          encodeStreamFrame({
            ...{ type: 'samples', sequence: n, firstSample: 320 * n, count: 320 },
            payload: rng.bytes(640),
          }),
        ),
      );
    // two and a half seconds of sound came in one; then it is quiet until the device has worked it off
    orThrow(await line.pump(line.clock.nowUs() + 6_000_000));
    const end = encodeStreamFrame({ type: 'probe', sequence: blocks, firstSample: 320 * blocks });
    orThrow(await rig.bench.dut.write(end));
    orThrow(await line.pump(line.clock.nowUs() + 2_500_000));
    const { report, gaps } = line;
    const missing = gaps.reduce((n, g) => n + g.sampleCount, 0);
    expect(report!.overruns).toBeGreaterThan(1000);
    expect(report!.badFrames).toBeGreaterThan(0);
    expect(missing).toBeGreaterThan(320);
    expect(report!.samplesTaken + missing).toBe(320 * blocks);
    expect(report!.nextSample).toBe(320 * blocks);
    // and the dialect is there again
    orThrow(await line.pump(line.clock.nowUs() + 3_500_000));
    orThrow(await rig.session.resynchronise());
  }, 60_000);
});
