import type { KernelRecord } from '../../kernel-record.ts';

/** Kernels for the Cortex-M0+, ids 256 to 319: one line a kernel. */
export const m0Kernels: readonly KernelRecord[] = [];
