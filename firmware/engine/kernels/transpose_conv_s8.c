/*
 * TRANSPOSE_CONV, int8, NHWC, weights OHWI. Every output pixel gathers the input pixels whose windows cover
 * it, so no sums have to be kept: y = (input row)·stride − pad + (filter row).
 */
#include "../mj_fixed.h"
#include "../mj_kernels.h"

typedef struct {
  const mj_conv_params *p;
  const int8_t *weights;
  const int32_t *bias; /* NULL when there is none */
  const int32_t *multipliers;
  const int32_t *shifts;
} layer;

static const mj_conv_params *params_of(const mj_context *context, const mj_op_record *op) {
  return mj_const(context, op->params_offset);
}

static bool sizes_fit(const mj_conv_params *p) {
  return mj_between(p->in_h, 1, MJ_MAX_EXTENT) && mj_between(p->in_w, 1, MJ_MAX_EXTENT) &&
         mj_between(p->out_h, 1, MJ_MAX_EXTENT) && mj_between(p->out_w, 1, MJ_MAX_EXTENT) &&
         mj_between(p->filter_h, 1, MJ_MAX_STEP) && mj_between(p->filter_w, 1, MJ_MAX_STEP) &&
         mj_between(p->stride_h, 1, MJ_MAX_STEP) && mj_between(p->stride_w, 1, MJ_MAX_STEP) &&
         mj_between(p->pad_top, 0, MJ_MAX_EXTENT) && mj_between(p->pad_left, 0, MJ_MAX_EXTENT) &&
         mj_between(p->input_offset, -127, 128);
}

bool mj_transpose_conv_s8_check(const mj_engine *engine, const mj_op_record *op) {
  const mj_conv_params *p = params_of(&engine->context, op);
  if (op->params_bytes < sizeof(*p)) return false;
  const int32_t in[4] = {p->batches, p->in_h, p->in_w, p->in_c};
  const int32_t out[4] = {p->batches, p->out_h, p->out_w, p->out_c};
  const int32_t filter[4] = {p->out_c, p->filter_h, p->filter_w, p->in_c};
  uint32_t inputs = 0;
  uint32_t outputs = 0;
  uint32_t weights = 0;
  return mj_extent(in, 4, &inputs) && mj_extent(out, 4, &outputs) && mj_extent(filter, 4, &weights) &&
         sizes_fit(p) && mj_s8_output_fits(p->output_offset, p->act_min, p->act_max) &&
         mj_input_is(engine, op, 0, MJ_DTYPE_INT8, inputs) &&
         mj_output_is(engine, op, 0, MJ_DTYPE_INT8, outputs) &&
         mj_const_fits(engine, p->weights_offset, weights, 1) &&
         mj_requantization_fits(engine, p->multipliers_offset, p->shifts_offset, p->bias_offset,
                                (uint32_t)p->out_c);
}

static int32_t dot(const int8_t *x, const int8_t *w, int32_t depth, int32_t offset, int32_t acc) {
  for (int32_t k = 0; k < depth; k++) acc = mj_wrap_add(acc, (x[k] + offset) * w[k]);
  return acc;
}

/* Input index whose window puts filter tap `tap` at output `at`, −1 where there is none. */
static int32_t source(int32_t at, int32_t pad, int32_t tap, int32_t stride, int32_t count) {
  const int32_t from = at + pad - tap;
  if (from < 0) return -1;
  const int32_t index = from / stride;
  return index * stride == from && index < count ? index : -1;
}

static int32_t gather(const layer *l, const int8_t *image, int32_t y, int32_t x, const int8_t *w) {
  const mj_conv_params *p = l->p;
  int32_t acc = 0;
  for (int32_t fy = 0; fy < p->filter_h; fy++) {
    const int32_t iy = source(y, p->pad_top, fy, p->stride_h, p->in_h);
    if (iy < 0) continue;
    for (int32_t fx = 0; fx < p->filter_w; fx++) {
      const int32_t ix = source(x, p->pad_left, fx, p->stride_w, p->in_w);
      if (ix < 0) continue;
      acc = dot(image + (iy * p->in_w + ix) * p->in_c, w + (fy * p->filter_w + fx) * p->in_c, p->in_c,
                p->input_offset, acc);
    }
  }
  return acc;
}

static void pixel(const layer *l, const int8_t *image, int32_t y, int32_t x, int8_t *out) {
  const mj_conv_params *p = l->p;
  const int32_t filter = p->filter_h * p->filter_w * p->in_c;
  for (int32_t o = 0; o < p->out_c; o++) {
    int32_t acc = gather(l, image, y, x, l->weights + o * filter);
    if (l->bias != NULL) acc = mj_wrap_add(acc, l->bias[o]);
    const int32_t scaled = mj_requantize(acc, l->multipliers[o], l->shifts[o]);
    out[o] = (int8_t)mj_clamp(mj_wrap_add(scaled, p->output_offset), p->act_min, p->act_max);
  }
}

mj_status mj_transpose_conv_s8_run(const mj_context *context, const mj_op_record *op) {
  const mj_conv_params *p = params_of(context, op);
  const layer l = {
      .p = p,
      .weights = mj_const(context, p->weights_offset),
      .bias = p->bias_offset == 0 ? NULL : mj_const(context, p->bias_offset),
      .multipliers = mj_const(context, p->multipliers_offset),
      .shifts = mj_const(context, p->shifts_offset),
  };
  const int8_t *image = mj_op_input(context, op, 0);
  int8_t *out = mj_op_output(context, op, 0);
  for (int32_t b = 0; b < p->batches; b++, image += p->in_h * p->in_w * p->in_c) {
    for (int32_t y = 0; y < p->out_h; y++) {
      for (int32_t x = 0; x < p->out_w; x++, out += p->out_c) pixel(&l, image, y, x, out);
    }
  }
  return MJ_STATUS_OK;
}
