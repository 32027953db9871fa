import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Difference } from './ask.ts';
import { namesOf } from './ask.ts';

const hex = (tensors: readonly Uint8Array[] | undefined): string[] =>
  (tensors ?? []).map((t) => Buffer.from(t).toString('hex'));

/** The model and a description in `folder`, under the seed and the runner; gives the path of the model. */
export function writeOut(folder: string, found: Difference): string {
  mkdirSync(folder, { recursive: true });
  const { question, runner, why, set } = found;
  const stem = join(folder, `${question.seed}-${runner.replaceAll(/[^a-z0-9]+/g, '-')}`);
  writeFileSync(`${stem}.tflite`, question.model);
  const said = {
    seed: question.seed,
    runner,
    operators: namesOf(question.spec),
    attributes: question.spec.ops.map((op) => op.attributes),
    shapes: question.spec.tensors.map((t) => `${t.name} ${t.type} [${t.shape.join(', ')}]`),
    why,
    inputs: hex(question.sets[set ?? 0]),
    expected: hex(question.expected[set ?? 0]),
    again: `node scripts/random-graphs.ts --seed ${question.seed} --graphs 1 --runner '${runner}'`,
  };
  writeFileSync(`${stem}.json`, `${JSON.stringify(said, null, 2)}\n`);
  return `${stem}.tflite`;
}
