import type { KernelRecord } from '../../kernel-record.ts';

/** Kernels for RV32IMC, ids 384 to 415: one line a kernel. */
export const rv32Kernels: readonly KernelRecord[] = [];
