/** Models whose ends are float32 or uint8: the whole chain against TensorFlow Lite Micro. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { DType } from '../../src-main/abi/generated.ts';
import { orThrow } from '../../src-main/base/errors.ts';
import { Rng } from '../../src-main/base/rng.ts';
import { pico } from '../../src-main/board/pico.ts';
import { compile } from '../../src-main/compile/compile.ts';
import { openTwin } from '../../src-main/engine/twin.ts';
import { scaleOf } from '../../src-main/model/op-view.ts';
import { readModel } from '../../src-main/model/reader.ts';
import { writeModel } from '../../src-main/model/writer.ts';
import { inputSets } from '../golden/input-sets.ts';
import { describeWith, needs, python, root, sharedDir } from '../needs.ts';
import { withEnds } from './model-edges.ts';
import { runTflm } from './tflm.ts';

async function expectExact(path: string, type: 'float32' | 'uint8'): Promise<void> {
  const inner = orThrow(readModel(readFileSync(path), 'inner'));
  const model = writeModel(withEnds(inner, type));
  const program = orThrow(compile(orThrow(readModel(model, 'ends')), pico));
  const input = program.tensors[program.inputs[0]!]!;
  expect(input.dtype).toBe(type === 'float32' ? DType.Float32 : DType.UInt8);
  const sets = inputSets([input], 8, new Rng(4), scaleOf(inner.tensors[inner.inputs[0]!]!));
  const [reply] = runTflm(python!, [{ model, outputCount: 1, sets }]).replies;
  if (!reply!.ok) throw new Error(reply!.error);
  await using twin = orThrow(await openTwin(program.bytes));
  sets.forEach((set, i) => expect(orThrow(twin.infer(set))[0]).toEqual(reply!.outputs[i]![0]));
}

describeWith([needs.python], 'our own model with other ends', () => {
  it.each(['float32', 'uint8'] as const)('%s', (type) =>
    expectExact(join(root, 'models/tiny-ad.tflite'), type),
  );
});

describeWith([needs.python, needs.shared], 'the keyword spotter with other ends', () => {
  it.each(['float32', 'uint8'] as const)('%s', (type) =>
    expectExact(join(sharedDir!, 'data/models/kws01_int8.tflite'), type),
  );
});
