/**
 * The engine as the Pico's firmware compiles it, in our own Cortex-M0+ core: code, arena and stack in SRAM, the Program
 * in flash. Before every operator all of the arena and what lies around it is remembered; behind it only the bytes of
 * the operator's outputs and scratch may have changed.
 */
import { Memory, Status } from '../../../src-main/abi/generated.ts';
import { pico } from '../../../src-main/board/pico.ts';
import type { PlannedOp, Program } from '../../../src-main/compile/program.ts';
import { M0Core } from '../../../src-main/sim/pico/core/core.ts';
import { CPU, EXIT } from '../../../src-main/sim/pico/core/cpu-state.ts';
import { buildM0Engine, type M0Engine } from '../../bench/m0-engine.ts';
import type { GraphCase, GraphReply, GraphRunner } from './graph-runner.ts';

const SRAM = 0x2000_0000;
const FLASH = 0x1000_0000;
/** Behind the code; the core's own SRAM ends at 0x2004_2000. */
const ENGINE_AT = 0x2002_0000;
const GUARD = 64;
const ARENA_AT = ENGINE_AT + 64 + GUARD;
const STACK_TOP = 0x2004_2000;
const STACK_BYTES = 4096;
const RETURN_AT = ENGINE_AT - 16;
const BKPT = 0xbe00;
const MOST_CYCLES = 1_000_000_000;
const PATTERN = 0xa5;

export class M0Runner implements GraphRunner {
  readonly name = 'm0plus emulated';
  readonly board = pico;
  readonly #core: M0Core;
  readonly #engine: M0Engine;

  constructor() {
    const nothing = () => undefined;
    this.#core = new M0Core({ read: () => 0, write: nothing, refuseFetch: nothing, staleCache: nothing });
    this.#engine = buildM0Engine();
    const { sram } = this.#core;
    if (this.#engine.codeBytes > RETURN_AT - SRAM) throw new Error('the engine does not fit');
    sram.set(this.#engine.chip.sram.subarray(0, this.#engine.codeBytes), 0);
    new DataView(sram.buffer, sram.byteOffset).setUint16(RETURN_AT - SRAM, BKPT, true);
    this.#core.forgetAll();
    this.#core.state[CPU.haltOnBkpt] = 1;
    this.#core.state[CPU.xipBytes] = this.#core.flash.length;
  }

  async run(cases: readonly GraphCase[]): Promise<GraphReply[]> {
    return cases.map((c) => {
      try {
        return this.#one(c);
      } catch (error) {
        return { ok: false, why: String(error) };
      }
    });
  }

  [Symbol.dispose](): void {}

  #one({ program, sets }: GraphCase): GraphReply {
    this.#core.flash.set(program.bytes);
    const arenaBytes = program.header.arenaBytes;
    if (ARENA_AT + arenaBytes + GUARD > STACK_TOP - STACK_BYTES)
      throw new Error(`arena of ${arenaBytes} bytes`);
    const opened = this.#call('mj_engine_open', [
      ENGINE_AT,
      FLASH,
      program.bytes.length,
      ARENA_AT,
      arenaBytes,
    ]);
    if (opened !== Status.Ok) return { ok: false, why: `refused with status ${opened}` };
    this.#arena(program, PATTERN);
    this.#call('mj_engine_copy_constants', [ENGINE_AT]);
    this.#call('mj_engine_reset', [ENGINE_AT]);
    return { ok: true, outputs: sets.map((set) => this.#infer(program, set)) };
  }

  #infer(program: Program, inputs: readonly Uint8Array[]): Uint8Array[] {
    const { sram } = this.#core;
    const arena = this.#arena(program);
    program.inputs.forEach((t, i) => sram.set(inputs[i]!, place(program, t)));
    for (const [i, op] of program.ops.entries()) {
      const before = arena.slice();
      const status = this.#call('mj_engine_run_op', [ENGINE_AT, i]);
      if (status !== Status.Ok) throw new Error(`operator ${i} (${op.name}) returned status ${status}`);
      this.#untouched(program, op, before, arena);
    }
    return program.outputs.map((t) =>
      sram.slice(place(program, t), place(program, t) + program.tensors[t]!.bytes),
    );
  }

  /** The arena with guards in front and behind. */
  #arena(program: Program, fill?: number): Uint8Array {
    const from = ARENA_AT - GUARD - SRAM;
    const arena = this.#core.sram.subarray(from, from + program.header.arenaBytes + 2 * GUARD);
    return fill === undefined ? arena : arena.fill(fill);
  }

  #untouched(program: Program, op: PlannedOp, before: Uint8Array, after: Uint8Array): void {
    const may = new Uint8Array(before.length);
    const allow = (offset: number, bytes: number) => may.fill(1, GUARD + offset, GUARD + offset + bytes);
    for (const t of op.outputs) allow(program.tensors[t]!.offset, program.tensors[t]!.bytes);
    allow(op.scratchOffset, op.scratchBytes);
    const at = before.findIndex((byte, i) => may[i] === 0 && byte !== after[i]);
    if (at >= 0) throw new Error(`${op.name} with kernel ${op.kernel} wrote byte ${at - GUARD} of the arena`);
  }

  /** AAPCS: four arguments in registers, the rest on the stack. */
  #call(name: string, args: readonly number[]): number {
    const { state, signedState, sram } = this.#core;
    const view = new DataView(sram.buffer, sram.byteOffset);
    const onStack = args.slice(4);
    const sp = STACK_TOP - 8 * Math.ceil(onStack.length / 2);
    onStack.forEach((value, i) => view.setUint32(sp - SRAM + 4 * i, value, true));
    args.slice(0, 4).forEach((value, i) => (state[i] = value));
    state[13] = sp;
    state[14] = RETURN_AT | 1;
    state[15] = this.#engine.symbols[name]! & ~1;
    signedState[CPU.left] = MOST_CYCLES;
    const exit = this.#core.run();
    // the core stops behind the BKPT
    if (exit !== EXIT.breakpoint || state[15] !== RETURN_AT + 2)
      throw new Error(`${name} ended with ${exit} at 0x${state[15].toString(16)}`);
    return state[0]!;
  }
}

/** In SRAM. */
function place(program: Program, index: number): number {
  const tensor = program.tensors[index]!;
  if (tensor.memory !== Memory.Arena) throw new Error(`tensor ${index} is not in the arena`);
  return ARENA_AT - SRAM + tensor.offset;
}
