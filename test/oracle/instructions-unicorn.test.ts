/**
 * Each form of each ARMv6-M instruction on random operands, one instruction at a time, against unicorn's Cortex-M0 (QEMU's
 * translator, of another family than rp2040js): registers, flags, memory, and where it goes on. No cycles: unicorn has none.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Rng } from '../../src-main/base/rng.ts';
import { CPU } from '../../src-main/sim/pico/core/cpu-state.ts';
import { describeWith, needs, python } from '../needs.ts';
import { BareCore } from '../unit/sim/pico/bare-core.ts';

const FLASH = 0x1000_0000;
const RAM = 0x2000_4000;
const RAM_BYTES = 0x200;
/** Code lies so far apart that branches and literals fall on other cases' bytes, which both sides have. */
const SLOT = 32;
const EDGES = [
  0, 1, 2, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fff_ffff, 0x8000_0000, 0xffff_fffe, 0xffff_ffff, 31,
  32, 33,
];
const PER_FORM = 250;

interface Case {
  readonly form: string;
  readonly halfwords: readonly number[];
  readonly registers: number[];
  readonly flags: number;
}

type Maker = (rng: Rng, r: number[]) => number[];

const low = (rng: Rng): number => rng.int(0, 7);
/** A word-aligned address in the middle of RAM, and so many bytes. */
const inRam = (rng: Rng): number => RAM + 4 * rng.int(0x10, 0x38);
const plain =
  (from: number, to: number): Maker =>
  (rng) => [rng.int(from, to)];

/** Address in r[n] + immediate. */
function immediate(op: number, scale: number): Maker {
  return (rng, r) => {
    const [n, imm] = [low(rng), rng.int(0, 31)];
    r[n] = inRam(rng) + scale * rng.int(0, 4 / scale - 1);
    return [op | (imm << 6) | (n << 3) | low(rng)];
  };
}

function register(op: number, align: number): Maker {
  return (rng, r) => {
    const n = low(rng);
    const m = (n + rng.int(1, 7)) & 7;
    const at = inRam(rng) + align * rng.int(0, 4 / align - 1);
    r[n] = rng.u32();
    r[m] = (at - r[n]) >>> 0;
    return [op | (m << 6) | (n << 3) | low(rng)];
  };
}

function list(op: number): Maker {
  return (rng, r) => {
    const n = low(rng);
    let registers = rng.int(1, 255);
    // STM with the base in the list but not lowest, is unpredictable
    if (op === 0xc000 && (registers >> n) & 1) registers &= ~((1 << n) - 1);
    r[n] = inRam(rng);
    return [op | (n << 8) | registers];
  };
}

/** High registers but SP and PC as destinations. */
function high(op: number): Maker {
  return (rng, r) => {
    const [d, m] = [rng.int(0, 12), rng.int(0, 15)];
    r[13] = inRam(rng);
    return [op | ((d & 8) << 4) | (m << 3) | (d & 7)];
  };
}

const target = (rng: Rng): number => (FLASH + 2 * rng.int(0, 0x1000)) | 1;

const FORMS: Readonly<Record<string, Maker>> = {
  'LSLS imm': plain(0x0000, 0x07ff),
  'LSRS imm': plain(0x0800, 0x0fff),
  'ASRS imm': plain(0x1000, 0x17ff),
  'ADDS reg': plain(0x1800, 0x19ff),
  'SUBS reg': plain(0x1a00, 0x1bff),
  'ADDS imm3': plain(0x1c00, 0x1dff),
  'SUBS imm3': plain(0x1e00, 0x1fff),
  'MOVS imm8': plain(0x2000, 0x27ff),
  'CMP imm8': plain(0x2800, 0x2fff),
  'ADDS imm8': plain(0x3000, 0x37ff),
  'SUBS imm8': plain(0x3800, 0x3fff),
  ...Object.fromEntries(
    'ANDS EORS LSLS LSRS ASRS ADCS SBCS RORS TST RSBS CMP CMN ORRS MULS BICS MVNS'
      .split(' ')
      .map((name, i) => [`${name} reg`, plain(0x4000 | (i << 6), 0x403f | (i << 6))]),
  ),
  'ADD high': high(0x4400),
  'CMP high': (rng, r) => {
    const [n, m] = [rng.int(8, 14), rng.int(0, 14)];
    r[13] = inRam(rng);
    return [0x4500 | ((n & 8) << 4) | (m << 3) | (n & 7)];
  },
  'MOV high': high(0x4600),
  'ADD PC': (rng, r) => {
    const m = rng.int(0, 12);
    r[m] = 2 * rng.int(0, 0x400);
    return [0x4487 | (m << 3)];
  },
  'MOV PC': (rng, r) => {
    const m = rng.int(0, 12);
    r[m] = target(rng);
    return [0x4687 | (m << 3)];
  },
  BX: (rng, r) => {
    const m = rng.int(0, 12);
    r[m] = target(rng);
    return [0x4700 | (m << 3)];
  },
  BLX: (rng, r) => {
    const m = rng.int(0, 12);
    r[m] = target(rng);
    return [0x4780 | (m << 3)];
  },
  'LDR literal': plain(0x4800, 0x4fff),
  'STR reg': register(0x5000, 4),
  'STRH reg': register(0x5200, 2),
  'STRB reg': register(0x5400, 1),
  'LDRSB reg': register(0x5600, 1),
  'LDR reg': register(0x5800, 4),
  'LDRH reg': register(0x5a00, 2),
  'LDRB reg': register(0x5c00, 1),
  'LDRSH reg': register(0x5e00, 2),
  'STR imm': immediate(0x6000, 4),
  'LDR imm': immediate(0x6800, 4),
  'STRB imm': immediate(0x7000, 1),
  'LDRB imm': immediate(0x7800, 1),
  'STRH imm': immediate(0x8000, 2),
  'LDRH imm': immediate(0x8800, 2),
  'STR SP': plain(0x9000, 0x97ff),
  'LDR SP': plain(0x9800, 0x9fff),
  ADR: plain(0xa000, 0xa7ff),
  'ADD Rd, SP': plain(0xa800, 0xafff),
  'ADD SP': plain(0xb000, 0xb07f),
  'SUB SP': plain(0xb080, 0xb0ff),
  'SXTH SXTB UXTH UXTB': plain(0xb200, 0xb2ff),
  REV: plain(0xba00, 0xba3f),
  REV16: plain(0xba40, 0xba7f),
  REVSH: plain(0xbac0, 0xbaff),
  PUSH: (rng) => [0xb400 | rng.int(1, 511)],
  POP: (rng) => [0xbc00 | rng.int(1, 255)],
  STM: list(0xc000),
  LDM: list(0xc800),
  'B cond': (rng) => [0xd000 | (rng.int(0, 13) << 8) | rng.int(0, 127)],
  B: (rng) => [0xe000 | rng.int(0, 0x3ff)],
  BL: (rng) => [0xf000, 0xf800 | rng.int(0, 0x7ff)],
  'MSR APSR': (rng) => [0xf380 | rng.int(0, 7), 0x8800],
  'MRS APSR': (rng) => [0xf3ef, 0x8000 | (rng.int(0, 7) << 8)],
  // unicorn does not take YIELD
  'hints and barriers': (rng) =>
    rng.pick([[0xbf00], [0xbf40], [0xf3bf, 0x8f4f], [0xf3bf, 0x8f5f], [0xf3bf, 0x8f6f]]),
};

