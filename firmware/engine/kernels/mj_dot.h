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

#if defined(__wasm_simd128__)
/* clang 14 does not find i32x4.dot_i16x8_s by itself; eight products at a time, the same sum modulo 2^32. */
typedef int8_t mj_s8x8 __attribute__((vector_size(8), aligned(1)));
typedef int16_t mj_s16x8 __attribute__((vector_size(16)));
typedef int32_t mj_s32x4 __attribute__((vector_size(16)));

static inline mj_s16x8 mj_widen(const int8_t *p) {
  return __builtin_convertvector(*(const mj_s8x8 *)(const void *)p, mj_s16x8);
}

static inline int32_t mj_dot_tail(const int8_t *x, const int8_t *w, int32_t from, int32_t depth,
                                  mj_s32x4 sums) {
  int32_t acc = mj_wrap_add(mj_wrap_add(sums[0], sums[1]), mj_wrap_add(sums[2], sums[3]));
  for (int32_t k = from; k < depth; k++) acc = mj_mac(acc, x[k], w[k]);
  return acc;
}

static inline void mj_dot_2(const int8_t *x, const int8_t *w0, const int8_t *w1, int32_t depth,
                            int32_t *acc) {
  mj_s32x4 sums0 = {acc[0], 0, 0, 0};
  mj_s32x4 sums1 = {acc[1], 0, 0, 0};
  int32_t k = 0;
  for (; k + 8 <= depth; k += 8) {
    const mj_s16x8 value = mj_widen(x + k);
    sums0 += (mj_s32x4)__builtin_wasm_dot_s_i32x4_i16x8(value, mj_widen(w0 + k));
    sums1 += (mj_s32x4)__builtin_wasm_dot_s_i32x4_i16x8(value, mj_widen(w1 + k));
  }
  acc[0] = mj_dot_tail(x, w0, k, depth, sums0);
  acc[1] = mj_dot_tail(x, w1, k, depth, sums1);
}
#else
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
#endif

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
