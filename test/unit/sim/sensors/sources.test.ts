import { describe, expect, it } from 'vitest';
import { imuSource } from '../../../../src-main/sim/sensors/imu-source.ts';
import { microphoneSource } from '../../../../src-main/sim/sensors/microphone.ts';

const at = (source: ReturnType<typeof imuSource>, us: number): number[] => {
  const out = new Float64Array(6);
  source(us, out);
  return [...out];
};

describe('sources of motion', () => {
  const samples = Float32Array.from([0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14, 15]);

  it('a recording goes in straight lines between samples, or holds', () => {
    const line = imuSource({ kind: 'recording', samples, rateHz: 100, startUs: 1000 });
    expect(at(line, 1000 + 5000)).toEqual([5, 6, 7, 8, 9, 10]);
    const hold = imuSource({ kind: 'recording', samples, rateHz: 100, between: 'hold' });
    expect(at(hold, 9999)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(at(hold, 10_000)).toEqual([10, 11, 12, 13, 14, 15]);
  });

  it('before its start the first sample holds, after its end the last one', () => {
    const source = imuSource({ kind: 'recording', samples, rateHz: 100, startUs: 1000 });
    expect(at(source, 0)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(at(source, 1e9)).toEqual([10, 11, 12, 13, 14, 15]);
  });

  it('a synthetic one is a function of seed and time alone', () => {
    const [a, b, other] = [7, 7, 8].map((seed) => imuSource({ kind: 'synthetic', seed }));
    at(a!, 5e6);
    expect(at(a!, 1234.5)).toEqual(at(b!, 1234.5));
    expect(at(a!, 1234.5)).not.toEqual(at(other!, 1234.5));
    const z = Array.from({ length: 2000 }, (_, i) => at(a!, i * 10_000)[2]!);
    expect(z.reduce((x, y) => x + y, 0) / z.length).toBeCloseTo(9.80665, 0);
  });
});

describe('the analogue microphone', () => {
  const pcm = Float32Array.from([0, 0.5, -0.5, 1]);

  it('is the sound around its bias, within the supply', () => {
    const volts = microphoneSource({ pcm, rateHz: 1000, between: 'hold', biasV: 1.5, voltsPerUnit: 1 });
    expect([0, 1000, 2000, 3000, 4000].map(volts)).toEqual([1.5, 2, 1, 2.5, 1.5]);
    const loud = microphoneSource({ pcm, rateHz: 1000, between: 'hold', voltsPerUnit: 100 });
    expect([loud(1000), loud(2000)]).toEqual([3.3, 0]);
  });

  it('goes in straight lines unless it is told to hold, and is silent outside the sound', () => {
    const volts = microphoneSource({ pcm, rateHz: 1000, startUs: 500 });
    expect(volts(1000)).toBeCloseTo(1.65 + 0.25, 6);
    expect([volts(0), volts(1e9)]).toEqual([1.65, 1.65]);
  });

  it('its noise has the given rms, no mean, and comes from the seed and the time', () => {
    const noisy = microphoneSource({ pcm: new Float32Array(1), rateHz: 1, noiseVrms: 0.01, seed: 3 });
    const again = microphoneSource({ pcm: new Float32Array(1), rateHz: 1, noiseVrms: 0.01, seed: 3 });
    const values = Array.from({ length: 20_000 }, (_, i) => noisy(i * 62.5) - 1.65);
    expect(values[77]).toBe(again(77 * 62.5) - 1.65);
    const mean = values.reduce((a, b) => a + b, 0) / values.length;
    const rms = Math.sqrt(values.reduce((a, b) => a + b * b, 0) / values.length);
    expect(Math.abs(mean)).toBeLessThan(0.0004);
    expect(rms).toBeGreaterThan(0.0095);
    expect(rms).toBeLessThan(0.0105);
  });
});
