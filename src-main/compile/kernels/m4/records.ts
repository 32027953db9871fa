import type { KernelRecord } from '../../kernel-record.ts';
import { convM4, denseM4, rowsM4 } from './conv-m4.ts';
import { depthwiseM4 } from './depthwise-m4.ts';

/** Kernels for the Cortex-M4F, M7 and M55, ids 320 to 351: one line a kernel. */
export const m4Kernels: readonly KernelRecord[] = [convM4, rowsM4, denseM4, depthwiseM4];
