import { readFile } from 'node:fs/promises';
import {
  Memory,
  ProgramHeaderBytes,
  Status,
  readOpRecord,
  readProgramHeader,
  readTensorRecord,
} from '../abi/generated.ts';
import { OpRecordBytes, TensorRecordBytes } from '../abi/generated.ts';
import type { OpRecord, ProgramHeader, TensorRecord } from '../abi/generated.ts';
import type { Result } from '../base/errors.ts';
import { fail, ok } from '../base/errors.ts';

/**
 * The host twin: the firmware's engine, compiled to WebAssembly, running one Program on this computer. Its
 * outputs are those of every device that runs the same Program, bit for bit.
 */
export interface Twin extends AsyncDisposable {
  /** In execution order, one an operator. */
  readonly opNames: readonly string[];
  readonly inputs: readonly TensorRecord[];
  readonly outputs: readonly TensorRecord[];
  /**
   * Bytes of every input tensor → bytes of every output tensor (copies), in the Program's order. States begin anew,
   * as in the dialect.
   */
  infer(inputs: readonly Uint8Array[]): Result<readonly Uint8Array[]>;
  /** As `infer`, but states go on from where the last inference left them, as in a stream. */
  inferNext(inputs: readonly Uint8Array[]): Result<readonly Uint8Array[]>;
  /** States get the contents they begin with. */
  reset(): void;
  /** As `infer`, and what every operator wrote, copied right after it ran. */
  inferWithTaps(inputs: readonly Uint8Array[]): Result<TappedInference>;
  dispose(): void;
}

export interface TappedInference {
  readonly outputs: readonly Uint8Array[];
  readonly taps: readonly Tap[];
}

/** One output tensor of one operator. */
export interface Tap {
  /** Position in the plan. */
  readonly opIndex: number;
  /** Index in the Program's tensor table. */
  readonly tensorIndex: number;
  readonly tensor: TensorRecord;
  readonly bytes: Uint8Array;
}

// the part of the WebAssembly API that is used; the types otherwise come with the DOM's
interface WasmModule {
  readonly compiledModule: never;
}
declare const WebAssembly: {
  compile(bytes: Uint8Array): Promise<WasmModule>;
  instantiate(module: WasmModule): Promise<{ readonly exports: unknown }>;
};

interface EngineExports {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  readonly __heap_base: { readonly value: number };
  open(program: number, available: number, arena: number, arenaBytes: number): number;
  reset(): void;
  run(): number;
  runOp(index: number): number;
}

const PAGE_BYTES = 65536;
const NEXT_REFUSED = 'Compile the model again with this version.';

const align16 = (n: number): number => Math.ceil(n / 16) * 16;
const statusName = (status: number): string =>
  Object.entries(Status).find(([, value]) => value === status)?.[0] ?? String(status);

let compiled: Promise<WasmModule> | null = null;

/** Compiled once a process; every twin has its own instance and memory. */
function engineModule(): Promise<WasmModule> {
  compiled ??= readFile(new URL('./engine.wasm', import.meta.url)).then((bytes) =>
    WebAssembly.compile(bytes),
  );
  return compiled;
}

/** Opens a Program in the engine. `program` is copied. Fails with `engine.program-refused`. */
export async function openTwin(program: Uint8Array): Promise<Result<Twin>> {
  if (program.length < ProgramHeaderBytes) {
    const facts = { status: 'BadMagic', programBytes: program.length };
    return fail('engine.program-refused', facts, 'This is not a Program.', NEXT_REFUSED);
  }
  const instance = await WebAssembly.instantiate(await engineModule());
  const engine = instance.exports as EngineExports;
  const at = align16(engine.__heap_base.value);
  const header = readProgramHeader(new DataView(program.buffer, program.byteOffset), 0);
  const arenaAt = at + align16(program.length);
  const end = arenaAt + header.arenaBytes;
  try {
    engine.memory.grow(Math.ceil(Math.max(0, end - engine.memory.buffer.byteLength) / PAGE_BYTES));
  } catch {
    const facts = { arenaBytes: header.arenaBytes, programBytes: program.length };
    return fail(
      'engine.out-of-memory',
      facts,
      'The Program asks for more memory than there is.',
      NEXT_REFUSED,
    );
  }
  const memory = new Uint8Array(engine.memory.buffer);
  memory.set(program, at);
  const status = engine.open(at, program.length, arenaAt, header.arenaBytes);
  if (status !== Status.Ok) {
    const facts = { status: statusName(status), programBytes: program.length };
    return fail('engine.program-refused', facts, 'The engine found the Program inconsistent.', NEXT_REFUSED);
  }
  return ok(new WasmTwin(engine, memory.subarray(at, at + program.length), memory, arenaAt, header));
}

