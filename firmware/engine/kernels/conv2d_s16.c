/* CONV_2D, int16 activations, int8 weights, NHWC, weights OHWI, also grouped. */
#include "mj_wide.h"

static const mj_conv16_params *params_of(const mj_context *context, const mj_op_record *op) {
  return mj_const(context, op->params_offset);
}

static mj_wide_layer layer_of(const mj_context *context, const mj_conv16_params *p) {
  return (mj_wide_layer){
      .weights = mj_const(context, p->weights_offset),
      .bias = p->bias_offset == 0 ? NULL : mj_const(context, p->bias_offset),
      .multipliers = mj_const(context, p->multipliers_offset),
      .shifts = mj_const(context, p->shifts_offset),
      .act_min = p->act_min,
      .act_max = p->act_max,
      .wide = p->wide_bias,
  };
}

static bool sizes_fit(const mj_conv16_params *p) {
  return mj_between(p->in_h, 1, MJ_MAX_EXTENT) && mj_between(p->in_w, 1, MJ_MAX_EXTENT) &&
         mj_between(p->out_h, 1, MJ_MAX_EXTENT) && mj_between(p->out_w, 1, MJ_MAX_EXTENT) &&
         mj_between(p->filter_h, 1, MJ_MAX_STEP) && mj_between(p->filter_w, 1, MJ_MAX_STEP) &&
         mj_between(p->stride_h, 1, MJ_MAX_STEP) && mj_between(p->stride_w, 1, MJ_MAX_STEP) &&
         mj_between(p->dilation_h, 1, MJ_MAX_STEP) && mj_between(p->dilation_w, 1, MJ_MAX_STEP) &&
         mj_between(p->pad_top, 0, MJ_MAX_EXTENT) && mj_between(p->pad_left, 0, MJ_MAX_EXTENT);
}

static bool channels_fit(const mj_conv16_params *p) {
  if (p->filter_c < 1) return false;
  const int32_t groups = p->in_c / p->filter_c;
  return groups * p->filter_c == p->in_c && p->out_c % groups == 0;
}

bool mj_conv2d_s16_check(const mj_engine *engine, const mj_op_record *op) {
  const mj_conv16_params *p = params_of(&engine->context, op);
  if (op->params_bytes < sizeof(*p)) return false;
  const int32_t in[4] = {p->batches, p->in_h, p->in_w, p->in_c};
  const int32_t out[4] = {p->batches, p->out_h, p->out_w, p->out_c};
  const int32_t filter[4] = {p->out_c, p->filter_h, p->filter_w, p->filter_c};
  uint32_t inputs = 0;
  uint32_t outputs = 0;
  uint32_t weights = 0;
  const mj_wide_layer l = layer_of(&engine->context, p);
  return mj_extent(in, 4, &inputs) && mj_extent(out, 4, &outputs) && mj_extent(filter, 4, &weights) &&
         sizes_fit(p) && channels_fit(p) && mj_input_is(engine, op, 0, MJ_DTYPE_INT16, inputs) &&
         mj_output_is(engine, op, 0, MJ_DTYPE_INT16, outputs) &&
         mj_const_fits(engine, p->weights_offset, weights, 1) &&
         mj_wide_fits(engine, &l, p->multipliers_offset, p->shifts_offset, p->bias_offset,
                      (uint32_t)p->out_c);
}

/* The products of channel `o` at an output pixel; taps outside the image add nothing. */
static int64_t sum_at(const mj_conv16_params *p, const int8_t *weights, const int16_t *image, int32_t oy,
                      int32_t ox, int32_t o) {
  const int32_t group = o / (p->out_c / (p->in_c / p->filter_c));
  const int8_t *w = weights + o * p->filter_h * p->filter_w * p->filter_c;
  int64_t sum = 0;
  for (int32_t fy = 0; fy < p->filter_h; fy++) {
    const int32_t y = oy * p->stride_h - p->pad_top + fy * p->dilation_h;
    if (y < 0 || y >= p->in_h) continue;
    for (int32_t fx = 0; fx < p->filter_w; fx++) {
      const int32_t x = ox * p->stride_w - p->pad_left + fx * p->dilation_w;
      if (x < 0 || x >= p->in_w) continue;
      const int16_t *pixel = image + (y * p->in_w + x) * p->in_c + group * p->filter_c;
      sum = mj_wide_dot(pixel, w + (fy * p->filter_w + fx) * p->filter_c, p->filter_c, sum);
    }
  }
  return sum;
}

mj_status mj_conv2d_s16_run(const mj_context *context, const mj_op_record *op) {
  const mj_conv16_params *p = params_of(context, op);
  const mj_wide_layer l = layer_of(context, p);
  const int16_t *image = mj_op_input(context, op, 0);
  int16_t *out = mj_op_output(context, op, 0);
  for (int32_t b = 0; b < p->batches; b++, image += p->in_h * p->in_w * p->in_c) {
    for (int32_t y = 0; y < p->out_h; y++) {
      for (int32_t x = 0; x < p->out_w; x++) {
        for (int32_t o = 0; o < p->out_c; o++) {
          *out++ = mj_wide_finish(&l, sum_at(p, l.weights, image, y, x, o), o);
        }
      }
    }
  }
  return MJ_STATUS_OK;
}
