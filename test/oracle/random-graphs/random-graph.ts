import { Rng } from '../../../src-main/base/rng.ts';
import type { ModelSpec } from '../../../src-main/model/model-spec.ts';
import { operatorTable } from '../../../src-main/model/operator-table.ts';
import { GraphGrower } from './graph-grower.ts';
import { moving } from './moving-steps.ts';
import { arithmetic } from './steps.ts';

const MOST_STEPS = 7;
const TRIES = 12;

/** A picture, or now and then a vector or a sequence. */
function firstShape(rng: Rng): number[] {
  const kind = rng.float();
  if (kind < 0.65)
    return [rng.pick([1, 1, 1, 2]), rng.int(1, 9), rng.int(1, 9), rng.pick([1, 2, 3, 4, 7, 8, 16])];
  if (kind < 0.85) return [rng.int(1, 3), rng.int(1, 96)];
  return [1, rng.int(1, 12), rng.int(1, 12)];
}

/** A tree of operators: each reads one of the tensors made last. */
function grown(rng: Rng): ModelSpec {
  const g = new GraphGrower(rng);
  const live = [g.input(firstShape(rng))];
  const steps = rng.int(1, MOST_STEPS);
  for (let tries = 0; g.ops.length < steps && tries < TRIES * steps; tries++) {
    const x = live[Math.max(0, live.length - rng.int(1, 3))]!;
    const step = rng.pick(rng.float() < 0.65 ? arithmetic : moving);
    const made = step(g, x);
    if (made) live.push(...made);
  }
  return g.ops.length > 0 ? g.model() : grown(rng);
}

/**
 * The graph of a seed: two in three a tree of operators, the others one operator as its own generator draws it, each
 * operator in its turn.
 */
export function randomGraph(seed: number): ModelSpec {
  const rng = new Rng(seed);
  if (seed % 3 !== 0) return grown(rng);
  return operatorTable[(seed / 3) % operatorTable.length]!.generate(rng);
}
