/* MAX_POOL_2D, int8. */
#include "../mj_fixed.h"
#include "mj_pool.h"

bool mj_max_pool2d_s8_check(const mj_engine *engine, const mj_op_record *op) {
  return mj_pool_check(engine, op);
}

static int32_t largest_of(const mj_pool_window *window, const int8_t *x, int32_t channels) {
  int32_t largest = INT8_MIN;
  for (int32_t r = 0; r < window->rows; r++, x += window->row_bytes) {
    const int8_t *tap = x;
    for (int32_t t = window->columns; t > 0; t--, tap += channels) largest = *tap > largest ? *tap : largest;
  }
  return largest;
}

static void pixel(const mj_pool_params *p, const mj_pool_window *window, int8_t *out) {
  for (int32_t c = 0; c < p->channels; c++) {
    const int32_t largest = largest_of(window, window->first + c, p->channels);
    out[c] = (int8_t)mj_clamp(largest, p->act_min, p->act_max);
  }
}

mj_status mj_max_pool2d_s8_run(const mj_context *context, const mj_op_record *op) {
  mj_pool_run(context, op, pixel);
  return MJ_STATUS_OK;
}
