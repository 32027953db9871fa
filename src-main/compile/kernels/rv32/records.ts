import type { KernelRecord } from '../../kernel-record.ts';
import { convRv32, denseRv32 } from './conv-rv32.ts';
import { depthwiseRv32 } from './depthwise-rv32.ts';
import { denseLanesRv32, lanesRv32 } from './lanes-rv32.ts';

/** Kernels for RV32IMC, ids 384 to 415: one line a kernel. */
export const rv32Kernels: readonly KernelRecord[] = [
  convRv32,
  denseRv32,
  lanesRv32,
  denseLanesRv32,
  depthwiseRv32,
];
