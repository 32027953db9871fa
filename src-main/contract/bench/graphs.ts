import { z } from 'zod';
import type { Source } from '../quantity.ts';
import { method } from './method.ts';

export interface GraphTensor {
  readonly index: number;
  readonly name: string;
  /** `int8`. */
  readonly type: string;
  readonly shape: readonly number[];
  readonly bytes: number;
  /** `per tensor` or so many scales along an axis; null where the tensor is not quantised. */
  readonly quantization: {
    readonly scales: number;
    readonly minScale: number;
    readonly maxScale: number;
    readonly zeroPoint: number;
    readonly axis: number;
  } | null;
  readonly constant: boolean;
}

/** Energy of one operator per inference. */
export interface NodeEnergy {
  readonly energyUj: number;
  /** What may be shifted between it and its neighbours; of a prediction: all. */
  readonly plusMinusUj: number;
  /** What all operators share: gain, offset, supply and clock of the monitor. */
  readonly commonUj: number;
}

export interface GraphNode {
  /** Place in the file. */
  readonly index: number;
  /** `CONV_2D`. */
  readonly name: string;
  /** `padding same`, `stride 2 × 2`. */
  readonly attributes: readonly (readonly [name: string, value: string])[];
  /** Tensor indices; −1 = absent optional input. */
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  /** Place in the compiled Program, what profiles and traces count by; null where nothing is left to do. */
  readonly operator: number | null;
  readonly kernel: string | null;
  readonly macs: number;
  readonly predictedCycles: number | null;
  readonly predictedEnergy: NodeEnergy | null;
  readonly measuredCycles: number | null;
  readonly measuredEnergy: NodeEnergy | null;
}

export interface ModelGraph {
  readonly modelName: string;
  readonly sha256: string;
  readonly targetId: string;
  readonly targetName: string;
  readonly clockHz: number;
  readonly runId: number | null;
  /** Of what was measured; null without a run. */
  readonly source: Source | null;
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly tensors: readonly GraphTensor[];
  readonly nodes: readonly GraphNode[];
  /** What the reader should know: no prediction, another build, … */
  readonly remarks: readonly string[];
}

/** Values of a constant tensor. */
export interface TensorHistogram {
  readonly tensor: number;
  readonly count: number;
  readonly zeros: number;
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  readonly std: number;
  readonly from: number;
  readonly binWidth: number;
  readonly bins: readonly number[];
}

const Place = z.object({
  /** Token of `models.list`, or */
  model: z.string().max(64).optional(),
  /** the model of a run, with what was measured. */
  runId: z.number().int().positive().optional(),
  /** Default: the run's target, or the emulated board. */
  targetId: z.string().max(100).optional(),
});

export const graphMethods = {
  /** `bench.no-graph-asked` when neither model nor run is named. */
  'graphs.open': method(Place)<ModelGraph>(),
  /** `model.no-constant` for an activation. */
  'graphs.tensor': method(Place.extend({ tensor: z.number().int().nonnegative() }))<TensorHistogram>(),
};
