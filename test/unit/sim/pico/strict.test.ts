import { describe, expect, it } from 'vitest';
import {
  CLEAR,
  code,
  fullSpeed,
  poll,
  read,
  REG,
  release,
  SET,
  startCrystal,
  write,
  type Step,
} from './script-image.ts';
import { CPU } from '../../../../src-main/sim/pico/core/cpu-state.ts';
import { ScriptedPico } from './scripted-pico.ts';

const run = (...steps: Step[]) => new ScriptedPico(steps).advance(20_000);

describe('the strict bus', () => {
  it('names the block, the address and the instruction when a block in reset is touched', () => {
    const p = run(...fullSpeed, write(REG.UART0 + 0x24, 67));
    expect(p.pico.failure).toMatchObject({
      id: 'sim.fault.block-in-reset',
      facts: { block: 'UART0', address: '0x4003_4024' },
    });
    expect(String(p.pico.failure!.facts.pc)).toMatch(/^0x1000_0/);
    expect(p.pico.failure!.next).toContain('bit 22');
  });

  it('a UART without clk_peri does not finish its reset, and using it is named', () => {
    const p = run(write(REG.RESETS + CLEAR, 1 << 22), read(REG.RESETS_DONE, 0), read(REG.UART0 + 0x18, 1));
    expect(p.result(0) & (1 << 22)).toBe(0);
    expect(p.pico.failure).toMatchObject({ id: 'sim.fault.block-without-clock', facts: { block: 'UART0' } });
  });

  it('names the first change of a register that is kept and changes nothing, and goes on', () => {
    const VREG = 0x4006_4000;
    // 1.15 V, twice; then the value it already has
    const p = run(write(VREG, 0xc1), write(VREG, 0xc1), write(0x4006_0000 + 0x4, 0), read(VREG, 0));
    expect(p.pico.failure).toBeNull();
    expect(p.result(0) & 0xf3).toBe(0xc1);
    const named = p.pico.diagnoses.list.filter((d) => d.id === 'sim.diagnosis.no-effect');
    expect(named.map((d) => [d.facts.block, d.facts.register, d.count])).toEqual([
      ['VREG_AND_CHIP_RESET', '0x0', 1],
    ]);
    expect(named[0]!.cause).toContain('core voltage');
  });

  it('names a register it does not model', () => {
    const p = run(...release(5), read(REG.IO_BANK0 + 0x130, 0));
    expect(p.pico.failure).toMatchObject({
      id: 'sim.fault.unmodelled-register',
      facts: { block: 'IO_BANK0', register: '0x130', access: 'read' },
    });
  });

  it.each([
    [0x5020_0000, 'PIO0', 10],
    [0x5030_0000, 'PIO1', 11],
  ])('names the block at %s that it does not model: %s', (address, block, resetBit) => {
    const p = run(...release(resetBit), read(address, 0));
    expect(p.pico.failure).toMatchObject({ id: 'sim.fault.unmodelled-block', facts: { block } });
  });

  it.each([0x5010_1000, 0x5011_4000, 0x5050_0000])('nobody answers at %s on the AHB', (address) => {
    expect(run(read(address, 0)).pico.failure).toMatchObject({
      id: 'sim.fault.lockup',
      facts: { fault: 'bus error: nothing answers at this address' },
    });
  });

  it('a block not modelled but in reset is reported as in reset', () => {
    expect(run(read(0x4004_c000, 0)).pico.failure).toMatchObject({
      id: 'sim.fault.block-in-reset',
      facts: { block: 'ADC' },
    });
  });

  it('an address nobody answers at is a HardFault, which the ROM’s vector table turns into lockup', () => {
    const p = run(read(0x3000_0000, 0));
    expect(p.pico.failure).toMatchObject({
      id: 'sim.fault.lockup',
      facts: { fault: 'bus error: nothing answers at this address', faultAddress: '0x3000_0000' },
    });
  });

  it('stores to flash by pointer are named, ignored, and do not stop what silicon would not stop', () => {
    const p = run(write(0x1000_2000, 1), read(0x1000_2000, 0));
    expect(p.fault).toBeNull();
    expect(p.result(0)).toBe(0xffff_ffff);
    expect(p.pico.diagnoses.list).toMatchObject([
      { id: 'sim.diagnosis.flash-write', facts: { address: '0x1000_2000' }, count: 1 },
    ]);
  });

  it('atomic aliases set, clear and toggle bits of a block', () => {
    const { WATCHDOG } = REG;
    const p = run(
      write(WATCHDOG + 0xc, 0xff00),
      write(WATCHDOG + 0xc + SET, 0x00f0),
      write(WATCHDOG + 0xc + CLEAR, 0xf000),
      write(WATCHDOG + 0xc + 0x1000, 0x0101),
      read(WATCHDOG + 0xc, 0),
    );
    expect(p.fault).toBeNull();
    expect(p.result(0)).toBe(0x0ff1 ^ 0x0100 ^ 0x0000);
  });

  it('narrow writes are replicated on all lanes and narrow reads pick theirs', () => {
    // movs r1, #0x5a; strb r1, [r0] with r0 = scratch 0 (2.1.4)
    const p = run(read(REG.WATCHDOG + 0xc, 0), code(0x215a, 0x7001), read(REG.WATCHDOG + 0xc, 1));
    expect(p.result(1)).toBe(0x5a5a_5a5a);
  });
});

