/* Kernels for the Cortex-M55 with MVE: one line a kernel, ids 352 to 383. */
#ifndef MJ_KERNELS_MVE_LIST_H
#define MJ_KERNELS_MVE_LIST_H

#define MJ_KERNELS_MVE(K)

#endif
