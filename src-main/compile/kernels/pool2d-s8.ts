import { Kernel, PoolParamsBytes, writePoolParams } from '../../abi/generated.ts';
import { attributesOf, outputOf, type OpView } from '../../model/op-view.ts';
import { poolGeometry } from '../../model/ops/pool2d.ts';
import { activationRange } from '../fixed-point.ts';
import type { KernelRecord, Lowered } from '../kernel-record.ts';

export function lowerPool(view: OpView): Lowered {
  const a = attributesOf(view.op.attributes, 'pool2d');
  return {
    paramsBytes: PoolParamsBytes,
    constants: {},
    writeParams: (bytes, at) =>
      writePoolParams(bytes, at, {
        ...poolGeometry(view),
        ...activationRange(outputOf(view), a.activation),
        filterH: a.filterH,
        filterW: a.filterW,
        strideH: a.strideH,
        strideW: a.strideW,
        reserved: [],
      }),
    scratchBytes: 0,
  };
}

export const averagePool2dS8: KernelRecord = {
  kernel: Kernel.AveragePool2dS8,
  name: 'average_pool2d_s8',
  builtin: 1,
  cores: 'all',
  applies: () => true,
  lower: lowerPool,
  cost: (work) => 15 * work.activationBytes + 150 * work.outputs,
};

export const maxPool2dS8: KernelRecord = {
  kernel: Kernel.MaxPool2dS8,
  name: 'max_pool2d_s8',
  builtin: 17,
  cores: 'all',
  applies: () => true,
  lower: lowerPool,
  cost: (work) => 15 * work.activationBytes + 50 * work.outputs,
};
