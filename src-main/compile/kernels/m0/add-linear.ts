import { AddLinearParamsBytes, Kernel, writeAddLinearParams } from '../../../abi/generated.ts';
import { attributesOf, inputOf, outputOf, zeroPointOf, type OpView } from '../../../model/op-view.ts';
import { elementCount } from '../../../model/tensor-type.ts';
import { activationRange, quantizeMultiplier, type FixedMultiplier } from '../../fixed-point.ts';
import type { KernelRecord } from '../../kernel-record.ts';
import { addFactors, LEFT_SHIFT } from '../elementwise-s8.ts';
import { highMul, requantizedByte } from './requantization.ts';

/** clamp((a · factor1 + b · factor2 + constant) >> shift, 0, 255) is the output plus 128. */
export interface WeightedSum {
  readonly factor1: number;
  readonly factor2: number;
  readonly constant: number;
  readonly shift: number;
}

export interface Addition {
  readonly offset1: number;
  readonly offset2: number;
  readonly outputOffset: number;
  readonly first: FixedMultiplier;
  readonly second: FixedMultiplier;
  readonly output: FixedMultiplier;
}

const VALUES = 256;
const INT32 = 2 ** 31;

/** One input as TensorFlow Lite Micro scales it, for each int8 value from −128 on. Shifts are never to the left there. */
function scaled(offset: number, { multiplier, shift }: FixedMultiplier): Float64Array {
  return Float64Array.from({ length: VALUES }, (_, i) => {
    const high = highMul((i - 128 + offset) * 2 ** LEFT_SHIFT, multiplier);
    return shift >= 0 ? high : Math.floor(((high < 0 ? high - 1 : high) + 2 ** (-shift - 1)) / 2 ** -shift);
  });
}

/** Outputs plus 128 of all pairs of inputs, the first's value in the upper byte; null where a sum would overflow. */
export function allSums(s: Addition): Uint8Array | null {
  if (s.first.shift > 0 || s.second.shift > 0) return null;
  const [a, b] = [scaled(s.offset1, s.first), scaled(s.offset2, s.second)];
  const most = Math.max(...a.map(Math.abs)) + Math.max(...b.map(Math.abs));
  if (most * 2 ** Math.max(0, s.output.shift) >= INT32) return null;
  const scaling = { ...s.output, outputOffset: s.outputOffset };
  const out = new Uint8Array(VALUES * VALUES);
  for (let i = 0; i < VALUES; i++)
    for (let k = 0; k < VALUES; k++) out[i * VALUES + k] = requantizedByte(a[i]! + b[k]!, scaling);
  return out;
}

const real = ({ multiplier, shift }: FixedMultiplier): number => multiplier * 2 ** (shift - 31);

/** How far factors are moved from the rounded ones. */
const NUDGES = [0, 1, -1, 2, -2, 3, -3];
const MOST_SHIFT = 24;
const LEAST_SHIFT = 16;

/**
 * A weighted sum that gives the wanted output for every pair of inputs, or null. For two factors the constants that do form an
 * interval, the intersection over all pairs.
 */
export function weightedSum(s: Addition): WeightedSum | null {
  const wanted = allSums(s);
  if (!wanted) return null;
  const ratio1 = real(s.first) * 2 ** LEFT_SHIFT * real(s.output);
  const ratio2 = real(s.second) * 2 ** LEFT_SHIFT * real(s.output);
  for (let shift = MOST_SHIFT; shift >= LEAST_SHIFT; shift--)
    for (const n1 of NUDGES)
      for (const n2 of NUDGES) {
        const factor1 = Math.round(ratio1 * 2 ** shift) + n1;
        const factor2 = Math.round(ratio2 * 2 ** shift) + n2;
        const constant = constantFor(wanted, factor1, factor2, 2 ** shift);
        if (constant === null) continue;
        if (128 * (Math.abs(factor1) + Math.abs(factor2)) + Math.abs(constant) >= INT32) continue;
        return { factor1, factor2, constant, shift };
      }
  return null;
}

function constantFor(wanted: Uint8Array, factor1: number, factor2: number, one: number): number | null {
  let least = -INT32;
  let most = INT32;
  for (let i = 0; i < VALUES; i++)
    for (let k = 0; k < VALUES; k++) {
      const j = wanted[i * VALUES + k]!;
      const at = j * one - (i - 128) * factor1 - (k - 128) * factor2;
      if (j > 0 && at > least) least = at;
      if (j < 255 && at + one - 1 < most) most = at + one - 1;
      if (least > most) return null;
    }
  return least;
}

function additionOf(view: OpView): Addition {
  const { first, second, output } = addFactors(view);
  return {
    first: quantizeMultiplier(first),
    second: quantizeMultiplier(second),
    output: quantizeMultiplier(output),
    offset1: -zeroPointOf(inputOf(view, 0)),
    offset2: -zeroPointOf(inputOf(view, 1)),
    outputOffset: zeroPointOf(outputOf(view)),
  };
}

const found = new WeakMap<OpView, WeightedSum | string>();

function sumOf(view: OpView): WeightedSum | string {
  const known = found.get(view);
  if (known !== undefined) return known;
  const sum = searched(view);
  found.set(view, sum);
  return sum;
}

function searched(view: OpView): WeightedSum | string {
  const [a, b, out] = [inputOf(view, 0), inputOf(view, 1), outputOf(view)];
  if (a.shape.length !== b.shape.length || a.shape.some((d, i) => d !== b.shape[i]))
    return 'inputs of different shapes';
  const { actMin, actMax } = activationRange(out, attributesOf(view.op.attributes, 'add').activation);
  if (actMin !== -128 || actMax !== 127) return `clamp ${actMin}…${actMax}`;
  return weightedSum(additionOf(view)) ?? 'no weighted sum has the same outputs for all pairs of inputs';
}

/** ADD of two tensors of one shape as one weighted sum. */
export const addLinear: KernelRecord = {
  kernel: Kernel.AddLinear,
  name: 'add_linear',
  builtin: 0,
  cores: ['m0plus', 'm4f', 'm7', 'rv32imc', 'wasm'],
  applies: (view) => {
    const sum = sumOf(view);
    return typeof sum === 'string' ? sum : true;
  },
  lower: (view) => ({
    paramsBytes: AddLinearParamsBytes,
    constants: {},
    writeParams: (bytes, at) =>
      writeAddLinearParams(bytes, at, {
        elements: elementCount(outputOf(view).shape),
        ...(sumOf(view) as WeightedSum),
        reserved: [],
      }),
    scratchBytes: 0,
  }),
  cost: (work) => 40 + 20 * work.outputs,
};
