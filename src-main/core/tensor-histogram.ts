import { fail, ok, type Result } from '../base/errors.ts';
import type { TensorHistogram } from '../contract/bench/graphs.ts';
import type { Tensor } from '../model/graph.ts';
import { openModelFile } from './model-file.ts';

const BINS = 64;

/** How the values of a constant of a model are distributed. `model.no-constant` for an activation, a string, or nothing. */
export function tensorHistogram(modelPath: string, tensor: number): Result<TensorHistogram> {
  const file = openModelFile(modelPath);
  if (!file.ok) return file;
  const found = file.value.graph.tensors[tensor];
  const values = found ? valuesOf(found) : null;
  return values && values.length > 0 ? ok(histogram(tensor, values)) : noConstant(tensor);
}

function noConstant(tensor: number): Result<never> {
  return fail(
    'model.no-constant',
    { tensor },
    'This tensor has no stored values: it is computed, or of a type without numbers.',
    'Choose the weights or the bias of an operator.',
  );
}

type Values = Int8Array | Uint8Array | Int16Array | Int32Array | Float32Array;

/** A copy: the file's own bytes need not be aligned. */
function valuesOf({ type, data }: Tensor): Values | null {
  if (!data) return null;
  const whole = data.slice(0, data.length - (data.length % 4)).buffer;
  switch (type) {
    case 'int8':
      return new Int8Array(data);
    case 'uint8':
      return new Uint8Array(data);
    case 'int16':
      return new Int16Array(data.slice(0, data.length - (data.length % 2)).buffer);
    case 'int32':
      return new Int32Array(whole);
    case 'float32':
      return new Float32Array(whole).filter(Number.isFinite);
    default:
      return null;
  }
}

function histogram(tensor: number, values: Values): TensorHistogram {
  let min = Infinity;
  let max = -Infinity;
  let sum = 0;
  let zeros = 0;
  for (const v of values) {
    if (v < min) min = v;
    if (v > max) max = v;
    sum += v;
    if (v === 0) zeros++;
  }
  const mean = sum / values.length;
  // a bin of whole numbers holds equally many of them, or some bars would be high for no reason
  const span = max - min;
  const whole = !(values instanceof Float32Array);
  const binWidth = whole ? Math.max(1, Math.ceil((span + 1) / BINS)) : Math.max(span / BINS, 1e-30);
  const bins = new Array<number>(whole ? Math.floor(span / binWidth) + 1 : BINS).fill(0);
  let squares = 0;
  for (const v of values) {
    bins[Math.min(bins.length - 1, Math.floor((v - min) / binWidth))]!++;
    squares += (v - mean) ** 2;
  }
  const std = Math.sqrt(squares / values.length);
  return { tensor, count: values.length, zeros, min, max, mean, std, from: min, binWidth, bins };
}
