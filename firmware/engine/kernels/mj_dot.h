/* Inner products of int8 rows: the inner loop of CONV_2D and FULLY_CONNECTED. */
#ifndef MJ_DOT_H
#define MJ_DOT_H

#include "../mj_fixed.h"

/* GCC unrolls where told; clang's vectoriser does better with the plain loop. */
#if defined(__GNUC__) && !defined(__clang__)
#define MJ_STRING(x) #x
#define MJ_UNROLL(n) _Pragma(MJ_STRING(GCC unroll n))
#else
#define MJ_UNROLL(n)
#endif

static inline int32_t mj_mac(int32_t acc, int32_t a, int32_t b) {
  return mj_wrap_add(acc, a * b);
}

/*
 * Two rows of weights share each input byte. Measured on Cortex-M0+: 6.5 cycles a MAC, where one row
 * takes 8.8 and four rows, whose accumulators spill, 7.3.
 */
static inline void mj_dot_2(const int8_t *x, const int8_t *w0, const int8_t *w1, int32_t depth,
                            int32_t *acc) {
  int32_t acc0 = acc[0];
  int32_t acc1 = acc[1];
  MJ_UNROLL(2)
  for (int32_t k = 0; k < depth; k++) {
    const int32_t value = x[k];
    acc0 = mj_mac(acc0, value, w0[k]);
    acc1 = mj_mac(acc1, value, w1[k]);
  }
  acc[0] = acc0;
  acc[1] = acc1;
}

static inline int32_t mj_dot_1(const int8_t *x, const int8_t *w, int32_t depth, int32_t acc) {
  MJ_UNROLL(4)
  for (int32_t k = 0; k < depth; k++) acc = mj_mac(acc, x[k], w[k]);
  return acc;
}

/* Σ w, to fold a constant offset of the other factor into a bias. */
static inline int32_t mj_sum(const int8_t *w, int32_t count) {
  int32_t sum = 0;
  MJ_UNROLL(4)
  for (int32_t k = 0; k < count; k++) sum = mj_wrap_add(sum, w[k]);
  return sum;
}

#endif