function makeCases(): Case[] {
  const rng = new Rng(6);
  const value = (): number => (rng.int(0, 2) ? rng.u32() : rng.pick(EDGES));
  return Object.entries(FORMS).flatMap(([form, make]) =>
    Array.from({ length: PER_FORM }, () => {
      const registers = Array.from({ length: 15 }, value);
      registers[13] = RAM + 0x80;
      const halfwords = make(rng, registers);
      return { form, halfwords, registers, flags: (rng.int(0, 15) << 28) >>> 0 };
    }),
  );
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

interface Outcome {
  readonly registers: readonly number[];
  readonly flags: number;
  readonly ram: string;
}

function ours(core: BareCore, c: Case, pc: number, ram: Uint8Array): Outcome {
  const s = core.state;
  const memory = core.core.sram.subarray(RAM - 0x2000_0000, RAM - 0x2000_0000 + RAM_BYTES);
  memory.set(ram);
  s.set(c.registers);
  s[15] = pc;
  s[CPU.fetched] = 0;
  core.setFlags(['N', 'Z', 'C', 'V'].filter((_, i) => (c.flags >>> (31 - i)) & 1).join(''));
  do core.run(1);
  while (s[CPU.spent] !== 0);
  const flags = core.flags();
  return {
    registers: [...s.subarray(0, 16)],
    flags: ['N', 'Z', 'C', 'V'].reduce((n, f, i) => n | (flags.includes(f) ? 1 << (31 - i) : 0), 0) >>> 0,
    ram: Buffer.compare(memory, ram) === 0 ? '' : hex(memory),
  };
}

describeWith([needs.python], 'instructions against unicorn', () => {
  it(`agrees on ${PER_FORM} random instances of each of ${Object.keys(FORMS).length} forms`, () => {
    const cases = makeCases();
    const rng = new Rng(7);
    const ram = rng.bytes(RAM_BYTES);
    const flash = new Uint8Array(cases.length * SLOT + 0x1000);
    flash.set(rng.bytes(flash.length));
    const pcs = cases.map((c, i) => {
      // every other one in the second half of its word
      const at = i * SLOT + 2 * (i & 1);
      flash.set(new Uint8Array(Uint16Array.from(c.halfwords).buffer), at);
      return FLASH + at;
    });
    const core = new BareCore();
    core.core.flash.set(flash);
    core.core.forgetAll();
    core.state[CPU.xipBytes] = core.core.flash.length;
    const run = spawnSync(python!, [join(import.meta.dirname, 'unicorn_step.py')], {
      input: JSON.stringify({
        flashBase: FLASH,
        flash: hex(flash),
        ramBase: RAM,
        ram: hex(ram),
        cases: cases.map((c, i) => ({ pc: pcs[i], registers: c.registers, flags: c.flags })),
      }),
      maxBuffer: 1 << 28,
      encoding: 'utf8',
    });
    expect(run.stderr).toBe('');
    const theirs = JSON.parse(run.stdout) as Outcome[];
    expect(theirs.length).toBe(cases.length);
    const differing = cases.flatMap((c, i) => {
      const [a, b] = [ours(core, c, pcs[i]!, ram), theirs[i]!];
      const same = JSON.stringify(a) === JSON.stringify(b);
      return same
        ? []
        : [{ form: c.form, code: c.halfwords.map((h) => h.toString(16)), before: c, ours: a, unicorn: b }];
    });
    expect(differing.slice(0, 3)).toEqual([]);
    expect(cases.length).toBeGreaterThan(15_000);
  }, 60_000);
});
