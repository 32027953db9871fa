import type * as TensorFlow from '@tensorflow/tfjs';
import { layerNames, normNameOf, type DsCnnShape } from './ds-cnn.ts';
import type { DsCnnRanges } from './ds-cnn-spec.ts';
import { affineRange, quantile, type AffineRange } from './quantise.ts';

/** Highest activations given up for finer steps: 1 in 10 000. */
const KEPT_FRACTION = 0.9999;

/**
 * Ranges of all activations over calibration inputs (a few hundred training items, in the units of training).
 * ReLU outputs go from 0 to a high quantile; logits keep their extremes.
 */
export function calibrateRanges(
  tf: typeof TensorFlow,
  model: TensorFlow.LayersModel,
  shape: DsCnnShape,
  calibration: Float32Array,
  input: AffineRange,
): DsCnnRanges {
  const names = [
    layerNames.stem,
    ...Array.from({ length: shape.blocks }, (_, b) => [
      layerNames.depthwise(b),
      layerNames.pointwise(b),
    ]).flat(),
  ];
  const outputs = [...names.map(normNameOf), layerNames.classifier].map(
    (n) => model.getLayer(n).output as TensorFlow.SymbolicTensor,
  );
  const probe = tf.model({ inputs: model.inputs, outputs });
  const items = calibration.length / (shape.frames * shape.coefficients);
  let seen: Float32Array[] = [];
  // nothing is returned from tidy: it would walk through every element in search of tensors
  tf.tidy(() => {
    const x = tf.tensor(calibration, [items, shape.frames, shape.coefficients, 1]);
    seen = (probe.predict(x) as TensorFlow.Tensor[]).map((t) => t.dataSync() as Float32Array);
  });
  const logits = seen.pop()!;
  return {
    input,
    activations: seen.map((values) => affineRange(0, quantile(values, KEPT_FRACTION))),
    logits: affineRange(
      logits.reduce((a, b) => Math.min(a, b)),
      logits.reduce((a, b) => Math.max(a, b)),
    ),
  };
}
