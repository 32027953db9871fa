#include "mj_fixed_point.h"
#include "mj_frontend.h"

int32_t mj_log2_q16(uint32_t x) {
  const uint32_t exponent = mj_log2_floor(x);
  /* the leading one moves out at the top: 7 bits of index, 16 bits of fraction */
  const uint32_t mantissa = x << (31 - exponent) << 1;
  const uint32_t index = mantissa >> 25;
  const uint32_t fraction = (mantissa >> 9) & 0xffffu;
  const uint32_t low = mj_log2_table[index];
  const uint32_t rise = mj_log2_table[index + 1] - low;
  return (int32_t)((exponent << 16) + 2 * low + ((rise * fraction + (1u << 14)) >> 15));
}
