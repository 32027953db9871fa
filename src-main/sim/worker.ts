/** The worker thread of the simulated world: one world, calls in, answers out, in order. */
import { parentPort, workerData } from 'node:worker_threads';
import { carryOut, isAsked, type WorldCall } from './world-calls.ts';
import { World, type WorldOptions } from './world.ts';

const world = new World(workerData as WorldOptions);
parentPort!.on('message', (call: WorldCall) => {
  const answer = carryOut(world, call);
  if (isAsked(call)) parentPort!.postMessage(answer);
});
