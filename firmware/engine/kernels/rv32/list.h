/* Kernels for RV32IMC: one line a kernel, ids 384 to 415. */
#ifndef MJ_KERNELS_RV32_LIST_H
#define MJ_KERNELS_RV32_LIST_H

#define MJ_KERNELS_RV32(K)                       \
  K(MJ_KERNEL_CONV_RV32, mj_conv_rv32)           \
  K(MJ_KERNEL_DEPTHWISE_RV32, mj_depthwise_rv32) \
  K(MJ_KERNEL_LANES_RV32, mj_lanes_rv32)

#endif
