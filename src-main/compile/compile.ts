import {
  Granularity,
  Memory,
  Packing,
  ProgramFlag,
  ScaleKind,
  type OpEstimate,
  type TensorRecord,
} from '../abi/generated.ts';
import { BugError, fail, ok, type Failure, type Result } from '../base/errors.ts';
import type { BoardDescriptor } from '../board/board.ts';
import type { KernelChoice } from '../contract/index.ts';
import { checkGraph, workOf } from '../model/graph-check.ts';
import type { Graph, Operator, Tensor } from '../model/graph.ts';
import { viewOp } from '../model/op-view.ts';
import { elementBits, tensorBytes } from '../model/tensor-type.ts';
import type { OperatorRecord } from '../model/operator-record.ts';
import { greedyBytes, liveBytes, planArena, type Arena } from './arena.ts';
import { dtypeOf } from './dtype.ts';
import { readsOf, type KernelRecord, type Lowered } from './kernel-record.ts';
import { chooseKernels, type Choice, type Layer } from './choice.ts';
import { decodeProgram } from './program-reader.ts';
import { writeProgram, type OpPart, type StatePart, type TensorPart } from './program-writer.ts';
import type { Program } from './program.ts';
import { lifetimes, shareStorage, type Piece, type Storages } from './storage.ts';

export { decodeProgram } from './program-reader.ts';

export interface CompileOptions {
  /**
   * Input tensors are unchanged after a run. Needed where the result compares output with input (the mean squared
   * error of an autoencoder), or where inputs are not loaded anew for every run. Default true.
   */
  readonly keepInputs?: boolean;
  /** For tests that add an operator or a kernel. */
  readonly operators?: readonly OperatorRecord[];
  readonly kernels?: readonly KernelRecord[];
  /** What kernels are chosen for; default `fast`. */
  readonly choice?: KernelChoice;
  /** Flash bytes of each kernel built for the board; absent: any kernel, its code not counted. */
  readonly code?: ReadonlyMap<number, number>;
  /** Constants may be copied to RAM where flash is slower; default true. False for Programs that are uploaded to RAM. */
  readonly copies?: boolean;
}

/** A Program and why it has the kernels it has. */
export interface Compiled {
  readonly program: Program;
  /** One layer an operator of the Program. */
  readonly choice: Choice;
}

/**
 * Graph → Program: elides what only renames bytes, chooses a kernel an operator, computes requantisation constants,
 * plans the arena, and refuses what does not fit the board's flash or RAM before anything is flashed.
 */
export function compile(graph: Graph, board: BoardDescriptor, options: CompileOptions = {}): Result<Program> {
  const compiled = compileExplained(graph, board, options);
  return compiled.ok ? ok(compiled.value.program) : compiled;
}

export function compileExplained(
  graph: Graph,
  board: BoardDescriptor,
  options: CompileOptions = {},
): Result<Compiled> {
  const checked = checkGraph(graph, options.operators);
  if (!checked.ok) return checked;
  const limited = withinFormat(graph, options);
  if (limited) return limited;
  const keepInputs = options.keepInputs ?? true;
  const storages = shareStorage(graph);
  const roots = lifetimes(graph, storages, keepInputs);
  const { choice, lowered, memory } = chooseAndPlan(graph, storages, roots, board, options);
  const tensors = new TensorTable(graph, storages, memory.offsets);
  const ops = lowered.map((l, i) => opPart(tensors, l, memory.scratchOffsets[i]!));
  const bytes = writeProgram({
    modelName: graph.name,
    modelSha256: Uint8Array.from(Buffer.from(graph.sha256, 'hex')),
    arenaBytes: memory.arena.arenaBytes,
    lowerBoundBytes: memory.arena.lowerBoundBytes,
    flags: keepInputs ? ProgramFlag.InputsKept : ProgramFlag.None,
    inputs: graph.inputs.map((t) => tensors.indexOf(t)),
    outputs: graph.outputs.map((t) => tensors.indexOf(t)),
    tensors: tensors.parts,
    ops,
    states: statesOf(graph, storages, memory.offsets),
  });
  const program = decoded(bytes);
  return tooLarge(bytes.length, program.header.arenaBytes, board) ?? ok({ program, choice });
}

