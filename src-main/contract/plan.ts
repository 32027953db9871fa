import { z } from 'zod';

export const Mode = z.enum(['performance', 'energy', 'accuracy']);
export type Mode = z.infer<typeof Mode>;

/** The MLPerf Tiny benchmarks with closed thresholds that this version knows. */
export const BenchmarkId = z.enum(['kws01', 'vww01', 'ic01', 'ad01']);
export type BenchmarkId = z.infer<typeof BenchmarkId>;

export const Scoring = z.enum(['top1', 'auc']);
export type Scoring = z.infer<typeof Scoring>;

/**
 * `fast`: the fewest cycles that flash and RAM allow. `compact`: the same with constants of at most 1.1 times what the
 * general kernels store. `general`: the portable kernel of each operator.
 */
export const KernelChoice = z.enum(['fast', 'compact', 'general']);
export type KernelChoice = z.infer<typeof KernelChoice>;

const Sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/** Everything a run was asked to do. Stored whole with the run; a resumed run uses the stored plan. */
export const RunPlan = z.object({
  mode: Mode,
  model: z.object({ name: z.string(), sha256: Sha256, path: z.string().nullable() }),
  /** `pico-emulated`. */
  targetId: z.string().min(1),
  /** The benchmark whose rules and threshold apply, or null for a model of one's own. */
  benchmark: BenchmarkId.nullable().default(null),
  scoring: Scoring.default('top1'),
  windows: z.number().int().min(1).max(1000).default(5),
  /**
   * Ends the windows early, once half the 95 % t interval of the mean is below this share of the median (0.01 = ± 1 %);
   * `windows` is then the most there are. null: all of them. Not for accuracy.
   */
  untilRel: z.number().positive().max(1).nullable().default(null),
  windowS: z.number().positive().max(3600).default(10),
  /** Inferences a window, or null: tuned so that a window lasts `windowS`. */
  inferences: z.number().int().positive().max(4_294_967_295).nullable().default(null),
  /** Warm-up inferences before a window; energy windows always have 0. */
  warmUp: z.number().int().nonnegative().max(1_000_000).default(5),
  /** Accuracy items at most; null = all of the data set. */
  maxItems: z.number().int().positive().nullable().default(null),
  /** Folder with y_labels.csv, or null: seeded random inputs (no accuracy). */
  dataDir: z.string().nullable().default(null),
  /** Seed of random inputs. */
  seed: z.number().int().nonnegative().default(1),
  /** Which of the simulated world's boards and monitors: seeds the hidden current model. Never the inputs. */
  worldSeed: z.number().int().nonnegative().default(1),
  supplyV: z.number().min(0.8).max(5).default(3.3),
  /** What compute kernels are chosen for. */
  kernels: KernelChoice.default('fast'),
  /** Ask `mj prof` for cycles per operator. */
  profile: z.boolean().default(true),
  /** How often one window (or item) may be voided and repeated before the run gives up. */
  maxRepeats: z.number().int().nonnegative().max(100).default(3),
});
export type RunPlan = z.infer<typeof RunPlan>;
export type RunPlanInput = z.input<typeof RunPlan>;
