/** One inferring Pico in a worker: warms up, says so, waits for the word, then measures. */
import { once } from 'node:events';
import { parentPort, workerData } from 'node:worker_threads';
import type { Uf2Page } from '../../src-main/sim/pico/uf2.ts';
import { BusyPico } from './whole-pico.ts';

const { pages, seconds } = workerData as { pages: readonly Uf2Page[]; seconds: number };
const pico = new BusyPico(pages);
pico.run(0.3);
parentPort!.postMessage('warm');
await once(parentPort!, 'message');
parentPort!.postMessage(pico.run(seconds));
