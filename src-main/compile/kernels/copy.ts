import { CopyParamsBytes, Kernel, writeCopyParams } from '../../abi/generated.ts';
import { outputOf } from '../../model/op-view.ts';
import { tensorBytes } from '../../model/tensor-type.ts';
import type { KernelRecord } from '../kernel-record.ts';

/** What only renames bytes, where the two tensors cannot share memory; see storage.ts. */
const copy = (builtin: number): KernelRecord => ({
  kernel: Kernel.Copy,
  name: 'copy',
  builtin,
  cores: 'all',
  applies: () => true,
  lower: (view) => {
    const output = outputOf(view);
    return {
      paramsBytes: CopyParamsBytes,
      constants: {},
      operands: [0],
      writeParams: (bytes, at) =>
        writeCopyParams(bytes, at, { bytes: tensorBytes(output.type, output.shape), reserved: [] }),
      scratchBytes: 0,
    };
  },
  cost: (work) => 2 * work.activationBytes,
});

/** RESHAPE, EXPAND_DIMS, SQUEEZE; between activations and states READ_VARIABLE and ASSIGN_VARIABLE. */
export const copyKernels: readonly KernelRecord[] = [copy(22), copy(70), copy(43), copy(143), copy(144)];
