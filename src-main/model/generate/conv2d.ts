import type { Rng } from '../../base/rng.ts';
import type { ModelSpec } from '../model-spec.ts';
import type { Padding } from '../operators.ts';
import { windowOutput } from '../window.ts';
import { widened } from './widened.ts';
import { randomActivation, singleOperator, weightedTensors } from './random-tensors.ts';

/** One dimension of a window that fits its input, output ≥ 1. */
export function randomAxis(rng: Rng, most: number) {
  const filter = rng.int(1, 4);
  const dilation = rng.float() < 0.2 ? rng.int(2, 3) : 1;
  const input = Math.max(rng.int(1, most), (filter - 1) * dilation + 1);
  return { input, filter, stride: rng.int(1, 3), dilation };
}

/** Grouped filters only where `groups` > 1 divides the channels evenly. */
export function generateConv2d(rng: Rng): ModelSpec {
  const [h, w] = [randomAxis(rng, 9), randomAxis(rng, 9)];
  const padding: Padding = rng.pick(['same', 'valid'] as const);
  const groups = rng.float() < 0.15 ? 2 : 1;
  const filterC = rng.int(1, 9);
  const outC = groups * rng.int(1, 9);
  const [outH, outW] = [windowOutput(h, padding), windowOutput(w, padding)];
  const batches = rng.float() < 0.1 ? 2 : 1;
  const tensors = weightedTensors(rng, {
    inputShape: [batches, h.input, w.input, groups * filterC],
    outputShape: [batches, outH, outW, outC],
    weightShape: [outC, h.filter, w.filter, filterC],
    channelAxis: 0,
    depth: h.filter * w.filter * filterC,
    perChannel: rng.float() < 0.8,
    bias: rng.float() < 0.8,
  });
  const spec = singleOperator(
    'CONV_2D',
    {
      kind: 'conv2d',
      padding,
      strideH: h.stride,
      strideW: w.stride,
      dilationH: h.dilation,
      dilationW: w.dilation,
      activation: randomActivation(rng),
    },
    tensors,
  );
  return rng.float() < 0.2 ? widened(spec, rng.pick(['int32', 'int64'] as const)) : spec;
}
