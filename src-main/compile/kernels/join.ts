import { JoinParamsBytes, Kernel, writeJoinParams } from '../../abi/generated.ts';
import { inputOf, outputOf, type OpView } from '../../model/op-view.ts';
import { concatenationAxis, packAxis } from '../../model/ops/joining.ts';
import { splitAxis, splitVAxis, unpackAxis } from '../../model/ops/splitting.ts';
import { elementCount } from '../../model/tensor-type.ts';
import type { KernelRecord, Lowered } from '../kernel-record.ts';

/** `operand` = the tensor that is split; none where all inputs are joined. */
function lowerRows(rows: number, operand: number | null): Lowered {
  return {
    paramsBytes: JoinParamsBytes,
    constants: {},
    ...(operand === null ? {} : { operands: [operand] }),
    writeParams: (bytes, at) => writeJoinParams(bytes, at, { rows, reserved: [] }),
    scratchBytes: 0,
  };
}

const inFront = (shape: readonly number[], axis: number): number => elementCount(shape.slice(0, axis));

const join = (builtin: number, axis: (view: OpView) => number): KernelRecord => ({
  kernel: Kernel.Concatenate,
  name: 'concatenate',
  builtin,
  cores: 'all',
  applies: () => true,
  lower: (view) => lowerRows(inFront(outputOf(view).shape, axis(view)), null),
  cost: (work) => 5 * work.activationBytes,
});

const split = (builtin: number, operand: number, axis: (view: OpView) => number): KernelRecord => ({
  kernel: Kernel.Split,
  name: 'split',
  builtin,
  cores: 'all',
  applies: () => true,
  lower: (view) => lowerRows(inFront(inputOf(view, operand).shape, axis(view)), operand),
  cost: (work) => 5 * work.activationBytes,
});

export const joinKernels: readonly KernelRecord[] = [
  join(2, concatenationAxis),
  join(83, packAxis),
  split(49, 1, splitAxis),
  split(102, 0, splitVAxis),
  split(88, 0, unpackAxis),
];
