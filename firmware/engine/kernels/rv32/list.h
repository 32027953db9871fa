/* Kernels for RV32IMC: one line a kernel, ids 384 to 415. */
#ifndef MJ_KERNELS_RV32_LIST_H
#define MJ_KERNELS_RV32_LIST_H

#define MJ_KERNELS_RV32(K)

#endif
