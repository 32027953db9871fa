/**
 * Random graphs against TensorFlow Lite Micro on every core there is: `node scripts/random-graphs.ts [--graphs 5000]
 * [--seed 1] [--runner NAME] [--out FOLDER]`. A graph that differs is made smaller and written to `--out`; the seeds
 * are `--seed` and those that follow. Exit code 1 when one differs.
 */
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { differences, questionsOf } from '../test/oracle/random-graphs/ask.ts';
import { randomGraph } from '../test/oracle/random-graphs/random-graph.ts';
import { openRunners } from '../test/oracle/random-graphs/runners.ts';
import { Shrinker } from '../test/oracle/random-graphs/shrink.ts';
import { writeOut } from '../test/oracle/random-graphs/write-out.ts';
import { python } from '../test/needs.ts';

/** Through TensorFlow Lite Micro at one time. */
const BATCH = 250;
const MOST_SHRUNK = 5;

const { values } = parseArgs({
  options: {
    graphs: { type: 'string', default: '5000' },
    seed: { type: 'string', default: '1' },
    runner: { type: 'string' },
    out: { type: 'string', default: join(resolve(import.meta.dirname, '..'), '.cache/random-graphs') },
  },
});
if (python === null) throw new Error('no Python with tflite-micro: npm run setup:system');
const first = Number(values.seed);
const graphs = Number(values.graphs);
let failed = 0;
using runners = openRunners(values.runner);
for (const name of runners.missing) console.log(`not on this machine: ${name}`);
for (const runner of runners.all) {
  const began = performance.now();
  let differing = 0;
  for (let at = first; at < first + graphs; at += BATCH) {
    const count = Math.min(BATCH, first + graphs - at);
    const specs = Array.from({ length: count }, (_, i) => ({ seed: at + i, spec: randomGraph(at + i) }));
    for (const found of await differences(runner, questionsOf(python, specs))) {
      if (++differing > MOST_SHRUNK) continue;
      const small = await new Shrinker(python, runner).shrink(found);
      console.log(
        `${runner.name}: seed ${found.question.seed}: ${small.why}; ${writeOut(values.out, small)}`,
      );
    }
  }
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  console.log(`${runner.name}: ${graphs} graphs, ${differing} differ, ${seconds} s`);
  failed += differing;
}
process.exitCode = failed === 0 ? 0 : 1;
