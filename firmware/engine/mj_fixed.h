/*
 * The fixed-point arithmetic of int8 inference, bit for bit that of TensorFlow Lite Micro's reference kernels
 * (built without TFLITE_SINGLE_ROUNDING): gemmlowp's saturating rounding doubling high multiply, then a
 * rounding division by a power of two that rounds halves away from zero. Overflow wraps; nothing here is
 * undefined.
 */
#ifndef MJ_FIXED_H
#define MJ_FIXED_H

#include <stdint.h>

/* Two's complement sums and shifts that wrap where the plain operators would be undefined. */
static inline int32_t mj_wrap_add(int32_t a, int32_t b) {
  return (int32_t)((uint32_t)a + (uint32_t)b);
}

static inline int32_t mj_wrap_shift_left(int32_t a, uint32_t bits) {
  return (int32_t)((uint32_t)a << bits);
}

static inline int32_t mj_wrap_mul(int32_t a, int32_t b) {
  return (int32_t)((uint32_t)a * (uint32_t)b);
}

static inline int32_t mj_clamp(int32_t x, int32_t low, int32_t high) {
  x = x < low ? low : x;
  return x > high ? high : x;
}

/*
 * floor((a·b + 2^30) / 2^31) for any a and b but both INT32_MIN. gemmlowp's form (a nudge by sign, then a
 * division that truncates) gives the same number for every a·b.
 */
static inline int32_t mj_high_mul(int32_t a, int32_t b) {
#if defined(__ARM_ARCH_6M__) || defined(MJ_NARROW_MULTIPLY)
  /* No 32×32→64 multiply: four 16-bit pieces. Below bit 30 only the carry of the low product matters. */
  const uint32_t a_low = (uint32_t)a & 0xffffu;
  const uint32_t b_low = (uint32_t)b & 0xffffu;
  const int32_t a_high = a >> 16;
  const int32_t b_high = b >> 16;
  const int32_t middle1 = mj_wrap_mul(a_high, (int32_t)b_low) + (int32_t)((a_low * b_low) >> 16);
  const int32_t middle2 = mj_wrap_mul(b_high, (int32_t)a_low) + (int32_t)((uint32_t)middle1 & 0xffffu);
  const int32_t high = a_high * b_high + (middle1 >> 16) + (middle2 >> 16);
  const uint32_t low16 = (uint32_t)middle2 & 0xffffu;
  return mj_wrap_add(mj_wrap_shift_left(high, 1), (int32_t)((low16 + 0x4000u) >> 15));
#else
  return (int32_t)(((int64_t)a * b + (1 << 30)) >> 31);
#endif
}

/* As mj_high_mul, and INT32_MIN · INT32_MIN saturates. */
static inline int32_t mj_saturating_high_mul(int32_t a, int32_t b) {
  if (a == INT32_MIN && b == INT32_MIN) return INT32_MAX;
  return mj_high_mul(a, b);
}

/* x / 2^bits, rounded to nearest, halves away from zero; x > INT32_MIN, 0 ≤ bits ≤ 31. */
static inline int32_t mj_rounding_shift_right(int32_t x, uint32_t bits) {
  if (bits == 0) return x;
  const int32_t nudged = mj_wrap_add(x, x >> 31);
  return (nudged >> bits) + ((nudged >> (bits - 1)) & 1);
}

/* acc · multiplier · 2^(shift − 31), multiplier ≥ 0 in Q31, −31 ≤ shift ≤ 30. */
static inline int32_t mj_requantize(int32_t acc, int32_t multiplier, int32_t shift) {
  if (shift > 0) return mj_high_mul(mj_wrap_shift_left(acc, (uint32_t)shift), multiplier);
  return mj_rounding_shift_right(mj_high_mul(acc, multiplier), (uint32_t)-shift);
}

#endif
