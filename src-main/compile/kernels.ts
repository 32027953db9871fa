import { BugError } from '../base/errors.ts';
import type { BoardDescriptor } from '../board/board.ts';
import type { OpWork } from '../model/graph-check.ts';
import type { OpView } from '../model/op-view.ts';
import type { KernelRecord } from './kernel-record.ts';
import { addS8 } from './kernels/add-s8.ts';
import { conv2dS8, depthwiseConv2dS8 } from './kernels/conv2d-s8.ts';
import { copy } from './kernels/copy.ts';
import { fullyConnectedS8 } from './kernels/fully-connected-s8.ts';
import { averagePool2dS8, maxPool2dS8 } from './kernels/pool2d-s8.ts';
import { dequantize, quantize } from './kernels/quantize.ts';
import { softmaxS8 } from './kernels/softmax-s8.ts';

/** Every compute kernel. A new one is a C file, a record and a line here. */
export const kernelRecords: readonly KernelRecord[] = [
  conv2dS8,
  depthwiseConv2dS8,
  fullyConnectedS8,
  addS8,
  averagePool2dS8,
  maxPool2dS8,
  copy,
  softmaxS8,
  quantize,
  dequantize,
];

const byId = new Map<number, KernelRecord>(kernelRecords.map((k) => [k.kernel, k]));

export function kernelRecord(id: number): KernelRecord | null {
  return byId.get(id) ?? null;
}

/** The cheapest kernel that applies; every operator of the table has a general one. */
export function chooseKernel(
  view: OpView,
  work: OpWork,
  board: BoardDescriptor,
  records: readonly KernelRecord[] = kernelRecords,
): KernelRecord {
  const able = records.filter((r) => r.builtin === view.op.builtin && r.applies(view, board));
  const best = able.reduce<KernelRecord | null>((a, b) => (a && a.cost(work) <= b.cost(work) ? a : b), null);
  if (!best) throw new BugError(`no kernel for ${view.op.name}`);
  return best;
}
