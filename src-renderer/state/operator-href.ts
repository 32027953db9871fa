import { href } from './route.svelte.ts';

/** Where every mention of an operator leads: its node in the graph of the run's model. `index`: its place in the Program. */
export function operatorHref(runId: number, index: number): string {
  return href('graph', { run: runId, op: index });
}
