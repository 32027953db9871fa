import type { RunPlan, WindowResult } from '../contract/index.ts';
import { windowValues } from '../contract/window-values.ts';
import { WINDOWS, windowsText } from './rules.ts';

/**
 * Are the windows that are there precise enough for the plan? Never before the five that the run rules ask for: an interval
 * of two or three is narrow by chance too often.
 */
export function preciseEnough(plan: RunPlan, windows: readonly WindowResult[]): boolean {
  if (plan.untilRel === null || plan.mode === 'accuracy') return false;
  const known = windowValues(plan.mode, windows);
  if (!known || known.halfRel === null || known.values.length < WINDOWS) return false;
  return known.halfRel < plan.untilRel;
}

/** What the stop rule came to, for the notes of a result; null where there is no rule or nothing was measured. */
export function stopNote(plan: RunPlan, windows: readonly WindowResult[]): string | null {
  const known = plan.untilRel === null ? null : windowValues(plan.mode, windows);
  if (!known || known.halfRel === null) return null;
  const asked = `± ${percent(plan.untilRel!)}`;
  const got = known.interval.method === 'deterministic' ? 'deterministic' : `± ${percent(known.halfRel)}`;
  const after = windowsText(known.values.length);
  if (preciseEnough(plan, windows))
    return `Measured until the 95 % interval was below ${asked}: ${got} after ${after}. A rule that looks at the interval makes it a little too narrow.`;
  return `The 95 % interval was to be below ${asked} and is ${got} after ${after}, of at most ${plan.windows}.`;
}

function percent(share: number): string {
  return `${Number((share * 100).toPrecision(2))} %`;
}
