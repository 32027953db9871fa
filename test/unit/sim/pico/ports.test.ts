/**
 * Another master at the core's ports: RP2040 data sheet 2.1.1, 2.6.2. A load at cycle t uses its bank at t; the word of
 * an instruction that runs at t is fetched at t − 1. SRAM0–3 are striped by words: bank = address bits 3:2.
 */
import { describe, expect, it } from 'vitest';
import { BareCore, BKPT, CODE, NOP, SRAM } from './bare-core.ts';

const DATA = SRAM + 0x8000; // bank 0
const BANK = 4;

/** `code` from CODE (bank 0) with r0 = address, at cycle 0, while another master uses [address, cycle] each. */
function cyclesOf(
  code: readonly number[],
  address: number,
  used: readonly (readonly [number, number])[],
): number {
  const core = new BareCore().put([...code, BKPT]);
  core.core.sliceEnd = 10_000;
  core.state[0] = address;
  for (const [where, cycle] of used) core.core.contend(where, cycle);
  const before = core.core.stallCycles;
  core.runToBkpt();
  expect(core.core.stallCycles - before).toBe(core.cycles - cyclesAlone(code, address));
  return core.cycles;
}

function cyclesAlone(code: readonly number[], address: number): number {
  const core = new BareCore().put([...code, BKPT]);
  core.state[0] = address;
  core.core.sliceEnd = 10_000;
  return core.runToBkpt().cycles;
}

describe('contention', () => {
  const loads = [0x6802, 0x6802]; // ldr r2, [r0] at cycles 0 and 2

  it('costs the core one cycle when both want one bank in one cycle', () => {
    expect(cyclesOf(loads, DATA, [])).toBe(4);
    expect(cyclesOf(loads, DATA, [[DATA, 2]])).toBe(5);
    expect(cyclesOf(loads, DATA, [[DATA + 16, 2]])).toBe(5); // the same bank, another word
  });

  it('nothing in another bank, another cycle, or at another port', () => {
    for (const bank of [1, 2, 3]) expect(cyclesOf(loads, DATA, [[DATA + BANK * bank, 2]])).toBe(4);
    expect(cyclesOf(loads, DATA, [[DATA, 1], [DATA, 3]])).toBe(4); // prettier-ignore
    for (const elsewhere of [0x4003_4000, 0x5010_0000, 0x0000_0000, 0x1000_0000, SRAM + 0x4_0000])
      expect(cyclesOf(loads, DATA, [[elsewhere, 2]])).toBe(4);
  });

  it('one cycle for one collision: the master that won waits next', () => {
    expect(cyclesOf(loads, DATA, [[DATA, 2], [DATA, 2], [DATA + 16, 2]])).toBe(5); // prettier-ignore
  });

  it('shifts what comes after: the second load is a cycle later', () => {
    expect(cyclesOf(loads, DATA, [[DATA, 0], [DATA, 2]])).toBe(5); // prettier-ignore
    expect(cyclesOf(loads, DATA, [[DATA, 0], [DATA, 3]])).toBe(6); // prettier-ignore
  });

  it('SRAM4 and SRAM5 are banks of their own, and the unstriped windows are the same banks', () => {
    const [sram4, sram5] = [SRAM + 0x4_0000, SRAM + 0x4_1000];
    expect(cyclesOf(loads, sram4, [[sram4 + 4, 2]])).toBe(5);
    expect(cyclesOf(loads, sram4, [[sram5, 2]])).toBe(4);
    // 0x2102_0000 is bank 2
    expect(cyclesOf(loads, DATA + 2 * BANK, [[0x2102_0000, 2]])).toBe(5);
    expect(cyclesOf(loads, DATA, [[0x2102_0000, 2]])).toBe(4);
  });

  it('a register list meets each of its words’ banks in turn', () => {
    const list = [0xc81e]; // ldm r0!, {r1-r4}: words in banks 0, 1, 2, 3 at cycles 0, 1, 2, 3
    expect(cyclesOf(list, DATA, [])).toBe(5);
    expect(cyclesOf(list, DATA, [[DATA + 2 * BANK, 2]])).toBe(6);
    expect(cyclesOf(list, DATA, [[DATA + 2 * BANK, 1]])).toBe(5);
  });

  it('meets fetches, too: a word is fetched in the cycle before its first instruction', () => {
    // CODE's second word is in bank 1, and runs from cycle 2
    const code = [NOP, NOP, NOP, NOP];
    expect(cyclesOf(code, DATA, [[CODE + 4, 1]])).toBe(5);
    expect(cyclesOf(code, DATA, [[CODE + 4, 2]])).toBe(4);
    expect(cyclesOf(code, DATA, [[CODE, 1]])).toBe(4);
  });

  it('is over when the last cycle named is past, and works again later', () => {
    const core = new BareCore().put([...Array<number>(50).fill(0x6802), BKPT]);
    core.core.sliceEnd = 40;
    core.state[0] = DATA;
    core.core.contend(DATA, 10);
    expect(core.run(40)).toBe(0);
    core.core.sliceEnd = core.cycles + 10_000;
    core.core.contend(DATA, core.cycles + 2);
    core.runToBkpt(10_000);
    expect(core.core.stallCycles).toBe(2);
  });
});
