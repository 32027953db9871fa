/**
 * The core in lockstep with rp2040js 1.4.1 on random programs: registers, flags, cycles at random stops, all of SRAM
 * at the end of each program. The core runs with its compatibility switch on; what that switch departs from the
 * architecture is listed in src-main/sim/pico/core/interpreter.h, and test/unit/sim/pico/core.test.ts holds the
 * architecture's side of each item. Not compared here: exceptions (rp2040js charges them nothing) and faults (it has none).
 */
import { RP2040 } from 'rp2040js';
import { describe, expect, it } from 'vitest';
import { Rng } from '../../src-main/base/rng.ts';
import { CPU, EXIT } from '../../src-main/sim/pico/core/cpu-state.ts';
import { BareCore, CODE, SRAM, STACK } from '../unit/sim/pico/bare-core.ts';

const WINDOW = 0x2000_8000;
const EDGE_VALUES = [0, 1, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 31, 32, 33, 0x2000_4000, 255, 256];
const LOOPS = 40;

/** A loop of random instructions that ends with BKPT after LOOPS rounds; r8 is its counter. */
class ProgramMaker {
  readonly #rng: Rng;
  readonly #code: number[] = [];
  readonly #literals: number[] = [];
  readonly #fixes: { at: number; literal: number }[] = [];

  constructor(rng: Rng) {
    this.#rng = rng;
  }

  make(): number[] {
    // mov r0, r8; subs r0, #1; mov r8, r0; bne over; bkpt; over: nop
    this.#code.push(0x4640, 0x3801, 0x4680, 0xd100, 0xbe00, 0xbf00);
    for (let i = 0; i < 150; i++) this.#one();
    this.#code.push(0xbf00, 0xbf00, 0xbf00, 0xbf00);
    this.#code.push(0xe000 | (-(this.#code.length + 2) & 0x7ff));
    if (this.#code.length & 1) this.#code.push(0xbf00);
    this.#placeLiterals();
    return this.#code;
  }

  #one(): void {
    const rng = this.#rng;
    const kind = rng.int(0, 99);
    if (kind < 50) this.#code.push(this.#arithmetic());
    else if (kind < 57) this.#forwardBranch();
    else if (kind < 60) this.#call();
    else if (kind < 64) this.#special();
    else if (kind < 74) this.#loadLiteral(rng.int(0, 7), rng.pick(EDGE_VALUES));
    else if (kind < 92) this.#memory();
    else if (kind < 96)
      this.#code.push(rng.pick([0x9000, 0x9800, 0xa800]) | (rng.int(0, 7) << 8) | rng.int(0, 39));
    else this.#stack();
  }

  #arithmetic(): number {
    const rng = this.#rng;
    const kind = rng.int(0, 11);
    if (kind < 5) return rng.int(0, 0x3fff);
    if (kind < 9) return 0x4000 | rng.int(0, 0x3ff);
    // high registers up to r12; r8 is spared as a destination
    if (kind === 9) return rng.pick([0x4400, 0x4500, 0x4600]) | (rng.int(0, 12) << 3) | rng.int(0, 7);
    if (kind === 10) return 0xb200 | rng.int(0, 0xff);
    return rng.pick([0xba00, 0xba40, 0xbac0]) | rng.int(0, 63);
  }

  #forwardBranch(): void {
    const rng = this.#rng;
    this.#code.push(0xd000 | (rng.int(0, 13) << 8) | rng.int(0, 3));
    for (let i = 0; i < 5; i++)
      this.#code.push(rng.int(0, 1) ? rng.int(0, 0x3fff) : 0x4000 | rng.int(0, 0x3ff));
  }

  /** BL over a subroutine that returns by BX LR, or by POP {PC} after PUSH {LR}; then over it again by B. */
  #call(): void {
    const body = this.#rng.int(0, 1) ? [0x4770] : [0xb510, 0xbd10];
    // bl sub; b past; sub: …
    this.#code.push(0xf000, 0xf801, 0xe000 | (body.length - 1), ...body);
  }

  #special(): void {
    const rng = this.#rng;
    this.#code.push(
      ...rng.pick([
        [0xf3ef, 0x8000 | (rng.int(0, 7) << 8) | rng.pick([0, 3, 5, 8, 9, 16, 20])], // MRS
        [0xf380 | rng.int(0, 7), 0x8800], // MSR APSR
        [0xf3bf, rng.pick([0x8f4f, 0x8f5f, 0x8f6f])], // DSB, DMB, ISB
        [rng.pick([0xb672, 0xb662])], // CPSID, CPSIE
        [0xa000 | rng.int(0, 0x7ff)], // ADR
      ]),
    );
  }

  #memory(): void {
    const rng = this.#rng;
    const base = rng.int(0, 7);
    this.#loadLiteral(base, WINDOW + rng.int(0, 63) * 128);
    const op = rng.pick([0x6000, 0x6800, 0x7000, 0x7800, 0x8000, 0x8800, 0xc000, 0xc800, 0x5000]);
    if (op >= 0xc000) this.#code.push(op | (base << 8) | rng.int(1, 255));
    else if (op === 0x5000) {
      const index = (base + 1) & 7;
      this.#code.push(0x2000 | (index << 8) | (rng.int(0, 63) * 4));
      this.#code.push(op | (rng.int(0, 7) << 9) | (index << 6) | (base << 3) | rng.int(0, 7));
    } else this.#code.push(op | (rng.int(0, 31) << 6) | (base << 3) | rng.int(0, 7));
  }

  #stack(): void {
    const rng = this.#rng;
    const list = rng.int(1, 255);
    const withLr = rng.int(0, 1);
    let words = withLr;
    for (let i = 0; i < 8; i++) words += (list >> i) & 1;
    this.#code.push(0xb400 | list | (withLr << 8));
    if (rng.int(0, 1)) this.#code.push(0xb000 | words);
    else {
      this.#code.push(0xbc00 | list);
      if (withLr) this.#code.push(0xb001);
    }
  }

  #loadLiteral(register: number, value: number): void {
    let literal = this.#literals.indexOf(value);
    if (literal < 0) literal = this.#literals.push(value) - 1;
    this.#fixes.push({ at: this.#code.length, literal });
    this.#code.push(0x4800 | (register << 8));
  }

  #placeLiterals(): void {
    const pool = this.#code.length * 2;
    for (const v of this.#literals) this.#code.push(v & 0xffff, v >>> 16);
    for (const { at, literal } of this.#fixes) {
      const offset = (pool + literal * 4 - ((at * 2 + 4) & ~3)) >> 2;
      this.#code[at]! |= Math.min(255, offset);
    }
  }
}

