import { CopyParamsBytes, Kernel, writeCopyParams } from '../../abi/generated.ts';
import { outputOf } from '../../model/op-view.ts';
import { tensorBytes } from '../../model/tensor-type.ts';
import type { KernelRecord } from '../kernel-record.ts';

/** RESHAPE where the two tensors cannot share memory; see storage.ts. */
export const copy: KernelRecord = {
  kernel: Kernel.Copy,
  name: 'copy',
  builtin: 22,
  cores: 'all',
  applies: () => true,
  lower: (view) => {
    const output = outputOf(view);
    return {
      paramsBytes: CopyParamsBytes,
      constants: {},
      writeParams: (bytes, at) =>
        writeCopyParams(bytes, at, { bytes: tensorBytes(output.type, output.shape), reserved: [] }),
      scratchBytes: 0,
    };
  },
  cost: (work) => 2 * work.activationBytes,
};
