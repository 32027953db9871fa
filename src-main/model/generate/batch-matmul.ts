import type { Rng } from '../../base/rng.ts';
import type { ModelSpec } from '../model-spec.ts';
import { activationTensor, randomScale, randomZeroPoint, singleOperator } from './random-tensors.ts';

export function generateBatchMatmul(rng: Rng): ModelSpec {
  const [rows, depth, columns] = [rng.int(1, 7), rng.int(1, 20), rng.int(1, 7)];
  const batch = Array.from({ length: rng.int(0, 2) }, () => rng.int(1, 3));
  const side = (): number[] => (rng.float() < 0.3 ? batch.map(() => 1) : batch);
  const [lhsBatch, rhsBatch] = [side(), side()];
  const outBatch = batch.map((_, i) => Math.max(lhsBatch[i]!, rhsBatch[i]!));
  const [adjX, adjY] = [rng.float() < 0.3, rng.float() < 0.5];
  const [a, b] = [randomScale(rng, 1e-3), randomScale(rng, 1e-3)];
  const out = Math.fround(((a * b * Math.sqrt(depth) * 74 * 74) / 64) * 4 ** (2 * rng.float() - 1));
  return singleOperator('BATCH_MATMUL', { kind: 'batchMatmul', adjX, adjY }, [
    activationTensor(
      'lhs',
      [...lhsBatch, ...(adjX ? [depth, rows] : [rows, depth])],
      a,
      randomZeroPoint(rng),
    ),
    activationTensor(
      'rhs',
      [...rhsBatch, ...(adjY ? [columns, depth] : [depth, columns])],
      b,
      randomZeroPoint(rng),
    ),
    activationTensor('output', [...outBatch, rows, columns], out, randomZeroPoint(rng)),
  ]);
}
