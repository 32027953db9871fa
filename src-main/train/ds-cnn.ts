import type * as TensorFlow from '@tensorflow/tfjs';

/** The keyword spotter of MLPerf Tiny, with free width: conv 10×4 stride 2, then depthwise-separable blocks. */
export interface DsCnnShape {
  readonly frames: number;
  readonly coefficients: number;
  readonly channels: number;
  readonly blocks: number;
  readonly classes: number;
}

export const KERNEL_H = 10;
export const KERNEL_W = 4;
export const STRIDE = 2;
export const DEPTHWISE_KERNEL = 3;

/** Names that folding looks the weights up by. */
export const layerNames = {
  stem: 'stem',
  depthwise: (block: number) => `depthwise${block}`,
  pointwise: (block: number) => `pointwise${block}`,
  classifier: 'classifier',
} as const;
export const normNameOf = (layer: string) => `${layer}_norm`;

type Tf = typeof TensorFlow;

/** Trainable, with batch normalisation and dropout; outputs logits. Input [batch, frames, coefficients, 1]. */
export function buildDsCnn(tf: Tf, shape: DsCnnShape, seed: number): TensorFlow.LayersModel {
  let nextSeed = seed * 1000;
  const initializer = () => tf.initializers.heNormal({ seed: nextSeed++ });
  const input = tf.input({ shape: [shape.frames, shape.coefficients, 1] });
  const normalised = (x: TensorFlow.SymbolicTensor, layer: string) => {
    const y = tf.layers
      .batchNormalization({ name: normNameOf(layer), momentum: 0.95, epsilon: 1e-3 })
      .apply(x);
    return tf.layers.reLU().apply(y) as TensorFlow.SymbolicTensor;
  };
  const conv = (name: string, kernelSize: [number, number], strides: number) =>
    tf.layers.conv2d({
      name,
      kernelSize,
      strides,
      filters: shape.channels,
      padding: 'same',
      useBias: false,
      kernelInitializer: initializer(),
    });
  let x = conv(layerNames.stem, [KERNEL_H, KERNEL_W], STRIDE).apply(input) as TensorFlow.SymbolicTensor;
  x = normalised(x, layerNames.stem);
  for (let b = 0; b < shape.blocks; b++) {
    const depthwise = tf.layers.depthwiseConv2d({
      name: layerNames.depthwise(b),
      kernelSize: DEPTHWISE_KERNEL,
      padding: 'same',
      useBias: false,
      depthwiseInitializer: initializer(),
    });
    x = normalised(depthwise.apply(x) as TensorFlow.SymbolicTensor, layerNames.depthwise(b));
    x = conv(layerNames.pointwise(b), [1, 1], 1).apply(x) as TensorFlow.SymbolicTensor;
    x = normalised(x, layerNames.pointwise(b));
  }
  x = tf.layers.globalAveragePooling2d({}).apply(x) as TensorFlow.SymbolicTensor;
  x = tf.layers.dropout({ rate: 0.2, seed: nextSeed++ }).apply(x) as TensorFlow.SymbolicTensor;
  const logits = tf.layers
    .dense({ name: layerNames.classifier, units: shape.classes, kernelInitializer: initializer() })
    .apply(x) as TensorFlow.SymbolicTensor;
  return tf.model({ inputs: input, outputs: logits });
}

/** Multiply-accumulates of one inference. */
export function dsCnnMacs(shape: DsCnnShape): number {
  const { channels, blocks, classes } = shape;
  const pixels = Math.ceil(shape.frames / STRIDE) * Math.ceil(shape.coefficients / STRIDE);
  const block = pixels * channels * (DEPTHWISE_KERNEL ** 2 + channels);
  return pixels * channels * KERNEL_H * KERNEL_W + blocks * block + channels * classes;
}
