import type { Rng } from '../../base/rng.ts';
import type { ModelSpec, TensorSpec } from '../model-spec.ts';
import { activationTensor, randomScale, randomZeroPoint, singleOperator } from './random-tensors.ts';

export interface SvdfSizes {
  readonly batches: number;
  readonly inputs: number;
  readonly units: number;
  readonly rank: number;
  readonly memory: number;
}

/** Small and odd. */
function randomSizes(rng: Rng): SvdfSizes {
  const [batches, inputs, units] = [rng.pick([1, 1, 2]), rng.int(1, 20), rng.int(1, 8)];
  return { batches, inputs, units, rank: rng.int(1, 3), memory: rng.int(1, 9) };
}

export function generateSvdf(rng: Rng, sizes: SvdfSizes = randomSizes(rng)): ModelSpec {
  const { batches, inputs, units, rank, memory } = sizes;
  const filters = units * rank;
  const [inScale, featureScale, timeScale] = [
    randomScale(rng, 1e-2),
    randomScale(rng, 1e-3, 0.1),
    randomScale(rng, 1e-6, 1e-4),
  ];
  const stateScale = Math.fround((inScale * featureScale * Math.sqrt(inputs) * 74 * 74) / 9000);
  const biasScale = Math.fround(stateScale * timeScale);
  const outScale = Math.fround((biasScale * Math.sqrt(rank * memory) * 9000 * 9000) / 60);
  const quantized = (scale: number) => ({ scales: [scale], zeroPoints: [0] });
  const isRelu = rng.float() < 0.5;
  const spread = Math.ceil(Math.sqrt(rank * memory) * 9000 * 5000);
  const tensors: TensorSpec[] = [
    activationTensor('input', [batches, inputs], inScale, randomZeroPoint(rng)),
    {
      name: 'features',
      type: 'int8',
      shape: [filters, inputs],
      data: Int8Array.from({ length: filters * inputs }, () => rng.int(-127, 127)),
      quantization: quantized(featureScale),
    },
    {
      name: 'times',
      type: 'int16',
      shape: [filters, memory],
      data: Int16Array.from({ length: filters * memory }, () => rng.int(-9000, 9000)),
      quantization: quantized(timeScale),
    },
    {
      name: 'bias',
      type: 'int32',
      shape: [units],
      data: Int32Array.from({ length: units }, () => rng.int(-spread, spread)),
      quantization: quantized(biasScale),
    },
    {
      name: 'state',
      type: 'int16',
      shape: [batches, memory * filters],
      quantization: quantized(stateScale),
      isVariable: true,
    },
    activationTensor('output', [batches, units], outScale, isRelu ? -128 : randomZeroPoint(rng)),
  ];
  return singleOperator('SVDF', { kind: 'svdf', rank, activation: isRelu ? 'relu' : 'none' }, tensors);
}
