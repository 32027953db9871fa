/** The worker thread of the simulated world: one world, calls in, answers out, in order. */
import { parentPort, workerData } from 'node:worker_threads';
import { adoptCoreModule } from './pico/core/core.ts';
import { carryOut, isAsked, type WorldCall, type WorldWorkerData } from './world-calls.ts';
import { World } from './world.ts';

const { options, core } = workerData as WorldWorkerData;
adoptCoreModule(core);
const world = new World(options);
parentPort!.on('message', (call: WorldCall) => {
  const answer = carryOut(world, call);
  if (isAsked(call)) parentPort!.postMessage(answer);
});
