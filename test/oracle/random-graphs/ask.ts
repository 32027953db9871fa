/** Random graphs through TensorFlow Lite Micro and through runners; where they differ. */
import { orThrow } from '../../../src-main/base/errors.ts';
import { Rng } from '../../../src-main/base/rng.ts';
import { pico } from '../../../src-main/board/pico.ts';
import type { BoardDescriptor } from '../../../src-main/board/board.ts';
import { compile } from '../../../src-main/compile/compile.ts';
import type { Program } from '../../../src-main/compile/program.ts';
import type { ModelSpec } from '../../../src-main/model/model-spec.ts';
import { readModel } from '../../../src-main/model/reader.ts';
import { writeModel } from '../../../src-main/model/writer.ts';
import { inputSets } from '../../golden/input-sets.ts';
import { crcOfOutputs } from '../../qemu/batch.ts';
import { runTflm } from '../tflm.ts';
import type { GraphReply, GraphRunner } from './graph-runner.ts';

/** A model with inputs and what TensorFlow Lite Micro makes of them. */
export interface Question {
  readonly seed: number;
  readonly spec: ModelSpec;
  readonly model: Uint8Array;
  readonly sets: readonly (readonly Uint8Array[])[];
  readonly expected: readonly (readonly Uint8Array[])[];
}

export interface Difference {
  readonly runner: string;
  readonly question: Question;
  /** The set that differs first; null where the runner gave no outputs. */
  readonly set: number | null;
  readonly why: string;
}

/** Extremes, ends of the range in turn, a ramp, two random ones. */
export const SETS_PER_GRAPH = 7;

export function programOf(model: Uint8Array, board: BoardDescriptor): Program {
  return orThrow(compile(orThrow(readModel(model, 'random')), board));
}

function inputsFor(model: Uint8Array, seed: number): Uint8Array[][] {
  const program = programOf(model, pico);
  const inputs = program.inputs.map((t) => program.tensors[t]!);
  const step = program.tensors[program.outputs[0]!]!.scale || 1;
  return inputSets(inputs, SETS_PER_GRAPH, new Rng(seed), step);
}

/** One Python process for all. Throws where TensorFlow Lite Micro refuses a graph that we compile. */
export function questionsOf(
  python: string,
  specs: readonly { readonly seed: number; readonly spec: ModelSpec }[],
  given?: (seed: number) => readonly (readonly Uint8Array[])[],
): Question[] {
  const asked = specs.map(({ seed, spec }) => {
    const model = writeModel(spec);
    return { seed, spec, model, sets: given ? given(seed) : inputsFor(model, seed) };
  });
  const { replies } = runTflm(
    python,
    asked.map((q) => ({ model: q.model, outputCount: q.spec.outputs.length, sets: q.sets })),
  );
  return asked.map((q, i): Question => {
    const reply = replies[i]!;
    if (!reply.ok) throw new Error(`seed ${q.seed}: TFLM refuses ${namesOf(q.spec)}: ${reply.error}`);
    return { ...q, expected: reply.outputs };
  });
}

export function namesOf(spec: ModelSpec): string {
  return spec.ops.map((op) => op.name).join(' → ');
}

const equal = (a: readonly Uint8Array[], b: readonly Uint8Array[]): boolean =>
  a.length === b.length && a.every((bytes, i) => Buffer.compare(bytes, b[i]!) === 0);

function differenceOf(runner: GraphRunner, question: Question, reply: GraphReply): Difference | null {
  if (!reply.ok) return { runner: runner.name, question, set: null, why: reply.why };
  if ('crcs' in reply) {
    const at = reply.crcs.findIndex((crc, s) => crc !== crcOfOutputs(question.expected[s]!));
    return at < 0
      ? null
      : { runner: runner.name, question, set: at, why: `outputs of set ${at} have another CRC` };
  }
  const set = question.expected.findIndex((outputs, s) => !equal(outputs, reply.outputs[s] ?? []));
  if (set < 0) return null;
  return {
    runner: runner.name,
    question,
    set,
    why: firstDifferent(question.expected[set]!, reply.outputs[set]!),
  };
}

function firstDifferent(expected: readonly Uint8Array[], got: readonly Uint8Array[]): string {
  for (const [o, bytes] of expected.entries()) {
    const at = bytes.findIndex((byte, i) => byte !== got[o]?.[i]);
    if (at >= 0) return `output ${o}, byte ${at}: TFLM ${bytes[at]}, here ${got[o]?.[at]}`;
  }
  return 'outputs of other sizes';
}

/** Every question through one runner, each compiled for its board. */
export async function differences(
  runner: GraphRunner,
  questions: readonly Question[],
): Promise<Difference[]> {
  const cases = questions.map(({ model, sets }) => ({ program: programOf(model, runner.board), sets }));
  const replies = await runner.run(cases);
  return questions
    .map((question, i) => differenceOf(runner, question, replies[i]!))
    .filter((d): d is Difference => d !== null);
}
