import { Kernel, ReduceParamsBytes, writeReduceParams } from '../../abi/generated.ts';
import { inputOf, outputOf, scaleOf, zeroPointOf, type OpView } from '../../model/op-view.ts';
import { reducedAxes, reducedElements } from '../../model/ops/reduce.ts';
import { elementCount } from '../../model/tensor-type.ts';
import { quantizeMultiplier, type FixedMultiplier } from '../fixed-point.ts';
import type { KernelRecord, Lowered } from '../kernel-record.ts';

const RANK = 4;

/** Sizes and strides of some dimensions of the input, padded in front with single steps. */
function walkOf(view: OpView, axes: readonly number[]): { dims: number[]; strides: number[] } {
  const { shape } = inputOf(view, 0);
  const missing = RANK - axes.length;
  return {
    dims: [...new Array<number>(missing).fill(1), ...axes.map((a) => shape[a]!)],
    strides: [...new Array<number>(missing).fill(0), ...axes.map((a) => elementCount(shape.slice(a + 1)))],
  };
}

function lowerReduce(view: OpView, factor: FixedMultiplier): Lowered {
  const reduced = reducedAxes(view);
  const kept = inputOf(view, 0)
    .shape.map((_, i) => i)
    .filter((i) => !reduced.includes(i));
  const [out, reduce] = [walkOf(view, kept), walkOf(view, reduced)];
  return {
    paramsBytes: ReduceParamsBytes,
    constants: {},
    operands: [0],
    writeParams: (bytes, at) =>
      writeReduceParams(bytes, at, {
        outDims: out.dims,
        outStrides: out.strides,
        reduceDims: reduce.dims,
        reduceStrides: reduce.strides,
        bias: 0 - zeroPointOf(inputOf(view, 0)) * reducedElements(view),
        ...factor,
        outputOffset: zeroPointOf(outputOf(view)),
        reserved: [],
      }),
    scratchBytes: 0,
  };
}

function sumFactor(view: OpView): FixedMultiplier {
  return quantizeMultiplier(scaleOf(inputOf(view, 0)) / scaleOf(outputOf(view)));
}

const MOST_SHIFT = 32;
const LEAST_SHIFT = -31;

/** The factor with 1/n in it, cut off rather than rounded (TensorFlow Lite, reference/reduce.h, QuantizedMeanOrSum). */
export function meanFactor(sum: FixedMultiplier, n: number): FixedMultiplier {
  const bits = Math.min(Math.floor(Math.log2(n)), MOST_SHIFT, sum.shift - LEAST_SHIFT);
  const multiplier = Number((BigInt(sum.multiplier) << BigInt(bits)) / BigInt(n));
  return { multiplier, shift: sum.shift - bits };
}

const none: FixedMultiplier = { multiplier: 0, shift: 0 };

export const reduceKernels: readonly KernelRecord[] = [
  {
    kernel: Kernel.ReduceSumS8,
    name: 'reduce_sum_s8',
    builtin: 40,
    cores: 'all',
    applies: () => true,
    lower: (view) => lowerReduce(view, meanFactor(sumFactor(view), reducedElements(view))),
    cost: (work) => 10 * work.activationBytes + 60 * work.outputs,
  },
  {
    kernel: Kernel.ReduceSumS8,
    name: 'reduce_sum_s8',
    builtin: 74,
    cores: 'all',
    applies: () => true,
    lower: (view) => lowerReduce(view, sumFactor(view)),
    cost: (work) => 10 * work.activationBytes + 60 * work.outputs,
  },
  {
    kernel: Kernel.ReduceMaxS8,
    name: 'reduce_max_s8',
    builtin: 82,
    cores: 'all',
    applies: () => true,
    lower: (view) => lowerReduce(view, none),
    cost: (work) => 10 * work.activationBytes + 30 * work.outputs,
  },
];
