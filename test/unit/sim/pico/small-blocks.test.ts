/** Divider and spin locks (2.3.1), GPIO, pads and their interrupts (2.19), flash and SSI (4.10), UF2, resets, watchdog reset. */
import { describe, expect, it } from 'vitest';
import { Rng } from '../../../../src-main/base/rng.ts';
import { orThrow } from '../../../../src-main/base/errors.ts';
import { encodeUf2 } from '../../../../src-main/compile/uf2.ts';
import { Flash } from '../../../../src-main/sim/pico/flash.ts';
import { Divider } from '../../../../src-main/sim/pico/peripherals/divider.ts';
import { IoBank0 } from '../../../../src-main/sim/pico/peripherals/io-bank0.ts';
import { BANK0_DEFAULTS, Pads } from '../../../../src-main/sim/pico/peripherals/pads.ts';
import { Sio } from '../../../../src-main/sim/pico/peripherals/sio.ts';
import { readUf2 } from '../../../../src-main/sim/pico/uf2.ts';
import { fullSpeed, read, REG, release, write } from './script-image.ts';
import { ScriptedPico } from './scripted-pico.ts';
import { TestChip } from './test-chip.ts';

describe('the SIO divider', () => {
  const divide = (signed: boolean, p: number, q: number): [number, number] => {
    const chip = new TestChip();
    const d = new Divider(chip);
    d.write(signed ? 0x68 : 0x60, p >>> 0);
    d.write(signed ? 0x6c : 0x64, q >>> 0);
    chip.pass(9);
    return [d.read(0x70), d.read(0x74)];
  };

  it('divides unsigned and signed, remainder with the sign of the dividend', () => {
    expect(divide(false, 0xffff_ffff, 10)).toEqual([429_496_729, 5]);
    expect(divide(true, -7, 2)).toEqual([-3 >>> 0, -1 >>> 0]);
    expect(divide(true, 7, -2)).toEqual([-3 >>> 0, 1]);
    expect(divide(true, -0x8000_0000, -1)).toEqual([0x8000_0000, 0]);
  });

  it('is the machine’s own division for random operands', () => {
    const rng = new Rng(9);
    for (let i = 0; i < 2000; i++) {
      const [p, q] = [rng.u32(), rng.u32() >>> rng.int(0, 31) || 1];
      expect(divide(false, p, q)).toEqual([Number(BigInt(p) / BigInt(q)), p % q]);
    }
  });

  it('by zero gives all ones unsigned, −1 or +1 signed, and the dividend as remainder', () => {
    expect(divide(false, 5, 0)).toEqual([0xffff_ffff, 5]);
    expect(divide(true, 5, 0)).toEqual([0xffff_ffff, 5]);
    expect(divide(true, -5, 0)).toEqual([1, -5 >>> 0]);
  });

  it('takes 8 cycles: CSR shows it, and reading early is named', () => {
    const chip = new TestChip();
    const d = new Divider(chip);
    d.write(0x60, 100);
    d.write(0x64, 7);
    expect(d.read(0x78)).toBe(2); // DIRTY, not READY
    chip.pass(8);
    expect(d.read(0x78)).toBe(2);
    chip.pass(1);
    expect(d.read(0x78)).toBe(3);
    expect([d.read(0x74), d.read(0x70), d.read(0x78)]).toEqual([2, 14, 1]);
    d.write(0x60, 1);
    d.read(0x70);
    expect(chip.stops).toEqual(['sim.fault.divider-not-ready']);
  });

  it('written results come back at once, for a handler that saves and restores them', () => {
    const d = new Divider(new TestChip());
    d.write(0x74, 11);
    d.write(0x70, 12);
    expect([d.read(0x78), d.read(0x74), d.read(0x70)]).toEqual([3, 11, 12]);
  });
});

describe('SIO', () => {
  it('a spin lock is claimed by the first read and given back by a write', () => {
    const sio = new Sio(new TestChip(), { inputs: () => 0, outputsChanged: () => undefined });
    expect(sio.read(0x17c)).toBe(0x8000_0000);
    expect(sio.read(0x17c)).toBe(0);
    expect(sio.read(0x5c)).toBe(0x8000_0000);
    sio.write(0x17c, 0);
    expect(sio.read(0x17c)).toBe(0x8000_0000);
  });

  it('knows its core and does not know the interpolators', () => {
    const sio = new Sio(new TestChip(), { inputs: () => 0, outputsChanged: () => undefined });
    expect(sio.read(0x00)).toBe(0);
    expect(sio.read(0x80)).toBeUndefined();
    expect(sio.write(0x54, 1)).toBe(false); // the mailbox to core 1
  });
});

