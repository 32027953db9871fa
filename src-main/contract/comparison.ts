import { z } from 'zod';

export const Verdict = z.enum(['better', 'worse', 'equal', "can't tell"]);
export type Verdict = z.infer<typeof Verdict>;

export const Figure = z.enum(['latency', 'energy per inference', 'net energy per inference', 'accuracy']);
export type Figure = z.infer<typeof Figure>;

/** One figure of a run beside the baseline's. */
export const FigureComparison = z.object({
  figure: Figure,
  baseline: z.number(),
  other: z.number(),
  /** (other − baseline)/baseline. */
  change: z.number(),
  /** Largest |other − baseline| that would still be no difference, in the figure's unit. */
  gap: z.number().nonnegative(),
  verdict: Verdict,
});
export type FigureComparison = z.infer<typeof FigureComparison>;

export const RunComparison = z.object({
  baseline: z.number().int(),
  runId: z.number().int(),
  /** The same board and monitor: what is systematic is common to both and does not blur their difference. */
  sameBench: z.boolean(),
  figures: z.array(FigureComparison),
});
export type RunComparison = z.infer<typeof RunComparison>;

const words: Readonly<Record<Figure, Readonly<Record<'better' | 'worse', string>>>> = {
  latency: { better: 'faster', worse: 'slower' },
  'energy per inference': { better: 'less energy', worse: 'more energy' },
  'net energy per inference': { better: 'less energy', worse: 'more energy' },
  accuracy: { better: 'better', worse: 'worse' },
};

/** `faster`, `slower`, `more energy`, `equal`, `can't tell`. */
export function verdictWord({ figure, verdict }: Pick<FigureComparison, 'figure' | 'verdict'>): string {
  return verdict === 'better' || verdict === 'worse' ? words[figure][verdict] : verdict;
}
