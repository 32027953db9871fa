import type { KernelRecord } from './kernel-record.ts';
import { m0Kernels } from './kernels/m0/records.ts';
import { m4Kernels } from './kernels/m4/records.ts';
import { mveKernels } from './kernels/mve/records.ts';
import { rv32Kernels } from './kernels/rv32/records.ts';
import { wasmKernels } from './kernels/wasm/records.ts';
import { argMaxS8 } from './kernels/arg-max-s8.ts';
import { batchMatmulS8 } from './kernels/batch-matmul-s8.ts';
import { conv2dS16, conv2dS8, depthwiseConv2dS16, depthwiseConv2dS8 } from './kernels/conv2d-s8.ts';
import { copyKernels } from './kernels/copy.ts';
import { addS8, maximumS8, minimumS8, mulS8, subS8 } from './kernels/elementwise-s8.ts';
import { fullyConnectedS16, fullyConnectedS8 } from './kernels/fully-connected-s8.ts';
import { joinKernels } from './kernels/join.ts';
import { lookupKernels } from './kernels/lookup-s8.ts';
import { moveKernels } from './kernels/move.ts';
import { averagePool2dS8, maxPool2dS8 } from './kernels/pool2d-s8.ts';
import { dequantize, quantize } from './kernels/quantize.ts';
import { reduceKernels } from './kernels/reduce-s8.ts';
import { resizeNearest } from './kernels/resize-nearest.ts';
import { lstmS8 } from './kernels/lstm-s8.ts';
import { softmaxS8 } from './kernels/softmax-s8.ts';
import { svdfS8 } from './kernels/svdf-s8.ts';
import { transposeConvS8 } from './kernels/transpose-conv-s8.ts';

/** For every core and every case; ids below 256. */
const generalKernels: readonly KernelRecord[] = [
  conv2dS8,
  depthwiseConv2dS8,
  fullyConnectedS8,
  addS8,
  averagePool2dS8,
  maxPool2dS8,
  ...copyKernels,
  softmaxS8,
  quantize,
  dequantize,
  subS8,
  mulS8,
  minimumS8,
  maximumS8,
  ...lookupKernels,
  ...moveKernels,
  ...joinKernels,
  ...reduceKernels,
  resizeNearest,
  argMaxS8,
  transposeConvS8,
  batchMatmulS8,
  conv2dS16,
  depthwiseConv2dS16,
  fullyConnectedS16,
  svdfS8,
  lstmS8,
];

/** Every compute kernel. A new one is a C file, a record and a line in the list of its cores. */
export const kernelRecords: readonly KernelRecord[] = [
  ...generalKernels,
  ...m0Kernels,
  ...m4Kernels,
  ...mveKernels,
  ...rv32Kernels,
  ...wasmKernels,
];

const byId = new Map<number, KernelRecord>(kernelRecords.map((k) => [k.kernel, k]));

export function kernelRecord(id: number): KernelRecord | null {
  return byId.get(id) ?? null;
}