/** What each variable of the model begins with. */
function statesOf(graph: Graph, storages: Storages, offsets: ReadonlyMap<number, number>): StatePart[] {
  const variables = graph.tensors.filter((t) => t.variable && offsets.has(storages.root[t.index]!));
  return variables.map((t) => ({
    offset: offsets.get(storages.root[t.index]!)!,
    bytes: tensorBytes(t.type, t.shape),
    initial: t.variable!.initial,
    fill: t.type === 'int8' ? (t.quantization?.zeroPoints[0] ?? 0) & 0xff : 0,
  }));
}

const MOST_DIMENSIONS = 5;
const MOST_MACS = 0xffff_ffff;

/** Planning takes time with the square of what is alive at once; no network for a microcontroller comes near. */
const MOST_ACTIVATIONS = 4_000;

/** Limits of the Program format itself, and of the work it takes to make one. */
function withinFormat(graph: Graph, options: CompileOptions): Failure | null {
  const activations = graph.tensors.filter((t) => t.data === null).length;
  if (activations > MOST_ACTIVATIONS)
    return fail(
      'compile.too-many-tensors',
      { activations, most: MOST_ACTIVATIONS },
      `The model has ${activations} activations; ${MOST_ACTIVATIONS} can be planned.`,
      'Use a smaller model.',
    );
  const deep = graph.tensors.find((t) => t.shape.length > MOST_DIMENSIONS);
  if (deep)
    return fail(
      'compile.too-many-dimensions',
      { tensor: deep.index, name: deep.name, dimensions: deep.shape.length, most: MOST_DIMENSIONS },
      `Tensor ${deep.index} "${deep.name}" has ${deep.shape.length} dimensions; a Program holds ${MOST_DIMENSIONS}.`,
      'Reshape it before converting.',
    );
  const constant = graph.outputs.find((t) => graph.tensors[t]!.data !== null);
  if (constant !== undefined)
    return fail(
      'compile.constant-output',
      { tensor: constant, name: graph.tensors[constant]!.name },
      `Output ${constant} "${graph.tensors[constant]!.name}" is a constant: nothing computes it.`,
      'Remove that output before converting.',
    );
  const macs = graph.ops.reduce((n, op) => n + workOf(viewOp(graph, op), options.operators).macs, 0);
  if (macs <= MOST_MACS) return null;
  return fail(
    'compile.too-many-macs',
    { macs, most: MOST_MACS },
    `One inference takes ${macs} multiply-accumulates; a Program counts ${MOST_MACS}.`,
    'Use a smaller model.',
  );
}

interface LoweredOp {
  readonly op: Operator;
  readonly kernel: KernelRecord;
  readonly macs: number;
  readonly lowered: Lowered;
  readonly cycles: number;
  /** Constants are copied to RAM. */
  readonly inRam: boolean;
}

/** Times the choice is made again with less RAM where the arena's plan does not reach its lower bound. */
const MOST_CHOICES = 4;

interface Planned {
  readonly choice: Choice;
  readonly lowered: readonly LoweredOp[];
  readonly memory: MemoryPlan;
}

