/*
 * Sine, cosine, exponential, logarithm and arc tangent by their power series after reducing the argument;
 * every quotient of neighbouring terms is small, so the sums are nested from the last term on. Far from the
 * chip's speed.
 */
#include "number.h"

/* Pi / 2 in two parts of 64 bits, ln 2, and powers of two. */
static const mj_number half_pi = {0xc90fdaa22168c234u, 0, 0};
static const mj_number half_pi_rest = {0xc4c6628b80dc1cd1u, -64, 0};
static const mj_number ln_2 = {0xb17217f7d1cf79abu, -1, 0};
static const mj_number ln_2_rest = {0xc9e3b39803f2f6afu, -65, 0};
static const mj_number half = {0x8000000000000000u, -1, 0};
/* sqrt(2) - 1 and sqrt(2) */
static const mj_number eighth_turn_tangent = {0xd413cccfe7799211u, -2, 0};
static const mj_number sqrt_2 = {0xb504f333f9de6484u, 0, 0};

static mj_number whole(uint32_t value) {
  return mj_normal(value, 63, 0);
}

static mj_number subtract(mj_number a, mj_number b) {
  return mj_add(a, mj_negated(b));
}

/* a - count * (high + low), a whole `count` with its sign; 0 when it is too large for that to mean anything.
 */
static mj_number reduced(mj_number a, mj_number high, mj_number low, int32_t *count) {
  *count = 0;
  if (a.significand == 0 || a.exponent > 29) return (mj_number){0, 0, 0};
  int32_t n = (int32_t)mj_to_fixed(mj_add(mj_div(a, high), half), 0, 32, true);
  *count = n;
  mj_number by = mj_normal((uint64_t)(n < 0 ? -(int64_t)n : n), 63, n < 0);
  return subtract(subtract(a, mj_mul(by, high)), mj_mul(by, low));
}

/* 1 - x²/((k+1)(k+2)) (1 - x²/((k+3)(k+4)) (...)): cosine for k = 0, sine divided by x for k = 1. */
static mj_number alternating(mj_number square, uint32_t k) {
  mj_number sum = mj_one;
  for (uint32_t n = k + 22u; n > k; n -= 2u)
    sum = subtract(mj_one, mj_div(mj_mul(square, sum), whole(n * (n - 1u))));
  return sum;
}

static mj_number quarter(mj_number a, int32_t turn) {
  int32_t count;
  mj_number r = reduced(a, half_pi, half_pi_rest, &count);
  mj_number square = mj_mul(r, r);
  uint32_t part = (uint32_t)(count + turn) & 3u;
  mj_number value = part & 1u ? alternating(square, 0) : mj_mul(r, alternating(square, 1));
  return part & 2u ? mj_negated(value) : value;
}

mj_number mj_sin(mj_number a) {
  return quarter(a, 0);
}

mj_number mj_cos(mj_number a) {
  return quarter(a, 1);
}

mj_number mj_exp(mj_number a) {
  /* beyond what a double holds */
  if (a.significand && a.exponent >= 10)
    return a.negative ? (mj_number){0, 0, 0} : mj_normal(1, MJ_INFINITE + 63, 0);
  int32_t count;
  mj_number r = reduced(a, ln_2, ln_2_rest, &count), sum = mj_one;
  for (uint32_t n = 18; n > 0; n--) sum = mj_add(mj_one, mj_div(mj_mul(r, sum), whole(n)));
  sum.exponent += count;
  return sum;
}

/* x (1 + s x² (1/3 + s x² (1/5 + ...))) with s = 1 or -1. */
static mj_number odd_series(mj_number x, uint32_t terms, uint32_t negative) {
  mj_number square = mj_mul(x, x), sum = {0, 0, 0};
  square.negative = negative;
  for (uint32_t n = 2u * terms + 1u; n > 1u; n -= 2u)
    sum = mj_mul(square, mj_add(mj_div(mj_one, whole(n)), sum));
  return mj_mul(x, mj_add(mj_one, sum));
}

/* ln of 0 and of what is negative is minus infinity. */
mj_number mj_ln(mj_number a) {
  if (a.significand == 0 || a.negative) return mj_normal(1, MJ_INFINITE + 63, 1);
  if (a.exponent >= MJ_INFINITE) return a;
  mj_number m = {a.significand, 0, 0};
  int32_t exponent = a.exponent;
  if (mj_compare(m, sqrt_2) > 0) {
    m.exponent = -1;
    exponent++;
  }
  mj_number log = odd_series(mj_div(subtract(m, mj_one), mj_add(m, mj_one)), 13, 0);
  log.exponent++;
  if (log.significand == 0) log.exponent = 0;
  mj_number by = mj_normal((uint64_t)(exponent < 0 ? -(int64_t)exponent : exponent), 63, exponent < 0);
  return mj_add(mj_mul(by, ln_2), mj_add(mj_mul(by, ln_2_rest), log));
}

/* Of what lies between 0 and 1. */
static mj_number arc_tangent(mj_number t) {
  if (mj_compare(t, eighth_turn_tangent) <= 0) return odd_series(t, 26, 1);
  mj_number quarter_pi = half_pi;
  quarter_pi.exponent--;
  return mj_add(quarter_pi, odd_series(mj_div(subtract(t, mj_one), mj_add(t, mj_one)), 26, 1));
}

mj_number mj_atan2(mj_number y, mj_number x) {
  mj_number pi = half_pi, up = y, right = x, angle;
  pi.exponent++;
  up.negative = right.negative = 0;
  if (up.significand == 0)
    angle = up;
  else if (mj_compare(up, right) <= 0)
    angle = arc_tangent(mj_div(up, right));
  else
    angle = subtract(half_pi, arc_tangent(mj_div(right, up)));
  if (x.negative) angle = subtract(pi, angle);
  angle.negative = y.negative;
  return angle;
}
