/** The Cortex-M0+ by the ARMv6-M manual: flags rp2040js gets wrong, cycles of table 3-1, faults, memory edges. */
import { describe, expect, it } from 'vitest';
import { EXIT, CPU } from '../../../../src-main/sim/pico/core/cpu-state.ts';
import { BareCore, BKPT, CODE, NOP, SRAM, STACK } from './bare-core.ts';

const shift = (op: number) => op | (1 << 3); // op r0, r1
const LSLS = 0x4080;
const LSRS = 0x40c0;
const ASRS = 0x4100;
const ADCS = 0x4140;
const SBCS = 0x4180;
const RORS = 0x41c0;

function twoOperands(op: number, r0: number, r1: number, flags = ''): BareCore {
  const c = new BareCore().put([shift(op), BKPT]).setFlags(flags);
  c.state[0] = r0;
  c.state[1] = r1;
  return c.runToBkpt();
}

describe('flags as the architecture has them, where rp2040js departs', () => {
  it.each([
    ['LSLS', LSLS],
    ['LSRS', LSRS],
    ['ASRS', ASRS],
    ['RORS', RORS],
  ])('%s by a register of 0 leaves C and the value alone', (_, op) => {
    expect(twoOperands(op, 0x8000_0001, 0, 'C').flags()).toBe('NC');
    expect(twoOperands(op, 0x8000_0001, 0, '').flags()).toBe('N');
    expect(twoOperands(op, 0x8000_0001, 0x100, 'C').r(0)).toBe(0x8000_0001);
  });

  it('LSLS by 32 moves bit 0 to C, by more clears it', () => {
    expect(twoOperands(LSLS, 1, 32).flags()).toBe('ZC');
    expect(twoOperands(LSLS, 0xffff_ffff, 33, 'C').flags()).toBe('Z');
    expect(twoOperands(LSLS, 0xffff_ffff, 64, 'C').flags()).toBe('Z');
  });

  it('LSRS by 32 moves bit 31 to C, ASRS by 32 or more fills with the sign', () => {
    expect(twoOperands(LSRS, 0x8000_0000, 32).flags()).toBe('ZC');
    expect(twoOperands(LSRS, 0x8000_0000, 33, 'C').flags()).toBe('Z');
    const c = twoOperands(ASRS, 0x8000_0000, 200);
    expect([c.r(0), c.flags()]).toEqual([0xffff_ffff, 'NC']);
  });

  it('RORS by a multiple of 32 keeps the value and copies bit 31 to C', () => {
    const c = twoOperands(RORS, 0x8000_0001, 32);
    expect([c.r(0), c.flags()]).toEqual([0x8000_0001, 'NC']);
  });

  it('ADCS: V follows the operands, not operand plus carry', () => {
    // 0x7fffffff + 0x7fffffff + 1 overflows; with 0x7fffffff + carry folded into one operand it would not seem to
    const c = twoOperands(ADCS, 0x7fff_ffff, 0x7fff_ffff, 'C');
    expect([c.r(0), c.flags()]).toEqual([0xffff_ffff, 'NV']);
  });

  it('SBCS: V and C of 0 − 0x7fffffff − 1', () => {
    const c = twoOperands(SBCS, 0, 0x7fff_ffff, '');
    expect([c.r(0), c.flags()]).toEqual([0x8000_0000, 'N']);
  });

  it('STM with its base in the list writes back, LDM does not', () => {
    const c = new BareCore().put([0xc003, BKPT]); // stmia r0!, {r0, r1}
    c.state[0] = SRAM;
    c.state[1] = 5;
    c.runToBkpt();
    expect([c.r(0), c.word(SRAM), c.word(SRAM + 4)]).toEqual([SRAM + 8, SRAM, 5]);
    const l = new BareCore()
      .put([0xc803, BKPT])
      .putWord(SRAM, 7)
      .putWord(SRAM + 4, 8); // ldmia r0!, {r0, r1}
    l.state[0] = SRAM;
    l.runToBkpt();
    expect([l.r(0), l.r(1)]).toEqual([7, 8]);
  });
});

