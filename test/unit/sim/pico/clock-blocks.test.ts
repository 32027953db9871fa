/** CLOCKS' frequency counter, outputs and masks (2.15), ROSC (2.17), PLL (2.18), BUSCTRL (2.1.5), TBMAN (2.22), PSM, VREG. */
import { describe, expect, it } from 'vitest';
import { frequency, type Frequency } from '../../../../src-main/sim/pico/frequency.ts';
import { Busctrl, Tbman } from '../../../../src-main/sim/pico/peripherals/busctrl.ts';
import { Clocks } from '../../../../src-main/sim/pico/peripherals/clocks.ts';
import { Rosc } from '../../../../src-main/sim/pico/peripherals/rosc.ts';
import {
  IoQspi,
  Psm,
  Syscfg,
  Sysinfo,
  Vreg,
} from '../../../../src-main/sim/pico/peripherals/small-blocks.ts';
import { TestChip } from './test-chip.ts';

const MHZ = 1_000_000;
const FC0 = { refKhz: 0x80, min: 0x84, max: 0x88, interval: 0x90, src: 0x94, status: 0x98, result: 0x9c };

function clocks(sources: Partial<Record<'xosc' | 'pllSys' | 'pllUsb', Frequency>> = {}) {
  const chip = new TestChip(12 * MHZ);
  const block = new Clocks(
    chip,
    {
      rosc: () => frequency(6.5 * MHZ),
      xosc: () => sources.xosc ?? frequency(12 * MHZ),
      pllSys: () => sources.pllSys ?? frequency(125 * MHZ),
      pllUsb: () => sources.pllUsb ?? frequency(48 * MHZ),
    },
    () => undefined,
  );
  block.write(0x30, 2); // clk_ref from the crystal
  return { chip, block };
}

describe('the frequency counter', () => {
  const count = (src: number, interval = 10, refKhz = 12_000) => {
    const { chip, block } = clocks();
    block.write(0x54, 1 << 11); // clk_usb
    block.write(FC0.refKhz, refKhz);
    block.write(FC0.interval, interval);
    block.write(FC0.src, src);
    expect(block.read(FC0.status)).toBe(1 << 8); // RUNNING
    chip.passUs(0.98 * 2 ** interval - 1);
    expect(block.read(FC0.status)).toBe(1 << 8);
    chip.passUs(2);
    return { result: block.read(FC0.result)!, status: block.read(FC0.status)! };
  };

  it.each([
    [1, 125_000],
    [2, 48_000],
    [3, 6_500],
    [5, 12_000],
    [8, 12_000],
    [9, 12_000],
    [11, 48_000],
  ])('source %s is %s kHz, in 32nds, after 0.98 µs · 2^INTERVAL', (src, khz) => {
    expect(count(src)).toEqual({ result: khz * 32, status: (1 << 4) | 1 });
  });

  it('a clock that stands has DIED', () => {
    expect(count(10).status & (1 << 28)).not.toBe(0);
  });

  it('a result outside MIN and MAX fails as too slow or too fast', () => {
    const { chip, block } = clocks();
    block.write(FC0.refKhz, 12_000);
    block.write(FC0.min, 20_000);
    block.write(FC0.src, 8);
    chip.passUs(1000);
    expect(block.read(FC0.status)).toBe((1 << 4) | (1 << 16) | (1 << 20));
    block.write(FC0.min, 0);
    block.write(FC0.max, 11_000);
    block.write(FC0.src, 8);
    chip.passUs(1000);
    expect(block.read(FC0.status)).toBe((1 << 4) | (1 << 16) | (1 << 24));
  });

  it('trusts REF_KHZ: twice the number is twice the result', () => {
    const { chip, block } = clocks();
    block.write(FC0.refKhz, 24_000);
    block.write(FC0.src, 8);
    chip.passUs(2000);
    expect(block.read(FC0.result)).toBe(24_000 * 32);
  });
});

describe('CLOCKS', () => {
  it('clk_peri has no divider: its place reads 0 and takes writes without effect', () => {
    const { block } = clocks();
    block.write(0x48, 1 << 11);
    expect([block.read(0x4c), block.write(0x4c, 0x200), block.read(0x4c)]).toEqual([0, true, 0]);
    expect(block.tree.peri).toEqual(block.tree.sys);
  });

  it('an enabled clock output is kept and noted, for it shows no edges', () => {
    const { chip, block } = clocks();
    expect(block.read(0x10)).toBe(0x100);
    block.write(0x0c, 1 << 11);
    expect([block.read(0x0c), block.read(0x14)]).toEqual([1 << 11, 1]);
    expect(chip.notes).toEqual(['sim.diagnosis.clock-output']);
  });

  it('sleep masks are kept, gating a block while awake is not modelled, resuscitation neither', () => {
    const { block } = clocks();
    expect([block.write(0xa8, 0), block.read(0xa8)]).toEqual([true, 0]);
    expect(block.write(0xa0, 0xffff_ffff)).toBe(true);
    expect(block.write(0xa0, 0xffff_fffe)).toBe(false);
    expect([block.write(0x78, 0), block.write(0x78, 0x1ff)]).toEqual([true, false]);
    expect([block.read(0xb8), block.write(0xbc, 0), block.write(0xbc, 1)]).toEqual([0, true, false]);
  });

  it('clk_sys above its rating is noted, far above stops', () => {
    const rated = clocks({ pllSys: frequency(250 * MHZ) });
    rated.block.write(0x3c, 1);
    expect([rated.chip.notes, rated.chip.stops]).toEqual([['sim.diagnosis.clock-above-rating'], []]);
    const far = clocks({ pllSys: frequency(750 * MHZ) });
    far.block.write(0x3c, 1);
    expect(far.chip.stops).toEqual(['sim.fault.clock-too-fast']);
  });
});

