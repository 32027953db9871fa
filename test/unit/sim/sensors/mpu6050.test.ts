/** MPU-6000/MPU-6050 Register Map and Descriptions, revision 4.2. */
import { describe, expect, it } from 'vitest';
import type { ImuSource } from '../../../../src-main/sim/sensors/imu-source.ts';
import { Mpu6050 } from '../../../../src-main/sim/sensors/mpu6050.ts';

const [SMPLRT_DIV, CONFIG, GYRO_CONFIG, ACCEL_CONFIG, FIFO_EN, INT_PIN_CFG, INT_ENABLE, INT_STATUS] = [
  0x19, 0x1a, 0x1b, 0x1c, 0x23, 0x37, 0x38, 0x3a,
] as const; // prettier-ignore
const [ACCEL_XOUT_H, USER_CTRL, PWR_MGMT_1, PWR_MGMT_2, FIFO_COUNTH, FIFO_R_W, WHO_AM_I] = [
  0x3b, 0x6a, 0x6b, 0x6c, 0x72, 0x74, 0x75,
] as const; // prettier-ignore
const G = 9.80665;
const DEGREE = Math.PI / 180;

function open(source: ImuSource = (_, out) => void out.fill(0), clockErrorPpm = 0) {
  const pin: [boolean, number][] = [];
  const unmodelled: number[] = [];
  const part = new Mpu6050({
    source,
    clockErrorPpm,
    interrupt: (level, us) => void pin.push([level, us]),
    changed: () => undefined,
    unmodelled: (register) => void unmodelled.push(register),
  });
  part.powerOn(0);
  const write = (register: number, value: number, us = 0): void => {
    part.start(false, us);
    part.write(register, us);
    part.write(value, us);
    part.stop(us);
  };
  const read = (register: number, count: number, us: number): number[] => {
    part.start(false, us);
    part.write(register, us);
    part.start(true, us);
    const bytes = Array.from({ length: count }, () => part.read(us));
    part.stop(us);
    return bytes;
  };
  const words = (us: number): number[] => {
    const b = read(ACCEL_XOUT_H, 14, us);
    return Array.from({ length: 7 }, (_, i) => ((b[2 * i]! << 24) | (b[2 * i + 1]! << 16)) >> 16);
  };
  return { part, pin, unmodelled, write, read, words };
}

const still: ImuSource = (_, out) => {
  out.set([0, G, -G, 90 * DEGREE, -90 * DEGREE, 0]);
};

describe('MPU-6050', () => {
  it('says 0x68 for WHO_AM_I, sleeps after power-on and feels nothing then', () => {
    const { read, words } = open(still);
    expect(read(WHO_AM_I, 1, 0)).toEqual([0x68]);
    expect(read(PWR_MGMT_1, 1, 0)).toEqual([0x40]);
    expect(words(1e6)).toEqual([0, 0, 0, 0, 0, 0, 0]);
  });

  it('scales by its ranges: 16 384 … 2048 LSB/g, 131 … 16.4 LSB/(°/s), big-endian', () => {
    const lsb = [[16384, 131], [8192, 65.5], [4096, 32.8], [2048, 16.4]] as const; // prettier-ignore
    lsb.forEach(([perG, perDegree], range) => {
      const { write, words } = open(still);
      write(ACCEL_CONFIG, range << 3);
      write(GYRO_CONFIG, range << 3);
      write(PWR_MGMT_1, 1);
      const [ax, ay, az, , gx, gy, gz] = words(10_000);
      expect([ax, ay, az]).toEqual([0, perG, -perG]);
      expect([gx, gy, gz]).toEqual([Math.round(90 * perDegree), -Math.round(90 * perDegree), 0]);
    });
  });

  it('the temperature is degrees = value / 340 + 36.53', () => {
    const { write, words } = open();
    write(PWR_MGMT_1, 1);
    expect(words(10_000)[3]! / 340 + 36.53).toBeCloseTo(25, 2);
  });

  it('holds at the ends of a range', () => {
    const { write, words } = open((_, out) => void out.fill(1000));
    write(PWR_MGMT_1, 1);
    expect(words(10_000).filter((_, i) => i !== 3)).toEqual(Array(6).fill(32767));
  });

  it('samples at 8 kHz / (1 + SMPLRT_DIV) with the filter off, at 1 kHz / (1 + SMPLRT_DIV) with it on', () => {
    for (const [config, divider, periodUs] of [[0, 19, 2500], [7, 79, 10_000], [3, 9, 10_000], [1, 0, 1000]] as const) {
      const { part, pin, write } = open();
      write(CONFIG, config);
      write(SMPLRT_DIV, divider);
      write(INT_ENABLE, 1);
      write(PWR_MGMT_1, 1);
      part.advanceTo(10 * periodUs);
      const rises = pin.filter(([level]) => level).map(([, us]) => us);
      expect(rises).toEqual(Array.from({ length: 10 }, (_, i) => (i + 1) * periodUs));
    } // prettier-ignore
  });

  it('its clock may be off: 1 % fast makes samples 1 % denser', () => {
    const { part, pin, write } = open(undefined, 10_000);
    write(SMPLRT_DIV, 7);
    write(INT_ENABLE, 1);
    write(PWR_MGMT_1, 1);
    part.advanceTo(1_000_000);
    expect(pin.filter(([level]) => level).length).toBe(1010);
  });

  it('a burst reads one sample, however long it takes', () => {
    const { part, write } = open((us, out) => void out.fill(us / 10_000));
    write(PWR_MGMT_1, 1);
    part.start(false, 5000);
    part.write(ACCEL_XOUT_H, 5000);
    part.start(true, 5000);
    const slow = Array.from({ length: 6 }, (_, i) => part.read(5000 + 3000 * i));
    part.stop(30_000);
    expect(slow.slice(0, 2)).toEqual(slow.slice(2, 4));
    expect(slow.slice(0, 2)).toEqual(slow.slice(4, 6));
  });

  it('INT is a 50 µs pulse, or stays until the status is read; INT_LEVEL turns it round', () => {
    const pulse = open();
    pulse.write(INT_ENABLE, 1);
    pulse.write(SMPLRT_DIV, 79);
    pulse.write(PWR_MGMT_1, 1);
    pulse.part.advanceTo(15_000);
    expect(pulse.pin).toEqual([[true, 10_000], [false, 10_050]]); // prettier-ignore
    const latched = open();
    latched.write(INT_PIN_CFG, 0xa0);
    expect(latched.pin).toEqual([[true, 0]]);
    latched.write(INT_ENABLE, 1);
    latched.write(SMPLRT_DIV, 79);
    latched.write(PWR_MGMT_1, 1);
    latched.part.advanceTo(15_000);
    expect(latched.read(INT_STATUS, 1, 16_000)).toEqual([1]);
    expect(latched.read(INT_STATUS, 1, 16_000)).toEqual([0]);
    expect(latched.pin.slice(1)).toEqual([[false, 10_000], [true, 16_000]]); // prettier-ignore
  });

  it('without an enabled interrupt it has no deadlines and catches up when it is asked', () => {
    let asked = 0;
    const { part, write, words } = open((us, out) => {
      asked++;
      out.fill(us * 1e-6);
    });
    write(PWR_MGMT_1, 1);
    expect(part.nextUs).toBe(Infinity);
    words(1_000_000);
    expect(asked).toBeLessThan(1100);
    expect(asked).toBeGreaterThan(0);
  });

  it('standby axes read 0', () => {
    const { write, words } = open(still);
    write(PWR_MGMT_2, 0b010_100); // accelerometer y, gyroscope x
    write(PWR_MGMT_1, 1);
    expect(words(10_000).filter((_, i) => i !== 3)).toEqual([0, 0, -16384, 0, -11790, 0]);
  });

  it('a device reset brings every register back', () => {
    const { write, read } = open();
    write(SMPLRT_DIV, 9);
    write(PWR_MGMT_1, 0x80);
    expect([read(SMPLRT_DIV, 1, 0), read(PWR_MGMT_1, 1, 0)]).toEqual([[0], [0x40]]);
  });

  it('names what it does not have: cycle mode, motion detection, the auxiliary bus', () => {
    const { write, unmodelled } = open();
    write(PWR_MGMT_1, 0x20);
    write(0x1f, 1);
    write(USER_CTRL, 0x20);
    expect(unmodelled).toEqual([PWR_MGMT_1, 0x1f, USER_CTRL]);
  });

  it('without power it answers to nobody', () => {
    const { part } = open();
    part.powerOff(10);
    expect(part.start(true, 20)).toBe(false);
  });
});

