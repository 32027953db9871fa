/** GPIO inputs and interrupts: RP2040 data sheet 2.19.2–2.19.4, 2.19.6.1. */
import { describe, expect, it } from 'vitest';
import { CPU } from '../../../../src-main/sim/pico/core/cpu-state.ts';
import { IoBank0 } from '../../../../src-main/sim/pico/peripherals/io-bank0.ts';
import { BANK0_DEFAULTS, Pads } from '../../../../src-main/sim/pico/peripherals/pads.ts';
import { IoQspi } from '../../../../src-main/sim/pico/peripherals/small-blocks.ts';
import { code, poll, read, REG, release, write } from './script-image.ts';
import { ScriptedPico } from './scripted-pico.ts';
import { TestChip } from './test-chip.ts';

const INTR = 0xf0;
const INTE = 0x100;
const INTF = 0x110;
const INTS = 0x120;
const IRQ = 13;
const [LEVEL_LOW, LEVEL_HIGH, EDGE_LOW, EDGE_HIGH] = [1, 2, 4, 8] as const;
const PULL_UP = 0x4a;

function open() {
  const chip = new TestChip();
  const pads: Pads = new Pads(BANK0_DEFAULTS, (pin) => io.padChanged(pin));
  const io: IoBank0 = new IoBank0(chip, {
    pads: () => pads,
    sioOut: () => 0,
    sioEnable: () => 0,
    changed: () => undefined,
  });
  const word = (register: number, pin: number): number => register + 4 * (pin >> 3);
  /** The four bits of a pin in INTR, INTE, INTF or INTS. */
  const bits = (register: number, pin: number): number =>
    (io.read(word(register, pin))! >>> (4 * (pin & 7))) & 15;
  const set = (register: number, pin: number, value: number): void =>
    void io.write(word(register, pin), (value << (4 * (pin & 7))) >>> 0);
  const control = (pin: number, value: number): void => void io.write(8 * pin + 4, value);
  const status = (pin: number): number => io.read(8 * pin)!;
  return { chip, io, pads, bits, set, control, status };
}

describe('GPIO interrupts', () => {
  it('levels follow the pin, edges stay until 1 is written to INTR, on each of the thirty pins', () => {
    for (let pin = 0; pin < 30; pin++) {
      const { io, bits, set } = open();
      expect(bits(INTR, pin)).toBe(LEVEL_LOW);
      io.drive(pin, true);
      expect(bits(INTR, pin), `GPIO${pin}`).toBe(LEVEL_HIGH | EDGE_HIGH);
      io.drive(pin, false);
      expect(bits(INTR, pin)).toBe(LEVEL_LOW | EDGE_LOW | EDGE_HIGH);
      set(INTR, pin, EDGE_HIGH);
      expect(bits(INTR, pin)).toBe(LEVEL_LOW | EDGE_LOW);
      set(INTR, pin, 15); // levels cannot be cleared
      expect(bits(INTR, pin)).toBe(LEVEL_LOW);
    }
  });

  it('what is enabled in PROC0_INTE and pending raises IRQ 13, by itself', () => {
    for (const kind of [LEVEL_LOW, LEVEL_HIGH, EDGE_LOW, EDGE_HIGH]) {
      const { chip, io, set, bits } = open();
      io.drive(21, kind === LEVEL_LOW || kind === EDGE_LOW);
      set(INTR, 21, 15);
      set(INTE, 21, kind);
      expect(chip.interrupt(IRQ)).toBe(false);
      io.drive(21, kind === LEVEL_HIGH || kind === EDGE_HIGH);
      expect([chip.interrupt(IRQ), bits(INTS, 21)]).toEqual([true, kind]);
      set(INTE, 21, 0);
      expect(chip.interrupt(IRQ)).toBe(false);
    }
  });

  it('INTF raises it by hand; pins that do not exist have no bits', () => {
    const { chip, io, set, bits } = open();
    set(INTF, 29, EDGE_LOW);
    expect([chip.interrupt(IRQ), bits(INTS, 29)]).toEqual([true, EDGE_LOW]);
    io.write(INTE + 12, 0xffff_ffff);
    expect(io.read(INTE + 12)).toBe(0x00ff_ffff);
  });

  it('IRQOVER turns, holds low or holds high what the interrupt sees, and nothing else', () => {
    const levels = [[0, LEVEL_LOW], [1, LEVEL_HIGH], [2, LEVEL_LOW], [3, LEVEL_HIGH]] as const; // prettier-ignore
    for (const [override, level] of levels) {
      const { io, bits, control } = open();
      control(3, 0x1f | (override << 28));
      expect(bits(INTR, 3) & (LEVEL_LOW | LEVEL_HIGH)).toBe(level);
      expect(io.inputs & 8).toBe(0);
    }
  });

  it('an input whose buffer is off reads 0 and makes no edges', () => {
    const { io, pads, bits, status } = open();
    pads.setPad(4, 0x16); // no IE
    io.drive(4, true);
    expect([io.levels & 16, io.inputs & 16, bits(INTR, 4)]).toEqual([16, 0, LEVEL_LOW]);
    expect(status(4) & (1 << 17)).toBe(0);
  });
});