describe('cycles of whole instructions (Cortex-M0+ TRM table 3-1, RP2040 2.1.3)', () => {
  const cycles = (code: number[], prepare: (c: BareCore) => void = () => undefined): number => {
    const c = new BareCore().put([...code, BKPT]);
    prepare(c);
    return c.runToBkpt().cycles;
  };
  const r0 = (value: number) => (c: BareCore) => void (c.state[0] = value);

  it.each([
    ['MOVS', [0x2001], 1],
    ['MULS', [0x4341], 1],
    ['NOP', [NOP], 1],
    ['B', [0xe000, NOP], 2],
    ['B<c> taken', [0xd100, NOP], 2],
    ['B<c> not taken', [0xd000], 1],
    ['BL', [0xf000, 0xf800], 3],
    ['MRS', [0xf3ef, 0x8000], 3],
    ['DSB', [0xf3bf, 0x8f4f], 3],
    ['PUSH {r0-r3, lr}', [0xb50f], 6],
    ['POP {r0, r1}', [0xbc03], 3],
    ['CPSID', [0xb672], 1],
  ])('%s', (_, code, expected) => {
    // Z is clear, so BNE is taken and BEQ is not
    expect(cycles(code)).toBe(expected);
  });

  it('POP {PC} takes 3 + N', () => {
    const c = new BareCore().put([0xbd01]).put([BKPT], CODE + 0x40);
    c.putWord(STACK, 9).putWord(STACK + 4, (CODE + 0x40) | 1);
    c.runToBkpt();
    expect(c.cycles).toBe(5);
  });

  it.each([
    ['SRAM', SRAM, 2, 2],
    ['SIO', 0xd000_0000, 1, 1],
    ['an APB block', 0x4005_4000, 4, 5],
    ['an AHB block', 0x5000_0000, 2, 2],
    ['an atomic alias of TIMER', 0x4005_6000, 4, 5],
    ['an atomic alias of UART0', 0x4003_6000, 4, 7],
    ['the private peripheral bus', 0xe000_e100, 2, 2],
  ])('load and store to %s', (_, address, load, store) => {
    expect(cycles([0x6801], r0(address))).toBe(load);
    expect(cycles([0x6001], r0(address))).toBe(store);
  });
});

describe('code in SRAM', () => {
  it('a store to an instruction ahead changes what runs', () => {
    // strh r1, [r0]; nop (overwritten by movs r2, #9); bkpt
    const c = new BareCore().put([0x8001, NOP, NOP, BKPT]);
    c.state[0] = CODE + 4;
    c.state[1] = 0x2209;
    expect(c.runToBkpt().r(2)).toBe(9);
  });

  it('a store to the second half of a BL, which lies in the next page, redirects it', () => {
    const bl = 0x2000_10fe;
    // bl over; bkpt; over: movs r3, #1; bkpt
    const c = new BareCore().put([0xf000, 0xf801, BKPT, 0x2301, BKPT], bl).put([0x8001, BKPT]);
    c.state[15] = bl;
    expect(c.runToBkpt().r(3)).toBe(1);
    c.state[15] = CODE;
    c.state[0] = bl + 2;
    c.state[1] = 0xf800; // bl to the bkpt
    c.runToBkpt();
    c.state[3] = 0;
    c.state[15] = bl;
    expect(c.runToBkpt().r(3)).toBe(0);
  });

  it('LDR and STR reach the last word of SRAM and fault one word later', () => {
    const last = SRAM + 264 * 1024 - 4;
    const ok = new BareCore().put([0x6001, 0x6802, BKPT]);
    ok.state[0] = last;
    ok.state[1] = 0x1234_5678;
    expect(ok.runToBkpt().r(2)).toBe(0x1234_5678);
    const beyond = new BareCore().put([0x6001, BKPT]);
    beyond.state[0] = last + 4;
    beyond.run();
    expect([beyond.state[CPU.faultKind], beyond.state[CPU.faultAddress]]).toEqual([2, last + 4]);
  });

  it('the unstriped aliases show the same bytes word by word (2.6.2)', () => {
    for (let bank = 0; bank < 4; bank++) {
      const c = new BareCore().put([0x6802, BKPT]);
      c.putWord(SRAM + 16 * 5 + 4 * bank, 0x100 + bank);
      c.state[0] = 0x2100_0000 + bank * 0x1_0000 + 4 * 5;
      expect(c.runToBkpt().r(2)).toBe(0x100 + bank);
    }
  });
});

