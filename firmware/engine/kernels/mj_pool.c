#include "mj_pool.h"

static const mj_pool_params *params_of(const mj_context *context, const mj_op_record *op) {
  return mj_const(context, op->params_offset);
}

/* Neither the first nor the last window of an axis lies in the padding alone, so none does. */
static bool axis_fits(int32_t in, int32_t out, int32_t filter, int32_t stride, int32_t pad) {
  return mj_between(in, 1, MJ_MAX_EXTENT) && mj_between(out, 1, MJ_MAX_EXTENT) &&
         mj_between(filter, 1, MJ_MAX_EXTENT) && mj_between(stride, 1, MJ_MAX_STEP) &&
         mj_between(pad, 0, filter - 1) && (out - 1) * stride - pad < in;
}

bool mj_pool_check(const mj_engine *engine, const mj_op_record *op) {
  const mj_pool_params *p = params_of(&engine->context, op);
  if (op->params_bytes < sizeof(*p)) return false;
  const int32_t in[4] = {p->batches, p->in_h, p->in_w, p->channels};
  const int32_t out[4] = {p->batches, p->out_h, p->out_w, p->channels};
  uint32_t inputs = 0;
  uint32_t outputs = 0;
  return mj_extent(in, 4, &inputs) && mj_extent(out, 4, &outputs) &&
         axis_fits(p->in_h, p->out_h, p->filter_h, p->stride_h, p->pad_top) &&
         axis_fits(p->in_w, p->out_w, p->filter_w, p->stride_w, p->pad_left) &&
         mj_s8_output_fits(0, p->act_min, p->act_max) && mj_input_is(engine, op, 0, MJ_DTYPE_INT8, inputs) &&
         mj_output_is(engine, op, 0, MJ_DTYPE_INT8, outputs);
}

mj_pool_window mj_pool_window_at(const mj_pool_params *p, const int8_t *image, int32_t oy, int32_t ox) {
  const int32_t y = oy * p->stride_h - p->pad_top;
  const int32_t x = ox * p->stride_w - p->pad_left;
  const int32_t y0 = y < 0 ? 0 : y;
  const int32_t x0 = x < 0 ? 0 : x;
  const int32_t y1 = y + p->filter_h < p->in_h ? y + p->filter_h : p->in_h;
  const int32_t x1 = x + p->filter_w < p->in_w ? x + p->filter_w : p->in_w;
  const mj_pool_window window = {image + (y0 * p->in_w + x0) * p->channels, y1 - y0, x1 - x0,
                                 p->in_w * p->channels};
  return window;
}

void mj_pool_run(const mj_context *context, const mj_op_record *op, mj_pool_pixel_fn pixel) {
  const mj_pool_params *p = params_of(context, op);
  const int8_t *in = mj_op_input(context, op, 0);
  int8_t *out = mj_op_output(context, op, 0);
  for (int32_t b = 0; b < p->batches; b++, in += p->in_h * p->in_w * p->channels) {
    for (int32_t oy = 0; oy < p->out_h; oy++) {
      for (int32_t ox = 0; ox < p->out_w; ox++, out += p->channels) {
        const mj_pool_window window = mj_pool_window_at(p, in, oy, ox);
        pixel(p, &window, out);
      }
    }
  }
}
