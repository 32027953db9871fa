import { z } from 'zod';

/** What a profile counts: a board in QEMU has no cycles. */
export const CountUnit = z.enum(['cycles', 'instructions']);
export type CountUnit = z.infer<typeof CountUnit>;

/** The note of every run on a target that counts instructions; reports know such runs by it. */
export const INSTRUCTIONS_ONLY =
  'QEMU counts instructions: there is no time and no energy in this result, and none can be derived from it (docs/qemu.md).';

/** Cycles of one operator in one profiled inference (`mj prof`). */
export const OpCycles = z.object({
  index: z.number().int().nonnegative(),
  /** The kernel's name in the ABI: `Conv2dS8`. */
  kernel: z.string(),
  /** The operator's name in the Program, or ''. */
  name: z.string(),
  macs: z.number().int().nonnegative(),
  cycles: z.number().int().nonnegative(),
});
export type OpCycles = z.infer<typeof OpCycles>;

export const OpProfile = z.object({
  ops: z.array(OpCycles),
  /** Of the whole inference; the operators' sum is smaller by the engine's own work. */
  totalCycles: z.number().int().nonnegative(),
  /** Of every count here; `cycles` where it is absent. */
  unit: CountUnit.optional(),
  clockHz: z.number().positive(),
  arenaHighBytes: z.number().int().nonnegative().nullable(),
  arenaBytes: z.number().int().nonnegative(),
});
export type OpProfile = z.infer<typeof OpProfile>;

/** What was expected before anything was measured. */
export const PredictedOp = z.object({
  index: z.number().int().nonnegative(),
  kernel: z.string(),
  cycles: z.number().nonnegative(),
});
export type PredictedOp = z.infer<typeof PredictedOp>;
