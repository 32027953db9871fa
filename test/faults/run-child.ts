/**
 * A process that measures over fakes into a real database, for test/faults/run-killed.test.ts to kill:
 *   node run-child.ts DB MODE RUN_ID|new HANG_AT_INFER
 * Prints `run N` once it has begun, `item N` for each stored item, and `hang` where it stops for ever; exits 0 when the run ended.
 */
import type { RunEvent } from '../../src-main/contract/index.ts';
import { openStore } from '../../src-main/store/store.ts';
import { orThrow } from '../../src-main/base/errors.ts';
import { executeRun, resumeRun } from '../../src-main/run/run.ts';
import { inputSet, plan, script, world } from '../unit/run/fakes.ts';

const [, , db, mode, runId, hangAt] = process.argv;
const store = orThrow(openStore(db!));
const w = world(script(), inputSet(200, true));
w.bench.script.onStep = (step, count) => {
  if (step !== 'infer' || count !== Number(hangAt)) return;
  process.stdout.write('hang\n');
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
};
const ports = { ...w.ports, store: store.runs };
const options = {
  onEvent: (e: RunEvent) => {
    if (e.type === 'started') process.stdout.write(`run ${e.runId}\n`);
    if (e.type === 'item') process.stdout.write(`item ${e.done}\n`);
  },
};
const result =
  runId === 'new'
    ? await executeRun(plan({ mode: mode as 'performance' }), ports, options)
    : await resumeRun(Number(runId), ports, options);
process.stdout.write(`${orThrow(result).status}\n`);
store.close();
