import { BugError } from '../base/errors.ts';
import type { Graph, Operator, Quantization, Tensor } from './graph.ts';
import type { OpAttributes } from './operators.ts';

/** One operator with its tensors at hand. */
export interface OpView {
  readonly op: Operator;
  /** null = absent optional input. */
  readonly inputs: readonly (Tensor | null)[];
  readonly outputs: readonly Tensor[];
}

export function viewOp(graph: Graph, op: Operator): OpView {
  return {
    op,
    inputs: op.inputs.map((i) => (i < 0 ? null : graph.tensors[i]!)),
    outputs: op.outputs.map((i) => graph.tensors[i]!),
  };
}

/** For lowering, after the operator's check: the n-th input is there. */
export function inputOf(view: OpView, n: number): Tensor {
  const tensor = view.inputs[n];
  if (!tensor) throw new BugError(`${view.op.name} has no input ${n}`);
  return tensor;
}

export function outputOf(view: OpView): Tensor {
  const tensor = view.outputs[0];
  if (!tensor) throw new BugError(`${view.op.name} has no output`);
  return tensor;
}

/** The attributes as `kind`; a record is only ever given its own. */
export function attributesOf<K extends OpAttributes['kind']>(
  attributes: OpAttributes,
  kind: K,
): Extract<OpAttributes, { kind: K }> {
  if (attributes.kind !== kind) throw new BugError(`attributes of ${attributes.kind} given for ${kind}`);
  return attributes as Extract<OpAttributes, { kind: K }>;
}

export function quantizationOf(tensor: Tensor): Quantization {
  if (!tensor.quantization) throw new BugError(`tensor ${tensor.index} is not quantised`);
  return tensor.quantization;
}

export function scaleOf(tensor: Tensor): number {
  return quantizationOf(tensor).scales[0]!;
}

export function zeroPointOf(tensor: Tensor): number {
  return quantizationOf(tensor).zeroPoints[0]!;
}
