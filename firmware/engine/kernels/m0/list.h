/* Kernels for the Cortex-M0+: one line a kernel, ids 256 to 319. */
#ifndef MJ_KERNELS_M0_LIST_H
#define MJ_KERNELS_M0_LIST_H

#define MJ_KERNELS_M0(K)

#endif
