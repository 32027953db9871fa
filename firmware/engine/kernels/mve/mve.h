/*
 * What the kernels with vectors share: requantisation of four channels at once. VQRDMULH is TensorFlow Lite's
 * rounding doubling high multiply, VRSHL its rounding shift but for negative halves; those matter only where
 * something below the zero point survives the clamp.
 */
#ifndef MJ_MVE_H
#define MJ_MVE_H

#include "../mj_packed.h"

#define MJ_MVE_LANES 4u
/* Bytes of a vector. */
#define MJ_MVE_BYTES 16u

/* Biases, multipliers, shifts (0 or negative) of four channels. */
typedef struct {
  int32_t bias[MJ_MVE_LANES];
  int32_t multiplier[MJ_MVE_LANES];
  int32_t shift[MJ_MVE_LANES];
} mj_mve_quad;

#if defined(__ARM_FEATURE_MVE)

/* Halves away from zero: a negative number is one less before VRSHL rounds halves up. */
static inline int32x4_t mj_mve_halves_away(int32x4_t x) {
  return vaddq_s32(x, vshrq_n_s32(x, 31));
}

#else

static inline int32_t mj_mve_scale_lane(int32_t acc, const mj_mve_quad *q, uint32_t lane, bool positive) {
  const int32_t x = mj_high_mul(mj_wrap_add(acc, q->bias[lane]), q->multiplier[lane]);
  const uint32_t right = (uint32_t)-q->shift[lane];
  if (right == 0) return positive ? x : mj_wrap_add(x, x >> 31);
  if (!positive) return mj_rounding_shift_right(x, right);
  return (x >> right) + ((x >> (right - 1u)) & 1);
}

#endif

static inline bool mj_mve_quads_fit(const mj_mve_quad *quads, uint32_t count) {
  for (uint32_t q = 0; q < count; q++) {
    for (uint32_t i = 0; i < MJ_MVE_LANES; i++)
      if (!mj_between(quads[q].shift[i], -31, 0) || quads[q].multiplier[i] < 0) return false;
  }
  return true;
}

#endif
