import { BugError, fail, type Failure } from '../base/errors.ts';
import type { Graph, Operator, Quantization, Tensor, TensorType } from './graph.ts';
import type { Activation, OpAttributes } from './operators.ts';

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

/** `operator 3 (CONV_2D)` for messages; the facts every failure of an operator carries. */
function facts(view: OpView, tensor: Tensor | null): Record<string, string | number> {
  const base = { operator: view.op.name, index: view.op.index };
  return tensor ? { ...base, tensor: tensor.index, name: tensor.name } : base;
}

const title = (view: OpView): string => `Operator ${view.op.index} (${view.op.name})`;

export function refuseOp(view: OpView, id: string, why: string, next: string, tensor: Tensor | null = null): Failure {
  return fail(id, facts(view, tensor), `${title(view)} ${why}.`, next);
}

const CONVERT_INT8 = 'Convert the model with full int8 quantisation (representative data set, TFLITE_BUILTINS_INT8).';

/** The first rule broken, or null. Rules are thunks so that later ones may rely on earlier ones. */
export function firstBroken(...rules: (() => Failure | null)[]): Failure | null {
  for (const rule of rules) {
    const broken = rule();
    if (broken) return broken;
  }
  return null;
}

/** How many inputs and outputs there are; optional inputs may be left off or −1. */
export function arity(view: OpView, least: number, most: number): Failure | null {
  const inputs = view.inputs.length;
  const present = view.inputs.slice(0, least).every((t) => t !== null);
  if (inputs >= least && inputs <= most && present && view.outputs.length === 1) return null;
  return refuseOp(
    view,
    'model.bad-arity',
    `has ${inputs} inputs and ${view.outputs.length} outputs; ${least}…${most} and 1 are right`,
    'Convert the model again.',
  );
}

export function ofType(view: OpView, tensor: Tensor, ...types: TensorType[]): Failure | null {
  if (types.includes(tensor.type)) return null;
  const what = `reads or writes tensor ${tensor.index} "${tensor.name}" as ${tensor.type}`;
  if (tensor.type === 'float32')
    return refuseOp(view, 'model.float', `${what}: the model is not quantised there`, CONVERT_INT8, tensor);
  return refuseOp(view, 'model.unsupported-type', `${what}; it can do ${types.join(', ')}`, CONVERT_INT8, tensor);
}

export function ofRank(view: OpView, tensor: Tensor, least: number, most = least): Failure | null {
  const rank = tensor.shape.length;
  if (rank >= least && rank <= most) return null;
  const wanted = least === most ? `${least}` : `${least}…${most}`;
  return refuseOp(
    view,
    'model.bad-shape',
    `has tensor ${tensor.index} "${tensor.name}" with ${rank} dimensions where ${wanted} are right`,
    'Convert the model again.',
    tensor,
  );
}

export function isConstant(view: OpView, tensor: Tensor): Failure | null {
  if (tensor.data) return null;
  return refuseOp(
    view,
    'model.computed-weights',
    `computes its weights or bias (tensor ${tensor.index} "${tensor.name}") while the model runs`,
    'Freeze the weights before converting.',
    tensor,
  );
}

/** One positive scale and a zero point; what an activation needs. */
export function perTensor(view: OpView, tensor: Tensor): Failure | null {
  const q = tensor.quantization;
  if (q && q.scales.length === 1 && q.scales[0]! > 0) return null;
  const what = !q ? 'no quantisation' : q.scales.length > 1 ? 'a scale per channel' : 'the scale 0';
  return refuseOp(
    view,
    'model.bad-quantization',
    `needs one scale for tensor ${tensor.index} "${tensor.name}", which has ${what}`,
    CONVERT_INT8,
    tensor,
  );
}

/** Weights: one scale, or one along `axis`; symmetric unless `zeroPoints` may differ from 0. */
export function weightQuantization(view: OpView, tensor: Tensor, axis: number, channels: number): Failure | null {
  const q = tensor.quantization;
  const right = q !== null && (q.scales.length === 1 || (q.axis === axis && q.scales.length === channels));
  if (!right)
    return refuseOp(
      view,
      'model.bad-quantization',
      `needs one weight scale, or ${channels} along dimension ${axis} of tensor ${tensor.index} "${tensor.name}"`,
      CONVERT_INT8,
      tensor,
    );
  if (q.zeroPoints.every((z) => z === 0)) return null;
  return refuseOp(
    view,
    'model.bad-quantization',
    `has weights with a zero point other than 0 (tensor ${tensor.index} "${tensor.name}")`,
    'Convert the model with symmetric int8 weights.',
    tensor,
  );
}

/** int32 constant with an element a channel, or absent. */
export function biasOf(view: OpView, tensor: Tensor | null, channels: number): Failure | null {
  if (!tensor) return null;
  return firstBroken(
    () => ofType(view, tensor, 'int32'),
    () => isConstant(view, tensor),
    () => (elementsOf(tensor) === channels ? null : wrongShape(view, tensor, [channels])),
  );
}

function elementsOf(tensor: Tensor): number {
  return tensor.shape.reduce((n, d) => n * d, 1);
}

export function wrongShape(view: OpView, tensor: Tensor, computed: readonly number[]): Failure {
  return fail(
    'model.shape-mismatch',
    { ...facts(view, tensor), shape: tensor.shape, computed },
    `${title(view)} has tensor ${tensor.index} "${tensor.name}" with shape [${tensor.shape.join(', ')}] where [${computed.join(', ')}] follows from its inputs.`,
    'Convert the model again; the file contradicts itself.',
  );
}

/** TensorFlow Lite Micro ignores these two silently; a wrong number is worse than a refusal. */
export function clampActivation(view: OpView, activation: Activation): Failure | null {
  if (activation !== 'tanh' && activation !== 'sign_bit') return null;
  return refuseOp(
    view,
    'model.unsupported-activation',
    `has the fused activation ${activation}`,
    'Use ReLU or ReLU6, or make the activation a layer of its own.',
  );
}
