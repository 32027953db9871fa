import { formatWithUncertainty } from '../../../src-main/base/statistics.ts';
import { stripChart } from '../../../src-main/chart/strip.ts';
import type { Quantity, Source, WindowResult } from '../../../src-main/contract/index.ts';
import { windowValues, type WindowValues } from '../../../src-main/contract/window-values.ts';
import type { RunView } from '../../state/run-view.ts';

/** What the windows say so far, as a quantity: it is drawn, explained and copied like every other. */
export function liveQuantity(view: RunView, source: Source): Quantity | null {
  const known = windowValues(view.plan.mode, view.windows);
  if (!known) return null;
  const { method, low, high } = known.interval;
  return {
    value: known.median,
    unit: known.unit,
    source,
    n: known.values.length,
    interval: {
      method: method === 'single' ? 'none' : method,
      confidence: method === 't' ? 0.95 : null,
      low,
      high,
    },
    systematic: systematicOf(view, known.values.length),
    derivedFrom: {
      formula: "median of the windows so far, Student's t interval on the window means",
      runId: view.runId,
      windows: view.windows.filter((w) => w.status === 'finished').map((w) => w.index),
      firmwareHash: null,
      programHash: null,
      modelSha256: view.plan.model.sha256,
      monitor: null,
      traceIds: [],
      assumptions: [],
    },
  };
}

/** What all windows have in common, of the newest that is known: without it the figure would look finer than it is. */
function systematicOf(view: RunView, windows: number): Quantity['systematic'] {
  const newest = view.windows.findLast(
    (w) => w.status === 'finished' && w.energy !== null && w.inferences > 0,
  );
  if (view.plan.mode !== 'energy' || !newest?.energy || windows === 0) return null;
  const parts = newest.energy.systematic.map((p) => ({ ...p, plusMinus: p.plusMinus / newest.inferences }));
  return { combined: 'linear', plusMinus: parts.reduce((sum, p) => sum + p.plusMinus, 0), parts };
}

const scales = {
  us: { factor: 1e-3, axis: 'ms an inference' },
  'uJ/inf': { factor: 1, axis: 'µJ an inference' },
};

/** Every window as a dot, with median and interval; excluded ones are crosses where their value is known. */
export function liveStrip(view: RunView, known: WindowValues): string {
  const { factor, axis } = scales[known.unit];
  const { low, high } = known.interval;
  const points = view.windows.flatMap((w) => {
    const value = valueOf(w, view.plan.mode);
    return value === null
      ? []
      : [
          {
            value: value * factor,
            caption: `window ${w.index + 1}: ${Number((value * factor).toPrecision(7))}`,
            excluded: w.status === 'excluded',
          },
        ];
  });
  return stripChart({
    title: 'Windows so far',
    axis,
    width: 640,
    rows: [
      {
        label: 'windows',
        points,
        centre: known.median * factor,
        ...(low !== null && high !== null && high > low
          ? { band: [low * factor, high * factor] as const }
          : {}),
      },
    ],
  });
}

/** Of one inference of a window, in µs or µJ; null where it was voided before it was known. */
export function valueOf(w: WindowResult, mode: string): number | null {
  const whole = mode === 'energy' ? (w.energy?.energyUj ?? null) : w.durationUs;
  return whole === null || w.inferences === 0 ? null : whole / w.inferences;
}

/** Digits as the interval of all windows allows, for a column of a table. */
export function windowValueText(w: WindowResult, mode: string, known: WindowValues | null): string {
  const value = valueOf(w, mode);
  if (value === null) return '—';
  const factor = mode === 'energy' ? 1 : 1e-3;
  const { low = null, high = null } = known?.interval ?? {};
  const half = low !== null && high !== null && high > low ? ((high - low) / 2) * factor : null;
  // identical windows are known to the timer's own digit; of one alone nobody knows
  const digits = known?.interval.method === 'deterministic' ? 7 : 4;
  if (half === null) return String(Number((value * factor).toPrecision(digits)));
  return formatWithUncertainty(value * factor, half).split(' ± ')[0]!;
}