describe('faults', () => {
  /** Vector table in SRAM: HardFault at CODE + 0x100, which ends with BKPT. */
  const withHandler = (code: number[]): BareCore => {
    const c = new BareCore().put([...code, BKPT]).put([0xbe01], CODE + 0x100);
    c.state[CPU.vtor] = 0x2000_0400;
    return c.putWord(0x2000_040c, (CODE + 0x100) | 1);
  };

  it.each([
    ['a word load off by 2', [0x6801], 0x2000_0002, 1],
    ['a halfword load off by 1', [0x8801], 0x2000_0001, 1],
    ['a word store off by 1', [0x6001], 0x2000_0001, 1],
    ['LDM from an odd word', [0xc806], 0x2000_0002, 1],
    ['a load where nothing answers', [0x6801], 0x2010_0000, 2],
    ['a byte store where nothing answers', [0x7001], 0x2100_0000 + 0x4_0000, 2],
    ['an undefined instruction', [0xde00], 0, 4],
    ['an undefined 32-bit instruction', [0xf000, 0x8000], 0, 4],
    ['BX to an even address', [0x4700], CODE + 0x40, 5],
    ['a jump to where there is no code', [0x4700], 0x4000_0001, 3],
  ])('%s is a HardFault', (_, code, r0, kind) => {
    const c = withHandler(code);
    c.state[0] = r0;
    c.runToBkpt();
    expect(c.state[CPU.faultKind]).toBe(kind);
    expect(c.state[CPU.ipsr]).toBe(3);
    expect(c.r(14)).toBe(0xffff_fff9);
  });

  it('stacks r0–r3, r12, lr, the address of the faulting instruction and xPSR, and takes 15 cycles', () => {
    const c = withHandler([NOP, 0x6801]).setFlags('NC');
    for (const n of [0, 1, 2, 3, 12, 14]) c.state[n] = 0x1000_0001 + 0x100 * n;
    c.state[13] = STACK - 4; // misaligned by one word: padded
    c.runToBkpt();
    const frame = STACK - 4 - 36;
    expect(c.r(13)).toBe(frame);
    const words = Array.from({ length: 8 }, (_, i) => c.word(frame + 4 * i));
    expect(words).toEqual([
      0x1000_0001, 0x1000_0101, 0x1000_0201, 0x1000_0301, 0x1000_0c01, 0x1000_0e01, CODE + 2,
      (0xa000_0000 | (1 << 24) | (1 << 9)) >>> 0,
    ]); // prettier-ignore
    expect(c.cycles).toBe(1 + 15);
  });

  it('a fault inside HardFault locks the core up, and the first fault stays on record', () => {
    const c = withHandler([0x6801]).put([0xde00], CODE + 0x100);
    c.state[0] = 0x2000_0001;
    expect(c.run()).toBe(EXIT.lockup);
    expect([c.state[CPU.faultKind], c.state[CPU.faultPc], c.state[CPU.faultCount]]).toEqual([1, CODE, 2]);
  });

  it('running off the end of SRAM is a fetch fault', () => {
    const end = SRAM + 264 * 1024;
    const c = withHandler([NOP]).put([NOP], end - 2);
    c.state[15] = end - 2;
    c.runToBkpt();
    expect([c.state[CPU.faultKind], c.state[CPU.faultAddress]]).toEqual([3, end]);
  });
});
