/* QUANTIZE: float32 → integer, or from one integer quantisation to another. */
#include "../mj_fixed.h"
#include "../mj_kernels.h"

typedef struct {
  int32_t low;
  int32_t high;
} range;

static const mj_quantize_params *params_of(const mj_context *context, const mj_op_record *op) {
  return mj_const(context, op->params_offset);
}

static bool range_of(uint32_t dtype, range *r) {
  switch (dtype) {
    case MJ_DTYPE_INT8:
      *r = (range){INT8_MIN, INT8_MAX};
      return true;
    case MJ_DTYPE_UINT8:
      *r = (range){0, UINT8_MAX};
      return true;
    case MJ_DTYPE_INT16:
      *r = (range){INT16_MIN, INT16_MAX};
      return true;
    default:
      return false;
  }
}

bool mj_quantize_check(const mj_engine *engine, const mj_op_record *op) {
  const mj_quantize_params *p = params_of(&engine->context, op);
  if (op->params_bytes < sizeof(*p) || p->elements < 1) return false;
  range from = {0, 0};
  range to = {0, 0};
  if (!range_of(p->to_type, &to) || !mj_between(p->output_zero_point, to.low, to.high)) return false;
  if (p->from_type == MJ_DTYPE_FLOAT32) {
    if (!(p->scale > 0.0f)) return false;
  } else {
    if (!range_of(p->from_type, &from) || !mj_between(p->input_zero_point, from.low, from.high)) return false;
    if (p->multiplier < 0 || !mj_between(p->shift, -31, 30)) return false;
  }
  return mj_input_is(engine, op, 0, p->from_type, (uint32_t)p->elements) &&
         mj_output_is(engine, op, 0, p->to_type, (uint32_t)p->elements);
}

#if defined(__ARM_ARCH_6M__) || (defined(__riscv) && !defined(__riscv_flen)) || defined(MJ_INTEGER_QUOTIENT)

enum { FRACTION_BITS = 23, EXPONENT_MAX = 255, EXPONENT_BIAS = 127 };

typedef struct {
  int32_t exponent;     /* unbiased */
  uint32_t significand; /* 24 bits, the highest set; 0 for zero */
} parts;

static uint32_t bits_of(float value) {
  union {
    float value;
    uint32_t bits;
  } both = {value};
  return both.bits & 0x7fffffffu;
}

static parts parts_of(uint32_t bits) {
  parts p = {(int32_t)(bits >> FRACTION_BITS), bits & ((1u << FRACTION_BITS) - 1)};
  if (p.exponent != 0) {
    p.significand |= 1u << FRACTION_BITS;
  } else if (p.significand != 0) {
    for (p.exponent = 1; (p.significand >> FRACTION_BITS) == 0; p.exponent--) p.significand <<= 1;
  }
  p.exponent -= EXPONENT_BIAS;
  return p;
}

/* significand · 2^(exponent − 23), halves up; the caller has the sign. */
static uint32_t round_parts(int32_t exponent, uint32_t significand) {
  const int32_t shift = FRACTION_BITS - exponent;
  if (shift <= 0) return significand << -shift;
  return (significand >> shift) + ((significand >> (shift - 1)) & 1u);
}

/*
 * The IEEE quotient of two finite numbers, rounded to nearest-even in its 24 bits, then to an integer. Cores
 * without a floating point unit would call a routine with a table of addresses for it, which a kernel cannot
 * carry.
 */
static uint32_t quotient_magnitude(parts x, parts d) {
  if (x.significand == 0) return 0;
  int32_t exponent = x.exponent - d.exponent;
  uint32_t rest = x.significand;
  if (rest < d.significand) {
    rest <<= 1;
    exponent--;
  }
  if (exponent < -1) return 0;
  if (exponent >= 31) return 0x80000000u;
  uint32_t q = 0;
  for (int32_t i = 0; i <= FRACTION_BITS; i++) {
    q <<= 1;
    if (rest >= d.significand) {
      rest -= d.significand;
      q |= 1u;
    }
    rest <<= 1;
  }
  if (rest > d.significand || (rest == d.significand && (q & 1u) != 0)) q++;
  if ((q >> (FRACTION_BITS + 1)) != 0) {
    q >>= 1;
    exponent++;
  }
  return exponent >= 31 ? 0x80000000u : round_parts(exponent, q);
}

/* x / divisor to the nearest integer, halves away from zero, saturated; not-a-number is 0. */
static int32_t round_quotient(float x, float divisor) {
  const uint32_t infinity = (uint32_t)EXPONENT_MAX << FRACTION_BITS;
  const uint32_t a = bits_of(x);
  const uint32_t b = bits_of(divisor);
  const bool negative = x < 0.0f;
  if (a > infinity || b >= infinity) return 0;
  const uint32_t magnitude = a == infinity ? 0x80000000u : quotient_magnitude(parts_of(a), parts_of(b));
  if (magnitude >= 0x80000000u) return negative ? INT32_MIN : INT32_MAX;
  return negative ? -(int32_t)magnitude : (int32_t)magnitude;
}

#else

/* To the nearest integer, halves away from zero, saturated; not-a-number is 0. */
static int32_t round_to_int(float value) {
  if (!(value == value)) return 0;
  if (value >= 2147483648.0f) return INT32_MAX;
  if (value < -2147483648.0f) return INT32_MIN;
  const int32_t whole = (int32_t)value;
  const float fraction = value - (float)whole;
  if (fraction >= 0.5f) return whole + 1;
  if (fraction <= -0.5f) return whole - 1;
  return whole;
}

static int32_t round_quotient(float x, float divisor) {
  return round_to_int(x / divisor);
}

#endif

static int32_t load(const void *in, uint32_t dtype, int32_t i) {
  if (dtype == MJ_DTYPE_INT16) return ((const int16_t *)in)[i];
  return dtype == MJ_DTYPE_INT8 ? ((const int8_t *)in)[i] : ((const uint8_t *)in)[i];
}

static void store(void *out, uint32_t dtype, int32_t i, int32_t value) {
  if (dtype == MJ_DTYPE_INT16) {
    ((int16_t *)out)[i] = (int16_t)value;
  } else {
    ((uint8_t *)out)[i] = (uint8_t)value;
  }
}

/* `steps` above the output's zero point, without overflow, inside the output's type. */
static int32_t place(int32_t steps, int32_t zero_point, const range *r) {
  const int32_t near = mj_clamp(steps, -0x20000, 0x20000);
  return mj_clamp(near + zero_point, r->low, r->high);
}

mj_status mj_quantize_run(const mj_context *context, const mj_op_record *op) {
  const mj_quantize_params *p = params_of(context, op);
  const void *in = mj_op_input(context, op, 0);
  void *out = mj_op_output(context, op, 0);
  range to = {0, 0};
  if (!range_of(p->to_type, &to)) return MJ_STATUS_BAD_PARAMS;
  for (int32_t i = 0; i < p->elements; i++) {
    int32_t steps = 0;
    if (p->from_type == MJ_DTYPE_FLOAT32) {
      steps = round_quotient(((const float *)in)[i], p->scale);
    } else {
      steps = mj_requantize(load(in, p->from_type, i) - p->input_zero_point, p->multiplier, p->shift);
    }
    store(out, p->to_type, i, place(steps, p->output_zero_point, &to));
  }
  return MJ_STATUS_OK;
}
