/* MINIMUM, int8: the smaller of two elements of one quantisation. */
#include "mj_broadcast.h"

bool mj_minimum_s8_check(const mj_engine *engine, const mj_op_record *op) {
  return mj_broadcast_check(engine, op, sizeof(mj_min_max_params));
}

static void row(const void *params, const int8_t *x, int32_t x_step, const int8_t *y, int32_t y_step,
                int8_t *out, int32_t count) {
  (void)params;
  for (int32_t i = 0; i < count; i++, x += x_step, y += y_step) out[i] = *x < *y ? *x : *y;
}

mj_status mj_minimum_s8_run(const mj_context *context, const mj_op_record *op) {
  mj_broadcast_run(context, op, row);
  return MJ_STATUS_OK;
}
