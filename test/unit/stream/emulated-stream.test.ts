/** Issue: live samples into the emulated Pico at virtual real time, every window held against the host twin. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { orThrow } from '../../../src-main/base/errors.ts';
import { pico } from '../../../src-main/board/pico.ts';
import { formantVoice } from '../../../src-main/dataset/syn-kws/formant-voice.ts';
import { kwsFeatures } from '../../../src-main/engine/feature-recipe.ts';
import { openGenerator } from '../../../src-main/stream/generated-source.ts';
import { openStream } from '../../../src-main/stream/open-stream.ts';
import type { StreamEvent } from '../../../src-main/stream/stream-session.ts';
import { root } from '../../needs.ts';
import { imuModel, imuRecipe, openStreamRig, programOf, streamAtItsPace } from '../../stream-rig.ts';

const kws = () => programOf(readFileSync(join(root, 'models/kws-syn.tflite')), 'kws-syn');

const lossless = {
  ...{ gaps: 0, gapSamples: 0, overruns: 0, underruns: 0, badFramesDevice: 0, badFramesHost: 0 },
  ...{ windowsDifferent: 0, windowsUnknown: 0, windowsLost: 0, windowsDropped: 0 },
};

describe('A stream into the emulated Pico', () => {
  it('takes two minutes of speech: no sample lost, every window and detection the twin’s, in real time', async () => {
    await using rig = await openStreamRig(kws());
    const seconds = 120;
    await using source = orThrow(
      await openGenerator('kws', {
        seed: 7,
        durationS: seconds,
        sampleRateHz: 16000,
        synthesiser: formantVoice,
      }),
    );
    const events: StreamEvent[] = [];
    const stream = orThrow(
      await openStream(rig.session, {
        format: source.format,
        program: kws().bytes,
        features: kwsFeatures,
        window: { rows: 49, hopRows: 25 },
        detection: {
          smoothingWindows: 2,
          threshold: 0.7,
          refractorySamples: 16000,
          ignoredClasses: [10, 11],
        },
        onEvent: (e) => events.push(e),
      }),
    );
    expect(stream.plan).toMatchObject({ frontEnd: 'device', encoding: 'int16', windowSamples: 15840 });
    const summary = await streamAtItsPace(stream, source);
    const windows = 1 + Math.floor((seconds * 16000 - 15840) / 8000);
    expect(summary.counters).toMatchObject({
      ...lossless,
      samplesTaken: seconds * 16000,
      windows,
      windowsEqual: windows,
    });
    const detections = events.filter((e) => e.kind === 'detection');
    expect(detections.length).toBeGreaterThan(0);
    expect(detections.every((d) => d.twin === 'equal')).toBe(true);
    // front end 7 % and inference 30 % of the time: in real time, with the answer 0.17 s after the sample
    expect(summary.realTimeFactor).toBeLessThan(0.5);
    expect(summary.frontEndDuty).toBeGreaterThan(0.02);
    const latencies = events.flatMap((e) => (e.kind === 'window' ? [e.receivedUs - e.pushedUs] : []));
    expect(Math.max(...latencies)).toBeLessThan(250_000);
  }, 300_000);

  it('MFCCs, model and ring fit the memory there is without the arena giving anything', async () => {
    await using rig = await openStreamRig(kws());
    const { arenaBytes } = rig.session.mj!.identity;
    expect(arenaBytes).toBeGreaterThanOrEqual(pico.image.arenaBytes);
    expect(kws().bytes.length).toBeGreaterThan(0);
  });

  for (const sampleRateHz of [50, 400])
    it(`takes six axes at ${sampleRateHz} Hz: filters, mean and model as the twin has them`, async () => {
      const rows = sampleRateHz === 50 ? 50 : 128;
      const program = programOf(imuModel(rows), 'imu');
      await using rig = await openStreamRig(program, 115_200);
      const seconds = 120;
      await using source = orThrow(await openGenerator('imu', { seed: 3, durationS: seconds, sampleRateHz }));
      const answers = new Set<string>();
      const stream = orThrow(
        await openStream(rig.session, {
          format: source.format,
          program: program.bytes,
          features: imuRecipe(sampleRateHz),
          window: { rows, hopRows: sampleRateHz / 2 },
          onEvent: (e) => e.kind === 'window' && answers.add(e.outputQ.join()),
        }),
      );
      const summary = await streamAtItsPace(stream, source);
      const samples = seconds * sampleRateHz;
      const windows = 1 + Math.floor((samples - rows) / (sampleRateHz / 2));
      expect(summary.counters).toMatchObject({
        ...lossless,
        samplesTaken: samples,
        windows,
        windowsEqual: windows,
      });
      expect(answers.size).toBeGreaterThan(windows / 4);
      expect(summary.realTimeFactor).toBeLessThan(0.1);
    }, 120_000);
});
