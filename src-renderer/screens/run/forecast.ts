import { formatDuration } from '../../../src-main/base/units.ts';
import type { ModelCheck } from '../../../src-main/contract/bench/model-check.ts';
import type { Mode } from '../../../src-main/contract/plan.ts';

/** Programming, boot and identification of a board; the user's way to BOOTSEL is not counted. */
const FLASH_S = 8;
/** Between windows: the input is loaded, the output compared; an energy window waits for a second of idle. */
const BETWEEN_S = { performance: 0.5, energy: 2 };

export interface ForecastPlan {
  readonly mode: Mode;
  readonly windows: number;
  readonly windowS: number;
  readonly warmUp: number;
  /** null: all of the data set, of which nobody knows the size yet. */
  readonly maxItems: number | null;
  readonly until: boolean;
}

/** How long a run takes on the board's own time, in words. Without a predicted latency what is not known is left out. */
export function durationForecast(plan: ForecastPlan, latencyUs: number | null): string {
  if (plan.mode === 'accuracy') {
    if (plan.maxItems === null || latencyUs === null) return 'one inference an item';
    return `about ${formatDuration(FLASH_S + (plan.maxItems * latencyUs) / 1e6)}`;
  }
  const warmUpS = plan.mode === 'energy' || latencyUs === null ? 0 : (plan.warmUp * latencyUs) / 1e6;
  const seconds = FLASH_S + plan.windows * (plan.windowS + warmUpS + BETWEEN_S[plan.mode]);
  return plan.until ? `at most ${formatDuration(seconds)}` : `about ${formatDuration(seconds)}`;
}

export interface Fit {
  readonly label: string;
  readonly usedBytes: number;
  readonly ofBytes: number;
  readonly share: number;
}

export function fitsOf(c: ModelCheck): readonly Fit[] {
  const fit = (label: string, usedBytes: number, ofBytes: number): Fit => ({
    label,
    usedBytes,
    ofBytes,
    share: usedBytes / ofBytes,
  });
  return [
    fit('Arena (RAM)', c.arenaBytes, c.arenaAvailableBytes),
    fit('Flash', c.flashBytes, c.flashAvailableBytes),
  ];
}
