/* Kernels for Cortex-M4F, M7 and M55 (DSP extension): one line a kernel, ids 320 to 351. */
#ifndef MJ_KERNELS_M4_LIST_H
#define MJ_KERNELS_M4_LIST_H

#define MJ_KERNELS_M4(K)             \
  K(MJ_KERNEL_CONV_M4, mj_conv_m4)   \
  K(MJ_KERNEL_DENSE_M4, mj_dense_m4) \
  K(MJ_KERNEL_DEPTHWISE_M4, mj_depthwise_m4)

#endif
