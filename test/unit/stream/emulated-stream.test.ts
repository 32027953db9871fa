/** Issue: live samples into the emulated Pico at virtual real time, every window held against the host twin. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { orThrow } from '../../../src-main/base/errors.ts';
import { pico } from '../../../src-main/board/pico.ts';
import { kwsFeatures } from '../../../src-main/engine/feature-recipe.ts';
import { openGenerator } from '../../../src-main/stream/generated-source.ts';
import { openStream } from '../../../src-main/stream/open-stream.ts';
import { root } from '../../needs.ts';
import { imuModel, imuRecipe, openStreamRig, programOf, streamAtItsPace } from '../../stream-rig.ts';

const kws = () => programOf(readFileSync(join(root, 'models/kws-syn.tflite')), 'kws-syn');

const lossless = {
  ...{ gaps: 0, gapSamples: 0, overruns: 0, underruns: 0, badFramesDevice: 0, badFramesHost: 0 },
  ...{ windowsDifferent: 0, windowsUnknown: 0, windowsLost: 0, windowsDropped: 0 },
};

describe('A stream into the emulated Pico', () => {
  it('MFCCs, ring and detector fit beside the model, whose arena gives nothing for them', async () => {
    const { bytes } = kws();
    await using rig = await openStreamRig(kws());
    const { arenaBytes } = rig.session.mj!.identity;
    expect(arenaBytes).toBeGreaterThanOrEqual(pico.image.arenaBytes);
    await using stream = orThrow(
      await openStream(rig.session, {
        format: { kind: 'audio', channels: 1, sampleRateHz: 16_000 },
        program: bytes,
        features: kwsFeatures,
        window: { rows: 49, hopRows: 25 },
        onEvent: () => undefined,
      }),
    );
    // longer than front end and inference of a window: 0.19 s of 32 000 bytes a second
    expect(stream.plan.ringBytes).toBeGreaterThanOrEqual(8192);
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
