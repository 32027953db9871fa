/** Per-PC profiles against counts by hand: executions, cycles by TRM table 3-1, stalls of 50 a missed word. */
import { describe, expect, it } from 'vitest';
import { CPU } from '../../../../src-main/sim/pico/core/cpu-state.ts';
import { BareCore, BKPT, CODE, NOP, SRAM } from './bare-core.ts';
import { ScriptedPico } from './scripted-pico.ts';
import { code, FLASH, fullSpeed, read, REG, write } from './script-image.ts';

const MISS = 50;

interface Row {
  readonly n: number;
  readonly cycles: number;
  readonly stalls: number;
  readonly flash: number;
  readonly registers: number;
}

function rows(core: BareCore): Map<number, Row> {
  const s = core.core.profile.slots();
  return new Map(
    [...s.address].map((address, i) => [
      address,
      {
        n: s.executions[i]!,
        cycles: s.cycles[i]!,
        stalls: s.stallCycles[i]!,
        flash: s.flashReads[i]!,
        registers: s.registerAccesses[i]!,
      },
    ]),
  );
}

/** Code in SRAM, or at 0x1000_0000 through the cache. */
function profiled(code: readonly number[], where: 'sram' | 'flash' = 'sram'): BareCore {
  const core = new BareCore();
  core.state[CPU.xipBytes] = core.core.flash.length;
  core.state[CPU.missCycles] = MISS;
  if (where === 'flash') {
    core.core.flash.set(new Uint8Array(Uint16Array.from([...code, BKPT]).buffer));
    core.core.forgetAll();
    core.state[15] = FLASH;
  } else core.put([...code, BKPT]);
  core.core.profile.start();
  return core;
}

describe('a profile', () => {
  it('counts a loop: the branch is dearer when it is taken', () => {
    // movs r0, #10; loop: subs r0, #1; muls r1, r0; bne loop
    const core = profiled([0x200a, 0x3801, 0x4341, 0xd1fc]);
    // muls sets flags: 0 · 0 = 0 ends the loop at once, so r1 starts at 1 and r0 counts 9, 8, … 0
    core.state[1] = 1;
    core.runToBkpt();
    const r = rows(core);
    expect(r.get(CODE)).toEqual({ n: 1, cycles: 1, stalls: 0, flash: 0, registers: 0 });
    expect(r.get(CODE + 2)).toMatchObject({ n: 10, cycles: 10 });
    expect(r.get(CODE + 4)).toMatchObject({ n: 10, cycles: 10 });
    expect(r.get(CODE + 6)).toMatchObject({ n: 10, cycles: 9 * 2 + 1 });
  });

  it('has the cost of each kind of instruction', () => {
    // push {r1, lr}; bl sub; dsb; pop {r1, r2}; bkpt — sub: ldr r3, [r0]; bx lr
    const core = profiled([0xb502, 0xf000, 0xf804, 0xf3bf, 0x8f4f, 0xbc06, BKPT, 0x6803, 0x4770]);
    core.state[0] = SRAM + 0x8000;
    core.runToBkpt();
    const cycles = [...rows(core)].map(([, r]) => r.cycles);
    // push 1 + 2, bl 3, dsb 3, pop 1 + 2, bkpt 1, ldr 2, bx 2
    expect(cycles).toEqual([3, 3, 3, 3, 1, 2, 2]);
  });

  it('charges a missed fetch to the instruction that waited, and a missed datum to its load', () => {
    // ldr r1, [r0]; ldr r1, [r0] | nop; (bkpt)
    const core = profiled([0x6801, 0x6801, NOP], 'flash');
    core.state[0] = FLASH + 0x4000;
    core.runToBkpt();
    const r = rows(core);
    expect(r.get(FLASH)).toEqual({ n: 1, cycles: 2 + 2 * MISS, stalls: 2 * MISS, flash: 1, registers: 0 });
    expect(r.get(FLASH + 2)).toEqual({ n: 1, cycles: 2, stalls: 0, flash: 1, registers: 0 });
    expect(r.get(FLASH + 4)).toEqual({ n: 1, cycles: 1 + MISS, stalls: MISS, flash: 0, registers: 0 });
  });

  it('knows the I/O port and APB: 1 and 4 cycles a load', () => {
    const core = profiled([0x6801, 0x6811]);
    core.state[0] = REG.SIO;
    core.state[2] = REG.TIMER;
    core.runToBkpt();
    const r = rows(core);
    expect(r.get(CODE)).toEqual({ n: 1, cycles: 1, stalls: 0, flash: 0, registers: 1 });
    expect(r.get(CODE + 2)).toEqual({ n: 1, cycles: 4, stalls: 0, flash: 0, registers: 1 });
  });

  it('keeps the cost of code that was overwritten after it ran', () => {
    // str r1, [r0] overwrites the push before it; nop
    const core = profiled([0xb5f0, 0xb085, 0x6001, NOP]);
    core.state[0] = CODE;
    core.state[1] = 0xbf00_bf00;
    core.runToBkpt();
    expect(rows(core).get(CODE)).toMatchObject({ n: 1, cycles: 1 + 5 });
  });

  it('starts from zero after a reset of it, and counts nothing once stopped', () => {
    const core = profiled([NOP, NOP]);
    core.runToBkpt();
    core.core.profile.reset();
    expect(rows(core).size).toBe(0);
    core.core.profile.stop();
    core.state[15] = CODE;
    core.runToBkpt();
    expect(rows(core).size).toBe(0);
  });

  it('does not count an instruction that faulted', () => {
    const core = profiled([0x6801]); // ldr r1, [r0] unaligned; HardFault's vector is 0: lockup
    core.state[0] = SRAM + 1;
    core.run(100);
    expect(rows(core).get(CODE)).toBeUndefined();
  });
});

describe('a profile of the chip', () => {
  it('has a place for every cycle: instructions, exceptions, sleep, the boot ROM', () => {
    const { pico } = new ScriptedPico(
      [
        ...fullSpeed,
        write(REG.PPB + 0x14, 999),
        write(REG.PPB + 0x10, 5),
        read(REG.TIMER + 0x28, 0),
        code(0xbf30),
      ],
      {},
      { zeroWait: false },
    );
    pico.startProfile();
    pico.advanceTo(12_000);
    const { slots, ...totals } = pico.profile();
    const instructions = slots.cycles.reduce((n, c) => n + c, 0);
    expect(instructions + totals.exceptionCycles + totals.asleepCycles + totals.romCycles).toBe(
      totals.cycles,
    );
    expect(totals.romCycles).toBe(26_000);
    expect(slots.stallCycles.reduce((n, c) => n + c, 0)).toBe(totals.stallCycles);
    expect(totals.stallCycles).toBeGreaterThan(1_000);
    expect([...slots.address]).toEqual([...slots.address].sort((a, b) => a - b));
  });

  it('started later it counts from there', () => {
    const { pico } = new ScriptedPico([...fullSpeed, code(0xe7fe)]); // b .
    pico.advanceTo(10_000);
    pico.startProfile();
    pico.advanceTo(10_100);
    const { slots, cycles } = pico.profile();
    // 100 µs at 125 MHz, 2 cycles a branch
    expect([...slots.executions]).toEqual([6_250]);
    expect(cycles).toBe(12_500);
    pico.stopProfile();
    pico.advanceTo(10_200);
    expect(pico.profile().cycles).toBe(12_500);
  });
});
