import { z } from 'zod';
import type { FailureDto } from '../failure.ts';
import type { Quantity } from '../quantity.ts';
import { method } from './method.ts';

export interface CheckedOperator {
  readonly index: number;
  readonly kernel: string;
  readonly name: string;
  readonly macs: number;
  /** Predicted; null where no cost model fits. */
  readonly cycles: number | null;
}

/** What is known of a model on a target before anything is flashed. It fits: what does not is a failure. */
export interface ModelCheck {
  readonly modelName: string;
  readonly targetId: string;
  readonly macs: number;
  readonly inputBytes: number;
  readonly arenaBytes: number;
  readonly arenaAvailableBytes: number;
  /** Firmware, configuration and Program. */
  readonly flashBytes: number;
  readonly flashAvailableBytes: number;
  readonly latency: Quantity | null;
  readonly energy: Quantity | null;
  /** What the prediction stands on, or ''. */
  readonly basis: string;
  /** Why there is no prediction. */
  readonly unpredicted: FailureDto | null;
  readonly operators: readonly CheckedOperator[];
  readonly benchmark: string | null;
  /** What the file only seems to be. */
  readonly remarks: readonly string[];
}

export const modelCheckMethods = {
  /** `model.*`, `compile.*`, `image.*`: why the model cannot run on the target. */
  'models.check': method(
    z.object({
      model: z.string(),
      targetId: z.string().min(1).max(64),
      supplyV: z.number().min(0.8).max(5).optional(),
    }),
  )<ModelCheck>(),
};
