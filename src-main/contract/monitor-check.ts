import { z } from 'zod';

/** Current with nothing connected. A. */
export const ZeroCheck = z.object({
  meanA: z.number(),
  /** Standard deviation of the samples: the noise floor. */
  noiseA: z.number().nonnegative(),
  samples: z.number().int().positive(),
  /** Measuring range it was in. */
  range: z.number().int().nonnegative(),
});
export type ZeroCheck = z.infer<typeof ZeroCheck>;

/** A known resistor across the output. */
export const ResistorCheck = z.object({
  ohm: z.number().positive(),
  /** Tolerance of the resistor, relative. */
  toleranceRel: z.number().nonnegative(),
  expectedA: z.number().positive(),
  measuredA: z.number(),
  /** measured / expected − 1, the zero taken off. */
  gainErrorRel: z.number(),
  /** |gain error| and what resistor, voltage and noise leave open: the bound that later energies carry. */
  boundRel: z.number().nonnegative(),
  range: z.number().int().nonnegative(),
});
export type ResistorCheck = z.infer<typeof ResistorCheck>;

/** The output voltage on a voltmeter. */
export const VoltageCheck = z.object({
  setMv: z.number().positive(),
  measuredMv: z.number().positive(),
  /** Tolerance of the voltmeter, relative. */
  toleranceRel: z.number().nonnegative(),
});
export type VoltageCheck = z.infer<typeof VoltageCheck>;

/** Samples that were lost while nothing else happened. */
export const LossCheck = z.object({
  seconds: z.number().positive(),
  samples: z.number().int().nonnegative(),
  missing: z.number().int().nonnegative(),
  marks: z.array(z.string()),
});
export type LossCheck = z.infer<typeof LossCheck>;

/** A dated check of one monitor. */
export const MonitorCheck = z.object({
  kind: z.string(),
  serial: z.string(),
  /** As in MonitorIdentity: a recalibrated monitor is another instrument. */
  calibration: z.string(),
  checkedAt: z.string(),
  zero: ZeroCheck.nullable(),
  resistors: z.array(ResistorCheck),
  voltage: VoltageCheck.nullable(),
  loss: LossCheck.nullable(),
  temperatureC: z.number().nullable(),
  wiring: z.string().nullable(),
});
export type MonitorCheck = z.infer<typeof MonitorCheck>;