class WasmTwin implements Twin {
  readonly opNames: readonly string[];
  readonly inputs: readonly TensorRecord[];
  readonly outputs: readonly TensorRecord[];
  readonly #ops: readonly OpRecord[];
  readonly #tensors: readonly TensorRecord[];
  readonly #view: DataView;
  readonly #memory: Uint8Array;
  readonly #arenaAt: number;
  #engine: EngineExports | null;

  constructor(
    engine: EngineExports,
    program: Uint8Array,
    memory: Uint8Array,
    arenaAt: number,
    header: ProgramHeader,
  ) {
    this.#engine = engine;
    this.#memory = memory;
    this.#arenaAt = arenaAt;
    this.#view = new DataView(program.buffer, program.byteOffset, program.length);
    this.#tensors = this.#table(
      header.tensorCount,
      header.tensorsOffset,
      TensorRecordBytes,
      readTensorRecord,
    );
    this.#ops = this.#table(header.opCount, header.opsOffset, OpRecordBytes, readOpRecord);
    this.inputs = this.#io(header.ioOffset, 0, header.inputCount).map((index) => this.#tensors[index]!);
    this.outputs = this.#io(header.ioOffset, header.inputCount, header.outputCount).map(
      (index) => this.#tensors[index]!,
    );
    this.opNames = opNamesOf(program, header);
  }

  infer(inputs: readonly Uint8Array[]): Result<readonly Uint8Array[]> {
    this.reset();
    return this.inferNext(inputs);
  }

  reset(): void {
    this.#engine?.reset();
  }

  inferNext(inputs: readonly Uint8Array[]): Result<readonly Uint8Array[]> {
    const loaded = this.#load(inputs);
    if (!loaded.ok) return loaded;
    const status = loaded.value.run();
    if (status !== Status.Ok) return kernelFailed(status);
    return ok(this.outputs.map((tensor) => this.#bytesOf(tensor)));
  }

  inferWithTaps(inputs: readonly Uint8Array[]): Result<TappedInference> {
    this.reset();
    const loaded = this.#load(inputs);
    if (!loaded.ok) return loaded;
    const taps: Tap[] = [];
    for (const [opIndex, op] of this.#ops.entries()) {
      const status = loaded.value.runOp(opIndex);
      if (status !== Status.Ok) return kernelFailed(status);
      for (const tensorIndex of this.#io(op.ioOffset, op.inputCount, op.outputCount)) {
        const tensor = this.#tensors[tensorIndex]!;
        taps.push({ opIndex, tensorIndex, tensor, bytes: this.#bytesOf(tensor) });
      }
    }
    return ok({ outputs: this.outputs.map((tensor) => this.#bytesOf(tensor)), taps });
  }

  dispose(): void {
    this.#engine = null;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.dispose();
  }

  #load(inputs: readonly Uint8Array[]): Result<EngineExports> {
    const engine = this.#engine;
    if (engine === null) {
      return fail('engine.closed', {}, 'The twin was disposed before this inference.', 'Open it again.');
    }
    const wanted = this.inputs.map((tensor) => tensor.bytes);
    const given = inputs.map((bytes) => bytes.length);
    if (wanted.length !== given.length || wanted.some((n, i) => n !== given[i])) {
      const facts = { wantedBytes: wanted, givenBytes: given };
      return fail(
        'engine.input-size',
        facts,
        'The inputs are not those of this model.',
        'Give each input whole.',
      );
    }
    for (const [i, tensor] of this.inputs.entries()) this.#memory.set(inputs[i]!, this.#addressOf(tensor));
    return ok(engine);
  }

  #addressOf(tensor: TensorRecord): number {
    const base = tensor.memory === Memory.Const ? this.#view.byteOffset : this.#arenaAt;
    return base + tensor.offset;
  }

  #bytesOf(tensor: TensorRecord): Uint8Array {
    const at = this.#addressOf(tensor);
    return this.#memory.slice(at, at + tensor.bytes);
  }

  #table<T>(count: number, at: number, bytes: number, read: (view: DataView, at: number) => T): T[] {
    return Array.from({ length: count }, (_, i) => read(this.#view, at + i * bytes));
  }

  #io(at: number, from: number, count: number): number[] {
    return Array.from({ length: count }, (_, i) => this.#view.getUint16(at + 2 * (from + i), true));
  }
}

/** The name section holds the model's name, then one name an operator; without it operators have numbers. */
function opNamesOf(program: Uint8Array, header: ProgramHeader): string[] {
  const section = program.slice(header.namesOffset, header.namesOffset + header.namesBytes);
  const names = header.namesOffset === 0 ? [] : new TextDecoder().decode(section).split('\0');
  return Array.from({ length: header.opCount }, (_, i) => names[i + 1] ?? `op${i}`);
}

function kernelFailed(status: number): Result<never> {
  const facts = { status: statusName(status) };
  return fail(
    'engine.kernel-failed',
    facts,
    'A kernel refused to run a Program that was accepted.',
    NEXT_REFUSED,
  );
}
