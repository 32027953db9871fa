import type { KernelRecord } from '../../kernel-record.ts';

/** Kernels for the Cortex-M4F and M7, ids 320 to 351: one line a kernel. */
export const m4Kernels: readonly KernelRecord[] = [];
