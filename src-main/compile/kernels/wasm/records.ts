import type { KernelRecord } from '../../kernel-record.ts';

/** Kernels for WebAssembly with SIMD, ids 416 to 447: one line a kernel. */
export const wasmKernels: readonly KernelRecord[] = [];
