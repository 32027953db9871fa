/* Inner products of int8 rows: the inner loop of CONV_2D and FULLY_CONNECTED. */
#ifndef MJ_DOT_H
#define MJ_DOT_H

#include "../mj_fixed.h"

#if defined(__GNUC__) && !defined(__clang__)
#define MJ_UNROLL(n) _Pragma(MJ_STRING(GCC unroll n))
#define MJ_STRING(x) #x
#else
#define MJ_UNROLL(n) /* left to the vectoriser */
#endif

static inline int32_t mj_mac(int32_t acc, int32_t a, int32_t b) {
  return mj_wrap_add(acc, a * b);
}

#endif
