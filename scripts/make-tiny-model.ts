/**
 * Makes models/tiny-ad.tflite: an int8 autoencoder of four FULLY_CONNECTED layers, 64-32-8-32-64, that needs no data
 * set. Its weights are constructed, not trained: the encoder takes the eight slowest cosines of a 64-bin spectrum, the
 * decoder gives them back through a seeded random frame. Smooth spectra come back almost unchanged, rough ones do not,
 * so the mean squared error tells them apart, as in MLPerf Tiny's anomaly detection.
 *
 * `node scripts/make-tiny-model.ts` writes; `-- --check` exits 1 when the file differs.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Rng } from '../src-main/base/rng.ts';
import { writeModel, type OpSpec, type TensorSpec } from '../src-main/model/writer.ts';

const BINS = 64;
const CODE = 8;
const HIDDEN = 32;
const SEED = 64_864;

type Matrix = number[][];

interface Layer {
  /** [outputs][inputs]. */
  readonly weights: Matrix;
  readonly bias: readonly number[];
  readonly relu: boolean;
}

/** Orthonormal cosines (DCT-II), slowest first. */
function cosines(count: number): Matrix {
  return Array.from({ length: count }, (_, k) =>
    Array.from({ length: BINS }, (_, i) => {
      const norm = Math.sqrt((k === 0 ? 1 : 2) / BINS);
      return norm * Math.cos((Math.PI * k * (2 * i + 1)) / (2 * BINS));
    }),
  );
}

const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((s, x, i) => s + x * b[i]!, 0);

/** Random orthonormal rows (Gram-Schmidt on normal vectors). */
function randomRotation(rng: Rng, size: number): Matrix {
  const rows: Matrix = [];
  while (rows.length < size) {
    let row = Array.from({ length: size }, () => rng.normal());
    for (const r of rows) {
      const along = dot(row, r);
      row = row.map((x, i) => x - along * r[i]!);
    }
    const length = Math.sqrt(dot(row, row));
    rows.push(row.map((x) => x / length));
  }
  return rows;
}

/** The mean spectrum in dB: falling with frequency. */
const mean = Array.from({ length: BINS }, (_, i) => -20 - (20 * i) / (BINS - 1));

/** ReLU keeps one sign, so every direction is there with both. */
const bothSigns = (rows: Matrix): Matrix => [...rows, ...rows.map((r) => r.map((x) => -x))];

function layers(rng: Rng): Layer[] {
  const basis = cosines(HIDDEN / 2);
  const first = bothSigns(basis);
  const pick = Array.from({ length: CODE }, (_, k) =>
    Array.from({ length: HIDDEN }, (_, j) => (j === k ? 1 : j === k + HIDDEN / 2 ? -1 : 0)),
  );
  const identity = Array.from({ length: CODE }, (_, k) =>
    Array.from({ length: CODE }, (_, j) => (j === k ? 1 : 0)),
  );
  const frame = bothSigns([...identity, ...randomRotation(rng, CODE)]);
  const back = Array.from({ length: BINS }, (_, i) =>
    frame.map(
      (r) =>
        dot(
          r,
          basis.slice(0, CODE).map((b) => b[i]!),
        ) / 2,
    ),
  );
  return [
    { weights: first, bias: first.map((r) => -dot(r, mean)), relu: true },
    { weights: pick, bias: new Array<number>(CODE).fill(0), relu: false },
    { weights: frame, bias: new Array<number>(HIDDEN).fill(0), relu: true },
    { weights: back, bias: mean, relu: false },
  ];
}

function run(layer: Layer, x: readonly number[]): number[] {
  const y = layer.weights.map((row, i) => dot(row, x) + layer.bias[i]!);
  return layer.relu ? y.map((v) => Math.max(0, v)) : y;
}

/** A spectrum of the kind the net knows: the mean, a few slow cosines, a little noise. In dB. */
export function smoothSpectrum(rng: Rng): number[] {
  const basis = cosines(CODE);
  const weights = basis.map(() => 12 * rng.normal());
  return mean.map((m, i) => m + basis.reduce((s, b, k) => s + weights[k]! * b[i]!, 0) + 0.5 * rng.normal());
}

interface Affine {
  readonly scale: number;
  readonly zeroPoint: number;
}

/** int8 covering [least, most], zero included exactly. */
function affine(least: number, most: number): Affine {
  const [low, high] = [Math.min(0, least), Math.max(0, most)];
  const scale = Math.fround((high - low) / 255);
  return { scale, zeroPoint: Math.round(-128 - low / scale) };
}

/** Post-training quantisation: ranges of 256 seeded spectra, symmetric weights with one scale a layer. */
function activations(net: readonly Layer[], rng: Rng): Affine[] {
  const least = new Array<number>(net.length + 1).fill(0);
  const most = new Array<number>(net.length + 1).fill(0);
  for (let n = 0; n < 256; n++) {
    let x = smoothSpectrum(rng);
    for (let l = 0; l <= net.length; l++) {
      least[l] = Math.min(least[l]!, ...x);
      most[l] = Math.max(most[l]!, ...x);
      if (l < net.length) x = run(net[l]!, x);
    }
  }
  return least.map((low, l) => affine(low, most[l]!));
}

export function makeTinyModel(): Uint8Array {
  const rng = new Rng(SEED);
  const net = layers(rng);
  const ranges = activations(net, rng);
  const activation = (l: number, name: string): TensorSpec => ({
    name,
    type: 'int8',
    shape: [1, l === 0 ? BINS : net[l - 1]!.weights.length],
    quantization: { scales: [ranges[l]!.scale], zeroPoints: [ranges[l]!.zeroPoint] },
  });
  const tensors: TensorSpec[] = [activation(0, 'spectrum')];
  const ops: OpSpec[] = net.map((layer, l) => {
    const scale = Math.fround(Math.max(...layer.weights.flat().map(Math.abs)) / 127);
    const biasScale = Math.fround(ranges[l]!.scale * scale);
    const at = tensors.length;
    tensors.push(
      {
        name: `dense_${l}/weights`,
        type: 'int8',
        shape: [layer.weights.length, layer.weights[0]!.length],
        data: Int8Array.from(layer.weights.flat(), (w) => Math.round(w / scale)),
        quantization: { scales: [scale], zeroPoints: [0] },
      },
      {
        name: `dense_${l}/bias`,
        type: 'int32',
        shape: [layer.weights.length],
        data: Int32Array.from(layer.bias, (b) => Math.round(b / biasScale)),
        quantization: { scales: [biasScale], zeroPoints: [0] },
      },
      activation(l + 1, l + 1 === net.length ? 'reconstruction' : `dense_${l}`),
    );
    return {
      name: 'FULLY_CONNECTED',
      attributes: { kind: 'fullyConnected', activation: layer.relu ? 'relu' : 'none', keepNumDims: false },
      inputs: [l === 0 ? 0 : at - 1, at, at + 1],
      outputs: [at + 2],
    };
  });
  return writeModel({
    name: 'main',
    description: 'Microjoule tiny-ad: constructed autoencoder of smooth 64-bin spectra',
    tensors,
    ops,
    inputs: [0],
    outputs: [tensors.length - 1],
  });
}

if (import.meta.main) {
  const path = join(import.meta.dirname, '../models/tiny-ad.tflite');
  const bytes = makeTinyModel();
  const same = existsSync(path) && Buffer.from(bytes).equals(readFileSync(path));
  if (process.argv.includes('--check')) process.exitCode = same ? 0 : 1;
  else writeFileSync(path, bytes);
}