interface Pins {
  readonly chip: TestChip;
  readonly io: IoBank0;
  readonly pads: Pads;
  readonly sio: Sio;
  readonly changes: number[];
}

function pins(): Pins {
  const chip = new TestChip();
  const changes: number[] = [];
  const pads: Pads = new Pads(BANK0_DEFAULTS, (pin) => io.padChanged(pin));
  const io: IoBank0 = new IoBank0(chip, {
    pads: () => pads,
    sioOut: () => sio.out,
    sioEnable: () => sio.outputEnable,
    changed: () => void changes.push(io.levels),
  });
  const sio: Sio = new Sio(chip, { inputs: () => io.inputs, outputsChanged: () => io.update() });
  return { chip, io, pads, sio, changes };
}

describe('GPIO', () => {
  it('SIO drives a pin only when selected and enabled; set, clear and toggle registers do what they say', () => {
    const { io, sio } = pins();
    sio.write(0x14, 1 << 5);
    sio.write(0x24, 1 << 5);
    expect(io.levels).toBe(0);
    io.write(8 * 5 + 4, 5);
    expect(io.levels).toBe(1 << 5);
    sio.write(0x1c, 1 << 5);
    expect(io.levels).toBe(0);
    sio.write(0x1c, 1 << 5);
    sio.write(0x28, 1 << 5); // output off: pulled down by reset
    expect(io.levels).toBe(0);
  });

  it('an undriven pin follows its pull; overrides and OD act on the pad', () => {
    const { io, pads, sio } = pins();
    pads.setPad(3, 0x4a); // pull-up
    expect(io.levels).toBe(8);
    io.write(8 * 4 + 4, 5 | (3 << 8) | (3 << 12)); // OUTOVER high, OEOVER enable
    expect(io.levels).toBe(8 | 16);
    pads.setPad(4, 0x56 | 0x80); // OD
    expect(io.levels).toBe(8);
    expect(sio.read(0x04)).toBe(8);
    pads.setPad(3, 0x0a); // IE off: reads 0 whatever the level
    expect(io.levels).toBe(8);
    expect(sio.read(0x04)).toBe(0);
  });

  it('an edge from outside is latched, masked by INTE and cleared by writing INTR', () => {
    const { chip, io } = pins();
    io.write(0x104, 8 << 4); // pin 9, EDGE_HIGH
    io.drive(9, true);
    expect(chip.interrupt(13)).toBe(true);
    expect(io.read(0xf4)! & 0xf0).toBe(0xa0); // EDGE_HIGH, LEVEL_HIGH
    io.write(0xf4, 8 << 4);
    expect(chip.interrupt(13)).toBe(false);
    io.drive(9, false);
    expect(io.read(0xf4)! & 0xf0).toBe(0x50); // EDGE_LOW, LEVEL_LOW
  });

  it('a level interrupt follows the pin', () => {
    const { chip, io } = pins();
    io.write(0x100, 2); // pin 0, LEVEL_HIGH
    expect(chip.interrupt(13)).toBe(false);
    io.drive(0, true);
    expect(chip.interrupt(13)).toBe(true);
    io.drive(0, null);
    expect(chip.interrupt(13)).toBe(false);
  });

  it('the world sees each pin edge at the cycle of its store', () => {
    // SIO stores take one cycle; each step is ldr, ldr, b, str = 2 + 2 + 2 + 1 cycles, one nop before every other
    const p = new ScriptedPico([
      ...fullSpeed,
      ...release(5),
      write(REG.IO_BANK0 + 8 * 2 + 4, 5),
      write(REG.SIO + 0x24, 4),
      write(REG.SIO + 0x14, 4),
      write(REG.SIO + 0x18, 4),
    ]).advance(20_000);
    expect(p.fault).toBeNull();
    const edges = p.activity.filter((a, i) => i > 0 && (a.pins ^ p.activity[i - 1]!.pins) & 4);
    expect(edges.map((a) => a.pins & 4)).toEqual([4, 0]);
    // nop + 7 cycles of 8 ns
    expect(edges[1]!.timeUs - edges[0]!.timeUs).toBeCloseTo(8 * 0.008, 9);
  });
});