describe('MPU-6050 FIFO', () => {
  /** 100 Hz; every axis counts samples. */
  function filling(chosen: number) {
    const bench = open((us, out) => void out.fill((Math.round(us / 10_000) * G) / 16384));
    bench.write(SMPLRT_DIV, 79);
    bench.write(FIFO_EN, chosen);
    bench.write(USER_CTRL, 0x44);
    bench.write(PWR_MGMT_1, 1);
    const count = (us: number): number => {
      const [high, low] = bench.read(FIFO_COUNTH, 2, us);
      return (high! << 8) | low!;
    };
    return { ...bench, count };
  }

  it('takes what FIFO_EN names in the order of the registers, oldest first', () => {
    const { read, count } = filling(0x08); // accelerometer
    expect(count(35_000)).toBe(18);
    expect(read(FIFO_R_W, 18, 35_000)).toEqual([1, 2, 3].flatMap((n) => [0, n, 0, n, 0, n]));
    expect(count(35_000)).toBe(0);
  });

  it('all of it is 14 bytes a sample, temperature in the middle', () => {
    const { read, count } = filling(0xf8);
    expect(count(15_000)).toBe(14);
    const bytes = read(FIFO_R_W, 14, 15_000);
    expect(bytes.slice(0, 6)).toEqual([0, 1, 0, 1, 0, 1]);
    expect((((bytes[6]! << 8) | bytes[7]!) << 16) >> 16).toBe(-3920);
  });

  it('empty, it repeats its last byte', () => {
    const { read } = filling(0x08);
    expect(read(FIFO_R_W, 8, 15_000)).toEqual([0, 1, 0, 1, 0, 1, 1, 1]);
  });

  it('full after 1024 bytes, it loses the oldest and says so in INT_STATUS', () => {
    const { read, count } = filling(0x08);
    expect(count(170 * 10_000 + 5)).toBe(1020);
    expect(read(INT_STATUS, 1, 170 * 10_000 + 5)[0]! & 0x10).toBe(0);
    const us = 172 * 10_000 + 5;
    expect(count(us)).toBe(1024);
    expect(read(INT_STATUS, 1, us)[0]! & 0x10).toBe(0x10);
    // 1032 bytes were written: the first eight are gone, and the order is that of bytes, not of samples
    expect(read(FIFO_R_W, 4, us)).toEqual([0, 2, 0, 2]);
  });

  it('FIFO_RESET empties it', () => {
    const { write, count } = filling(0x08);
    write(USER_CTRL, 0x44, 35_000);
    expect(count(35_000)).toBe(0);
  });

  it('after an hour without a look it holds the newest bytes and has overflowed', () => {
    const { read, count } = filling(0x08);
    expect(count(3.6e9 + 5)).toBe(1024);
    expect(read(INT_STATUS, 1, 3.6e9 + 5)[0]! & 0x10).toBe(0x10);
  });
});
