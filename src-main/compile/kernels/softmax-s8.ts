import { Kernel, SoftmaxParamsBytes, writeSoftmaxParams } from '../../abi/generated.ts';
import { attributesOf, inputOf, scaleOf } from '../../model/op-view.ts';
import { elementCount } from '../../model/tensor-type.ts';
import { softmaxScaling } from '../fixed-point.ts';
import type { KernelRecord } from '../kernel-record.ts';

export const softmaxS8: KernelRecord = {
  kernel: Kernel.SoftmaxS8,
  name: 'softmax_s8',
  builtin: 25,
  cores: 'all',
  applies: () => true,
  lower: (view) => {
    const input = inputOf(view, 0);
    const depth = input.shape.at(-1)!;
    const { beta } = attributesOf(view.op.attributes, 'softmax');
    const { multiplier, shift, diffMin } = softmaxScaling(beta, scaleOf(input));
    return {
      paramsBytes: SoftmaxParamsBytes,
      constants: {},
      writeParams: (bytes, at) =>
        writeSoftmaxParams(bytes, at, {
          rows: elementCount(input.shape) / depth,
          depth,
          inputMultiplier: multiplier,
          inputShift: shift,
          diffMin,
          reserved: [],
        }),
      scratchBytes: 0,
    };
  },
  cost: (work) => 1200 * work.outputs,
};
