/* SUB, int8, with broadcasting over up to four dimensions. */
#include "mj_sum.h"

bool mj_sub_s8_check(const mj_engine *engine, const mj_op_record *op) {
  return mj_sum_check(engine, op);
}

static int32_t wrap_sub(int32_t a, int32_t b) {
  return (int32_t)((uint32_t)a - (uint32_t)b);
}

static void row(const void *params, const int8_t *x, int32_t x_step, const int8_t *y, int32_t y_step,
                int8_t *out, int32_t count) {
  const mj_add_params *p = params;
  for (int32_t i = 0; i < count; i++, x += x_step, y += y_step) {
    out[i] = mj_sum_finish(p, wrap_sub(mj_sum_first(p, *x), mj_sum_second(p, *y)));
  }
}

mj_status mj_sub_s8_run(const mj_context *context, const mj_op_record *op) {
  mj_broadcast_run(context, op, row);
  return MJ_STATUS_OK;
}
