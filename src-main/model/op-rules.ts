import { fail, type Failure } from '../base/errors.ts';
import type { Tensor, TensorType } from './graph.ts';
import { scaleOf, type OpView } from './op-view.ts';
import type { Activation } from './operators.ts';
import { elementCount } from './tensor-type.ts';
import { LARGEST_EXTENT, LARGEST_STEP } from './window.ts';

/**
 * Rules the operators' checks are made of. Each gives the failure, or null when it holds. What TensorFlow Lite Micro
 * refuses, aborts on or leaves undefined is refused here, with a reason.
 */

/** `operator 3 (CONV_2D)` for messages; the facts every failure of an operator carries. */
function facts(view: OpView, tensor: Tensor | null): Record<string, string | number> {
  const base = { operator: view.op.name, index: view.op.index };
  return tensor ? { ...base, tensor: tensor.index, name: tensor.name } : base;
}

const title = (view: OpView): string => `Operator ${view.op.index} (${view.op.name})`;

export function refuseOp(
  view: OpView,
  id: string,
  why: string,
  next: string,
  tensor: Tensor | null = null,
): Failure {
  return fail(id, facts(view, tensor), `${title(view)} ${why}.`, next);
}

const CONVERT_INT8 =
  'Convert the model with full int8 quantisation (representative data set, TFLITE_BUILTINS_INT8).';

/** The first rule broken, or null. Rules are thunks so that later ones may rely on earlier ones. */
export function firstBroken(...rules: (() => Failure | null)[]): Failure | null {
  for (const rule of rules) {
    const broken = rule();
    if (broken) return broken;
  }
  return null;
}

/** How many inputs and outputs there are; optional inputs may be left off or −1. */
export function arity(view: OpView, least: number, most: number, outputs = 1): Failure | null {
  const inputs = view.inputs.length;
  const present = view.inputs.slice(0, least).every((t) => t !== null);
  if (inputs >= least && inputs <= most && present && view.outputs.length === outputs) return null;
  return refuseOp(
    view,
    'model.bad-arity',
    `has ${inputs} inputs and ${view.outputs.length} outputs; ${least}…${most} and ${outputs} are right`,
    'Convert the model again.',
  );
}

