import type { Rng } from '../../base/rng.ts';
import type { ModelSpec } from '../model-spec.ts';
import { widened } from './widened.ts';
import { randomActivation, singleOperator, weightedTensors } from './random-tensors.ts';

export function generateFullyConnected(rng: Rng): ModelSpec {
  const [inDepth, outDepth] = [rng.int(1, 70), rng.int(1, 20)];
  const batches = rng.float() < 0.2 ? rng.int(2, 4) : 1;
  const perChannel = rng.float() < 0.3;
  const tensors = weightedTensors(rng, {
    inputShape: [batches, inDepth],
    outputShape: [batches, outDepth],
    weightShape: [outDepth, inDepth],
    channelAxis: 0,
    depth: inDepth,
    perChannel,
    bias: rng.float() < 0.8,
  });
  const spec = singleOperator(
    'FULLY_CONNECTED',
    { kind: 'fullyConnected', activation: randomActivation(rng), keepNumDims: false },
    tensors,
  );
  return !perChannel && rng.float() < 0.3 ? widened(spec, 'int64') : spec;
}
