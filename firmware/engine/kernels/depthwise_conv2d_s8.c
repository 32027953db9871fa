/*
 * DEPTHWISE_CONV_2D, int8, NHWC, weights 1HWC, any depth multiplier. The taps that lie inside the image are
 * found once a pixel, so the loops over channels have no bounds to test.
 */
#include "../mj_kernels.h"
#include "mj_dot.h"

typedef struct {
  const mj_conv_params *p;
  const int8_t *weights;
  const int32_t *bias; /* NULL when there is none */
  const int32_t *multipliers;
  const int32_t *shifts;
} depthwise;

/* The taps of one output pixel that lie inside the image; steps in elements. */
typedef struct {
  const int8_t *x;
  const int8_t *w;
  int32_t rows;
  int32_t x_row;
  int32_t x_tap;
  int32_t w_row;
  int32_t w_tap;
} window;

static const mj_conv_params *params_of(const mj_context *context, const mj_op_record *op) {
  return mj_const(context, op->params_offset);
}

static bool ranges_fit(const mj_conv_params *p) {
  return mj_between(p->in_h, 1, MJ_MAX_EXTENT) && mj_between(p->in_w, 1, MJ_MAX_EXTENT) &&
         mj_between(p->out_h, 1, MJ_MAX_EXTENT) && mj_between(p->out_w, 1, MJ_MAX_EXTENT) &&
         mj_between(p->filter_h, 1, MJ_MAX_STEP) && mj_between(p->filter_w, 1, MJ_MAX_STEP) &&
         mj_between(p->stride_h, 1, MJ_MAX_STEP) && mj_between(p->stride_w, 1, MJ_MAX_STEP) &&
         mj_between(p->dilation_h, 1, MJ_MAX_STEP) && mj_between(p->dilation_w, 1, MJ_MAX_STEP) &&
         mj_between(p->pad_top, 0, MJ_MAX_EXTENT) && mj_between(p->pad_left, 0, MJ_MAX_EXTENT) &&
         mj_between(p->input_offset, -127, 128);
}

bool mj_depthwise_conv2d_s8_check(const mj_engine *engine, const mj_op_record *op) {
  const mj_conv_params *p = params_of(&engine->context, op);
  if (op->params_bytes < sizeof(*p)) return false;
  const int32_t in[4] = {p->batches, p->in_h, p->in_w, p->in_c};
  const int32_t out[4] = {p->batches, p->out_h, p->out_w, p->out_c};
  const int32_t filter[3] = {p->filter_h, p->filter_w, p->out_c};
  const int32_t channels[2] = {p->in_c, p->depth_multiplier};
  uint32_t inputs = 0;
  uint32_t outputs = 0;
  uint32_t weights = 0;
  uint32_t out_c = 0;
  return mj_extent(in, 4, &inputs) && mj_extent(out, 4, &outputs) && mj_extent(filter, 3, &weights) &&
         mj_extent(channels, 2, &out_c) && out_c == (uint32_t)p->out_c && ranges_fit(p) &&
         mj_s8_output_fits(p->output_offset, p->act_min, p->act_max) &&
         mj_input_is(engine, op, 0, MJ_DTYPE_INT8, inputs) &&
         mj_output_is(engine, op, 0, MJ_DTYPE_INT8, outputs) &&
         mj_const_fits(engine, p->weights_offset, weights, 1) &&
         mj_requantization_fits(engine, p->multipliers_offset, p->shifts_offset, p->bias_offset,
                                (uint32_t)p->out_c);
}

/* First tap at or after the image's edge, and how many lie before its end. */
static int32_t inside(int32_t start, int32_t step, int32_t taps, int32_t extent, int32_t *first) {
  int32_t t = 0;
  while (t < taps && start + t * step < 0) t++;
  *first = t;
  while (t < taps && start + t * step < extent) t++;
  return t - *first;
}

