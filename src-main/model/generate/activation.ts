import type { Rng } from '../../base/rng.ts';
import type { ModelSpec } from '../model-spec.ts';
import type { OpAttributes } from '../operators.ts';
import { activationTensor, randomScale, randomZeroPoint, singleOperator } from './random-tensors.ts';

type Name = 'RELU' | 'RELU6' | 'LEAKY_RELU' | 'HARD_SWISH' | 'LOGISTIC' | 'TANH';

/** What the operator's output must be for an input of scale `scale` and zero point `zeroPoint`. */
function outputQuantization(rng: Rng, name: Name, scale: number, zeroPoint: number): [number, number] {
  if (name === 'RELU6') return [scale, zeroPoint];
  if (name === 'LOGISTIC') return [1 / 256, -128];
  if (name === 'TANH') return [1 / 128, 0];
  return [Math.fround(scale * 4 ** (2 * rng.float() - 1)), randomZeroPoint(rng)];
}

/** Up to 300 elements, so that one set of inputs may reach every byte. */
export function generateActivation(rng: Rng, name: Name): ModelSpec {
  const shape = rng.pick([
    [1, rng.int(1, 300)],
    [rng.int(1, 40)],
    [1, rng.int(1, 9), rng.int(1, 9), rng.int(1, 5)],
  ]);
  const [scale, zeroPoint] = [randomScale(rng, 1e-3), randomZeroPoint(rng)];
  const [outScale, outZeroPoint] = outputQuantization(rng, name, scale, zeroPoint);
  const alpha = Math.fround(rng.pick([0, 0.01, 0.1, 0.3, 1, 1.5, rng.float()]));
  const attributes: OpAttributes = name === 'LEAKY_RELU' ? { kind: 'leakyRelu', alpha } : { kind: 'plain' };
  return singleOperator(name, attributes, [
    activationTensor('input', shape, scale, zeroPoint),
    activationTensor('output', shape, outScale, outZeroPoint),
  ]);
}
