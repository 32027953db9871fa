import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeTinyModel, smoothSpectrum } from '../../../scripts/make-tiny-model.ts';
import { orThrow } from '../../../src-main/base/errors.ts';
import { Rng } from '../../../src-main/base/rng.ts';
import type { Graph, Tensor } from '../../../src-main/model/graph.ts';
import { scaleOf, zeroPointOf } from '../../../src-main/model/op-view.ts';
import { readModel } from '../../../src-main/model/reader.ts';
import { root } from '../../needs.ts';

const committed = readFileSync(join(root, 'models/tiny-ad.tflite'));

/** The file's weights in floating point: what the int8 net approximates. */
function reconstruct(graph: Graph, spectrum: readonly number[]): number[] {
  return graph.ops.reduce<number[]>(
    (x, op) => {
      const [weights, bias] = op.inputs.slice(1).map((t) => real(graph.tensors[t]!)) as [number[], number[]];
      const y = bias.map((b, o) => x.reduce((sum, v, i) => sum + v * weights[o * x.length + i]!, b));
      return op.attributes.kind === 'fullyConnected' && op.attributes.activation === 'relu'
        ? y.map((v) => Math.max(0, v))
        : y;
    },
    [...spectrum],
  );
}

function real(t: Tensor): number[] {
  const copy = t.data!.slice().buffer;
  const q = t.type === 'int32' ? new Int32Array(copy) : new Int8Array(copy);
  return Array.from(q, (v) => scaleOf(t) * (v - zeroPointOf(t)));
}

const meanSquare = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((s, x, i) => s + (x - b[i]!) ** 2, 0) / a.length;

describe('tiny-ad', () => {
  it('is what its script makes, byte for byte', () => {
    expect(Buffer.from(makeTinyModel()).equals(committed)).toBe(true);
  });

  it('gives smooth spectra back and rough ones not: at least ten times the error', () => {
    const graph = orThrow(readModel(committed, 'tiny-ad'));
    const rng = new Rng(3);
    const smooth = Array.from({ length: 50 }, () => smoothSpectrum(rng));
    const rough = smooth.map((s) => s.map((x) => x + 4 * rng.normal()));
    const error = (all: number[][]) =>
      all.reduce((sum, s) => sum + meanSquare(s, reconstruct(graph, s)), 0) / all.length;
    expect(error(smooth)).toBeLessThan(1);
    expect(error(rough)).toBeGreaterThan(10 * error(smooth));
  });
});
