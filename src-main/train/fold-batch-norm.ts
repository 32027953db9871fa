import type * as TensorFlow from '@tensorflow/tfjs';
import { layerNames, normNameOf, type DsCnnShape } from './ds-cnn.ts';

/** A layer with its batch normalisation folded in; weights in .tflite order. */
export interface FoldedLayer {
  readonly kind: 'conv' | 'depthwise' | 'dense';
  readonly name: string;
  /** conv [out][h][w][in], depthwise [1][h][w][channel], dense [out][in]. */
  readonly weights: Float32Array;
  readonly shape: readonly number[];
  readonly bias: Float32Array;
}

const BATCH_NORM_EPSILON = 1e-3;

/**
 * y = γ (x − μ) / √(σ² + ε) + β becomes one factor a channel on the weights and a bias.
 * `inputScale` multiplies the stem's weights: training saw features times that.
 */
export function foldDsCnn(
  model: TensorFlow.LayersModel,
  shape: DsCnnShape,
  inputScale: number,
): FoldedLayer[] {
  const convs = Array.from({ length: shape.blocks }, (_, b) => [
    fold(model, layerNames.depthwise(b), 'depthwise', 1),
    fold(model, layerNames.pointwise(b), 'conv', 1),
  ]);
  return [fold(model, layerNames.stem, 'conv', inputScale), ...convs.flat(), dense(model)];
}

function values(model: TensorFlow.LayersModel, layer: string): { data: Float32Array; shape: number[] }[] {
  return model
    .getLayer(layer)
    .getWeights()
    .map((w) => ({ data: w.dataSync() as Float32Array, shape: w.shape }));
}

/** Factor and bias a channel out of γ, β, μ, σ². */
function normalisation(
  model: TensorFlow.LayersModel,
  layer: string,
): { factor: Float32Array; bias: Float32Array } {
  const [gamma, beta, mean, variance] = values(model, normNameOf(layer)).map((w) => w.data);
  const factor = gamma!.map((g, c) => g / Math.sqrt(variance![c]! + BATCH_NORM_EPSILON));
  return { factor, bias: beta!.map((b, c) => b - mean![c]! * factor[c]!) };
}

function fold(
  model: TensorFlow.LayersModel,
  name: string,
  kind: 'conv' | 'depthwise',
  inputScale: number,
): FoldedLayer {
  const { data, shape } = values(model, name)[0]!;
  const { factor, bias } = normalisation(model, name);
  const [h, w, inner, outer] = shape as [number, number, number, number];
  const weights = new Float32Array(data.length);
  for (let tap = 0; tap < h * w; tap++)
    for (let i = 0; i < inner; i++)
      for (let o = 0; o < outer; o++) {
        const from = data[(tap * inner + i) * outer + o]! * inputScale;
        if (kind === 'conv') weights[(o * h * w + tap) * inner + i] = from * factor[o]!;
        // tfjs: [h][w][channel][1]
        else weights[tap * inner + i] = from * factor[i]!;
      }
  return { kind, name, weights, shape: kind === 'conv' ? [outer, h, w, inner] : [1, h, w, inner], bias };
}

function dense(model: TensorFlow.LayersModel): FoldedLayer {
  const [kernel, bias] = values(model, layerNames.classifier);
  const [inner, outer] = kernel!.shape as [number, number];
  const weights = new Float32Array(kernel!.data.length);
  for (let i = 0; i < inner; i++)
    for (let o = 0; o < outer; o++) weights[o * inner + i] = kernel!.data[i * outer + o]!;
  return { kind: 'dense', name: layerNames.classifier, weights, shape: [outer, inner], bias: bias!.data };
}