describe('clocks that cannot run', () => {
  it('switching clk_sys to a PLL that was never started is named', () => {
    const p = run(...startCrystal, write(REG.CLOCKS + 0x3c, 1));
    expect(p.pico.failure).toMatchObject({
      id: 'sim.fault.clock-source-stopped',
      facts: { clock: 'clk_sys' },
    });
  });

  it('switching clk_ref to a crystal that is not stable yet is named', () => {
    const p = run(write(REG.XOSC, 0x00fa_baa0), write(REG.CLOCKS + 0x30, 2));
    expect(p.pico.failure).toMatchObject({
      id: 'sim.fault.clock-source-stopped',
      facts: { clock: 'clk_ref' },
    });
  });

  it('a PLL powered up without its reference is named', () => {
    const p = run(...release(12), write(REG.PLL_SYS + 8, 125), write(REG.PLL_SYS + 4 + CLEAR, 0x21));
    expect(p.fault).toBe('sim.fault.pll-without-reference');
  });

  it.each([
    ['FBDIV 15', 15],
    ['a VCO of 384 MHz', 32],
    ['a VCO of 1608 MHz', 134],
  ])('a PLL with %s is named', (_, feedback) => {
    const p = run(
      ...startCrystal,
      ...release(12),
      write(REG.PLL_SYS + 8, feedback),
      write(REG.PLL_SYS + 4 + CLEAR, 0x21),
    );
    expect(p.pico.failure).toMatchObject({ id: 'sim.fault.pll-out-of-range' });
  });

  it('running from the PLL before the post dividers are set is too fast', () => {
    const p = run(
      ...startCrystal,
      ...release(12),
      write(REG.PLL_SYS + 8, 125),
      write(REG.PLL_SYS + 4 + CLEAR, 0x21),
      poll(REG.PLL_SYS, 0x8000_0000),
      write(REG.PLL_SYS + 0xc, 0x1_1000),
      write(REG.PLL_SYS + 4 + CLEAR, 0x08),
      write(REG.CLOCKS + 0x3c, 1),
    );
    expect(p.pico.failure).toMatchObject({ id: 'sim.fault.clock-too-fast', facts: { clockHz: 1.5e9 } });
  });

  it('changing AUXSRC under a running clock is a glitch', () => {
    const p = run(...fullSpeed, write(REG.CLOCKS + 0x3c, 0x61));
    expect(p.pico.failure).toMatchObject({ id: 'sim.fault.clock-glitch', facts: { clock: 'clk_sys' } });
  });

  it('putting the PLL into reset while clk_sys runs from it is named', () => {
    const p = run(...fullSpeed, write(REG.RESETS + SET, 1 << 12));
    expect(p.fault).toBe('sim.fault.clock-source-stopped');
  });
});

describe('start-up times', () => {
  it('the crystal is stable 256 · DELAY crystal cycles after it was enabled', () => {
    const p = new ScriptedPico([write(REG.TIMER, 0), ...startCrystal, write(0x2000_0000, 1)]);
    p.pico.advanceTo(4_400);
    expect(p.result(0)).toBe(0);
    // ROM 4 ms + boot2 and script some 0.1 ms + 47 · 256 / 12 MHz = 1.003 ms
    p.pico.advanceTo(5_200);
    expect(p.result(0)).toBe(1);
  });

  it('STARTUP.X4 makes it four times as long', () => {
    const p = new ScriptedPico([
      write(REG.XOSC + 0xc, 47 | (1 << 20)),
      write(REG.XOSC, 0x00fa_baa0),
      poll(REG.XOSC + 4, 0x8000_0000),
      write(0x2000_0000, 1),
    ]);
    p.pico.advanceTo(7_900);
    expect(p.result(0)).toBe(0);
    p.pico.advanceTo(8_400);
    expect(p.result(0)).toBe(1);
  });

  it('a PLL is not locked at once', () => {
    const p = run(
      ...startCrystal,
      ...release(12),
      write(REG.PLL_SYS + 8, 125),
      write(REG.PLL_SYS + 4 + CLEAR, 0x21),
      read(REG.PLL_SYS, 0),
      poll(REG.PLL_SYS, 0x8000_0000),
      read(REG.PLL_SYS, 1),
    );
    expect(p.result(0) >>> 31).toBe(0);
    expect(p.result(1) >>> 31).toBe(1);
  });
});

describe('NMI', () => {
  const [vectors, handler, timer] = [0x2000_0800, 0x2000_0900, 0x4005_4000];
  const armed: Step[] = [
    write(vectors + 4 * 2, handler | 1),
    write(handler, 0xe7fe_e7fe), // b .
    write(REG.PPB + 0xd08, vectors),
    ...release(21),
    ...release(18),
    write(timer + 0x38, 1),
    code(0xb672), // cpsid i: NMI is not held off
  ];

  it('is raised by an interrupt line in SYSCFG.PROC0_NMI_MASK, whatever PRIMASK says', () => {
    const p = run(...armed, write(0x4000_4000, 1), write(timer + 0x3c, 1));
    expect([p.fault, p.pico.core.state[CPU.ipsr]]).toEqual([null, 2]);
  });

  it('or by a line that is up when it is put into the mask', () => {
    const p = run(...armed, write(timer + 0x3c, 1), write(0x4000_4000, 1));
    expect(p.pico.core.state[CPU.ipsr]).toBe(2);
  });

  it('not by a line outside the mask', () => {
    const p = run(...armed, write(0x4000_4000, 2), write(timer + 0x3c, 1));
    expect(p.pico.core.state[CPU.ipsr]).toBe(0);
  });
});

describe('what ARMv6-M has and this model has not', () => {
  it.each([0xd94, 0xd98, 0xd9c, 0xda0])('names the MPU register at 0xE000_E000 + %s', (offset) => {
    expect(run(read(REG.PPB + offset, 0)).pico.failure).toMatchObject({
      id: 'sim.fault.unmodelled-register',
      facts: { block: 'PPB', register: `0x${offset.toString(16)}` },
    });
  });
});
