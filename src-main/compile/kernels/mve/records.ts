import type { KernelRecord } from '../../kernel-record.ts';
import { convMve, denseMve } from './conv-mve.ts';
import { depthwiseMve } from './depthwise-mve.ts';
import { addMve, averagePoolMve } from './elementwise-mve.ts';

/** Kernels for the Cortex-M55 with MVE, ids 352 to 383: one line a kernel. */
export const mveKernels: readonly KernelRecord[] = [convMve, denseMve, depthwiseMve, addMve, averagePoolMve];
