import { sampleStd, uncertaintyPlace } from '../base/statistics.ts';
import type { RunResult } from './result.ts';

/** Digits of one window's energy go no finer than this share of the bound that all windows have in common. */
const FINEST_SHARE_OF_BOUND = 1e-3;

export interface WindowEnergyColumn {
  /** `µJ/inf (± 11 % systematic, common)`. */
  readonly head: string;
  /** One for each of the run's windows; '' where there is no energy. */
  readonly cells: readonly string[];
}

/**
 * Energy per inference of each window. The systematic part is the same for all of them and stands in the head; the
 * windows' own differences, or the noise of their samples, decide how many digits mean something. Windows that do not
 * differ say no more than the bound does.
 */
export function windowEnergyColumn(run: RunResult): WindowEnergyColumn {
  const values = run.windows.map((w) => (w.energy && w.inferences ? w.energy.energyUj / w.inferences : null));
  const score = run.energyPerInference;
  const bound = score?.systematic?.plusMinus ?? 0;
  const counted = values.filter((v, i): v is number => v !== null && run.windows[i]!.status === 'finished');
  const noise = run.windows.map((w) =>
    w.energy?.statisticalUj && w.inferences ? w.energy.statisticalUj / w.inferences : 0,
  );
  const spread = Math.max(counted.length > 1 ? sampleStd(counted) : 0, ...noise);
  const uncertainty = spread > 0 ? Math.max(spread, bound * FINEST_SHARE_OF_BOUND) : bound;
  return {
    head: `µJ/inf${score && bound > 0 ? ` (± ${Number(((bound / score.value) * 100).toPrecision(2))} % systematic, common)` : ''}`,
    cells: values.map((v) =>
      v === null
        ? ''
        : uncertainty > 0
          ? toPlace(v, uncertaintyPlace(uncertainty))
          : String(Number(v.toPrecision(4))),
    ),
  };
}

/** 13076.26 to the place 1 (tens) is `13080`. */
function toPlace(value: number, place: number): string {
  return place <= 0
    ? value.toFixed(Math.min(-place, 9))
    : String(Math.round(value / 10 ** place) * 10 ** place);
}