static inline int8_t finish(const depthwise *d, int32_t acc, int32_t channel) {
  const mj_conv_params *p = d->p;
  const int32_t scaled = mj_requantize(acc, d->multipliers[channel], d->shifts[channel]);
  return (int8_t)mj_clamp(mj_wrap_add(scaled, p->output_offset), p->act_min, p->act_max);
}

/* Inlined with a constant `taps`, so that a row is straight code. */
static inline __attribute__((always_inline)) int32_t channel_sum(const window *v, const int8_t *x,
                                                                 const int8_t *w, int32_t taps,
                                                                 int32_t offset, int32_t acc) {
  for (int32_t r = v->rows; r > 0; r--, x += v->x_row, w += v->w_row) {
    MJ_UNROLL(8)
    for (int32_t t = 0; t < taps; t++) acc = mj_mac(acc, x[t * v->x_tap] + offset, w[t * v->w_tap]);
  }
  return acc;
}

static inline __attribute__((always_inline)) void pixel(const depthwise *d, const window *v, int32_t taps,
                                                        int8_t *out) {
  const int32_t offset = d->p->input_offset;
  const int32_t multiplier = d->p->depth_multiplier;
  const int32_t out_c = d->p->out_c;
  const int8_t *x = v->x;
  int32_t left = multiplier;
  for (int32_t o = 0; o < out_c; o++) {
    const int32_t start = d->bias == NULL ? 0 : d->bias[o];
    out[o] = finish(d, channel_sum(v, x, v->w + o, taps, offset, start), o);
    if (--left == 0) {
      left = multiplier;
      x++;
    }
  }
}

static void pixel_at(const depthwise *d, const int8_t *image, int32_t oy, int32_t ox, int8_t *out) {
  const mj_conv_params *p = d->p;
  const int32_t y = oy * p->stride_h - p->pad_top;
  const int32_t x = ox * p->stride_w - p->pad_left;
  int32_t fy = 0;
  int32_t fx = 0;
  const int32_t rows = inside(y, p->dilation_h, p->filter_h, p->in_h, &fy);
  const int32_t taps = inside(x, p->dilation_w, p->filter_w, p->in_w, &fx);
  window v = {
      .rows = taps == 0 ? 0 : rows,
      .x_row = p->dilation_h * p->in_w * p->in_c,
      .x_tap = p->dilation_w * p->in_c,
      .w_row = p->filter_w * p->out_c,
      .w_tap = p->out_c,
  };
  v.x = image;
  v.w = d->weights;
  if (v.rows != 0) {
    v.x += ((y + fy * p->dilation_h) * p->in_w + x + fx * p->dilation_w) * p->in_c;
    v.w += (fy * p->filter_w + fx) * p->out_c;
  }
  if (taps == 3) {
    pixel(d, &v, 3, out);
  } else if (taps == 2) {
    pixel(d, &v, 2, out);
  } else {
    pixel(d, &v, taps, out);
  }
}

mj_status mj_depthwise_conv2d_s8_run(const mj_context *context, const mj_op_record *op) {
  const mj_conv_params *p = params_of(context, op);
  const depthwise d = {
      .p = p,
      .weights = mj_const(context, p->weights_offset),
      .bias = p->bias_offset == 0 ? NULL : mj_const(context, p->bias_offset),
      .multipliers = mj_const(context, p->multipliers_offset),
      .shifts = mj_const(context, p->shifts_offset),
  };
  const int8_t *in = mj_op_input(context, op, 0);
  int8_t *out = mj_op_output(context, op, 0);
  for (int32_t b = 0; b < p->batches; b++, in += p->in_h * p->in_w * p->in_c) {
    for (int32_t oy = 0; oy < p->out_h; oy++) {
      for (int32_t ox = 0; ox < p->out_w; ox++, out += p->out_c) pixel_at(&d, in, oy, ox, out);
    }
  }
  return MJ_STATUS_OK;
}
