/*
 * SOFTMAX over the last dimension, int8 → int8, in fixed point as gemmlowp does it: exp of a difference in
 * Q5.26 as a product of tabulated powers and a polynomial, a sum in Q12.19, its reciprocal by Newton's
 * method. A value "Qn" below has n integer bits and 31 − n fractional ones.
 */
#include "../mj_fixed.h"
#include "../mj_kernels.h"

#define ONE_Q0 INT32_MAX

/* exp(−1/8) and 1/3 in Q0: the polynomial is expanded about −1/8. */
#define EXP_MINUS_EIGHTH 1895147668
#define THIRD 715827883

/* 48/17 and −32/17 in Q2: the straight line that starts Newton's method for a reciprocal. */
#define LINE_CONSTANT 1515870810
#define LINE_SLOPE (-1010580540)

/* The sum of so many exponentials stays inside Q12. */
#define MAX_DEPTH 4095

static const mj_softmax_params *params_of(const mj_context *context, const mj_op_record *op) {
  return mj_const(context, op->params_offset);
}

bool mj_softmax_s8_check(const mj_engine *engine, const mj_op_record *op) {
  const mj_softmax_params *p = params_of(&engine->context, op);
  if (op->params_bytes < sizeof(*p)) return false;
  const int32_t dims[2] = {p->rows, p->depth};
  uint32_t elements = 0;
  return mj_extent(dims, 2, &elements) && p->depth <= MAX_DEPTH && p->input_multiplier >= 0 &&
         mj_between(p->input_shift, 0, 31) && p->diff_min <= 0 &&
         mj_input_is(engine, op, 0, MJ_DTYPE_INT8, elements) &&
         mj_output_is(engine, op, 0, MJ_DTYPE_INT8, elements);
}

static int32_t saturating_shift_left(int32_t x, uint32_t bits) {
  const int32_t limit = (int32_t)((1u << (31 - bits)) - 1);
  if (x > limit) return INT32_MAX;
  if (x < -limit) return INT32_MIN;
  return mj_wrap_shift_left(x, bits);
}

/* exp(a) in Q0 for −1/4 ≤ a < 0 in Q0. */
static int32_t exp_near_zero(int32_t a) {
  const int32_t x = a + (1 << 28);
  const int32_t x2 = mj_high_mul(x, x);
  const int32_t x3 = mj_high_mul(x2, x);
  const int32_t x4 = mj_high_mul(x2, x2);
  const int32_t cubic = mj_high_mul(mj_rounding_shift_right(x4, 2) + x3, THIRD) + x2;
  const int32_t series = x + mj_rounding_shift_right(cubic, 1);
  return mj_wrap_add(EXP_MINUS_EIGHTH, mj_high_mul(EXP_MINUS_EIGHTH, series));
}

/* exp(a) in Q0 for a ≤ 0 in Q5. */
static int32_t exp_of_negative(int32_t a) {
  /* exp(−2^k) in Q0 for k = −2 … 4 */
  static const int32_t powers[7] = {1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242};
  if (a == 0) return ONE_Q0;
  const int32_t quarter = 1 << 24;
  const int32_t fraction = (int32_t)((uint32_t)a & (uint32_t)(quarter - 1)) - quarter;
  const uint32_t whole = (uint32_t)fraction - (uint32_t)a;
  int32_t result = exp_near_zero(mj_wrap_shift_left(fraction, 5));
  for (uint32_t k = 0; k < 7; k++) {
    if ((whole >> (24 + k)) & 1u) result = mj_high_mul(result, powers[k]);
  }
  return result;
}

/* 1 / (1 + a) in Q0 for 0 ≤ a < 1 in Q0. */
static int32_t reciprocal_of_one_plus(uint32_t a) {
  const int32_t half_denominator = (int32_t)((a + 0x80000000u) >> 1);
  int32_t x = LINE_CONSTANT + mj_high_mul(half_denominator, LINE_SLOPE);
  for (int32_t i = 0; i < 3; i++) {
    const int32_t error = (1 << 29) - mj_high_mul(half_denominator, x);
    x = mj_wrap_add(x, saturating_shift_left(mj_high_mul(x, error), 2));
  }
  return saturating_shift_left(x, 1);
}

static int32_t exp_of_difference(const mj_softmax_params *p, int32_t difference) {
  const int32_t shifted = mj_wrap_shift_left(difference, (uint32_t)p->input_shift);
  return exp_of_negative(mj_high_mul(shifted, p->input_multiplier));
}

static void row(const mj_softmax_params *p, const int8_t *in, int8_t *out) {
  int32_t largest = INT8_MIN;
  for (int32_t i = 0; i < p->depth; i++) largest = in[i] > largest ? in[i] : largest;
  int32_t sum = 0;
  for (int32_t i = 0; i < p->depth; i++) {
    const int32_t difference = in[i] - largest;
    if (difference >= p->diff_min) sum += mj_rounding_shift_right(exp_of_difference(p, difference), 12);
  }
  /* sum = 2^bits · (1 + a); the largest element alone makes it at least 1 */
  uint32_t normalised = (uint32_t)sum;
  int32_t bits = 12;
  while ((normalised & 0x80000000u) == 0) {
    normalised <<= 1;
    bits--;
  }
  const int32_t scale = reciprocal_of_one_plus(normalised - 0x80000000u);
  const int32_t exponent = bits + 31 - 8;
  for (int32_t i = 0; i < p->depth; i++) {
    const int32_t difference = in[i] - largest;
    int32_t q = INT8_MIN;
    if (difference >= p->diff_min && exponent <= 31) {
      const int32_t share = mj_high_mul(scale, exp_of_difference(p, difference));
      q += mj_rounding_shift_right(share, (uint32_t)exponent);
    }
    out[i] = (int8_t)mj_clamp(q, INT8_MIN, INT8_MAX);
  }
}

mj_status mj_softmax_s8_run(const mj_context *context, const mj_op_record *op) {
  const mj_softmax_params *p = params_of(context, op);
  const int8_t *in = mj_op_input(context, op, 0);
  int8_t *out = mj_op_output(context, op, 0);
  for (int32_t r = 0; r < p->rows; r++) row(p, in + r * p->depth, out + r * p->depth);
  return MJ_STATUS_OK;
}