describe('GPIO inputs', () => {
  it('INOVER turns, holds low or holds high what the peripherals see', () => {
    for (const [override, seen] of [[0, 1], [1, 0], [2, 0], [3, 1]] as const) {
      const { io, control, status } = open();
      io.drive(0, true);
      control(0, 0x1f | (override << 16));
      expect(io.inputs & 1).toBe(seen);
      expect(status(0) & ((1 << 17) | (1 << 19))).toBe((1 << 17) | (seen << 19));
    } // prettier-ignore
  });

  it('a pin nobody drives follows its pulls: down after reset, up with PUE, the last level with both', () => {
    const { io, pads } = open();
    expect(io.inputs).toBe(0);
    pads.setPad(2, PULL_UP);
    expect([io.inputs, io.isPulledUp(2)]).toEqual([4, true]);
    io.drive(2, false);
    expect(io.inputs).toBe(0);
    pads.setPad(2, PULL_UP | 4);
    io.drive(2, null);
    expect(io.inputs).toBe(0);
    io.drive(2, true);
    io.drive(2, null);
    expect(io.inputs).toBe(4);
  });

  it('STATUS has the pad, what goes to peripherals and whether the interrupt goes to core 0', () => {
    const { io, set, status } = open();
    io.drive(7, true);
    set(INTE, 7, EDGE_HIGH);
    expect(status(7)).toBe((1 << 17) | (1 << 19) | (1 << 24) | (1 << 26));
    set(INTR, 7, EDGE_HIGH);
    expect(status(7)).toBe((1 << 17) | (1 << 19) | (1 << 24));
  });

  it('BOOTSEL is the flash’s SS with its output disabled', () => {
    const qspi = new IoQspi();
    qspi.bootselPressed = true;
    expect(qspi.inputs).toBe(0x3e);
    qspi.write(0x0c, 0x1f | (2 << 12));
    expect([qspi.inputs, qspi.read(0x08)]).toEqual([0x3c, 0]);
    qspi.bootselPressed = false;
    expect(qspi.inputs).toBe(0x3e);
  });
});

describe('interrupt lines', () => {
  it('outlast a reset of the core alone: the block goes on asserting', () => {
    const s = new ScriptedPico([write(REG.PPB + 0xd0c, 0x05fa_0004)]); // resets the core again and again
    s.advance(1000);
    s.pico.setInterrupt(IRQ, true);
    s.advance(20_000);
    expect(s.pico.core.state[CPU.irqLevel]).toBe(1 << IRQ);
    s.pico.setInterrupt(IRQ, false);
    s.advance(40_000);
    expect(s.pico.core.state[CPU.irqLevel]).toBe(0);
  });
});

describe('levels from outside', () => {
  const waitFor9 = [
    ...release(5),
    ...release(8),
    poll(REG.SIO + 4, 1 << 9),
    read(REG.SIO + 4, 0),
    write(REG.SIO + 0x24, 1 << 25),
    write(REG.IO_BANK0 + 8 * 25 + 4, 5),
    write(REG.SIO + 0x14, 1 << 25), // high once GPIO9 was seen
  ];

  it('reach SIO at the given time, two cycles later, and last', () => {
    const s = new ScriptedPico(waitFor9);
    s.pico.driveInput(9, true, 30_000);
    s.advance(29_999);
    expect(s.activity.at(-1)!.pins >> 25).toBe(0);
    s.advance(31_000);
    expect(s.result(0)).toBe(1 << 9);
    const seen = s.activity.find((a) => (a.pins >> 9) & 1)!;
    expect(seen.timeUs - 30_000).toBeGreaterThan(2 / 6.5 - 1e-6); // two cycles of the ring oscillator
    expect(seen.timeUs - 30_000).toBeLessThan(12 / 6.5);
  });

  it('given out of order they are applied in the order of their times', () => {
    const s = new ScriptedPico(waitFor9);
    s.pico.driveInput(3, false, 20_000);
    s.pico.driveInput(3, true, 10_000);
    s.advance(15_000);
    expect((s.pico.blocks.io.levels >> 3) & 1).toBe(1);
    s.advance(25_000);
    expect((s.pico.blocks.io.levels >> 3) & 1).toBe(0);
  });

  it('may be thousands, given at once: the chip sees each edge once', () => {
    const s = new ScriptedPico([code(0xe7fe)]);
    for (let i = 0; i < 10_000; i++) s.pico.driveInput(12, i % 2 === 0, 10_000 + i);
    let edges = 0;
    for (let us = 10_000; us < 20_010; us += 7) s.advance(us);
    for (let i = 1; i < s.activity.length; i++)
      edges += ((s.activity[i]!.pins ^ s.activity[i - 1]!.pins) >> 12) & 1;
    expect(edges).toBe(10_000);
  });

  it('outlast a reset of the chip', () => {
    const s = new ScriptedPico(waitFor9);
    s.pico.driveInput(9, true, 30_000);
    s.advance(20_000);
    s.pico.reset();
    s.advance(60_000);
    expect(s.result(0)).toBe(1 << 9);
  });

  it('wake a core in WFI by the interrupt of an edge, at the same time whatever the slices', () => {
    const wake = (sliceCycles: number): number => {
      const s = new ScriptedPico(
        [
          ...release(5),
          ...release(8),
          write(REG.IO_BANK0 + INTE + 4, EDGE_HIGH << 4), // GPIO9
          write(REG.PPB + 0x100, 1 << IRQ),
          code(0xb672, 0xbf30), // cpsid i; wfi
          write(REG.SIO + 0x24, 1 << 25),
          write(REG.IO_BANK0 + 8 * 25 + 4, 5),
          write(REG.SIO + 0x14, 1 << 25),
        ],
        {},
        { sliceCycles },
      );
      s.pico.driveInput(9, true, 30_000);
      s.advance(31_000);
      return s.activity.find((a) => (a.pins >> 25) & 1)!.timeUs;
    };
    const whole = wake(200_000);
    expect(whole).toBeGreaterThan(30_000);
    for (const slice of [1, 7, 100, 12_500]) expect(wake(slice)).toBe(whole);
  });
});
