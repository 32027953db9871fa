import { z } from 'zod';

/** Where a number comes from (DESIGN §7). The four are drawn differently and never mixed in one mean. */
export const Source = z.enum(['measured', 'emulated', 'predicted', 'published']);
export type Source = z.infer<typeof Source>;

export const Unit = z.enum([
  'us',
  'cycles',
  'instructions',
  'inf/s',
  'uJ/inf',
  'uJ',
  'mW',
  'A',
  'V',
  'bytes',
  'fraction',
  'AUC',
]);
export type Unit = z.infer<typeof Unit>;

/**
 * The statistical part. `deterministic`: all repetitions were identical; `none`: too few to say; `samples`: from the
 * noise of the samples of the only window, which says nothing of how windows differ.
 */
export const Interval = z.object({
  method: z.enum(['t', 'wilson', 'bootstrap', 'prediction', 'deterministic', 'samples', 'none']),
  /** 0.95, or null where no interval is claimed. */
  confidence: z.number().nullable(),
  low: z.number().nullable(),
  high: z.number().nullable(),
});
export type Interval = z.infer<typeof Interval>;

/** One cause of systematic uncertainty, as a half-width in the quantity's own unit. */
export const SystematicPart = z.object({
  /** `monitor gain`, `monitor offset`, `supply voltage`, `filter bias`, `edge jitter`, `sample period`, `lost samples`, `timer resolution`. */
  cause: z.string(),
  plusMinus: z.number().nonnegative(),
  basis: z.string(),
});
export type SystematicPart = z.infer<typeof SystematicPart>;

export const Systematic = z.object({
  /** How the parts were added: linearly when they may be correlated (a bound), in quadrature when independent. */
  combined: z.enum(['linear', 'quadrature']),
  plusMinus: z.number().nonnegative(),
  parts: z.array(SystematicPart),
});
export type Systematic = z.infer<typeof Systematic>;

/** What a number was computed from. */
export const Derivation = z.object({
  formula: z.string(),
  runId: z.number().int().nullable(),
  /** Window indices used, or []. */
  windows: z.array(z.number().int()),
  firmwareHash: z.string().nullable(),
  programHash: z.string().nullable(),
  modelSha256: z.string().nullable(),
  /** Serial and calibration of the monitor, or null. */
  monitor: z.object({ kind: z.string(), serial: z.string(), calibration: z.string() }).nullable(),
  traceIds: z.array(z.string()),
  /** For emulated and predicted values: what was assumed. */
  assumptions: z.array(z.string()),
});
export type Derivation = z.infer<typeof Derivation>;

/** A number that keeps its provenance. */
export const Quantity = z.object({
  value: z.number(),
  unit: Unit,
  source: Source,
  /** Repetitions the value stands on. */
  n: z.number().int().nonnegative(),
  interval: Interval,
  systematic: Systematic.nullable(),
  derivedFrom: Derivation,
});
export type Quantity = z.infer<typeof Quantity>;
