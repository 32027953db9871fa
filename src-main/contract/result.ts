import { z } from 'zod';
import { AccuracyItem, Comparison, ReferenceCheck } from './accuracy.ts';
import { FailureDto } from './failure.ts';
import { RunPlan, Scoring } from './plan.ts';
import { OpProfile, PredictedOp } from './profile.ts';
import { Quantity, Source } from './quantity.ts';
import { DeviceIdentity, MonitorIdentity, TraceReference } from './target.ts';
import { LayerEnergy, WindowResult } from './window.ts';

export const RunStatus = z.enum(['running', 'finished', 'interrupted', 'failed']);
export type RunStatus = z.infer<typeof RunStatus>;

export const Accuracy = z.object({
  scoring: Scoring,
  /** Fraction (top-1, Wilson interval) or AUC. null where AUC does not exist: one class only. */
  score: Quantity.nullable(),
  items: z.number().int().nonnegative(),
  correct: z.number().int().nonnegative().nullable(),
  /** The closed threshold of the benchmark, or null. */
  threshold: z.number().nullable(),
  meetsThreshold: z.boolean().nullable(),
});
export type Accuracy = z.infer<typeof Accuracy>;

/** One rule of the run rules and whether this run keeps it. */
export const RuleCheck = z.object({ rule: z.string(), kept: z.boolean(), reason: z.string() });
export type RuleCheck = z.infer<typeof RuleCheck>;

export const Validity = z.object({
  /** Would these windows count by the run rules? */
  valid: z.boolean(),
  rules: z.array(RuleCheck),
});
export type Validity = z.infer<typeof Validity>;

export const Prediction = z.object({
  latency: Quantity.nullable(),
  energy: Quantity.nullable(),
  ops: z.array(PredictedOp),
  /** Which coefficients: id of the calibration, or what was used instead. */
  basis: z.string(),
});
export type Prediction = z.infer<typeof Prediction>;

/** The line through the beginnings and ends of a run's windows on both clocks. */
export const ClockRelation = z.object({
  /** Monitor against device: above 0 the monitor counts more time than the device. */
  ratePpm: z.number(),
  /** Bound of `ratePpm`: one sample period and one µs of the timer at either end. */
  ratePlusMinusPpm: z.number().nonnegative(),
  /** Time of the trace at which the device's timer stood at 0, µs; of the last trace. */
  offsetUs: z.number(),
  windows: z.number().int().positive(),
});
export type ClockRelation = z.infer<typeof ClockRelation>;

export const RunResult = z.object({
  runId: z.number().int(),
  status: RunStatus,
  plan: RunPlan,
  source: Source,
  targetName: z.string(),
  identity: DeviceIdentity.nullable(),
  monitor: MonitorIdentity.nullable(),
  startedAt: z.string(),
  endedAt: z.string().nullable(),
  /** All windows, excluded ones too, in order of index and attempt. */
  windows: z.array(WindowResult),
  /** Per inference: median of the windows with a t interval on the window means. */
  latency: Quantity.nullable(),
  /** The performance score: median inf/s of the windows. */
  throughput: Quantity.nullable(),
  /** The energy score: median µJ/inf of the windows, gross. */
  energyPerInference: Quantity.nullable(),
  netEnergyPerInference: Quantity.nullable(),
  meanPower: Quantity.nullable(),
  /** How the monitor's clock runs against the device's; null where the device does not tell its times. */
  clockRelation: ClockRelation.nullable(),
  /** Energy per layer: mean over the finished windows that have it; `inferences` is their sum. */
  layerEnergies: z.array(LayerEnergy).nullable(),
  accuracy: Accuracy.nullable(),
  items: z.array(AccuracyItem),
  comparison: Comparison,
  referenceCheck: ReferenceCheck.nullable(),
  profile: OpProfile.nullable(),
  prediction: Prediction.nullable(),
  traces: z.array(TraceReference),
  validity: Validity,
  notes: z.array(z.string()),
  failure: FailureDto.nullable(),
});
export type RunResult = z.infer<typeof RunResult>;

/** One row of the list of runs. */
export const RunSummary = z.object({
  runId: z.number().int(),
  status: RunStatus,
  mode: z.string(),
  modelName: z.string(),
  modelSha256: z.string(),
  targetId: z.string(),
  source: Source,
  startedAt: z.string(),
  endedAt: z.string().nullable(),
  windowsFinished: z.number().int(),
  windowsPlanned: z.number().int(),
  latencyUs: z.number().nullable(),
  energyUjPerInference: z.number().nullable(),
  score: z.number().nullable(),
  valid: z.boolean().nullable(),
});
export type RunSummary = z.infer<typeof RunSummary>;
