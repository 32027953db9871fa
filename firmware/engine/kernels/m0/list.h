/* Kernels for the Cortex-M0+: one line a kernel, ids 256 to 319. */
#ifndef MJ_KERNELS_M0_LIST_H
#define MJ_KERNELS_M0_LIST_H

#define MJ_KERNELS_M0(K)                                 \
  K(MJ_KERNEL_CONV_LANES, mj_conv_lanes)                 \
  K(MJ_KERNEL_CONV_PIXELS, mj_conv_pixels)               \
  K(MJ_KERNEL_DEPTHWISE_SLIDE, mj_depthwise_slide)       \
  K(MJ_KERNEL_ADD_LINEAR, mj_add_linear)                 \
  K(MJ_KERNEL_AVERAGE_POOL_WORDS, mj_average_pool_words) \
  K(MJ_KERNEL_DENSE_BYTES, mj_dense_bytes)

#endif
