/** What is refused before the first sample, by facts of device, model and source. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { orThrow } from '../../../src-main/base/errors.ts';
import { openSession } from '../../../src-main/device/session.ts';
import { kwsFeatures, wakeWordFeatures } from '../../../src-main/engine/feature-recipe.ts';
import { memoryLinkPair } from '../../../src-main/link/memory.ts';
import { serveScriptedDut } from '../../../src-main/sim/scripted-dut.ts';
import { openStream } from '../../../src-main/stream/open-stream.ts';
import type { StreamOptions } from '../../../src-main/stream/stream-session.ts';
import { root } from '../../needs.ts';
import { imuModel, imuRecipe, openStreamRig, programOf, type StreamRig } from '../../stream-rig.ts';

const program = programOf(readFileSync(join(root, 'models/kws-syn.tflite')), 'kws-syn');
const options: StreamOptions = {
  format: { kind: 'audio', channels: 1, sampleRateHz: 16000 },
  program: program.bytes,
  features: kwsFeatures,
  window: { rows: 49, hopRows: 25 },
  onEvent: () => undefined,
};

describe('Opening a stream', () => {
  let rig: StreamRig;
  beforeAll(async () => {
    rig = await openStreamRig(program);
  });
  afterAll(() => rig[Symbol.asyncDispose]());

  it.each([
    [
      'another Program than the device’s',
      { program: programOf(imuModel(50), 'imu').bytes },
      'stream.other-program',
    ],
    ['no Program', { program: new Uint8Array(10) }, 'stream.other-program'],
    ['a window of another size', { window: { rows: 48, hopRows: 25 } }, 'stream.wrong-model'],
    ['another front end', { features: wakeWordFeatures }, 'stream.wrong-model'],
    ['8 kHz', { format: { kind: 'audio', channels: 1, sampleRateHz: 8000 } }, 'stream.wrong-format'],
    ['44.1 kHz', { format: { kind: 'audio', channels: 1, sampleRateHz: 44_100 } }, 'stream.wrong-format'],
    ['stereo', { format: { kind: 'audio', channels: 2, sampleRateHz: 16000 } }, 'stream.wrong-format'],
    [
      'motion instead of sound',
      { format: { kind: 'imu', channels: 1, sampleRateHz: 16000 } },
      'stream.wrong-format',
    ],
    ['a hop of nothing', { window: { rows: 49, hopRows: 0 } }, 'engine.bad-features'],
    ['a window of no length', { window: { rows: 0, hopRows: 1 } }, 'stream.wrong-model'],
    [
      'smoothing over 33 windows',
      { detection: { smoothingWindows: 33, threshold: 0.5, refractorySamples: 0, ignoredClasses: [] } },
      'stream.bad-detection',
    ],
    [
      'a threshold that is NaN',
      { detection: { smoothingWindows: 1, threshold: NaN, refractorySamples: 0, ignoredClasses: [] } },
      'stream.bad-detection',
    ],
  ] as [string, Partial<StreamOptions>, string][])('refuses %s', async (_, wrong, id) => {
    expect(await openStream(rig.session, { ...options, ...wrong })).toMatchObject({ ok: false, id });
  });

  it('after all of that the device still takes a stream', async () => {
    const stream = orThrow(await openStream(rig.session, options));
    expect(orThrow(await stream.finish()).counters).toMatchObject({ samplesTaken: 0, windows: 0, gaps: 0 });
  });

  it('a rate changed since the session began decides what goes over the line', async () => {
    orThrow(await rig.session.mj!.setBaud(230_400));
    const stream = orThrow(await openStream(rig.session, options));
    expect(stream.plan).toMatchObject({ baud: 230_400, encoding: 'mu-law' });
    orThrow(await stream.finish());
    orThrow(await rig.session.mj!.setBaud(921_600));
  });

  it('a device without the extension cannot stream', async () => {
    const { near, far } = memoryLinkPair();
    void serveScriptedDut(far, { inferenceUs: 1000 });
    const session = orThrow(await openSession(near));
    expect(await openStream(session, options)).toMatchObject({ ok: false, id: 'stream.no-extension' });
  });

  it('an IMU window without its mean is not made on the host row by row', async () => {
    const imuProgram = programOf(imuModel(50), 'imu');
    await using imu = await openStreamRig(imuProgram, 115_200);
    const opened = await openStream(imu.session, {
      ...options,
      format: { kind: 'imu', channels: 6, sampleRateHz: 50 },
      program: imuProgram.bytes,
      features: imuRecipe(50),
      window: { rows: 50, hopRows: 25 },
      frontEnd: 'host',
    });
    expect(opened).toMatchObject({ ok: false, id: 'stream.host-front-end' });
  });
});
