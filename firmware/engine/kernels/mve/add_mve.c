/*
 * ADD without broadcasting, int8, for cores with MVE: the arithmetic of add_s8.c on four elements at once,
 * for factors that do not shift left. Scalars stay in core registers (VQRDMULH and VRSHL by scalar).
 */
#include "mve.h"

static const mj_add_params *params_of(const mj_context *context, const mj_op_record *op) {
  return mj_const(context, op->params_offset);
}

static bool factor_fits(int32_t multiplier, int32_t shift) {
  return multiplier >= 0 && mj_between(shift, -31, 0);
}

bool mj_add_mve_check(const mj_engine *engine, const mj_op_record *op) {
  const mj_add_params *p = params_of(&engine->context, op);
  if (op->params_bytes < sizeof(*p) || p->elements < 1 || p->broadcast != 0) return false;
  const uint32_t elements = (uint32_t)p->elements;
  return mj_between(p->offset1, -127, 128) && mj_between(p->offset2, -127, 128) &&
         mj_between(p->left_shift, 0, 22) && factor_fits(p->multiplier1, p->shift1) &&
         factor_fits(p->multiplier2, p->shift2) && factor_fits(p->output_multiplier, p->output_shift) &&
         mj_s8_output_fits(p->output_offset, p->act_min, p->act_max) &&
         mj_input_is(engine, op, 0, MJ_DTYPE_INT8, elements) &&
         mj_input_is(engine, op, 1, MJ_DTYPE_INT8, elements) &&
         mj_output_is(engine, op, 0, MJ_DTYPE_INT8, elements);
}

#if defined(__ARM_FEATURE_MVE)

/* mj_requantize with a shift that is the same for all lanes. */
static inline int32x4_t scale(int32x4_t x, int32_t multiplier, int32_t shift) {
  x = vqrdmulhq_n_s32(x, multiplier);
  if (shift == 0) return x;
  return vrshlq_n_s32(mj_mve_halves_away(x), shift);
}

static void add(const mj_add_params *p, const int8_t *x, const int8_t *y, int8_t *out) {
  const int32_t left = p->left_shift;
  const int32_t low = p->act_min;
  const int32_t high = p->act_max;
  for (int32_t rest = p->elements; rest > 0; rest -= 4, x += 4, y += 4, out += 4) {
    const mve_pred16_t there = vctp32q((uint32_t)rest);
    int32x4_t a = vshlq_r_s32(vaddq_n_s32(vldrbq_z_s32(x, there), p->offset1), left);
    int32x4_t b = vshlq_r_s32(vaddq_n_s32(vldrbq_z_s32(y, there), p->offset2), left);
    a = scale(a, p->multiplier1, p->shift1);
    b = scale(b, p->multiplier2, p->shift2);
    int32x4_t sum = scale(vaddq_s32(a, b), p->output_multiplier, p->output_shift);
    sum = vaddq_n_s32(sum, p->output_offset);
    sum = vminq_s32(vmaxq_s32(sum, vdupq_n_s32(low)), vdupq_n_s32(high));
    vstrbq_p_s32(out, sum, there);
  }
}

#else

static void add(const mj_add_params *p, const int8_t *x, const int8_t *y, int8_t *out) {
  const uint32_t left = (uint32_t)p->left_shift;
  for (int32_t i = 0; i < p->elements; i++) {
    const int32_t a = mj_requantize(mj_wrap_shift_left(x[i] + p->offset1, left), p->multiplier1, p->shift1);
    const int32_t b = mj_requantize(mj_wrap_shift_left(y[i] + p->offset2, left), p->multiplier2, p->shift2);
    const int32_t sum = mj_requantize(mj_wrap_add(a, b), p->output_multiplier, p->output_shift);
    out[i] = (int8_t)mj_clamp(mj_wrap_add(sum, p->output_offset), p->act_min, p->act_max);
  }
}

#endif

mj_status mj_add_mve_run(const mj_context *context, const mj_op_record *op) {
  add(params_of(context, op), mj_op_input(context, op, 0), mj_op_input(context, op, 1),
      mj_op_output(context, op, 0));
  return MJ_STATUS_OK;
}
