import { describe, expect, it } from 'vitest';
import { orThrow } from '../../../../src-main/base/errors.ts';
import { readUf2 } from '../../../../src-main/sim/pico/uf2.ts';
import { parseRecording, recordingText, replay, RunRecorder } from '../../../../src-main/sim/replay.ts';
import { World, type WorldOptions } from '../../../../src-main/sim/world.ts';
import { prebuiltImage } from '../../../images/build.ts';

describe('a recorded run with sensors', () => {
  it('happens again from its text, sound and motion with it', async () => {
    const pcm = Float32Array.from({ length: 2000 }, (_, i) => Math.sin(i / 7));
    const options: WorldOptions = {
      seed: 3,
      monitor: 'none',
      hashEveryUs: 10_000,
      sensors: { microphone: { pcm, rateHz: 16_000, noiseVrms: 0.001, seed: 4 } },
    };
    const world = new World(options);
    const recorder = new RunRecorder(options);
    const pages = orThrow(readUf2(prebuiltImage('mic-adc'), 2 ** 21));
    recorder.called({ call: 'program', pages });
    world.program(pages);
    const { nowUs, hashes } = world.advance({ deadlineUs: 80_000, watches: [] });
    recorder.advanced(nowUs, hashes);
    const recording = orThrow(parseRecording(recordingText(recorder.recording())));
    expect(recording.options.sensors!.microphone!.pcm).toEqual(pcm);
    expect(orThrow(await replay(recording))).toMatchObject({ difference: null, otherCore: false });
    const silent = { ...recording, options: { ...recording.options, sensors: {} } };
    expect(orThrow(await replay(silent)).difference).not.toBeNull();
  });
});
