import type { Rng } from '../../base/rng.ts';
import type { ModelSpec } from '../model-spec.ts';
import type { Padding } from '../operators.ts';
import { windowOutput } from '../window.ts';
import { intTensor, singleOperator, weightedTensors } from './random-tensors.ts';

function axis(rng: Rng, padding: Padding) {
  const [filter, stride] = [rng.int(1, 5), rng.int(1, 3)];
  const output = Math.max(rng.int(1, 11), padding === 'valid' ? filter : 1);
  return {
    filter,
    stride,
    output,
    input: windowOutput({ input: output, filter, stride, dilation: 1 }, padding),
  };
}

export function generateTransposeConv(rng: Rng): ModelSpec {
  const padding: Padding = rng.pick(['same', 'valid'] as const);
  const [h, w] = [axis(rng, padding), axis(rng, padding)];
  const [batches, inC, outC] = [rng.float() < 0.1 ? 2 : 1, rng.int(1, 8), rng.int(1, 7)];
  const outputShape = [batches, h.output, w.output, outC];
  const [input, weights, ...rest] = weightedTensors(rng, {
    inputShape: [batches, h.input, w.input, inC],
    outputShape,
    weightShape: [outC, h.filter, w.filter, inC],
    channelAxis: 0,
    depth: Math.max(1, Math.ceil((h.filter * w.filter) / (h.stride * w.stride))) * inC,
    perChannel: rng.float() < 0.8,
    bias: rng.float() < 0.8,
  });
  return singleOperator(
    'TRANSPOSE_CONV',
    { kind: 'transposeConv', padding, strideH: h.stride, strideW: w.stride, activation: 'none' },
    [intTensor('shape', outputShape), weights!, input!, ...rest],
  );
}