function chooseAndPlan(
  graph: Graph,
  storages: Storages,
  roots: ReadonlyMap<number, Piece>,
  board: BoardDescriptor,
  options: CompileOptions,
): Planned {
  const live = liveBytes(roots.values(), storages.ops.length);
  const layers = storages.ops.map((op, i): Layer => {
    const view = viewOp(graph, op);
    return { view, work: workOf(view, options.operators), liveBytes: live[i]! };
  });
  const arenaBytes = interpreterBytes(graph, storages, layers);
  let ramBytes = board.image.arenaBytes;
  for (let tries = 1; ; tries++) {
    const choice = chooseKernels(layers, board, {
      choice: options.choice ?? 'fast',
      records: options.kernels,
      code: options.code ?? null,
      copies: (options.copies ?? true) && tries < MOST_CHOICES,
      ramBytes,
      arenaBytes,
      flashBytes: board.flash.bytes - board.image.programOffset - tableBytes(graph),
    });
    const lowered = choice.layers.map(({ chosen: { candidate, inRam } }, i) => ({
      op: storages.ops[i]!,
      kernel: candidate.record,
      macs: layers[i]!.work.macs,
      lowered: candidate.lowered,
      cycles: candidate.cycles,
      inRam,
    }));
    const memory = planMemory(roots, lowered);
    const copied = choice.layers.reduce((n, { chosen }) => n + chosen.ramBytes, 0);
    const overBytes = memory.arena.arenaBytes + copied - board.image.arenaBytes;
    if (overBytes <= 0 || tries === MOST_CHOICES) return { choice, lowered, memory };
    ramBytes -= overBytes;
  }
}

/** TensorFlow Lite Micro on a 32-bit core, rounded down: TfLiteEvalTensor, node and operator's record, multiplier and shift. */
const INTERPRETER_BYTES = { tensor: 12, operator: 96, channel: 8 };

/**
 * What an interpreter's arena would take, without scratch and inputs that survive a run. Fast kernels get scratch up to
 * that, so that the arena is never above an interpreter's.
 */
function interpreterBytes(graph: Graph, storages: Storages, layers: readonly Layer[]): number {
  const tensors = greedyBytes([...lifetimes(graph, storages, false).values()]);
  const { tensor, operator, channel } = INTERPRETER_BYTES;
  const channels = layers.reduce((n, { view }) => n + (view.inputs[1]?.quantization?.scales.length ?? 0), 0);
  return tensors + tensor * graph.tensors.length + operator * layers.length + channel * channels;
}

/** About what header, tables and names take: for the choice only, the refusal counts exactly. */
function tableBytes(graph: Graph): number {
  return 256 + 64 * graph.tensors.length + 160 * graph.ops.length;
}

interface MemoryPlan {
  readonly arena: Arena;
  /** By storage root. */
  readonly offsets: ReadonlyMap<number, number>;
  /** By operator of the plan; 0 where there is no scratch. */
  readonly scratchOffsets: readonly number[];
}

function planMemory(pieces: ReadonlyMap<number, Piece>, lowered: readonly LoweredOp[]): MemoryPlan {
  const roots = [...pieces];
  const scratch = lowered.map((l, at) => ({ bytes: l.lowered.scratchBytes, from: at, to: at }));
  const wanted = scratch.map((s, i) => ({ s, i })).filter(({ s }) => s.bytes > 0);
  const arena = planArena([...roots.map(([, piece]) => piece), ...wanted.map(({ s }) => s)]);
  const scratchOffsets = new Array<number>(lowered.length).fill(0);
  wanted.forEach(({ i }, k) => (scratchOffsets[i] = arena.offsets[roots.length + k]!));
  return { arena, offsets: new Map(roots.map(([root], k) => [root, arena.offsets[k]!])), scratchOffsets };
}

/** The Program's own tensor table: what operators read and write, in order of first use. */
class TensorTable {
  readonly parts: TensorPart[] = [];
  readonly #graph: Graph;
  readonly #storages: Storages;
  readonly #offsets: ReadonlyMap<number, number>;
  readonly #indices = new Map<number, number>();

  constructor(graph: Graph, storages: Storages, offsets: ReadonlyMap<number, number>) {
    this.#graph = graph;
    this.#storages = storages;
    this.#offsets = offsets;
  }

  indexOf(tensor: number): number {
    const known = this.#indices.get(tensor);
    if (known !== undefined) return known;
    const index = this.parts.push(this.#part(this.#graph.tensors[tensor]!)) - 1;
    this.#indices.set(tensor, index);
    return index;
  }

  #part(tensor: Tensor): TensorPart {
    const root = this.#storages.root[tensor.index]!;
    const data = this.#graph.tensors[root]!.data;
    if (data) return { record: tensorRecord(tensor, Memory.Const, 0), data };
    const offset = this.#offsets.get(root);
    if (offset === undefined) throw new BugError(`tensor ${tensor.index} has no place`);
    return { record: tensorRecord(tensor, Memory.Arena, offset), data: null };
  }
}

