/* Kernels for the Cortex-M4F and M7: one line a kernel, ids 320 to 351. */
#ifndef MJ_KERNELS_M4_LIST_H
#define MJ_KERNELS_M4_LIST_H

#define MJ_KERNELS_M4(K)

#endif
