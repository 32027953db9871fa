import type { KernelRecord } from '../../kernel-record.ts';
import { convWasm, denseWasm } from './conv-wasm.ts';
import { depthwiseWasm } from './depthwise-wasm.ts';

/** Kernels for the host twin with SIMD, ids 416 to 447: one line a kernel. */
export const wasmKernels: readonly KernelRecord[] = [convWasm, denseWasm, depthwiseWasm];
