/*
 * The instructions of the DSP extension that the M4 kernels are made of, and what they compute in C
 * (Arm DDI 0403, A7.7: SXTB16, SMLAD, SMLABB, SMLATT, SMMLAR, SMMULR, SSAT).
 */
#ifndef MJ_M4_DSP_H
#define MJ_M4_DSP_H

#include "../mj_packed.h"

#if defined(__ARM_FEATURE_DSP)
#define MJ_M4_ASSEMBLY 1
#else
#define MJ_M4_ASSEMBLY 0
#endif

/* Bytes 0 and 2 of a word as two 16-bit lanes. */
static inline uint32_t mj_even_bytes(uint32_t word) {
#if MJ_M4_ASSEMBLY
  uint32_t lanes;
  __asm("sxtb16 %0, %1" : "=r"(lanes) : "r"(word));
  return lanes;
#else
  return ((uint32_t)(int32_t)(int8_t)word & 0xffffu) | (uint32_t)(int32_t)(int8_t)(word >> 16) << 16;
#endif
}

/* Bytes 1 and 3. */
static inline uint32_t mj_odd_bytes(uint32_t word) {
#if MJ_M4_ASSEMBLY
  uint32_t lanes;
  __asm("sxtb16 %0, %1, ror #8" : "=r"(lanes) : "r"(word));
  return lanes;
#else
  return mj_even_bytes(word >> 8);
#endif
}

static inline int32_t mj_low_half(uint32_t lanes) {
  return (int16_t)lanes;
}

static inline int32_t mj_high_half(uint32_t lanes) {
  return (int16_t)(lanes >> 16);
}

/* acc + a.low · b.low */
static inline int32_t mj_mac_low(int32_t acc, uint32_t a, uint32_t b) {
#if MJ_M4_ASSEMBLY
  __asm("smlabb %0, %1, %2, %0" : "+r"(acc) : "r"(a), "r"(b));
  return acc;
#else
  return mj_wrap_add(acc, mj_low_half(a) * mj_low_half(b));
#endif
}

/* acc + a.high · b.high */
static inline int32_t mj_mac_high(int32_t acc, uint32_t a, uint32_t b) {
#if MJ_M4_ASSEMBLY
  __asm("smlatt %0, %1, %2, %0" : "+r"(acc) : "r"(a), "r"(b));
  return acc;
#else
  return mj_wrap_add(acc, mj_high_half(a) * mj_high_half(b));
#endif
}

/*
 * Requantisation of one channel. Accumulators are kept twice as large (weights and bias are), so that the
 * high word of acc · multiplier + 2^31 is TensorFlow Lite's first rounding. `addend` is half a unit of the
 * second one and the output's zero point, both before the shift.
 */
typedef struct {
  int32_t multiplier;
  int32_t addend;
  int32_t shift; /* to the right */
} mj_m4_scaling;

static inline int32_t mj_saturate_s8(int32_t x) {
#if MJ_M4_ASSEMBLY
  __asm("ssat %0, #8, %0" : "+r"(x));
  return x;
#else
  return mj_clamp(x, -128, 127);
#endif
}

/* Where results below the zero point are clamped away, so that how negative halves round does not show. */
static inline int32_t mj_scale_positive(int32_t acc, const mj_m4_scaling *s) {
  int32_t high;
#if MJ_M4_ASSEMBLY
  __asm("smmlar %0, %1, %2, %3" : "=r"(high) : "r"(acc), "r"(s->multiplier), "r"(s->addend));
#else
  high = mj_wrap_add((int32_t)(((int64_t)acc * s->multiplier + (1ll << 31)) >> 32), s->addend);
#endif
  return mj_saturate_s8(high >> s->shift);
}

/* Halves away from zero, for shifts of at least 1. */
static inline int32_t mj_scale_signed(int32_t acc, const mj_m4_scaling *s) {
  int32_t high;
#if MJ_M4_ASSEMBLY
  __asm("smmulr %0, %1, %2" : "=r"(high) : "r"(acc), "r"(s->multiplier));
#else
  high = (int32_t)(((int64_t)acc * s->multiplier + (1ll << 31)) >> 32);
#endif
  high += high >> 31;
  return mj_saturate_s8(mj_wrap_add(high, s->addend) >> s->shift);
}

static inline int32_t mj_scale(int32_t acc, const mj_m4_scaling *s, bool positive) {
  return positive ? mj_scale_positive(acc, s) : mj_scale_signed(acc, s);
}

/* Every shift is one a 32-bit word can be shifted by; the kernels shift without looking. */
static inline bool mj_m4_shifts_fit(const mj_m4_scaling *scalings, uint32_t count) {
  for (uint32_t i = 0; i < count; i++)
    if (!mj_between(scalings[i].shift, 0, 31)) return false;
  return true;
}

#endif