export function ofType(view: OpView, tensor: Tensor, ...types: TensorType[]): Failure | null {
  if (types.includes(tensor.type)) return null;
  const what = `reads or writes tensor ${tensor.index} "${tensor.name}" as ${tensor.type}`;
  if (tensor.type === 'float32')
    return refuseOp(view, 'model.float', `${what}: the model is not quantised there`, CONVERT_INT8, tensor);
  return refuseOp(
    view,
    'model.unsupported-type',
    `${what}; it can do ${types.join(', ')}`,
    CONVERT_INT8,
    tensor,
  );
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
export function weightQuantization(
  view: OpView,
  tensor: Tensor,
  axis: number,
  channels: number,
): Failure | null {
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

/** Constant with an element a channel, or absent. */
export function biasOf(
  view: OpView,
  tensor: Tensor | null,
  channels: number,
  types: readonly TensorType[] = ['int32'],
): Failure | null {
  if (!tensor) return null;
  return firstBroken(
    () => ofType(view, tensor, ...types),
    () => isConstant(view, tensor),
    () => (elementCount(tensor.shape) === channels ? null : wrongShape(view, tensor, [channels])),
  );
}

export function wrongShape(view: OpView, tensor: Tensor, computed: readonly number[]): Failure {
  return fail(
    'model.shape-mismatch',
    { ...facts(view, tensor), shape: tensor.shape, computed },
    `${title(view)} has tensor ${tensor.index} "${tensor.name}" with shape [${tensor.shape.join(', ')}] where [${computed.join(', ')}] follows from its inputs.`,
    'Convert the model again; the file contradicts itself.',
  );
}

/** Sizes of a windowed operator, one a dimension, that kernels can count in 32 bits. */
export function countable(
  view: OpView,
  filter: readonly number[],
  extents: readonly number[],
): Failure | null {
  if (filter.every((f) => f <= LARGEST_STEP) && extents.every((e) => e <= LARGEST_EXTENT)) return null;
  return refuseOp(
    view,
    'model.too-large-window',
    `has a filter above ${LARGEST_STEP} or a picture with its padding above ${LARGEST_EXTENT} elements a side`,
    'Use smaller layers.',
  );
}

/** Bounds of the fused activations, as reals. */
const LARGEST_BOUND: Readonly<Partial<Record<Activation, number>>> = { relu6: 6, relu_n1_to_1: 1 };
const INT32_MOST = 2_147_483_647;

/**
 * TensorFlow Lite Micro ignores tanh and sign_bit silently (a wrong number is worse than a refusal), and gives up
 * where a bound divided by the output's scale leaves 32 bits.
 */
export function clampable(view: OpView, activation: Activation, output: Tensor): Failure | null {
  if (activation === 'tanh' || activation === 'sign_bit')
    return refuseOp(
      view,
      'model.unsupported-activation',
      `has the fused activation ${activation}`,
      'Use ReLU or ReLU6, or make the activation a layer of its own.',
    );
  if (Math.fround((LARGEST_BOUND[activation] ?? 0) / scaleOf(output)) <= INT32_MOST) return null;
  return refuseOp(
    view,
    'model.bad-quantization',
    `has an output scale of ${scaleOf(output)}`,
    CONVERT_INT8,
    output,
  );
}

/** Requantisation shifts left by at most 30 bits; factors of trained models are below 1. */
export const LARGEST_FACTOR = 2 ** 29;

/** The factor from the scale of sums to the scale of the output can be expressed in 31 bits and a shift. */
export function expressible(view: OpView, factor: number, most: number = LARGEST_FACTOR): Failure | null {
  if (factor >= 0 && factor <= most) return null;
  return refuseOp(
    view,
    'model.bad-quantization',
    `has scales that differ by the factor ${factor}, more than the kernels can express`,
    CONVERT_INT8,
  );
}

/** 64-bit sums are multiplied with 16 bits and shifted left by at most 7. */
const LARGEST_WIDE_FACTOR = 2 ** 7 - 2 ** -9;

/** The same for every channel of a layer with weights. */
export function expressibleLayer(
  view: OpView,
  input: Tensor,
  weights: Tensor,
  output: Tensor,
): Failure | null {
  const largest = weights.quantization!.scales.reduce((a, b) => Math.max(a, b), 0);
  const most = input.type === 'int16' ? LARGEST_WIDE_FACTOR : LARGEST_FACTOR;
  return expressible(view, (scaleOf(input) * largest) / scaleOf(output), most);
}

/** int8, or int16 with zero points of 0 on both sides. */
export function layerActivations(view: OpView, input: Tensor, output: Tensor): Failure | null {
  return firstBroken(
    () => ofType(view, input, 'int8', 'int16') ?? ofType(view, output, input.type),
    () => perTensor(view, input) ?? perTensor(view, output),
    () => (input.type === 'int16' ? (symmetric(view, input) ?? symmetric(view, output)) : null),
  );
}

/** int16 activations have no zero point. */
export function symmetric(view: OpView, tensor: Tensor): Failure | null {
  if (tensor.quantization!.zeroPoints[0] === 0) return null;
  return refuseOp(
    view,
    'model.bad-quantization',
    `has int16 activations with a zero point (tensor ${tensor.index} "${tensor.name}")`,
    'Convert the model again with 16x8 quantisation.',
    tensor,
  );
}

/** Beyond this two scales are not the same to TensorFlow Lite Micro. */
const SCALE_TOLERANCE = 1e-6;

/** Operators that only move values need one quantisation on both sides, or none on both. */
export function sameQuantization(view: OpView, a: Tensor, b: Tensor): Failure | null {
  const [p, q] = [a.quantization, b.quantization];
  const same =
    p === null || q === null
      ? p === q
      : p.scales.length === 1 &&
        q.scales.length === 1 &&
        Math.abs(p.scales[0]! - q.scales[0]!) <= SCALE_TOLERANCE &&
        p.zeroPoints[0] === q.zeroPoints[0];
  if (same) return null;
  return refuseOp(
    view,
    'model.bad-quantization',
    `has another scale or zero point at tensor ${b.index} "${b.name}" than at tensor ${a.index} "${a.name}"`,
    'Convert the model again with int8 quantisation.',
    b,
  );
}

/** The types are equal, and so is the quantisation of the integer types that have one. */
export function movesValues(
  view: OpView,
  from: Tensor,
  to: Tensor,
  types: readonly TensorType[],
): Failure | null {
  return firstBroken(
    () => ofType(view, from, ...types),
    () => ofType(view, to, from.type),
    () => (from.type === 'int32' || from.type === 'float32' ? null : sameQuantization(view, from, to)),
  );
}

/** A constant int32 operand of `least` to `most` elements that says how an operator works. */
export function constantInts(view: OpView, n: number, least: number, most = least): Failure | null {
  const tensor = view.inputs[n];
  if (!tensor) return refuseOp(view, 'model.bad-arity', `has no operand ${n}`, 'Convert the model again.');
  const count = elementCount(tensor.shape);
  return firstBroken(
    () => ofType(view, tensor, 'int32'),
    () => (tensor.data ? null : computedOperand(view, tensor)),
    () => (count >= least && count <= most ? null : wrongShape(view, tensor, [least])),
  );
}

function computedOperand(view: OpView, tensor: Tensor): Failure {
  return refuseOp(
    view,
    'model.computed-operand',
    `computes how it works (tensor ${tensor.index} "${tensor.name}") while the model runs`,
    'Fix the batch and all shapes before converting, so that the converter can fold them.',
    tensor,
  );
}

/** Elements of a constant int32 operand, after `constantInts`. */
export function intsOf(tensor: Tensor): number[] {
  const data = tensor.data!;
  const bytes = new DataView(data.buffer, data.byteOffset, data.byteLength);
  return Array.from({ length: data.length / 4 }, (_, i) => bytes.getInt32(4 * i, true));
}

/** `axis` counted from the front, or −1 where there is no such dimension. */
export function positiveAxis(axis: number, rank: number): number {
  const at = axis < 0 ? axis + rank : axis;
  return at >= 0 && at < rank ? at : -1;
}

export function noSuchAxis(view: OpView, axis: number, tensor: Tensor): Failure {
  return refuseOp(
    view,
    'model.bad-options',
    `works along dimension ${axis} of tensor ${tensor.index} "${tensor.name}", which has ${tensor.shape.length}`,
    'Convert the model again; the file contradicts itself.',
    tensor,
  );
}

/** An option that TensorFlow Lite Micro ignores or refuses. */
export function badOption(view: OpView, why: string): Failure {
  return refuseOp(view, 'model.bad-options', why, 'Write the layer without it.');
}
