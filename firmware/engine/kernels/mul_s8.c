/* MUL, int8: requantise((x − zero point)·(y − zero point)). */
#include "mj_broadcast.h"

bool mj_mul_s8_check(const mj_engine *engine, const mj_op_record *op) {
  const mj_mul_params *p = mj_const(&engine->context, op->params_offset);
  return mj_broadcast_check(engine, op, sizeof(*p)) && mj_between(p->offset1, -127, 128) &&
         mj_between(p->offset2, -127, 128) && p->multiplier >= 0 && mj_between(p->shift, -31, 30) &&
         mj_s8_output_fits(p->output_offset, p->act_min, p->act_max);
}

static void row(const void *params, const int8_t *x, int32_t x_step, const int8_t *y, int32_t y_step,
                int8_t *out, int32_t count) {
  const mj_mul_params *p = params;
  for (int32_t i = 0; i < count; i++, x += x_step, y += y_step) {
    const int32_t product = (*x + p->offset1) * (*y + p->offset2);
    const int32_t scaled = mj_requantize(product, p->multiplier, p->shift);
    out[i] = (int8_t)mj_clamp(mj_wrap_add(scaled, p->output_offset), p->act_min, p->act_max);
  }
}

mj_status mj_mul_s8_run(const mj_context *context, const mj_op_record *op) {
  mj_broadcast_run(context, op, row);
  return MJ_STATUS_OK;
}
