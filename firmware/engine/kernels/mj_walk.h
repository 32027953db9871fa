/* Strided walks over tensors: how far they reach, and copying the blocks they meet. */
#ifndef MJ_WALK_H
#define MJ_WALK_H

#include "../mj_kernels.h"

/*
 * A walk of dims[i] steps of strides[i] from `start` stays in [0, end) with `unit` elements at every stop.
 * Every dimension is at least 1; strides may be negative.
 */
bool mj_walk_fits(const int32_t *dims, const int32_t *strides, uint32_t count, int32_t start, uint32_t unit,
                  uint32_t end);

/* Whole words where both places are aligned; the blocks do not overlap. */
static inline void mj_copy_block(uint8_t *out, const uint8_t *in, uint32_t bytes) {
  uint32_t i = 0;
  if ((((uintptr_t)out | (uintptr_t)in) & 3u) == 0) {
    for (; i + 4 <= bytes; i += 4) {
      *(uint32_t *)(void *)(out + i) = *(const uint32_t *)(const void *)(in + i);
    }
  }
  for (; i < bytes; i++) out[i] = in[i];
}

#endif
