/** Surveys mutants in a process of its own, whose heap the caller limits: prints the survey as JSON. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Rng } from '../../src-main/base/rng.ts';
import { operatorTable } from '../../src-main/model/operator-table.ts';
import { writeModel } from '../../src-main/model/writer.ts';
import { survey } from './tflite-survey.ts';

const [which, count, seed] = process.argv.slice(2) as [string, string, string];

/** Three generated layers of every operator and our own small net. */
function smallModels(): Uint8Array[] {
  const generated = operatorTable.flatMap((r) => [1, 2, 3].map((s) => writeModel(r.generate(new Rng(s)))));
  return [
    ...generated,
    new Uint8Array(readFileSync(join(import.meta.dirname, '../../models/tiny-ad.tflite'))),
  ];
}

// the control: what a reader that trusts a file's counts would do
const hoard: object[] = [];
if (which === 'hoard') for (let i = 0; i < Number(count); i++) hoard.push({ i, list: [i] });
else {
  const models = which === 'small' ? smallModels() : [new Uint8Array(readFileSync(which))];
  console.log(JSON.stringify(survey(Number(seed), models, Number(count))));
}
