/* Small fixed-point primitives of the front end. A right shift of a negative int32_t is arithmetic on every
 * compiler we build with; the assertion makes that explicit. */
#ifndef MJ_FIXED_POINT_H
#define MJ_FIXED_POINT_H

#include <stdint.h>

_Static_assert((-3 >> 1) == -2, "right shift of negative values must be arithmetic");

/* round(a * b / 2^15) with two 16-bit products: Cortex-M0+ has no 32 x 32 -> 64 multiply. |a| <= 2^30. */
static inline int32_t mj_mul_q15(int32_t a, int16_t b) {
  const int32_t high = (a >> 16) * b * 2;
  const int32_t low = ((a & 0xffff) * b + (1 << 14)) >> 15;
  return high + low;
}

/* floor(a * b / 2^15); a < 2^31, b <= 2^15. */
static inline uint32_t mj_umul_q15(uint32_t a, uint32_t b) {
  return (((a >> 16) * b) << 1) + (((a & 0xffffu) * b) >> 15);
}

/* Position of the highest set bit, x > 0. Written out: without a CLZ instruction the builtin is a library
 * call. */
static inline uint32_t mj_log2_floor(uint32_t x) {
  uint32_t n = 0;
  if (x >= 1u << 16) {
    n += 16;
    x >>= 16;
  }
  if (x >= 1u << 8) {
    n += 8;
    x >>= 8;
  }
  if (x >= 1u << 4) {
    n += 4;
    x >>= 4;
  }
  if (x >= 1u << 2) {
    n += 2;
    x >>= 2;
  }
  return n + (x >> 1);
}

#endif
