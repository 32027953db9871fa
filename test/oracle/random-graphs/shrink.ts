/** Makes a failing graph as small as it stays failing: fewer operators, one set of inputs, duller inputs. */
import type { ModelSpec, OpSpec } from '../../../src-main/model/model-spec.ts';
import { differences, questionsOf, type Difference, type Question } from './ask.ts';
import type { GraphRunner } from './graph-runner.ts';

/** Only the tensors that `ops` touch, renumbered. */
function part(
  spec: ModelSpec,
  ops: readonly OpSpec[],
  inputs: readonly number[],
  outputs: readonly number[],
): ModelSpec {
  const used = [
    ...new Set([...inputs, ...outputs, ...ops.flatMap((op) => [...op.inputs, ...op.outputs])]),
  ].filter((t) => t >= 0);
  const to = new Map(used.map((t, i) => [t, i]));
  const move = (t: number) => (t < 0 ? t : to.get(t)!);
  return {
    ...spec,
    tensors: used.map((t) => spec.tensors[t]!),
    ops: ops.map((op) => ({ ...op, inputs: op.inputs.map(move), outputs: op.outputs.map(move) })),
    inputs: inputs.map(move),
    outputs: outputs.map(move),
  };
}

/** The operators that tensors `wanted` depend on, in order. */
function leadingTo(spec: ModelSpec, wanted: readonly number[]): OpSpec[] {
  const needed = new Set(wanted);
  const kept: OpSpec[] = [];
  for (const op of [...spec.ops].reverse()) {
    if (!op.outputs.some((t) => needed.has(t))) continue;
    kept.unshift(op);
    op.inputs.forEach((t) => needed.add(t));
  }
  return kept;
}

/** The graph up to one operator: its outputs are the graph's. */
function upTo(spec: ModelSpec, op: OpSpec): ModelSpec {
  const ops = leadingTo(spec, op.outputs);
  const read = new Set(ops.flatMap((o) => o.inputs));
  const made = ops.flatMap((o) => o.outputs).filter((t) => !read.has(t));
  return part(
    spec,
    ops,
    spec.inputs.filter((t) => read.has(t)),
    made,
  );
}

/** One operator alone; what it read from others becomes an input with the values TFLM computed. */
function alone(spec: ModelSpec, op: OpSpec): { spec: ModelSpec; reads: number[] } {
  const reads = [...new Set(op.inputs.filter((t) => t >= 0 && !spec.tensors[t]!.data))];
  return { spec: part(spec, [op], reads, op.outputs), reads };
}

export class Shrinker {
  readonly #python: string;
  readonly #runner: GraphRunner;

  constructor(python: string, runner: GraphRunner) {
    this.#python = python;
    this.#runner = runner;
  }

  async shrink(found: Difference): Promise<Difference> {
    let best = found;
    best = (await this.#fewerOperators(best)) ?? best;
    best = (await this.#oneOperator(best)) ?? best;
    best = (await this.#oneSet(best)) ?? best;
    return (await this.#dullerInputs(best)) ?? best;
  }

  async #still(seed: number, spec: ModelSpec, sets: Question['sets']): Promise<Difference | null> {
    const questions = questionsOf(this.#python, [{ seed, spec }], () => sets);
    return (await differences(this.#runner, questions))[0] ?? null;
  }

  /** Inputs of a smaller graph: those of the larger one that it still has, by name. */
  #setsFor(from: Question, spec: ModelSpec): Uint8Array[][] {
    const names = from.spec.inputs.map((t) => from.spec.tensors[t]!.name);
    return from.sets.map((set) => spec.inputs.map((t) => set[names.indexOf(spec.tensors[t]!.name)]!));
  }

  async #fewerOperators({ question }: Difference): Promise<Difference | null> {
    for (const op of question.spec.ops) {
      const smaller = upTo(question.spec, op);
      if (smaller.ops.length === question.spec.ops.length) continue;
      const found = await this.#still(question.seed, smaller, this.#setsFor(question, smaller));
      if (found) return found;
    }
    return null;
  }

  async #oneOperator({ question }: Difference): Promise<Difference | null> {
    const { spec, seed } = question;
    const op = spec.ops.at(-1)!;
    if (spec.ops.length === 1) return null;
    const single = alone(spec, op);
    const values = await this.#values(question, single.reads);
    return values ? this.#still(seed, single.spec, values) : null;
  }

  /** What TFLM computes for tensors in the middle. */
  async #values(question: Question, tensors: readonly number[]): Promise<Uint8Array[][] | null> {
    const columns: Uint8Array[][] = [];
    for (const t of tensors) {
      const at = question.spec.inputs.indexOf(t);
      if (at >= 0) {
        columns.push(question.sets.map((set) => set[at]!));
        continue;
      }
      const ops = leadingTo(question.spec, [t]);
      const read = new Set(ops.flatMap((o) => o.inputs));
      const inputs = question.spec.inputs.filter((i) => read.has(i));
      const others = ops.flatMap((o) => o.outputs).filter((o) => o !== t && !read.has(o));
      const spec = part(question.spec, ops, inputs, [t, ...others]);
      const [asked] = questionsOf(this.#python, [{ seed: question.seed, spec }], () =>
        question.sets.map((set) => inputs.map((i) => set[question.spec.inputs.indexOf(i)]!)),
      );
      columns.push(asked!.expected.map((outputs) => outputs[0]!));
    }
    return question.sets.map((_, s) => columns.map((column) => column[s]!));
  }

  async #oneSet({ question, set }: Difference): Promise<Difference | null> {
    if (set === null || question.sets.length === 1) return null;
    return this.#still(question.seed, question.spec, [question.sets[set]!]);
  }

  /** Halves of the inputs, then quarters …, at 0, as long as it still fails. */
  async #dullerInputs(found: Difference): Promise<Difference | null> {
    let best: Difference | null = null;
    let current = found.question.sets[0]!;
    if (found.question.sets.length !== 1) return null;
    for (let pieces = 1; pieces <= 16; pieces *= 2) {
      for (let piece = 0; piece < pieces; piece++) {
        const duller = current.map((bytes) => zeroed(bytes, piece, pieces));
        if (duller.every((bytes, i) => Buffer.compare(bytes, current[i]!) === 0)) continue;
        const still = await this.#still(found.question.seed, found.question.spec, [duller]);
        if (!still) continue;
        best = still;
        current = duller;
      }
    }
    return best;
  }
}

function zeroed(bytes: Uint8Array, piece: number, pieces: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  return copy.fill(
    0,
    Math.floor((piece * bytes.length) / pieces),
    Math.floor(((piece + 1) * bytes.length) / pieces),
  );
}