describe('the flash', () => {
  const command = (flash: Flash, ...bytes: number[]): number[] => {
    const got = bytes.map((b) => flash.transfer(b));
    flash.deselect();
    return got;
  };

  it('answers its JEDEC id and reads with 03h from any address', () => {
    const array = Uint8Array.from({ length: 4096 }, (_, i) => i >> 4);
    const flash = new Flash(array, { nowUs: () => 0 });
    expect(command(flash, 0x9f, 0, 0, 0).slice(1)).toEqual([0xef, 0x40, 0x15]);
    expect(command(flash, 0x03, 0, 0x02, 0x0f, 0, 0).slice(4)).toEqual([0x20, 0x21]);
  });

  it('sets QE only after write enable, is busy for 10 ms, and clears WEL', () => {
    let us = 0;
    const flash = new Flash(new Uint8Array(256), { nowUs: () => us });
    command(flash, 0x01, 0, 2);
    expect(command(flash, 0x35, 0)[1]).toBe(0);
    command(flash, 0x06);
    expect(command(flash, 0x05, 0)[1]).toBe(2);
    command(flash, 0x01, 0, 2);
    expect(command(flash, 0x05, 0)[1]! & 1).toBe(1);
    us = 10_001;
    expect([command(flash, 0x05, 0)[1], command(flash, 0x35, 0)[1]]).toEqual([0, 2]);
    expect(flash.quadEnabled).toBe(true);
  });

  it('continuous read lasts while mode bits 5:4 are 10', () => {
    const flash = new Flash(new Uint8Array(256), { nowUs: () => 0 });
    flash.quadRead(0xa0);
    expect(flash.continuousRead).toBe(true);
    flash.quadRead(0x00);
    expect(flash.continuousRead).toBe(false);
  });
});

describe('UF2', () => {
  const good = (): Uint8Array =>
    encodeUf2([{ address: 0x1000_0000, bytes: new Uint8Array(8192).fill(7) }], 0xe48b_ff56);
  const set = (file: Uint8Array, block: number, offset: number, value: number): Uint8Array => {
    new DataView(file.buffer).setUint32(block * 512 + offset, value, true);
    return file;
  };

  it('pages come back where they belong, in any order, duplicates once', () => {
    const file = good();
    const shuffled = new Uint8Array(file.length + 512);
    shuffled.set(file.subarray(512));
    shuffled.set(file.subarray(0, 512), file.length - 512);
    shuffled.set(file.subarray(0, 512), file.length);
    const pages = orThrow(readUf2(shuffled, 1 << 21));
    expect(pages.length).toBe(32);
    expect(new Set(pages.map((p) => p.offset)).size).toBe(32);
  });

  it.each<[string, (f: Uint8Array) => Uint8Array]>([
    ['no multiple of 512', (f) => f.subarray(0, 700)],
    ['no UF2 magic', (f) => set(f, 3, 0, 0)],
    ['not for the RP2040 family', (f) => set(f, 3, 28, 0xe48b_ff57)],
    ['not 256 bytes', (f) => set(f, 3, 16, 128)],
    ['mixed', (f) => set(f, 3, 12, 0x2000_0000)],
    ['not in flash', (f) => set(f, 3, 12, 0x3000_0000)],
    ['no multiple of 256', (f) => set(f, 3, 12, 0x1000_0080)],
    ['beyond the end', (f) => set(f, 3, 12, 0x1020_0000)],
    ['beyond the count', (f) => set(f, 3, 20, 99)],
    ['disagree', (f) => set(f, 3, 24, 33)],
    ['missing', (f) => f.subarray(0, f.length - 512)],
    ['no block', (f) => set(f.subarray(0, 512), 0, 8, 1)],
  ])('refuses a file whose problem is: %s', (problem, spoil) => {
    const r = readUf2(spoil(good()), 1 << 21);
    expect(r).toMatchObject({ ok: false, id: 'programmer.bad-uf2' });
    expect(!r.ok && r.facts.problem).toContain(problem);
  });

  it('never throws on noise', () => {
    const rng = new Rng(3);
    for (let i = 0; i < 2000; i++) {
      const file = good();
      for (let k = 0; k < rng.int(1, 20); k++) file[rng.int(0, file.length - 1)] = rng.u32() & 0xff;
      readUf2(file.subarray(0, rng.int(0, file.length)), 1 << 21);
    }
  });
});

