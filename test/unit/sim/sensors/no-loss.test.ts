/**
 * Sensors at their rates through firmware of our own (test/images/imu-i2c, imu-fifo, mic-adc): every sample that comes
 * out of the UART is held against the source, computed here from the sensor's data sheet and not by its model.
 */
import { describe, expect, it } from 'vitest';
import { Rng } from '../../../../src-main/base/rng.ts';
import { orThrow } from '../../../../src-main/base/errors.ts';
import { readUf2 } from '../../../../src-main/sim/pico/uf2.ts';
import type { Sensors } from '../../../../src-main/sim/sensors/attach.ts';
import { openSimulatedBench } from '../../../../src-main/sim/simulated-bench.ts';
import { World } from '../../../../src-main/sim/world.ts';
import { buildImage, COMPILER, compilerRelease, prebuiltImage } from '../../../images/build.ts';
import { describeWith, needs } from '../../../needs.ts';

type Image = 'imu-i2c' | 'imu-fifo' | 'mic-adc';
const BAUD = 921_600;
const IMU_HZ = 400;
const MICROPHONE_HZ = 16_000;

/** What the image sends until `untilUs`. */
function run(image: Image, sensors: Sensors, untilUs: number, sliceCycles?: number): Uint8Array {
  const world = new World({ seed: 1, monitor: 'none', sensors, ...(sliceCycles ? { sliceCycles } : {}) });
  world.program(orThrow(readUf2(prebuiltImage(image), 2 ** 21)));
  world.setBaud('dut', BAUD);
  const reply = world.advance({ deadlineUs: untilUs, watches: [] });
  expect(reply.fault).toBeNull();
  expect(reply.diagnoses).toBeNull();
  return reply.dut ?? new Uint8Array(0);
}

/** A value of its own for each 2.5 ms and axis: accelerations within ±2 g, rates within ±250 °/s. */
function shaking(seconds: number): Float32Array {
  const rng = new Rng(99);
  return Float32Array.from(
    { length: seconds * IMU_HZ * 6 },
    (_, i) => (2 * rng.float() - 1) * (i % 6 < 3 ? 19 : 4.3),
  );
}

/** MPU-6050 at ±2 g and ±250 °/s: 16 384 LSB/g, 131 LSB/(°/s), 25 °C, big-endian. */
function registersOf(motion: Float32Array, index: number): number[] {
  const words = Array.from({ length: 6 }, (_, axis) => {
    const value = motion[index * 6 + axis]!;
    return Math.round(axis < 3 ? (value / 9.80665) * 16384 : ((value * 180) / Math.PI) * 131);
  });
  words.splice(3, 0, Math.round((25 - 36.53) * 340));
  return words.flatMap((w) => [(w >> 8) & 0xff, w & 0xff]);
}

const IMU_RECORD = 19;

/** The 14 data bytes of each record; markers, numbers and sums are checked here. */
function imuRecords(sent: Uint8Array): number[][] {
  return Array.from({ length: Math.floor(sent.length / IMU_RECORD) }, (_, n) => {
    const record = [...sent.subarray(n * IMU_RECORD, (n + 1) * IMU_RECORD)];
    expect(record.slice(0, 4)).toEqual([0xa5, 0x5a, n & 0xff, (n >> 8) & 0xff]);
    const sum = record.slice(2, 18).reduce((a, b) => a + b, 0) & 0xff;
    expect(record[18]).toBe(sum);
    return record.slice(4, 18);
  });
}

const imu = (motion: Float32Array, interruptPin = 6): Sensors => ({
  imu: { motion: { kind: 'recording', samples: motion, rateHz: IMU_HZ, between: 'hold' }, interruptPin },
});

function expectEverySample(records: number[][], motion: Float32Array): void {
  const expected = Array.from({ length: motion.length / 6 }, (_, i) => registersOf(motion, i));
  const first = expected.findIndex((e) => e.join() === records[0]!.join());
  expect(first).toBeGreaterThanOrEqual(0);
  expect(first).toBeLessThan(40); // the first tenth of a second
  records.forEach((r, n) => expect(r, `sample ${n}`).toEqual(expected[first + n]));
}

