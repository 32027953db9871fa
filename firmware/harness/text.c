#include "text.h"

#include "floats.h"
#include "port.h"

static void put_bytes(const char *text, uint32_t count) {
  mj_port_send((const uint8_t *)text, count);
}

void mj_put(const char *text) {
  uint32_t count = 0;
  while (text[count] != 0) count++;
  if (count > 0) put_bytes(text, count);
}

void mj_put_bounded(const char *text, uint32_t limit) {
  for (uint32_t i = 0; i < limit && text[i] != 0; i++) {
    char c = text[i];
    put_bytes(c >= 0x20 && c < 0x7f ? &c : "?", 1);
  }
}

static void put_decimal(uint64_t value, uint32_t minimum_digits) {
  char digits[20];
  uint32_t at = sizeof digits;
  while (value != 0 || minimum_digits != 0) {
    digits[--at] = (char)('0' + (uint32_t)(value % 10u));
    value /= 10u;
    if (minimum_digits > 0) minimum_digits--;
  }
  put_bytes(&digits[at], (uint32_t)sizeof digits - at);
}

void mj_put_u32(uint32_t value) {
  put_decimal(value, 1);
}

void mj_put_u64(uint64_t value) {
  put_decimal(value, 1);
}

void mj_put_hex(uint32_t value, uint32_t digits) {
  for (uint32_t i = digits; i-- > 0;) put_bytes(&"0123456789abcdef"[value >> (4u * i) & 0xfu], 1);
}

/* mantissa * 2^shift, rounded to an integer, ties to even; UINT64_MAX when it does not fit. */
static uint64_t scale_by_two(uint64_t mantissa, int32_t shift) {
  if (shift >= 0) return shift > 29 ? UINT64_MAX : mantissa << shift;
  uint32_t right = (uint32_t)-shift;
  if (right > 40) return 0;
  uint64_t whole = mantissa >> right;
  uint64_t rest = mantissa & ((1ull << right) - 1u);
  uint64_t half = 1ull << (right - 1u);
  return whole + (rest > half || (rest == half && (whole & 1u) != 0) ? 1u : 0u);
}

void mj_put_fixed3(float value) {
  uint32_t bits = mj_float_bits(value);
  uint32_t exponent = bits >> 23 & 0xffu;
  uint32_t mantissa = bits & 0x7fffffu;
  if (exponent == 0xffu && mantissa != 0) {
    mj_put("nan");
    return;
  }
  if (bits >> 31) mj_put("-");
  if (exponent == 0xffu) {
    mj_put("inf");
    return;
  }
  if (exponent == 0)
    exponent = 1;
  else
    mantissa |= 0x800000u;
  uint64_t thousandths = scale_by_two((uint64_t)mantissa * 1000u, (int32_t)exponent - 150);
  if (thousandths == UINT64_MAX) {
    mj_put("overflow");
    return;
  }
  put_decimal(thousandths / 1000u, 1);
  mj_put(".");
  put_decimal(thousandths % 1000u, 3);
}

void mj_put_line_end(void) {
  mj_put("\r\n");
}
