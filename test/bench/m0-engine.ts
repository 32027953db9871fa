/**
 * The engine as the Pico's firmware compiles it, run function by function in rp2040js: code, arena and stack in
 * SRAM, the Program in flash. Gives cycles an operator (M0+ instruction costs, no wait states) and the outputs.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RP2040 } from 'rp2040js';
import { Memory, Status } from '../../src-main/abi/generated.ts';
import type { Program } from '../../src-main/compile/program.ts';
import { coreDefines, engineFolders, filesIn } from '../../scripts/engine-sources.ts';
import { root } from '../needs.ts';

const FLAGS = [
  ...['-mcpu=cortex-m0plus', '-mthumb', '-std=gnu11', '-O2', '-ffreestanding', '-nostdlib', '-static'],
  ...['-ffunction-sections', '-fdata-sections', '-fno-tree-loop-distribute-patterns', '-Wl,--gc-sections'],
  ...coreDefines(['m0']),
  ...[
    '-Wl,-Ttext=0x20000000',
    '-Wl,-e,mj_engine_open',
    '-Wl,-u,mj_engine_run_op',
    '-Wl,-u,mj_engine_reset',
    '-Wl,-u,mj_engine_copy_constants',
  ],
];
const ENGINE_AT = 0x2000_c000;
const ARENA_AT = 0x2000_c040;
const STACK_TOP = 0x2004_2000;
const PROGRAM_AT = 0x1000_0000;
/** Where the functions return to; never executed. */
const RETURN_AT = 0x2000_bff0;
const MOST_INSTRUCTIONS = 2_000_000_000;

export interface M0Engine {
  /** Its SRAM holds the engine's code; Programs and arenas come and go. */
  readonly chip: RP2040;
  readonly codeBytes: number;
  readonly symbols: Readonly<Record<string, number>>;
  readonly compiler: string;
}

function tool(name: string, args: readonly string[]): string {
  const run = spawnSync(`arm-none-eabi-${name}`, args, { cwd: root, encoding: 'utf8' });
  if (run.status !== 0) throw new Error(`arm-none-eabi-${name} failed:\n${run.stderr}`);
  return run.stdout;
}

export function buildM0Engine(extraFlags: readonly string[] = []): M0Engine {
  const folder = mkdtempSync(join(tmpdir(), 'microjoule-m0-'));
  const elf = join(folder, 'engine.elf');
  const bin = join(folder, 'engine.bin');
  try {
    const sources = [
      ...engineFolders(['m0']).flatMap((folder) => [...filesIn(folder, '.c'), ...filesIn(folder, '.S')]),
      'firmware/ports/pico/memory.c',
    ];
    tool('gcc', [...FLAGS, ...extraFlags, ...sources, '-lgcc', '-o', elf]);
    tool('objcopy', ['-O', 'binary', elf, bin]);
    const rows = tool('nm', ['--defined-only', elf]).trim().split('\n');
    const symbols = Object.fromEntries(
      rows.map((row) => row.split(' ')).map(([address, , name]) => [name!, parseInt(address!, 16)]),
    );
    const code = Uint8Array.from(readFileSync(bin));
    if (code.length > RETURN_AT - 0x2000_0000)
      throw new Error(`the engine's code takes ${code.length} bytes`);
    const chip = new RP2040();
    chip.sram.set(code, 0);
    return { chip, codeBytes: code.length, symbols, compiler: tool('gcc', ['--version']).split('\n')[0]! };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export interface M0Run {
  readonly outputs: readonly Uint8Array[];
  readonly openCycles: number;
  /** In the order of the plan. */
  readonly opCycles: readonly number[];
}

/** One inference. Throws when the engine refuses the Program or the memory does not suffice. */
export function runOnM0(engine: M0Engine, program: Program, inputs: readonly Uint8Array[]): M0Run {
  const { chip } = engine;
  chip.flash.set(program.bytes, 0);
  const arenaBytes = STACK_TOP - 4096 - ARENA_AT;
  const call = (name: string, args: readonly number[]): number =>
    callFunction(chip, engine.symbols[name]!, args);
  const openCycles = call('mj_engine_open', [
    ENGINE_AT,
    PROGRAM_AT,
    program.bytes.length,
    ARENA_AT,
    arenaBytes,
  ]);
  const place = (index: number): number => {
    const tensor = program.tensors[index]!;
    if (tensor.memory !== Memory.Arena) throw new Error(`tensor ${index} is not in the arena`);
    return ARENA_AT - 0x2000_0000 + tensor.offset;
  };
  program.inputs.forEach((index, i) => chip.sram.set(inputs[i]!, place(index)));
  const opCycles = program.ops.map((_, i) => call('mj_engine_run_op', [ENGINE_AT, i]));
  const outputs = program.outputs.map((index) =>
    chip.sram.slice(place(index), place(index) + program.tensors[index]!.bytes),
  );
  return { outputs, openCycles, opCycles };
}

/** AAPCS: four arguments in registers, the rest on the stack; cycles until it returns MJ_STATUS_OK. */
function callFunction(chip: RP2040, address: number, args: readonly number[]): number {
  const { core } = chip;
  const onStack = args.slice(4);
  core.SP = STACK_TOP - 8 * Math.ceil(onStack.length / 2);
  onStack.forEach((value, i) => chip.writeUint32(core.SP + 4 * i, value));
  args.slice(0, 4).forEach((value, i) => (core.registers[i] = value));
  core.LR = RETURN_AT | 1;
  core.PC = address & ~1;
  const start = core.cycles;
  for (let n = 0; core.PC !== RETURN_AT; n++) {
    if (n >= MOST_INSTRUCTIONS) throw new Error('the engine does not return');
    core.executeInstruction();
  }
  const status = core.registers[0];
  if (status !== Status.Ok) throw new Error(`the engine returned status ${status}`);
  return core.cycles - start;
}
