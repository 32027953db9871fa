/** The audio front end as a Cortex-M0+ runs it: compiled by arm-none-eabi-gcc, executed in rp2040js from SRAM. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RP2040 } from 'rp2040js';
import { root } from '../needs.ts';

const SRAM = 0x2000_0000;
const SAMPLES_AT = 0x2001_0000;
const SCRATCH_AT = 0x2001_1000;
const COEFFICIENTS_AT = 0x2001_2000;
const STACK_TOP = 0x2004_0000;
const RETURN_AT = 0x2000_fff0;
const MOST_INSTRUCTIONS = 10_000_000;
/** Below the stack: shows how deep it went. */
const PAINT = 0xa5;

export interface M0FrontEnd {
  readonly chip: RP2040;
  readonly frameAddress: number;
  readonly recipeAddress: number;
  /** Code and tables. */
  readonly imageBytes: number;
}

function tool(name: string, args: readonly string[]): string {
  const run = spawnSync(`arm-none-eabi-${name}`, args, { cwd: root, encoding: 'utf8' });
  if (run.status !== 0) throw new Error(`arm-none-eabi-${name} failed:\n${run.stderr}`);
  return run.stdout;
}

export function buildM0FrontEnd(): M0FrontEnd {
  const folder = mkdtempSync(join(tmpdir(), 'microjoule-m0-frontend-'));
  const elf = join(folder, 'frontend.elf');
  const bin = join(folder, 'frontend.bin');
  const sources = ['mj_mfcc', 'mj_rfft', 'mj_log2', 'mj_frontend_tables'].map(
    (f) => `firmware/engine/frontend/${f}.c`,
  );
  try {
    tool('gcc', [
      ...['-mcpu=cortex-m0plus', '-mthumb', '-std=c11', '-O2', '-ffreestanding', '-nostdlib', '-static'],
      ...['-fno-tree-loop-distribute-patterns', `-Wl,-Ttext=0x${SRAM.toString(16)}`, '-Wl,-e,mj_mfcc_frame'],
      ...['-o', elf, ...sources],
    ]);
    tool('objcopy', ['-O', 'binary', elf, bin]);
    const symbols = new Map(
      tool('nm', ['--defined-only', elf])
        .trim()
        .split('\n')
        .map((row) => {
          const [address, , name] = row.split(' ');
          return [name!, parseInt(address!, 16)] as const;
        }),
    );
    const image = readFileSync(bin);
    const chip = new RP2040();
    chip.sram.set(image, 0);
    return {
      chip,
      frameAddress: symbols.get('mj_mfcc_frame')!,
      recipeAddress: symbols.get('mj_mfcc_kws')!,
      imageBytes: image.length,
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export interface M0Frame {
  readonly coefficients: Int16Array;
  readonly cycles: number;
  readonly stackBytes: number;
}

/** One frame of 480 samples. */
export function runFrame(frontEnd: M0FrontEnd, samples: Int16Array): M0Frame {
  const { chip } = frontEnd;
  const { core, sram } = chip;
  sram.set(new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength), SAMPLES_AT - SRAM);
  sram.fill(PAINT, STACK_TOP - SRAM - 4096, STACK_TOP - SRAM);
  core.SP = STACK_TOP;
  [frontEnd.recipeAddress, SAMPLES_AT, SCRATCH_AT, COEFFICIENTS_AT].forEach(
    (value, i) => (core.registers[i] = value),
  );
  core.LR = RETURN_AT | 1;
  core.PC = frontEnd.frameAddress & ~1;
  const start = core.cycles;
  for (let n = 0; core.PC !== RETURN_AT; n++) {
    if (n >= MOST_INSTRUCTIONS) throw new Error('the front end does not return');
    core.executeInstruction();
  }
  const untouched = sram.subarray(STACK_TOP - SRAM - 4096, STACK_TOP - SRAM).findIndex((b) => b !== PAINT);
  const at = COEFFICIENTS_AT - SRAM;
  return {
    coefficients: new Int16Array(sram.slice(at, at + 20).buffer),
    cycles: core.cycles - start,
    stackBytes: 4096 - untouched,
  };
}