describe('ROSC', () => {
  it('RANDOMBIT gives both bits, the same for the same seed, and 1 while the oscillator stands', () => {
    const draw = (seed: number) => {
      const rosc = new Rosc(() => undefined, seed);
      return Array.from({ length: 64 }, () => rosc.read(0x1c)!).join('');
    };
    expect(draw(1)).toBe(draw(1));
    expect(draw(1)).not.toBe(draw(2));
    expect(new Set(draw(1))).toEqual(new Set('01'));
    const rosc = new Rosc(() => undefined);
    rosc.write(0x0, 0xd1e << 12);
    expect(rosc.read(0x1c)).toBe(1);
    expect(rosc.read(0x18)).toBe(0);
  });

  it('DIV scales it, PHASE is kept; DORMANT and COUNT are not modelled', () => {
    const rosc = new Rosc(() => undefined);
    rosc.write(0x10, 0xaa0 + 8);
    expect(rosc.output).toEqual(frequency(13 * MHZ));
    rosc.write(0x14, 0xaa3);
    expect([rosc.read(0x14), rosc.read(0x0c), rosc.read(0x20), rosc.write(0x0c, 0x636f_6d61)]).toEqual([
      0xaa3,
      undefined,
      undefined,
      false,
    ]);
  });
});

describe('BUSCTRL and TBMAN', () => {
  it('a performance counter counts XIP accesses from when it was cleared; other events are named when read', () => {
    let accesses = 100;
    const block = new Busctrl(() => accesses);
    expect([block.read(0x0c), block.read(0x08)]).toEqual([0x1f, 0]);
    block.write(0x0c, 0x11);
    accesses = 142;
    expect(block.read(0x08)).toBe(42);
    block.write(0x08, 7);
    expect(block.read(0x08)).toBe(0);
    accesses += 2 ** 25;
    expect(block.read(0x08)).toBe(0xff_ffff); // saturates
    block.write(0x14, 0x0e);
    expect([block.read(0x14), block.read(0x10)]).toEqual([0x0e, undefined]);
    block.reset();
    expect(block.read(0x0c)).toBe(0x1f);
  });

  it('priorities are kept and acknowledged', () => {
    const block = new Busctrl(() => 0);
    block.write(0x00, 0x1101);
    expect([block.read(0x00), block.read(0x04)]).toEqual([0x1101, 1]);
  });

  it('the platform is an ASIC, no FPGA', () => {
    const block = new Tbman();
    expect([block.read(0), block.read(4), block.write()]).toEqual([1, undefined, false]);
    expect(new Sysinfo().read(4)).toBe(2);
  });
});

describe('PSM, VREG, SYSCFG, IO_QSPI', () => {
  it('core 1 may be forced off, nothing else; DONE follows', () => {
    const psm = new Psm();
    expect([psm.write(0x04, 1 << 16), psm.read(0x0c)]).toEqual([true, 0xffff]);
    expect(psm.write(0x04, 1 << 12)).toBe(false);
  });

  it('the regulator is always in regulation at the voltage that was written', () => {
    const vreg = new Vreg();
    expect(vreg.read(0)).toBe(0x10b1);
    vreg.write(0, 0xd1);
    expect(vreg.read(0)).toBe(0x10d1);
  });

  it('powering memories down, and NMIs of a second core, are not modelled', () => {
    const block = new Syscfg(() => undefined);
    const writes = [block.write(4, 0), block.write(4, 1), block.write(0x18, 1), block.write(0x18, 0)];
    expect(writes).toEqual([true, false, false, true]);
  });

  it('OUTOVER of SS is the flash’s chip select', () => {
    const overrides: number[] = [];
    const io = new IoQspi((override) => overrides.push(override));
    io.write(0x0c, 2 << 8);
    io.write(0x0c, 3 << 8);
    io.write(0x04, 3 << 8); // SCLK
    io.reset();
    expect(overrides).toEqual([2, 3, 0]);
    expect(io.read(0x30)).toBeUndefined();
  });
});
