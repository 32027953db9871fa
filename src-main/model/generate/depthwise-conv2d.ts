import type { Rng } from '../../base/rng.ts';
import type { ModelSpec } from '../model-spec.ts';
import type { Padding } from '../operators.ts';
import { windowOutput } from '../window.ts';
import { randomAxis } from './conv2d.ts';
import { widened } from './widened.ts';
import { randomActivation, singleOperator, weightedTensors } from './random-tensors.ts';

export function generateDepthwiseConv2d(rng: Rng): ModelSpec {
  const [h, w] = [randomAxis(rng, 9), randomAxis(rng, 9)];
  const padding: Padding = rng.pick(['same', 'valid'] as const);
  const inC = rng.int(1, 9);
  const depthMultiplier = rng.float() < 0.3 ? rng.int(2, 4) : 1;
  const outC = inC * depthMultiplier;
  const batches = rng.float() < 0.1 ? 2 : 1;
  const tensors = weightedTensors(rng, {
    inputShape: [batches, h.input, w.input, inC],
    outputShape: [batches, windowOutput(h, padding), windowOutput(w, padding), outC],
    weightShape: [1, h.filter, w.filter, outC],
    channelAxis: 3,
    depth: h.filter * w.filter,
    perChannel: rng.float() < 0.8,
    bias: rng.float() < 0.8,
  });
  const spec = singleOperator(
    'DEPTHWISE_CONV_2D',
    {
      kind: 'depthwiseConv2d',
      padding,
      strideH: h.stride,
      strideW: w.stride,
      dilationH: h.dilation,
      dilationW: w.dilation,
      depthMultiplier,
      activation: randomActivation(rng),
    },
    tensors,
  );
  return rng.float() < 0.2 ? widened(spec, 'int64') : spec;
}
