/* Kernels for WebAssembly with SIMD: one line a kernel, ids 416 to 447. */
#ifndef MJ_KERNELS_WASM_LIST_H
#define MJ_KERNELS_WASM_LIST_H

#define MJ_KERNELS_WASM(K)

#endif
