import { z } from 'zod';
import { SystematicPart } from './quantity.ts';
import { FailureDto } from './failure.ts';

/** Energy of one operator per inference, read from the trace between the edges of the operator pins. µJ, µs, A. */
export const LayerEnergy = z.object({
  index: z.number().int().nonnegative(),
  energyUj: z.number(),
  /** Without the idle current; null where no idle was seen. */
  netUj: z.number().nullable(),
  durationUs: z.number().nonnegative(),
  /** null for an operator that is shorter than a sample in every inference. */
  meanCurrentA: z.number().nullable(),
  /** Inferences of the window in which nothing of the operator is missing. */
  inferences: z.number().int().positive(),
  /** One standard error of the mean over the inferences. */
  statisticalUj: z.number().nonnegative(),
  /** What may be shifted between this operator and its neighbours: two standard errors and the bounds of edges, settling and filter. */
  plusMinusUj: z.number().nonnegative(),
  /** What all operators share to a good part: gain, offset, supply and clock of the monitor. */
  commonUj: z.number().nonnegative(),
});
export type LayerEnergy = z.infer<typeof LayerEnergy>;

/** A window by the timer of the device, µs; `startUs` wraps at 2^32. */
export const DutWindow = z.object({
  startUs: z.number().int().nonnegative(),
  durationUs: z.number().int().nonnegative(),
});
export type DutWindow = z.infer<typeof DutWindow>;

/** Energy of one window as the monitor saw it. Gross; `netUj` is what is left above the idle current. */
export const WindowEnergy = z.object({
  energyUj: z.number(),
  netUj: z.number().nullable(),
  /** One standard error of the gross and of the net energy, from the noise of the samples; null where not recorded. */
  statisticalUj: z.number().nonnegative().nullable(),
  netStatisticalUj: z.number().nonnegative().nullable(),
  idleCurrentA: z.number().nullable(),
  meanCurrentA: z.number(),
  /** Length of the window on the monitor's time, between the sync edges. */
  durationUs: z.number().positive(),
  supplyV: z.number().positive(),
  supplyPlusMinusV: z.number().nonnegative(),
  supplyHow: z.enum(['set-point', 'measured']),
  /** Systematic parts in µJ of the window (gross). */
  systematic: z.array(SystematicPart),
  /** And of the net energy, where what window and idle have in common has cancelled; null without a net energy. */
  netSystematic: z.array(SystematicPart).nullable(),
  /** Tolerance of the monitor's clock, relative. */
  clockRel: z.number().nonnegative(),
  sampleCount: z.number().int().nonnegative(),
  lostSamples: z.number().int().nonnegative(),
  /** Share of the window that samples cover, 0…1. */
  coverage: z.number().min(0).max(1),
  traceId: z.string(),
  /** Logic channel of the trace whose edges bound the window, D0 = 0. */
  channel: z.number().int().nonnegative(),
  /** The window in the trace, µs since its first sample. */
  traceStartUs: z.number(),
  traceEndUs: z.number(),
  warnings: z.array(z.string()),
  /** One an operator; null where the operator pins are not wired or do not fit, see `warnings`. */
  layers: z.array(LayerEnergy).nullable(),
  /** Spread of the operator edges beyond what sampling explains, µs; null without layers. */
  edgeJitterUs: z.number().nonnegative().nullable(),
  /** The same window by the device's own timer; null where it does not tell. */
  dut: DutWindow.nullable(),
});
export type WindowEnergy = z.infer<typeof WindowEnergy>;

/** Was the device's last output what the host twin computed? */
export const OutputCheck = z.enum(['equal', 'equal-in-print', 'different', 'not-compared']);
export type OutputCheck = z.infer<typeof OutputCheck>;

/** Id of the exclusion of a window that a person left out of a finished run: it can be undone. */
export const EXCLUDED_BY_HAND = 'run.excluded-by-hand';

export const WindowResult = z.object({
  /** 0-based place among the run's windows. */
  index: z.number().int().nonnegative(),
  /** 0 for the first try; a voided window is repeated with the next attempt. */
  attempt: z.number().int().nonnegative(),
  status: z.enum(['finished', 'excluded']),
  /** Why an excluded window does not count. */
  exclusion: FailureDto.nullable(),
  inputName: z.string(),
  inputSha256: z.string(),
  inferences: z.number().int().nonnegative(),
  warmUp: z.number().int().nonnegative(),
  /** B − A by the DUT's timer (performance) or by the sync edges (energy); null when voided before it was known. */
  durationUs: z.number().nonnegative().nullable(),
  energy: WindowEnergy.nullable(),
  outputCheck: OutputCheck,
  startedAt: z.string(),
});
export type WindowResult = z.infer<typeof WindowResult>;
