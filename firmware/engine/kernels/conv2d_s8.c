/*
 * CONV_2D, int8, NHWC, weights OHWI, also grouped. The input offset is folded into the bias (Σ (x + i)·w =
 * Σ x·w + i·Σ w), so padding is the input's zero point and the inner loop is a plain inner product of a patch
 * with a row of weights. Patches are gathered into scratch, four pixels at a time; a 1×1 filter reads its
 * input in place.
 */
#include "../mj_kernels.h"
#include "mj_dot.h"

/* src-main/abi/scratch.ts computes the same scratch: one i32 a channel, then the patches. */
#define BLOCK_PIXELS 4

typedef struct {
  const mj_conv_params *p;
  const int8_t *weights;
  const int32_t *multipliers;
  const int32_t *shifts;
  int32_t *folded; /* bias and input offset */
  int8_t *patches;
  int32_t patch; /* bytes of a patch, and of a row of weights */
  int32_t group_channels;
  bool in_place;
} conv;

static const mj_conv_params *params_of(const mj_context *context, const mj_op_record *op) {
  return mj_const(context, op->params_offset);
}

static bool reads_in_place(const mj_conv_params *p) {
  return p->filter_h == 1 && p->filter_w == 1 && p->pad_top == 0 && p->pad_left == 0 &&
         p->filter_c == p->in_c;
}

