/* Kernels for the Cortex-M55 with MVE: one line a kernel, ids 352 to 383. */
#ifndef MJ_KERNELS_MVE_LIST_H
#define MJ_KERNELS_MVE_LIST_H

#define MJ_KERNELS_MVE(K)                      \
  K(MJ_KERNEL_CONV_MVE, mj_conv_mve)           \
  K(MJ_KERNEL_DEPTHWISE_MVE, mj_depthwise_mve) \
  K(MJ_KERNEL_ADD_MVE, mj_add_mve)             \
  K(MJ_KERNEL_AVERAGE_POOL_MVE, mj_average_pool_mve)

#endif
