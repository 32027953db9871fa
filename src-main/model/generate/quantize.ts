import type { Rng } from '../../base/rng.ts';
import type { ModelSpec, TensorSpec } from '../model-spec.ts';
import { activationTensor, randomScale, randomZeroPoint, singleOperator } from './random-tensors.ts';

export function generateQuantize(rng: Rng): ModelSpec {
  const shape = [1, rng.int(1, 60)];
  const scale = randomScale(rng, 1e-3);
  const near = Math.fround(scale * 4 ** (2 * rng.float() - 1));
  const int8 = (name: string, s: number) => activationTensor(name, shape, s, randomZeroPoint(rng));
  const uint8 = (name: string, s: number): TensorSpec => ({
    ...int8(name, s),
    type: 'uint8',
    quantization: { scales: [s], zeroPoints: [rng.int(0, 255)] },
  });
  const float: TensorSpec = { name: 'input', type: 'float32', shape };
  const tensors = rng.pick([
    () => [float, int8('output', scale)],
    () => [int8('input', near), int8('output', scale)],
    () => [uint8('input', near), int8('output', scale)],
    () => [int8('input', near), uint8('output', scale)],
  ])();
  return singleOperator('QUANTIZE', { kind: 'quantize' }, tensors);
}
