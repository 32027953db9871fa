import { resolve } from 'node:path';
import { ResultKind } from '../../../abi/generated.ts';
import { ok, type Result } from '../../../base/errors.ts';
import { host } from '../../../board/host.ts';
import { inputBytes } from '../../../compile/image.ts';
import type { Program } from '../../../compile/program.ts';
import { datasetInputs, randomInputs } from '../../../core/input-sets.ts';
import { compileFor, openModelFile, type ModelFile } from '../../../core/model-file.ts';
import { floatReference, type FloatReference } from '../../../engine/float-reference.ts';
import { rawValues, tensorsOf } from '../../../engine/harness-io.ts';
import { layerSqnr, type LayerSqnr } from '../../../engine/sqnr.ts';
import { openTfjs } from '../../../engine/tfjs.ts';
import { openTwin, type Twin } from '../../../engine/twin.ts';
import type { InputSet } from '../../../run/ports.ts';
import type { CommandContext } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { table } from '../output.ts';

interface Sides {
  readonly model: ModelFile;
  readonly program: Program;
  readonly twin: Twin;
  readonly reference: FloatReference;
}

interface Compared {
  readonly layers: readonly LayerSqnr[];
  readonly items: number;
  /** Inputs on which float and int8 name the same class; null where the outputs are no scores. */
  readonly sameTop1: number | null;
  readonly interrupted: boolean;
}

const top1 = (x: ArrayLike<number>): number =>
  Array.from(x).reduce((best, v, i, all) => (v > all[best]! ? i : best), 0);

/** Both sides on the same inputs. A file of several windows gives its first one. */
async function compareOn(
  sides: Sides,
  inputs: InputSet,
  items: number,
  { output, signal }: CommandContext,
): Promise<Result<Compared>> {
  const { model, program, twin, reference } = sides;
  const scores = model.resultKind === ResultKind.Scores;
  const inferences: { float: ReadonlyMap<number, Float32Array>; int8: ReadonlyMap<number, Uint8Array> }[] =
    [];
  let same = 0;
  for (let i = 0; i < items && !signal.aborted; i++) {
    output.progress(`input ${i + 1}/${items}`, i / items, null);
    const item = inputs.item(i);
    if (!item.ok) return item;
    const tensors = tensorsOf(item.value.windows[0]!, twin.inputs, model.inputEncoding);
    if (!tensors.ok) return tensors;
    const int8 = twin.inferWithTaps(tensors.value);
    if (!int8.ok) return int8;
    const float = reference.run(tensors.value);
    if (!float.ok) return float;
    inferences.push({
      float: float.value,
      int8: new Map(int8.value.taps.map((t) => [program.ops[t.opIndex]!.sourceIndex, t.bytes])),
    });
    const quantised = rawValues(twin.outputs[0]!, int8.value.outputs[0]!);
    if (top1(float.value.get(model.graph.outputs[0]!)!) === top1(quantised)) same++;
    // a long list must not hold up Ctrl-C
    await new Promise((done) => setImmediate(done));
  }
  output.endProgress();
  return ok({
    layers: layerSqnr(model.graph, inferences),
    items: inferences.length,
    sameTop1: scores ? same : null,
    interrupted: signal.aborted,
  });
}

function sqnrText(
  model: ModelFile,
  backend: string,
  inputs: string,
  { layers, items, sameTop1 }: Compared,
): string {
  const rows = layers.map((l) => [
    String(l.operator),
    l.name,
    Number.isFinite(l.db) ? l.db.toFixed(1) : 'exact',
  ]);
  return [
    `${model.name}: int8 engine against float32 on ${items} inputs (${inputs}); ${backend}`,
    table(['op', 'operator', 'SQNR / dB'], rows, [0, 2]),
    ...(sameTop1 === null ? [] : [`same top-1 on ${sameTop1} of ${items}`]),
  ].join('\n\n');
}

/** What quantisation costs: the host twin beside a float reference by TensorFlow.js. Labels are not needed. */
export async function sqnr(
  path: string,
  o: { readonly data?: string; readonly items: number; readonly seed: number },
  context: CommandContext,
): Promise<number> {
  const { output } = context;
  const model = openModelFile(resolve(path));
  if (!model.ok) return output.fail(model);
  const program = compileFor(model.value, host);
  if (!program.ok) return output.fail(program);
  const bytes = inputBytes(program.value, model.value.inputEncoding);
  const inputs =
    o.data === undefined
      ? ok(randomInputs(o.seed, bytes, model.value.inputEncoding))
      : datasetInputs(resolve(o.data), bytes);
  if (!inputs.ok) return output.fail(inputs);
  // the library announces its oneDNN operations on standard error, where a user looks for what went wrong
  process.env.TF_ENABLE_ONEDNN_OPTS ??= '0';
  const tfjs = await openTfjs('inference');
  if (!tfjs.ok) return output.fail(tfjs);
  const reference = floatReference(model.value.graph, tfjs.value);
  if (!reference.ok) return output.fail(reference);
  await using float = reference.value;
  const twin = await openTwin(program.value.bytes);
  if (!twin.ok) return output.fail(twin);
  await using int8 = twin.value;
  const items = Math.min(o.items, inputs.value.size);
  const done = await compareOn(
    { model: model.value, program: program.value, twin: int8, reference: float },
    inputs.value,
    items,
    context,
  );
  if (!done.ok) return output.fail(done);
  const { layers, sameTop1, interrupted } = done.value;
  const facts = {
    model: model.value.name,
    backend: tfjs.value.description,
    inputs: inputs.value.describe,
    items: done.value.items,
    // JSON has no infinity: null where int8 and float agree exactly
    layers: layers.map((l) => ({ ...l, db: Number.isFinite(l.db) ? l.db : null })),
    sameTop1,
  };
  output.result(facts, () =>
    sqnrText(model.value, tfjs.value.description, inputs.value.describe, done.value),
  );
  return interrupted ? exitCodes.interrupted : exitCodes.done;
}