function packed(core: { N: boolean; Z: boolean; C: boolean; V: boolean }): string {
  return (core.N ? 'N' : '') + (core.Z ? 'Z' : '') + (core.C ? 'C' : '') + (core.V ? 'V' : '');
}

describe('the core in lockstep with rp2040js', () => {
  it('agrees on ten million random instructions: registers, flags, cycles and memory', () => {
    const rng = new Rng(20);
    const oracle = new RP2040();
    oracle.logger = { debug() {}, info() {}, warn() {}, error() {} };
    let broke: boolean;
    oracle.onBreak = () => (broke = true);
    const ours = new BareCore({ compatible: true });
    let instructions = 0;
    for (let n = 0; instructions < 10_050_000; n++) {
      const program = new ProgramMaker(rng).make();
      const image = new Uint8Array(0x1000);
      image.set(new Uint8Array(Uint16Array.from(program).buffer));
      oracle.sram.fill(0);
      oracle.sram.set(image, CODE - SRAM);
      ours.core.sram.fill(0);
      ours.core.sram.set(image, CODE - SRAM);
      ours.core.forgetSram(0, ours.core.sram.length);
      const theirs = oracle.core;
      for (let i = 0; i < 13; i++) ours.state[i] = rng.int(0, 2) ? rng.u32() : rng.pick(EDGE_VALUES);
      ours.state[8] = LOOPS;
      ours.state[13] = STACK;
      ours.state[14] = 0x12345;
      ours.state[15] = CODE;
      ours.setFlags('');
      for (const field of [CPU.primask, CPU.control, CPU.bankedSp]) ours.state[field] = 0;
      theirs.registers.set(ours.state.subarray(0, 16));
      theirs.N = theirs.Z = theirs.C = theirs.V = theirs.PM = false;
      theirs.bankedSP = 0;
      theirs.cycles = ours.cycles = 0;
      broke = false;
      for (let exit: number = EXIT.slice; exit === EXIT.slice;) {
        exit = ours.run(rng.int(1, 2000) >> rng.int(0, 8) || 1);
        for (; theirs.cycles < ours.cycles; instructions++) theirs.executeInstruction();
        const same =
          theirs.cycles === ours.cycles &&
          packed(theirs) === ours.flags() &&
          theirs.registers.every((v, i) => v >>> 0 === ours.r(i));
        if (!same) expect.fail(difference(n, theirs, ours, program));
      }
      expect(broke).toBe(true);
      const memory = ours.core.sram;
      if (Buffer.compare(oracle.sram.subarray(0, memory.length), memory) !== 0)
        expect.fail(`memory differs after program ${n}`);
    }
    expect(instructions).toBeGreaterThan(10_000_000);
  });
});

function difference(n: number, theirs: RP2040['core'], ours: BareCore, program: readonly number[]): string {
  const at = (theirs.PC - CODE) >> 1;
  const registers = [...theirs.registers].flatMap((v, i) =>
    v >>> 0 === ours.r(i) ? [] : [`r${i} ${(v >>> 0).toString(16)} ours ${ours.r(i).toString(16)}`],
  );
  const before = program.slice(Math.max(0, at - 4), at).map((op) => op.toString(16));
  return `program ${n}: cycles ${theirs.cycles} ours ${ours.cycles}, flags ${packed(theirs)} ours ${ours.flags()}, ${registers.join(', ')}; before ${theirs.PC.toString(16)}: ${before.join(' ')}`;
}
