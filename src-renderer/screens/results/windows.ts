import { stripChart } from '../../../src-main/chart/strip.ts';
import type { RunResult, WindowResult } from '../../../src-main/contract/index.ts';

/** µs an inference; null where the window was voided before it was known. */
export function latencyUs(w: WindowResult): number | null {
  return w.durationUs === null || w.inferences === 0 ? null : w.durationUs / w.inferences;
}

export function energyUj(w: WindowResult): number | null {
  return w.energy === null || w.inferences === 0 ? null : w.energy.energyUj / w.inferences;
}

/** The windows of a run on their axis; null with fewer than two that have a value. */
export function windowStrip(run: RunResult, width?: number): string | null {
  const energy = run.plan.mode === 'energy';
  const factor = energy ? 1 : 1e-3;
  const points = run.windows.flatMap((w) => {
    const value = energy ? energyUj(w) : latencyUs(w);
    return value === null
      ? []
      : [
          {
            value: value * factor,
            caption: `window ${w.index + 1}${w.attempt ? `, attempt ${w.attempt + 1}` : ''}: ${(value * factor).toPrecision(6)}`,
            excluded: w.status === 'excluded',
          },
        ];
  });
  if (points.length < 2) return null;
  const score = energy ? run.energyPerInference : run.latency;
  const { low = null, high = null } = score?.interval ?? {};
  return stripChart({
    ...(width === undefined ? {} : { width }),
    title: `Windows of run ${run.runId}`,
    axis: energy ? 'µJ per inference' : 'ms per inference',
    rows: [
      {
        label: run.plan.mode,
        points,
        ...(score ? { centre: score.value * factor } : {}),
        ...(low !== null && high !== null ? { band: [low * factor, high * factor] as const } : {}),
      },
    ],
  });
}
