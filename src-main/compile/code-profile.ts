import type {
  CodeFunctionCost,
  CodePart,
  CodeProfile,
  InstructionClass,
  Traffic,
} from '../contract/index.ts';
import type { CodeMap } from './code-map.ts';
import { instructionKind } from './instruction-class.ts';

/** What each instruction cost; one slot an address, in ascending order. All arrays have the same length. */
export interface SlotCounts {
  readonly address: Uint32Array;
  /** First halfword of the instruction. */
  readonly opcodes: Uint16Array;
  readonly executions: Float64Array;
  readonly cycles: Float64Array;
  readonly stallCycles: Float64Array;
  readonly flashReads: Float64Array;
  readonly registerAccesses: Float64Array;
}

/** `operator` null: what ran outside every window. */
export interface PartCounts {
  readonly operator: number | null;
  readonly slots: SlotCounts;
}

export type RawCodeCounts = Omit<CodeProfile, 'parts'> & { readonly parts: readonly PartCounts[] };

const ROM_END = 0x4000;

/** From counts by address to functions, lines, classes of instructions and traffic, for each operator. */
export function codeProfile(
  counts: RawCodeCounts,
  map: CodeMap | null,
  operatorNames: readonly string[],
): CodeProfile {
  const { parts, ...totals } = counts;
  return {
    ...totals,
    parts: parts.map((p) => {
      const named = p.operator === null ? 'outside' : (operatorNames[p.operator] ?? '');
      return partOf(p, map, named || `operator ${p.operator}`);
    }),
  };
}

function partOf({ operator, slots }: PartCounts, map: CodeMap | null, name: string): CodePart {
  const functions = new Map<string, FunctionSums>();
  const classes = new Map<InstructionClass, { instructions: number; cycles: number }>();
  const traffic = { loads: 0, loadBytes: 0, stores: 0, storeBytes: 0, flashReads: 0, registerAccesses: 0 };
  let cycles = 0;
  let stallCycles = 0;
  let instructions = 0;
  for (let i = 0; i < slots.address.length; i++) {
    const n = slots.executions[i]!;
    const cost = slots.cycles[i]!;
    cycles += cost;
    stallCycles += slots.stallCycles[i]!;
    instructions += n;
    const { kind, ...moved } = instructionKind(slots.opcodes[i]!);
    const sums = classes.get(kind) ?? { instructions: 0, cycles: 0 };
    sums.instructions += n;
    sums.cycles += cost;
    classes.set(kind, sums);
    addTraffic(traffic, moved, slots, i);
    functionAt(functions, map, slots.address[i]!).add(slots, i, map);
  }
  return {
    operator,
    name,
    cycles,
    stallCycles,
    instructions,
    classes: [...classes].map(([kind, c]) => ({ kind, ...c })).sort((a, b) => b.cycles - a.cycles),
    traffic,
    functions: [...functions.values()].map((f) => f.cost()).sort((a, b) => b.cycles - a.cycles),
  };
}

function addTraffic(
  traffic: Traffic,
  moved: { readonly loadBytes: number; readonly storeBytes: number },
  slots: SlotCounts,
  i: number,
): void {
  const n = slots.executions[i]!;
  if (moved.loadBytes > 0) traffic.loads += n;
  if (moved.storeBytes > 0) traffic.stores += n;
  traffic.loadBytes += n * moved.loadBytes;
  traffic.storeBytes += n * moved.storeBytes;
  traffic.flashReads += slots.flashReads[i]!;
  traffic.registerAccesses += slots.registerAccesses[i]!;
}

function functionAt(
  functions: Map<string, FunctionSums>,
  map: CodeMap | null,
  address: number,
): FunctionSums {
  const found = map?.functionAt(address) ?? null;
  const name = found?.name ?? (address < ROM_END ? '(boot ROM)' : '(unknown code)');
  let sums = functions.get(name);
  if (!sums) functions.set(name, (sums = new FunctionSums(name, found?.address ?? null)));
  return sums;
}

class FunctionSums {
  readonly #name: string;
  readonly #entry: number | null;
  readonly #lines = new Map<
    string,
    { file: string | null; line: number; cycles: number; instructions: number }
  >();
  #calls = 0;
  #instructions = 0;
  #cycles = 0;
  #stallCycles = 0;

  constructor(name: string, entry: number | null) {
    this.#name = name;
    this.#entry = entry;
  }

  add(slots: SlotCounts, i: number, map: CodeMap | null): void {
    const address = slots.address[i]!;
    const n = slots.executions[i]!;
    if (address === this.#entry) this.#calls += n;
    this.#instructions += n;
    this.#cycles += slots.cycles[i]!;
    this.#stallCycles += slots.stallCycles[i]!;
    const source = map?.lineAt(address) ?? null;
    const key = source ? `${source.file}:${source.line}` : '';
    let line = this.#lines.get(key);
    if (!line) {
      line = { file: source?.file ?? null, line: source?.line ?? 0, cycles: 0, instructions: 0 };
      this.#lines.set(key, line);
    }
    line.cycles += slots.cycles[i]!;
    line.instructions += n;
  }

  cost(): CodeFunctionCost {
    return {
      name: this.#name,
      calls: this.#calls,
      instructions: this.#instructions,
      cycles: this.#cycles,
      stallCycles: this.#stallCycles,
      lines: [...this.#lines.values()].sort((a, b) => b.cycles - a.cycles),
    };
  }
}
