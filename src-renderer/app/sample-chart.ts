import { stackedChart } from '../../src-main/chart/stacked.ts';
import type { SampleFile } from '../../src-main/contract/bench/samples.ts';

/** What an inference of each run consists of: one part an operator, coloured by its kernel. */
export function sampleChart({ runs, labels, title }: SampleFile): string {
  const kinds = [...new Set(runs.flatMap((r) => r.profile?.ops.map((o) => o.kernel) ?? []))];
  return stackedChart({
    title,
    axis: 'ms an inference',
    width: 760,
    kinds,
    rows: runs.flatMap((run, i) => {
      const { profile } = run;
      if (!profile) return [];
      const ms = (cycles: number): number => (cycles / profile.clockHz) * 1e3;
      return [
        {
          label: labels[i] ?? `run ${run.runId}`,
          caption: `${ms(profile.totalCycles).toFixed(1)} ms`,
          parts: profile.ops.map((o) => ({
            label: o.name,
            value: ms(o.cycles),
            caption: `${o.name}: ${ms(o.cycles).toFixed(2)} ms`,
            kind: kinds.indexOf(o.kernel),
          })),
        },
      ];
    }),
  });
}
