/* Kernels for the host twin with SIMD: one line a kernel, ids 416 to 447. */
#ifndef MJ_KERNELS_WASM_LIST_H
#define MJ_KERNELS_WASM_LIST_H

#define MJ_KERNELS_WASM(K)             \
  K(MJ_KERNEL_CONV_WASM, mj_conv_wasm) \
  K(MJ_KERNEL_DEPTHWISE_WASM, mj_depthwise_wasm)

#endif