describe('the watchdog resets what PSM.WDSEL and RESETS.WDSEL select', () => {
  it('with PSM selecting all but the oscillators the chip boots again and keeps scratch and crystal', () => {
    const p = new ScriptedPico([
      read(REG.WATCHDOG + 0xc, 0),
      read(REG.WATCHDOG + 0x8, 1),
      read(0x4002_4004, 2),
      ...fullSpeed,
      write(REG.WATCHDOG + 0xc, 0xabcd),
      write(REG.PSM + 8, 0x1_fffc),
      write(REG.WATCHDOG + 0x4, 2 * 3_000),
      write(REG.WATCHDOG, 1 << 30),
    ]);
    p.advance(8_000);
    expect([p.result(0), p.result(1)]).toEqual([0, 0]);
    p.advance(14_000);
    expect(p.fault).toBeNull();
    expect([p.result(0), p.result(1)]).toEqual([0xabcd, 1]);
    expect(p.result(2) >>> 31).toBe(1); // the crystal ran through
    // after the bite the chip is on the ring oscillator again
    expect(p.activity.filter((a) => a.clkSysHz === 6_500_000).length).toBeGreaterThan(1);
  });

  it('scratch 4–7 make the ROM enter RAM code instead of boot2 (2.8.1.1)', () => {
    const entry = 0x2000_0801;
    const p = new ScriptedPico([
      write(0x2000_0800, 0x6000_4801), // ldr r0, [pc, #4]; str r0, [r0]
      write(0x2000_0804, 0xe7fd_bf30), // wfi; b .-2
      write(0x2000_0808, 0x2000_0010),
      write(REG.WATCHDOG + 0x1c, 0xb007_c0d3),
      write(REG.WATCHDOG + 0x20, (entry ^ 0x4ff8_3f2d) >>> 0),
      write(REG.WATCHDOG + 0x24, 0x2001_0000),
      write(REG.WATCHDOG + 0x28, entry),
      write(REG.PSM + 8, 0x1_fffc),
      write(REG.WATCHDOG, 0x8000_0000),
    ]).advance(20_000);
    expect(p.fault).toBeNull();
    expect(p.result(4)).toBe(0x2000_0010);
    expect(p.pico.blocks.watchdog.scratch[4]).toBe(0);
  });

  it('with RESETS alone only those blocks are reset and the core goes on', () => {
    const p = new ScriptedPico([
      ...fullSpeed,
      ...release(5),
      write(REG.RESETS + 4, 1 << 5),
      write(REG.WATCHDOG, 0x8000_0000),
      read(REG.RESETS, 0),
    ]).advance(10_000);
    expect(p.fault).toBeNull();
    expect((p.result(0) >> 5) & 1).toBe(1);
  });

  it('SYSRESETREQ resets the core and not the peripherals', () => {
    const p = new ScriptedPico([
      read(REG.RESETS, 0),
      write(0x2000_0100, 1),
      ...release(5),
      write(REG.PPB + 0xd0c, 0x05fa_0004),
    ]).advance(20_000);
    expect((p.result(0) >> 5) & 1).toBe(0); // second pass: IO_BANK0 is still out of reset
  });
});

describe('interrupts from end to end', () => {
  it('a timer alarm wakes WFI at its microsecond and its handler runs', () => {
    // The handler stores r1, which still holds the last literal: an odd number clears alarm 0
    const p = new ScriptedPico([
      ...fullSpeed,
      write(0x2000_0440, 0x2000_0201), // vector of IRQ0
      write(0x2000_0200, 0x6001_480a), // ldr r0, [pc, #40]; str r1, [r0]
      write(0x2000_0204, 0x4770_4770), // bx lr
      write(0x2000_022c, 0x4005_4034), // literal: TIMER.INTR
      write(REG.PPB + 0xd08, 0x2000_0400),
      write(REG.TIMER + 0x38, 1),
      write(REG.PPB + 0x100, 1),
      write(REG.TIMER + 0x10, 3_001),
    ]);
    p.advance(20_000);
    expect(p.fault).toBeNull();
    const [fellAsleep, woke, asleepAgain] = p.activity.slice(p.activity.findIndex((a) => a.asleep));
    expect([fellAsleep!.asleep, woke!.asleep, asleepAgain!.asleep]).toEqual([true, false, true]);
    // 15 cycles in, 2 + 5 + 2 in the handler, 13 out, then b and wfi: 2 + 2
    expect((asleepAgain!.timeUs - woke!.timeUs) * 125).toBeCloseTo(15 + 2 + 5 + 2 + 13 + 2 + 2, 6);
  });
});