/* Whole groups, and as many outputs a group; the input an in-place filter reads is really there. */
static bool shape_fits(const mj_conv_params *p) {
  const int32_t groups = p->in_c / p->filter_c;
  if (groups * p->filter_c != p->in_c || p->out_c % groups != 0) return false;
  if (!reads_in_place(p)) return true;
  return (p->out_h - 1) * p->stride_h < p->in_h && (p->out_w - 1) * p->stride_w < p->in_w;
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

static bool scratch_fits(const mj_conv_params *p, const mj_op_record *op) {
  const uint32_t patch = ((uint32_t)(p->filter_h * p->filter_w * p->filter_c) + 3u) & ~3u;
  const uint32_t wanted = 4u * (uint32_t)p->out_c + (reads_in_place(p) ? 0 : BLOCK_PIXELS * patch);
  return op->scratch_bytes >= wanted;
}

bool mj_conv2d_s8_check(const mj_engine *engine, const mj_op_record *op) {
  const mj_conv_params *p = params_of(&engine->context, op);
  if (op->params_bytes < sizeof(*p)) return false;
  const int32_t in[4] = {p->batches, p->in_h, p->in_w, p->in_c};
  const int32_t out[4] = {p->batches, p->out_h, p->out_w, p->out_c};
  const int32_t filter[4] = {p->out_c, p->filter_h, p->filter_w, p->filter_c};
  uint32_t inputs = 0;
  uint32_t outputs = 0;
  uint32_t weights = 0;
  return mj_extent(in, 4, &inputs) && mj_extent(out, 4, &outputs) && mj_extent(filter, 4, &weights) &&
         ranges_fit(p) && shape_fits(p) && mj_s8_output_fits(p->output_offset, p->act_min, p->act_max) &&
         mj_input_is(engine, op, 0, MJ_DTYPE_INT8, inputs) &&
         mj_output_is(engine, op, 0, MJ_DTYPE_INT8, outputs) &&
         mj_const_fits(engine, p->weights_offset, weights, 1) &&
         mj_requantization_fits(engine, p->multipliers_offset, p->shifts_offset, p->bias_offset,
                                (uint32_t)p->out_c) &&
         scratch_fits(p, op);
}

static void fold_bias(const conv *c, const int32_t *bias) {
  for (int32_t o = 0; o < c->p->out_c; o++) {
    const int32_t offset = mj_wrap_mul(c->p->input_offset, mj_sum(c->weights + o * c->patch, c->patch));
    c->folded[o] = bias == NULL ? offset : mj_wrap_add(bias[o], offset);
  }
}

static void copy_bytes(int8_t *to, const int8_t *from, int32_t count) {
  for (int32_t i = 0; i < count; i++) to[i] = from[i];
}

static void fill_bytes(int8_t *to, int8_t value, int32_t count) {
  for (int32_t i = 0; i < count; i++) to[i] = value;
}

/* One filter row of a patch: taps outside the image are the zero point. */
static int8_t *gather_row(const conv *c, const int8_t *row, int32_t x, int32_t channel, int8_t *to) {
  const mj_conv_params *p = c->p;
  for (int32_t fx = 0; fx < p->filter_w; fx++, x += p->dilation_w, to += p->filter_c) {
    if (x >= 0 && x < p->in_w) {
      copy_bytes(to, row + x * p->in_c + channel, p->filter_c);
    } else {
      fill_bytes(to, (int8_t)-p->input_offset, p->filter_c);
    }
  }
  return to;
}

static void gather(const conv *c, const int8_t *image, int32_t oy, int32_t ox, int32_t channel, int8_t *to) {
  const mj_conv_params *p = c->p;
  const int32_t x = ox * p->stride_w - p->pad_left;
  int32_t y = oy * p->stride_h - p->pad_top;
  for (int32_t fy = 0; fy < p->filter_h; fy++, y += p->dilation_h) {
    if (y >= 0 && y < p->in_h) {
      to = gather_row(c, image + y * p->in_w * p->in_c, x, channel, to);
    } else {
      fill_bytes(to, (int8_t)-p->input_offset, p->filter_w * p->filter_c);
      to += p->filter_w * p->filter_c;
    }
  }
}

static inline int8_t finish(const conv *c, int32_t acc, int32_t channel) {
  const mj_conv_params *p = c->p;
  const int32_t scaled = mj_requantize(acc, c->multipliers[channel], c->shifts[channel]);
  return (int8_t)mj_clamp(mj_wrap_add(scaled, p->output_offset), p->act_min, p->act_max);
}

/* `count` channels from `first` for `pixels` patches; the weights are read once for all of them. */
static void multiply(const conv *c, const int8_t *const *patches, int32_t pixels, int8_t *out, int32_t first,
                     int32_t count) {
  const int32_t depth = c->patch;
  const int8_t *w = c->weights + first * depth;
  int32_t o = first;
  for (; o + 2 <= first + count; o += 2, w += 2 * depth) {
    for (int32_t i = 0; i < pixels; i++) {
      int32_t acc[2] = {c->folded[o], c->folded[o + 1]};
      mj_dot_2(patches[i], w, w + depth, depth, acc);
      out[i * c->p->out_c + o] = finish(c, acc[0], o);
      out[i * c->p->out_c + o + 1] = finish(c, acc[1], o + 1);
    }
  }
  if (o == first + count) return;
  for (int32_t i = 0; i < pixels; i++) {
    out[i * c->p->out_c + o] = finish(c, mj_dot_1(patches[i], w, depth, c->folded[o]), o);
  }
}

/* Up to BLOCK_PIXELS neighbours of one output row. */
static void block(const conv *c, const int8_t *image, int32_t oy, int32_t ox, int32_t pixels, int8_t *out) {
  const mj_conv_params *p = c->p;
  const int8_t *patches[BLOCK_PIXELS];
  if (c->in_place) {
    const int8_t *x = image + (oy * p->stride_h * p->in_w + ox * p->stride_w) * p->in_c;
    for (int32_t i = 0; i < pixels; i++) patches[i] = x + i * p->stride_w * p->in_c;
    multiply(c, patches, pixels, out, 0, p->out_c);
    return;
  }
  const int32_t patch_bytes = (c->patch + 3) & ~3;
  int32_t channel = 0;
  for (int32_t first = 0; first < p->out_c; first += c->group_channels, channel += p->filter_c) {
    for (int32_t i = 0; i < pixels; i++) {
      int8_t *to = c->patches + i * patch_bytes;
      gather(c, image, oy, ox + i, channel, to);
      patches[i] = to;
    }
    multiply(c, patches, pixels, out, first, c->group_channels);
  }
}

static void image(const conv *c, const int8_t *in, int8_t *out) {
  const mj_conv_params *p = c->p;
  for (int32_t oy = 0; oy < p->out_h; oy++) {
    for (int32_t ox = 0; ox < p->out_w; ox += BLOCK_PIXELS) {
      const int32_t left = p->out_w - ox;
      block(c, in, oy, ox, left < BLOCK_PIXELS ? left : BLOCK_PIXELS, out + (oy * p->out_w + ox) * p->out_c);
    }
  }
}

mj_status mj_conv2d_s8_run(const mj_context *context, const mj_op_record *op) {
  const mj_conv_params *p = params_of(context, op);
  uint8_t *scratch = context->arena + op->scratch_offset;
  const conv c = {
      .p = p,
      .weights = mj_const(context, p->weights_offset),
      .multipliers = mj_const(context, p->multipliers_offset),
      .shifts = mj_const(context, p->shifts_offset),
      .folded = (int32_t *)(void *)scratch,
      .patches = (int8_t *)scratch + 4 * p->out_c,
      .patch = p->filter_h * p->filter_w * p->filter_c,
      .group_channels = p->out_c / (p->in_c / p->filter_c),
      .in_place = reads_in_place(p),
  };
  const int8_t *in = mj_op_input(context, op, 0);
  int8_t *out = mj_op_output(context, op, 0);
  fold_bias(&c, p->bias_offset == 0 ? NULL : mj_const(context, p->bias_offset));
  for (int32_t b = 0; b < p->batches; b++) {
    image(&c, in + b * p->in_h * p->in_w * p->in_c, out + b * p->out_h * p->out_w * p->out_c);
  }
  return MJ_STATUS_OK;
}