function tensorRecord(tensor: Tensor, memory: Memory, offset: number): TensorRecord {
  const q = tensor.quantization;
  return {
    dtype: dtypeOf(tensor.type),
    bits: elementBits(tensor.type),
    packing: elementBits(tensor.type) < 8 ? Packing.SubByteLow : Packing.Plain,
    scaleKind: q ? ScaleKind.Float : ScaleKind.None,
    granularity: Granularity.PerTensor,
    channelAxis: 0,
    rank: tensor.shape.length,
    memory,
    dims: [...tensor.shape, 1, 1, 1, 1, 1].slice(0, MOST_DIMENSIONS),
    offset,
    bytes: tensorBytes(tensor.type, tensor.shape),
    scale: q ? q.scales[0]! : 0,
    zeroPoint: q ? q.zeroPoints[0]! : 0,
    scalesOffset: 0,
    scaleLog2: 0,
  };
}

const MOST_U32 = 0xffff_ffff;

function estimateOf({ lowered, cycles, inRam }: LoweredOp): OpEstimate {
  const reads = readsOf(lowered);
  const u32 = (x: number) => Math.min(MOST_U32, Math.round(x));
  return {
    cycles: u32(cycles),
    sweptBytes: inRam ? 0 : reads.bytes,
    sweeps: inRam ? 0 : u32(reads.sweeps),
    onceBytes: inRam ? lowered.paramsBytes : reads.onceBytes,
  };
}

/** Constants a kernel has packed into its parameters are no operands any more. */
function opPart(tensors: TensorTable, l: LoweredOp, scratchOffset: number): OpPart {
  const { constants, operands: wanted } = l.lowered;
  const updated = (l.lowered.updates ?? []).map((n) => l.op.inputs[n]!);
  const operands = l.op.inputs.filter(
    (t, n) => t >= 0 && (wanted ? wanted.includes(n) : !(n > 0 && 'weights' in constants)),
  );
  return {
    name: l.op.name,
    inputs: operands.map((t) => tensors.indexOf(t)),
    outputs: [...l.op.outputs, ...updated].map((t) => tensors.indexOf(t)),
    lowered: l.lowered,
    inRam: l.inRam,
    estimate: estimateOf(l),
    record: {
      opcode: l.op.builtin,
      kernel: l.kernel.kernel,
      macs: l.macs,
      sourceIndex: l.op.index,
      scratchOffset,
      scratchBytes: l.lowered.scratchBytes,
    },
  };
}

function tooLarge(programBytes: number, arenaBytes: number, board: BoardDescriptor): Failure | null {
  const flashBytes = board.flash.bytes - board.image.programOffset;
  if (programBytes > flashBytes)
    return fail(
      'compile.flash-too-small',
      { programBytes, availableBytes: flashBytes, overBytes: programBytes - flashBytes, board: board.id },
      `The Program takes ${programBytes} bytes of flash; ${board.name} has ${flashBytes} beside the firmware.`,
      'Use a smaller model or a board with more flash.',
    );
  const ramBytes = board.image.arenaBytes;
  if (arenaBytes <= ramBytes) return null;
  return fail(
    'compile.arena-too-small',
    { arenaBytes, availableBytes: ramBytes, overBytes: arenaBytes - ramBytes, board: board.id },
    `The model's activations take ${arenaBytes} bytes of RAM; ${board.name} has ${ramBytes} for them.`,
    'Use a model with smaller layers or a board with more RAM.',
  );
}

function decoded(bytes: Uint8Array): Program {
  const program = decodeProgram(bytes);
  if (!program.ok) throw new BugError(`a fresh Program does not decode: ${program.id}`);
  return program.value;
}
