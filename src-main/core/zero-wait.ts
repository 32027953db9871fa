import type { RunResult } from '../contract/index.ts';

/** What a run says whose flash and bus never made the core wait. */
export const ZERO_WAIT = 'Zero-wait memory: flash and bus never made the core wait. A comparison, no RP2040.';

/** Such a run says nothing of the target that was predicted. */
export function wasZeroWait(run: Pick<RunResult, 'notes'>): boolean {
  return run.notes.includes(ZERO_WAIT);
}
