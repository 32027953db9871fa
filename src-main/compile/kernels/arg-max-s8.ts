import { ArgMaxParamsBytes, Kernel, writeArgMaxParams } from '../../abi/generated.ts';
import { inputOf } from '../../model/op-view.ts';
import { argMaxAxis } from '../../model/ops/arg-max.ts';
import { elementCount } from '../../model/tensor-type.ts';
import type { KernelRecord } from '../kernel-record.ts';

export const argMaxS8: KernelRecord = {
  kernel: Kernel.ArgMaxS8,
  name: 'arg_max_s8',
  builtin: 56,
  cores: 'all',
  applies: () => true,
  lower: (view) => {
    const { shape } = inputOf(view, 0);
    const axis = argMaxAxis(view);
    return {
      paramsBytes: ArgMaxParamsBytes,
      constants: {},
      operands: [0],
      writeParams: (bytes, at) =>
        writeArgMaxParams(bytes, at, {
          outer: elementCount(shape.slice(0, axis)),
          depth: shape[axis]!,
          inner: elementCount(shape.slice(axis + 1)),
          reserved: 0,
        }),
      scratchBytes: 0,
    };
  },
  cost: (work) => 10 * work.activationBytes,
};
