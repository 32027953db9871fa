import type { Rng } from '../../base/rng.ts';
import type { ModelSpec } from '../model-spec.ts';
import type { Padding } from '../operators.ts';
import { windowOutput } from '../window.ts';
import { randomAxis } from './conv2d.ts';
import {
  activationTensor,
  randomActivation,
  randomScale,
  randomZeroPoint,
  singleOperator,
} from './random-tensors.ts';

export function generatePool2d(rng: Rng, name: 'AVERAGE_POOL_2D' | 'MAX_POOL_2D'): ModelSpec {
  const h = { ...randomAxis(rng, 9), dilation: 1 };
  const w = { ...randomAxis(rng, 9), dilation: 1 };
  const padding: Padding = rng.pick(['same', 'valid'] as const);
  const channels = rng.int(1, 9);
  const [scale, zeroPoint] = [randomScale(rng, 1e-2), randomZeroPoint(rng)];
  const output = [1, windowOutput(h, padding), windowOutput(w, padding), channels];
  return singleOperator(
    name,
    {
      kind: 'pool2d',
      padding,
      strideH: h.stride,
      strideW: w.stride,
      filterH: h.filter,
      filterW: w.filter,
      activation: randomActivation(rng),
    },
    [
      activationTensor('input', [1, h.input, w.input, channels], scale, zeroPoint),
      activationTensor('output', output, scale, zeroPoint),
    ],
  );
}
