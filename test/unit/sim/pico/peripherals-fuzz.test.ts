/** I2C, ADC, DMA and GPIO under random register accesses: named faults, never an exception of the host. */
import { describe, expect, it } from 'vitest';
import { Rng } from '../../../../src-main/base/rng.ts';
import { EmulatedPico } from '../../../../src-main/sim/pico/emulated-pico.ts';
import { attachSensors } from '../../../../src-main/sim/sensors/attach.ts';
import {
  code,
  fullSpeed,
  poll,
  read,
  REG,
  release,
  scriptImage,
  startUart,
  write,
  type Step,
} from './script-image.ts';

const [I2C0, ADC, DMA] = [0x4004_4000, 0x4004_c000, 0x5000_0000] as const;
/** clk_adc from the crystal. */
const adcClock = write(REG.CLOCKS + 0x60, (1 << 11) | (3 << 5));
const alive: Step[] = [
  ...fullSpeed,
  adcClock,
  ...startUart(67 * 64 + 52),
  ...[0, 2, 3, 5, 8, 21].flatMap(release),
  write(REG.IO_BANK0 + 8 * 4 + 4, 3),
  write(REG.IO_BANK0 + 8 * 5 + 4, 3),
  write(REG.PPB + 0x100, 0),
];

function control(rng: Rng): number {
  const request = rng.pick([63, 63, 36, 32, 33, 20, 21, 37, 59, 60, rng.int(0, 63)]);
  return (((rng.u32() & 0x00e0_7fff) | (request << 15) | 1) & 0x00ff_ffff) >>> 0;
}

/** Where DMA may be told to read and write: memories, registers of blocks, itself, nowhere. */
function target(rng: Rng): number {
  const base = rng.pick([
    ...[0x2000_0000, 0x2003_0000, 0x2101_0000, 0x1000_0000, I2C0, ADC, DMA, REG.IO_BANK0, REG.UART0],
    ...[REG.TIMER, 0x5040_0000, 0xd000_0000, 0x8000_0000],
  ]);
  return base + 4 * rng.int(0, 63) + (rng.int(0, 9) === 0 ? rng.int(0, 3) : 0);
}

const I2C_REGISTERS = [
  0x04, 0x08, 0x14, 0x18, 0x1c, 0x20, 0x30, 0x38, 0x3c, 0x40, 0x54, 0x60, 0x6c, 0x70, 0x74, 0x78, 0x7c, 0x80, 0x88,
  0x8c, 0x90, 0x9c, 0xa0, 0x10, 0x2c, 0x34,
] as const; // prettier-ignore
const I2C_WRITTEN = [
  0x08, 0x14, 0x18, 0x1c, 0x20, 0x30, 0x38, 0x3c, 0x6c, 0x7c, 0x88, 0x8c, 0x90, 0xa0,
] as const;
const DMA_GLOBALS = [
  0x400, 0x404, 0x408, 0x40c, 0x414, 0x418, 0x41c, 0x420, 0x424, 0x428, 0x42c, 0x430, 0x434, 0x438, 0x444,
] as const; // prettier-ignore

/** Now and then any register, else one that exists. */
function step(rng: Rng): Step[] {
  const value = rng.pick([rng.u32(), 0, 1, 0xffff_ffff, (1 << rng.int(0, 31)) >>> 0]);
  const channel = DMA + 0x40 * rng.int(0, 11);
  switch (rng.int(0, 7)) {
    case 0:
      return [write(I2C0 + (rng.int(0, 30) === 0 ? 4 * rng.int(0, 0x3f) : rng.pick(I2C_WRITTEN)), value)];
    case 1:
      return [write(I2C0 + 0x6c, 1), write(I2C0 + 0x10, value & 0x7ff)];
    case 2:
      return [write(ADC + 4 * rng.int(0, 8), value)];
    case 3:
      return [write(ADC, 1 | (value & 0x1f_700e)), write(ADC + 8, value)];
    case 4:
      return [
        write(channel, target(rng)),
        write(channel + 4, target(rng)),
        write(channel + 8, rng.pick([0, 1, rng.int(0, 300), value])),
        write(channel + 0xc, control(rng)),
      ];
    case 5:
      return [write(DMA + rng.pick(DMA_GLOBALS), value)];
    case 6:
      return [
        write(REG.IO_BANK0 + (rng.int(0, 1) ? 8 * rng.int(0, 29) + 4 : 0xf0 + 4 * rng.int(0, 11)), value),
      ];
    default:
      return [
        read(
          rng.pick([
            ...[I2C0 + rng.pick(I2C_REGISTERS), ADC + 4 * rng.int(0, 8), DMA + 4 * rng.int(0, 0xbf)],
            ...[DMA + rng.pick(DMA_GLOBALS), REG.IO_BANK0 + 4 * rng.int(0, 0x4b)],
          ]),
          rng.int(0, 63),
        ),
      ];
  }
}

describe('random programs on I2C, ADC, DMA and pins', () => {
  it('end in silence or with a named fault, the same at any slice', () => {
    const rng = new Rng(2040);
    const ends = new Map<string, number>();
    for (let n = 0; n < 80; n++) {
      const steps = [
        ...alive,
        ...Array.from({ length: rng.int(1, 25) }, () => step(rng)).flat(),
        code(0xbf00),
      ];
      const seen = [200_000, 7].map((sliceCycles) => {
        const pico = new EmulatedPico({ sliceCycles });
        attachSensors(pico, { imu: { motion: { kind: 'synthetic', seed: 1 }, interruptPin: 6 } });
        pico.program(scriptImage(steps));
        pico.setPower(true, 0);
        pico.advanceTo(10_000);
        return [pico.failure?.id ?? 'none', pico.now(), Buffer.from(pico.core.sram).toString('base64')];
      });
      expect(seen[1], `program ${n}`).toEqual(seen[0]);
      const id = seen[0]![0] as string;
      ends.set(id, (ends.get(id) ?? 0) + 1);
      expect(id).toMatch(/^none$|^sim\.fault\.[a-z0-9-]+$/);
    }
    expect(ends.get('none') ?? 0).toBeGreaterThan(10);
    expect(ends.size).toBeGreaterThanOrEqual(2);
  });

  it('two channels that chain each other with nothing to do let time go on', () => {
    const s = new EmulatedPico();
    const idle = (n: number): Step => write(DMA + 0x40 * n + 0xc, 1 | (63 << 15) | ((1 - n) << 11));
    s.program(scriptImage([...release(2), idle(0), idle(1), poll(REG.TIMER, 0)]));
    s.setPower(true, 0);
    s.advanceTo(6_000);
    expect(s.timeUs).toBeGreaterThanOrEqual(s.failure ? 0 : 6_000);
  });
});
