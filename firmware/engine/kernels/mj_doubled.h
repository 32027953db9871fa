/*
 * Requantisation for cores with a 64-bit product (RV32IM, the host). The bias and the accumulator are added
 * once more to themselves, so that the high word of the product and the top bit of its low word are
 * TensorFlow Lite's first rounding (MULH, MUL). `addend` is half a unit of the second one and the output's
 * zero point, both before the shift.
 */
#ifndef MJ_DOUBLED_H
#define MJ_DOUBLED_H

#include "mj_packed.h"

typedef struct {
  int32_t bias; /* doubled */
  int32_t multiplier;
  int32_t addend;
  int32_t shift; /* to the right */
} mj_doubled_scaling;

typedef struct {
  int32_t low;
  int32_t high;
} mj_clamp_range;

static inline int32_t mj_doubled_high(int32_t sum, const mj_doubled_scaling *s) {
  const int64_t product = (int64_t)mj_wrap_add(mj_wrap_add(sum, sum), s->bias) * s->multiplier;
  return mj_wrap_add((int32_t)(product >> 32), (int32_t)((uint32_t)product >> 31));
}

/* Where results below the zero point are clamped away, so that how negative halves round does not show. */
static inline int8_t mj_doubled_scale_positive(int32_t sum, const mj_doubled_scaling *s,
                                               mj_clamp_range clamp) {
  return (int8_t)mj_clamp(mj_wrap_add(mj_doubled_high(sum, s), s->addend) >> s->shift, clamp.low, clamp.high);
}

/* Halves away from zero, for shifts of at least 1. */
static inline int8_t mj_doubled_scale_signed(int32_t sum, const mj_doubled_scaling *s, mj_clamp_range clamp) {
  int32_t high = mj_doubled_high(sum, s);
  high += high >> 31;
  return (int8_t)mj_clamp(mj_wrap_add(high, s->addend) >> s->shift, clamp.low, clamp.high);
}

static inline bool mj_doubled_shifts_fit(const mj_doubled_scaling *scalings, uint32_t count) {
  for (uint32_t i = 0; i < count; i++)
    if (!mj_between(scalings[i].shift, 0, 31)) return false;
  return true;
}

#endif
