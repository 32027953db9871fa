import { AddParamsBytes, Kernel, writeAddParams } from '../../abi/generated.ts';
import { attributesOf, inputOf, outputOf, scaleOf, zeroPointOf } from '../../model/op-view.ts';
import { elementCount } from '../../model/tensor-type.ts';
import { activationRange, quantizeMultiplier } from '../fixed-point.ts';
import type { KernelRecord } from '../kernel-record.ts';

/** Headroom of the int8 addition (TensorFlow Lite, micro/kernels/add_common). */
const LEFT_SHIFT = 20;
const RANK = 4;

/** Shape padded in front with ones. */
function fourDims(shape: readonly number[]): number[] {
  return [...new Array<number>(RANK - shape.length).fill(1), ...shape];
}

/** Elements from one step of an output dimension to the next; 0 where the input is repeated. */
export function broadcastStrides(shape: readonly number[], out: readonly number[]): number[] {
  const dims = fourDims(shape);
  return dims.map((d, i) => (d === 1 && out[i] !== 1 ? 0 : elementCount(dims.slice(i + 1))));
}

export const addS8: KernelRecord = {
  kernel: Kernel.AddS8,
  name: 'add_s8',
  builtin: 0,
  cores: 'all',
  applies: () => true,
  lower: (view) => {
    const [a, b, out] = [inputOf(view, 0), inputOf(view, 1), outputOf(view)];
    const outDims = fourDims(out.shape);
    const twice = 2 * Math.max(scaleOf(a), scaleOf(b));
    const first = quantizeMultiplier(scaleOf(a) / twice);
    const second = quantizeMultiplier(scaleOf(b) / twice);
    const output = quantizeMultiplier(twice / (2 ** LEFT_SHIFT * scaleOf(out)));
    const same = a.shape.length === b.shape.length && a.shape.every((d, i) => d === b.shape[i]);
    return {
      paramsBytes: AddParamsBytes,
      constants: {},
      writeParams: (bytes, at) =>
        writeAddParams(bytes, at, {
          elements: elementCount(out.shape),
          broadcast: same ? 0 : 1,
          outDims,
          strides1: broadcastStrides(a.shape, outDims),
          strides2: broadcastStrides(b.shape, outDims),
          offset1: -zeroPointOf(a),
          offset2: -zeroPointOf(b),
          outputOffset: zeroPointOf(out),
          leftShift: LEFT_SHIFT,
          multiplier1: first.multiplier,
          shift1: first.shift,
          multiplier2: second.multiplier,
          shift2: second.shift,
          outputMultiplier: output.multiplier,
          outputShift: output.shift,
          ...activationRange(out, attributesOf(view.op.attributes, 'add').activation),
          reserved: [],
        }),
      scratchBytes: 0,
    };
  },
  cost: (work) => 90 * work.outputs,
};
