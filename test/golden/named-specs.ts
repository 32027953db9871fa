/** Small graphs under names, one list a golden file. */
import { Rng } from '../../src-main/base/rng.ts';
import type { ModelSpec } from '../../src-main/model/model-spec.ts';
import { operatorNamed } from '../../src-main/model/operator-table.ts';

export interface NamedSpec {
  readonly name: string;
  readonly spec: ModelSpec;
}

export const named = (specs: Readonly<Record<string, ModelSpec>>): NamedSpec[] =>
  Object.entries(specs).map(([name, spec]) => ({ name, spec }));

/** Seeded models of the operator's own generator; `title` tells them from others of the same file. */
export function random(operator: string, count: number, title = 'random'): NamedSpec[] {
  const rng = new Rng(operator.length * 1000 + count);
  const { generate } = operatorNamed(operator)!;
  return Array.from({ length: count }, (_, i) => ({ name: `${title} ${i}`, spec: generate(rng) }));
}
