import {
  AddParamsBytes,
  Kernel,
  MinMaxParamsBytes,
  MulParamsBytes,
  writeAddParams,
  writeMinMaxParams,
  writeMulParams,
} from '../../abi/generated.ts';
import { inputOf, outputOf, scaleOf, zeroPointOf, type OpView } from '../../model/op-view.ts';
import type { Activation } from '../../model/operators.ts';
import { broadcastOf } from '../broadcast.ts';
import { activationRange, quantizeMultiplier } from '../fixed-point.ts';
import type { KernelRecord, Lowered } from '../kernel-record.ts';

/** Headroom of the int8 addition (TensorFlow Lite, micro/kernels/add_common). */
export const LEFT_SHIFT = 20;

function activationOf(view: OpView): Activation {
  const a = view.op.attributes;
  return a.kind === 'add' || a.kind === 'sub' || a.kind === 'mul' ? a.activation : 'none';
}

export interface SumFactors {
  readonly first: number;
  readonly second: number;
  readonly output: number;
}

function lowerSum(view: OpView, factors: SumFactors): Lowered {
  const out = outputOf(view);
  const [first, second, output] = [factors.first, factors.second, factors.output].map(quantizeMultiplier) as [
    ReturnType<typeof quantizeMultiplier>,
    ReturnType<typeof quantizeMultiplier>,
    ReturnType<typeof quantizeMultiplier>,
  ];
  return {
    paramsBytes: AddParamsBytes,
    constants: {},
    writeParams: (bytes, at) =>
      writeAddParams(bytes, at, {
        ...broadcastOf(view),
        offset1: -zeroPointOf(inputOf(view, 0)),
        offset2: -zeroPointOf(inputOf(view, 1)),
        outputOffset: zeroPointOf(out),
        leftShift: LEFT_SHIFT,
        multiplier1: first.multiplier,
        shift1: first.shift,
        multiplier2: second.multiplier,
        shift2: second.shift,
        outputMultiplier: output.multiplier,
        outputShift: output.shift,
        ...activationRange(out, activationOf(view)),
        reserved: [],
      }),
    scratchBytes: 0,
  };
}

/** ADD's factors are quotients of doubles. */
export function addFactors(view: OpView): SumFactors {
  const [a, b, out] = [inputOf(view, 0), inputOf(view, 1), outputOf(view)].map(scaleOf) as [
    number,
    number,
    number,
  ];
  const twice = 2 * Math.max(a, b);
  return { first: a / twice, second: b / twice, output: twice / (2 ** LEFT_SHIFT * out) };
}

/** SUB's are quotients of float32 numbers. */
function subFactors(view: OpView): SumFactors {
  const { first, second, output } = addFactors(view);
  return { first: Math.fround(first), second: Math.fround(second), output: Math.fround(output) };
}

const general = { cores: 'all', applies: (): true => true } as const;

export const addS8: KernelRecord = {
  kernel: Kernel.AddS8,
  name: 'add_s8',
  builtin: 0,
  ...general,
  lower: (view) => lowerSum(view, addFactors(view)),
  cost: (work) => 90 * work.outputs,
};

export const subS8: KernelRecord = {
  kernel: Kernel.SubS8,
  name: 'sub_s8',
  builtin: 41,
  ...general,
  lower: (view) => lowerSum(view, subFactors(view)),
  cost: (work) => 90 * work.outputs,
};

export const mulS8: KernelRecord = {
  kernel: Kernel.MulS8,
  name: 'mul_s8',
  builtin: 18,
  ...general,
  lower: (view) => {
    const [a, b, out] = [inputOf(view, 0), inputOf(view, 1), outputOf(view)];
    return {
      paramsBytes: MulParamsBytes,
      constants: {},
      writeParams: (bytes, at) =>
        writeMulParams(bytes, at, {
          ...broadcastOf(view),
          offset1: -zeroPointOf(a),
          offset2: -zeroPointOf(b),
          outputOffset: zeroPointOf(out),
          ...quantizeMultiplier((scaleOf(a) * scaleOf(b)) / scaleOf(out)),
          ...activationRange(out, activationOf(view)),
          reserved: [],
        }),
      scratchBytes: 0,
    };
  },
  cost: (work) => 50 * work.outputs,
};

function lowerMinMax(view: OpView): Lowered {
  return {
    paramsBytes: MinMaxParamsBytes,
    constants: {},
    writeParams: (bytes, at) => writeMinMaxParams(bytes, at, { ...broadcastOf(view), reserved: [] }),
    scratchBytes: 0,
  };
}

export const minimumS8: KernelRecord = {
  kernel: Kernel.MinimumS8,
  name: 'minimum_s8',
  builtin: 57,
  ...general,
  lower: lowerMinMax,
  cost: (work) => 15 * work.outputs,
};

export const maximumS8: KernelRecord = {
  kernel: Kernel.MaximumS8,
  name: 'maximum_s8',
  builtin: 55,
  ...general,
  lower: lowerMinMax,
  cost: (work) => 15 * work.outputs,
};
