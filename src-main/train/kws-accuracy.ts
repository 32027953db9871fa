import { wilson, type Proportion } from '../base/statistics.ts';
import { ok, type Result } from '../base/errors.ts';
import { host } from '../board/host.ts';
import { compile } from '../compile/compile.ts';
import { openTwin } from '../engine/twin.ts';
import { readModel } from '../model/reader.ts';
import { correctCount, topOnes } from './fit.ts';

/** Scores of int8 inputs ([item][width]) by the engine that runs on the device, [item][class]. */
export async function int8Scores(
  model: Uint8Array,
  inputs: Int8Array,
  width: number,
): Promise<Result<Int8Array>> {
  const graph = readModel(model, 'kws-syn');
  if (!graph.ok) return graph;
  const program = compile(graph.value, host);
  if (!program.ok) return program;
  const opened = await openTwin(program.value.bytes);
  if (!opened.ok) return opened;
  await using twin = opened.value;
  const classes = twin.outputs[0]!.bytes;
  const out = new Int8Array((inputs.length / width) * classes);
  for (let i = 0; i * width < inputs.length; i++) {
    const scores = twin.infer([new Uint8Array(inputs.buffer, inputs.byteOffset + i * width, width)]);
    if (!scores.ok) return scores;
    out.set(scores.value[0]!, i * classes);
  }
  return ok(out);
}

/** Top-1 classes of the same; the first of equals. */
export async function int8TopOnes(
  model: Uint8Array,
  inputs: Int8Array,
  width: number,
): Promise<Result<Uint8Array>> {
  const scores = await int8Scores(model, inputs, width);
  return scores.ok ? ok(topOnes(scores.value, scores.value.length / (inputs.length / width))) : scores;
}

/** Share of right answers with its 95 % Wilson interval. */
export function accuracyOf(predicted: Uint8Array, labels: Uint8Array): Proportion {
  return wilson(correctCount(predicted, labels), labels.length);
}
