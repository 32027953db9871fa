import type { KernelRecord } from '../../kernel-record.ts';

/** Kernels for the Cortex-M55 with MVE, ids 352 to 383: one line a kernel. */
export const mveKernels: readonly KernelRecord[] = [];
