/* Arithmetic on unpacked numbers. Bits that fall off below are kept as one sticky bit, so that packing rounds
 * once. */
#include "number.h"

const mj_number mj_one = {0x8000000000000000u, 0, 0};

static mj_number zero(uint32_t negative) {
  return (mj_number){0, 0, negative};
}

static mj_number infinity(uint32_t negative) {
  return (mj_number){0x8000000000000000u, MJ_INFINITE, negative};
}

static bool is_infinite(mj_number a) {
  return a.significand && a.exponent >= MJ_INFINITE;
}

mj_number mj_normal(uint64_t significand, int32_t exponent, uint32_t negative) {
  if (significand == 0) return zero(negative);
  for (; !(significand >> 63); significand <<= 1) exponent--;
  return (mj_number){significand, exponent, negative};
}

mj_number mj_negated(mj_number a) {
  a.negative ^= 1u;
  return a;
}

static uint64_t shifted_right(uint64_t value, uint32_t by) {
  if (by == 0) return value;
  if (by > 63) return value != 0;
  return value >> by | ((value << (64u - by)) != 0);
}

mj_number mj_add(mj_number a, mj_number b) {
  if (a.significand == 0) return b.significand ? b : zero(a.negative & b.negative);
  if (b.significand == 0 || is_infinite(a)) return a;
  if (is_infinite(b)) return b;
  if (b.exponent > a.exponent || (b.exponent == a.exponent && b.significand > a.significand)) {
    mj_number t = a;
    a = b;
    b = t;
  }
  uint64_t big = shifted_right(a.significand, 1);
  uint64_t small = shifted_right(b.significand, (uint32_t)(a.exponent - b.exponent) + 1u);
  if (a.negative != b.negative && big == small) return zero(0);
  return mj_normal(a.negative == b.negative ? big + small : big - small, a.exponent + 1, a.negative);
}

/* The upper half of the product, its lower half as a sticky bit. */
static uint64_t multiply_high(uint64_t a, uint64_t b) {
  uint64_t a_low = (uint32_t)a, a_high = a >> 32, b_low = (uint32_t)b, b_high = b >> 32;
  uint64_t low = a_low * b_low, mid = a_low * b_high, other = a_high * b_low;
  uint64_t carry = (low >> 32) + (uint32_t)mid + (uint32_t)other;
  uint64_t high = a_high * b_high + (mid >> 32) + (other >> 32) + (carry >> 32);
  return high | ((uint32_t)carry != 0 || (uint32_t)low != 0);
}

mj_number mj_mul(mj_number a, mj_number b) {
  uint32_t negative = a.negative ^ b.negative;
  if (a.significand == 0 || b.significand == 0) return zero(negative);
  if (is_infinite(a) || is_infinite(b)) return infinity(negative);
  return mj_normal(multiply_high(a.significand, b.significand), a.exponent + b.exponent + 1, negative);
}

mj_number mj_div(mj_number a, mj_number b) {
  uint32_t negative = a.negative ^ b.negative;
  if (a.significand == 0 || is_infinite(b)) return zero(negative);
  if (b.significand == 0 || is_infinite(a)) return infinity(negative);
  uint64_t rest = a.significand, quotient = 0;
  int32_t exponent = a.exponent - b.exponent;
  if (rest < b.significand)
    exponent--;
  else {
    rest -= b.significand;
    quotient = 1;
  }
  for (uint32_t bits = quotient ? 63 : 64; bits > 0; bits--) {
    bool carry = rest >> 63;
    rest <<= 1;
    quotient <<= 1;
    if (carry || rest >= b.significand) {
      rest -= b.significand;
      quotient |= 1;
    }
  }
  return (mj_number){quotient | (rest != 0), exponent, negative};
}

/* Digit by digit: 57 bits of the root, the rest as a sticky bit. The root of what is negative is minus
 * infinity. */
mj_number mj_sqrt(mj_number a) {
  if (a.significand == 0) return a;
  if (a.negative || is_infinite(a)) return infinity(a.negative);
  uint64_t radicand = a.exponent & 1 ? a.significand : shifted_right(a.significand, 1);
  uint64_t root = 0, rest = 0;
  for (uint32_t digit = 0; digit < 57; digit++) {
    rest = rest << 2 | radicand >> 62;
    radicand <<= 2;
    uint64_t trial = root << 2 | 1u;
    root <<= 1;
    if (rest >= trial) {
      rest -= trial;
      root |= 1u;
    }
  }
  return mj_normal(root << 7 | (rest != 0), a.exponent >> 1, 0);
}

int32_t mj_compare(mj_number a, mj_number b) {
  if (a.significand == 0 && b.significand == 0) return 0;
  if (a.significand == 0) return b.negative ? 1 : -1;
  if (b.significand == 0) return a.negative ? -1 : 1;
  if (a.negative != b.negative) return a.negative ? -1 : 1;
  int32_t larger = a.negative ? -1 : 1;
  if (a.exponent != b.exponent) return a.exponent > b.exponent ? larger : -larger;
  if (a.significand == b.significand) return 0;
  return a.significand > b.significand ? larger : -larger;
}

uint64_t mj_to_fixed(mj_number a, int32_t scale, uint32_t bits, bool is_signed) {
  uint64_t largest = ~(uint64_t)0 >> (64u - bits + (is_signed ? 1u : 0u));
  if (a.significand == 0) return 0;
  if (a.negative && !is_signed) return 0;
  int32_t exponent = is_infinite(a) ? 64 : a.exponent + scale;
  if (exponent >= 64) return a.negative ? ~largest : largest;
  if (exponent < 0) return a.negative ? ~(uint64_t)0 : 0;
  uint64_t whole = a.significand >> (63 - exponent);
  bool fraction = exponent < 63 && (a.significand << (exponent + 1)) != 0;
  if (!a.negative) return whole > largest ? largest : whole;
  whole += fraction;
  return whole > largest ? ~largest : 0u - whole;
}
