import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { orThrow } from '../../../src-main/base/errors.ts';
import { Rng } from '../../../src-main/base/rng.ts';
import { pico } from '../../../src-main/board/pico.ts';
import { compile } from '../../../src-main/compile/compile.ts';
import { openMlperfLayout } from '../../../src-main/dataset/mlperf-layout.ts';
import { floatReference } from '../../../src-main/engine/float-reference.ts';
import { layerSqnr, type LayerOutputs, type LayerSqnr } from '../../../src-main/engine/sqnr.ts';
import { openTfjs, type Tfjs } from '../../../src-main/engine/tfjs.ts';
import { openTwin } from '../../../src-main/engine/twin.ts';
import { readModel } from '../../../src-main/model/reader.ts';
import { root } from '../../needs.ts';

interface Comparison {
  readonly layers: readonly LayerSqnr[];
  readonly sameTop1: number;
}

const top1 = (x: ArrayLike<number>) =>
  Array.from(x).reduce((best, v, i, all) => (v > all[best]! ? i : best), 0);

/** The int8 engine beside the float reference on the same inputs. */
async function compare(tfjs: Tfjs, file: string, inputs: readonly Uint8Array[]): Promise<Comparison> {
  const graph = orThrow(readModel(new Uint8Array(readFileSync(file)), 'model'));
  const program = orThrow(compile(graph, pico));
  await using twin = orThrow(await openTwin(program.bytes));
  await using reference = orThrow(floatReference(graph, tfjs));
  let sameTop1 = 0;
  const inferences = inputs.map((input) => {
    const { outputs, taps } = orThrow(twin.inferWithTaps([input]));
    const float = orThrow(reference.run([input]));
    const int8: LayerOutputs = new Map(taps.map((t) => [program.ops[t.opIndex]!.sourceIndex, t.bytes]));
    const scores = float.get(graph.outputs[0]!)!;
    if (top1(scores) === top1(new Int8Array(outputs[0]!.buffer, outputs[0]!.byteOffset, outputs[0]!.length)))
      sameTop1++;
    return { float, int8 };
  });
  return { layers: layerSqnr(graph, inferences), sameTop1 };
}

describe('int8 engine against the float reference', () => {
  let tfjs: Tfjs;
  beforeAll(async () => {
    tfjs = orThrow(await openTfjs('inference'));
  });

  it('kws-syn: same top-1 on at least 95 % of 60 samples, every layer between 12 and 60 dB', async () => {
    const layout = orThrow(openMlperfLayout(join(root, 'models/kws-syn-samples')));
    const inputs = Array.from({ length: 60 }, (_, i) => orThrow(layout.read(i, 490)).windows[0]!);
    const { layers, sameTop1 } = await compare(tfjs, join(root, 'models/kws-syn.tflite'), inputs);
    expect(sameTop1).toBeGreaterThanOrEqual(57);
    // stem, 4 × (depthwise, pointwise), pool, classifier, softmax; RESHAPE is elided
    expect(layers).toHaveLength(12);
    for (const layer of layers) {
      expect(layer.db, layer.name).toBeGreaterThan(12);
      expect(layer.db, layer.name).toBeLessThan(60);
    }
  });

  it('tiny-ad: every layer between 12 and 60 dB on inputs of its whole range', async () => {
    const file = join(root, 'models/tiny-ad.tflite');
    const graph = orThrow(readModel(new Uint8Array(readFileSync(file)), 'tiny-ad'));
    const size = graph.tensors[graph.inputs[0]!]!.shape.reduce((a, b) => a * b, 1);
    const rng = new Rng(11);
    const { layers } = await compare(
      tfjs,
      file,
      Array.from({ length: 10 }, () => rng.bytes(size)),
    );
    expect(layers.length).toBe(graph.ops.length);
    for (const layer of layers) {
      expect(layer.db, layer.name).toBeGreaterThan(12);
      expect(layer.db, layer.name).toBeLessThan(60);
    }
  });
});