describe('an inertial sensor at 400 Hz over I2C', () => {
  const motion = shaking(4);

  it('read at each data-ready edge, loses no sample in three seconds', () => {
    const records = imuRecords(run('imu-i2c', imu(motion), 3_000_000));
    expect(records.length).toBeGreaterThan(1180);
    expectEverySample(records, motion);
  });

  it('collected from its FIFO, loses no sample in a second', () => {
    const records = imuRecords(run('imu-fifo', imu(motion), 1_000_000));
    expect(records.length).toBeGreaterThan(375);
    expectEverySample(records, motion);
  });

  it('with a clock 1 % fast gives 404 samples a second, each taken at its own time', () => {
    const ramp = Float32Array.from({ length: 4 * 1000 * 6 }, (_, i) =>
      i % 6 === 0 ? Math.floor(i / 6) / 250 : 0,
    );
    const sensors: Sensors = {
      imu: {
        motion: { kind: 'recording', samples: ramp, rateHz: 1000 },
        interruptPin: 6,
        clockErrorPpm: 10_000,
      },
    };
    const records = imuRecords(run('imu-i2c', sensors, 1_200_000));
    const x = records.map((r) => ((r[0]! << 8) | r[1]!) / 16384 * 9.80665); // prettier-ignore
    const slopes = (x.at(-1)! - x[0]!) / (x.length - 1);
    expect(slopes).toBeCloseTo(4 / 404, 6); // 4 m/s² a second
  });

  it('is the same whatever the slices', () => {
    const whole = run('imu-i2c', imu(motion), 45_000);
    expect(whole.length).toBeGreaterThan(10 * IMU_RECORD);
    for (const slice of [1, 7, 100, 12_500])
      expect(run('imu-i2c', imu(motion), 45_000, slice), `${slice}`).toEqual(whole);
  });
});

const SAMPLES = 256;
const BLOCK = 6 + 2 * SAMPLES;

/** The samples of all whole blocks; markers, numbers and the converter's flags are checked here. */
function microphoneSamples(sent: Uint8Array): number[] {
  const view = new DataView(sent.buffer, sent.byteOffset, sent.byteLength);
  const samples: number[] = [];
  for (let n = 0; (n + 1) * BLOCK <= sent.length; n++) {
    expect(view.getUint16(n * BLOCK), `block ${n}`).toBe(0xa55a);
    expect(view.getUint16(n * BLOCK + 2, true)).toBe(n & 0xffff);
    expect(view.getUint16(n * BLOCK + 4, true) & 0xc00).toBe(0); // neither OVER nor UNDER
    for (let i = 0; i < SAMPLES; i++) samples.push(view.getUint16(n * BLOCK + 6 + 2 * i, true));
  }
  return samples;
}

describe('an analogue microphone at 16 kHz over ADC and DMA', () => {
  const rng = new Rng(5);
  const pcm = Float32Array.from({ length: 3 * MICROPHONE_HZ }, () => 2 * rng.float() - 1);
  const sensors: Sensors = { microphone: { pcm, rateHz: MICROPHONE_HZ, between: 'hold', voltsPerUnit: 1.6 } };
  /** 12 bits of 3.3 V, biased at the middle. */
  const expected = Array.from(pcm, (p) => Math.floor(((1.65 + 1.6 * p) / 3.3) * 4096));

  it('loses no sample in two seconds', () => {
    const samples = microphoneSamples(run('mic-adc', sensors, 2_000_000));
    expect(samples.length).toBeGreaterThan(31_000);
    const first = expected.findIndex((_, k) => samples.slice(0, 8).every((s, i) => s === expected[k + i]));
    expect(first).toBeGreaterThanOrEqual(0);
    expect(samples).toEqual(expected.slice(first, first + samples.length));
  });

  it('is the same whatever the slices', () => {
    const whole = run('mic-adc', sensors, 70_000);
    expect(whole.length).toBeGreaterThanOrEqual(2 * BLOCK);
    for (const slice of [1, 7, 100, 12_500])
      expect(run('mic-adc', sensors, 70_000, slice), `${slice}`).toEqual(whole);
  });

  it('is the same in the worker of a bench', async () => {
    const bench = orThrow(await openSimulatedBench({ seed: 1, monitor: 'none', sensors }));
    await using _ = bench;
    orThrow(await bench.dut.setBaud(BAUD));
    orThrow(await bench.programmer.program(prebuiltImage('mic-adc')));
    const parts: Uint8Array[] = [];
    for (;;) {
      const r = await bench.dut.read({ deadlineUs: 60_000, atLeast: 4096 });
      if (r.kind !== 'bytes') break;
      parts.push(r.bytes);
    }
    expect(Uint8Array.from(Buffer.concat(parts))).toEqual(run('mic-adc', sensors, 60_000));
  });
});

describeWith([needs.armGcc], 'the prebuilt sensor images', () => {
  it('are what their sources give, where the compiler is the one they were built with', () => {
    if (compilerRelease() !== COMPILER) return;
    for (const name of ['imu-i2c', 'imu-fifo', 'mic-adc'] as const)
      expect(Buffer.from(buildImage(name)).equals(prebuiltImage(name)), name).toBe(true);
  });
});
