/*
 * CONV_2D and FULLY_CONNECTED, int8, for the host: four channels of two pixels with WebAssembly's SIMD.
 * Weights are stored as 16-bit numbers, patches are widened once; i32x4.dot_i16x8_s adds eight products to
 * four sums. Layout: docs/kernels.md, src-main/compile/kernels/wasm/conv-wasm.ts.
 */
#include "../mj_doubled.h"

#define CHANNELS 4u
#define PIXELS 2u
/* Lanes of a vector: weights of a channel come in multiples of it. */
#define LANES 8u

static uint32_t tiles_of(const mj_packed_conv_params *p) {
  return ((uint32_t)p->out_c + CHANNELS - 1u) / CHANNELS;
}

static bool is_single(const mj_packed_conv_params *p) {
  return p->out_h * p->out_w == 1;
}

/* src-main/compile/kernels/wasm/conv-wasm.ts computes the same scratch: widened patches, then a gathered one.
 */
static uint32_t scratch_of(const mj_packed_conv_params *p) {
  const uint32_t padded = (uint32_t)p->padded_depth;
  return (is_single(p) ? 2u : 4u) * padded + (mj_packed_in_place(p) ? 0 : padded);
}

bool mj_conv_wasm_check(const mj_engine *engine, const mj_op_record *op) {
  if (!mj_packed_shape_fits(engine, op, false)) return false;
  const mj_packed_conv_params *p = mj_packed_params(&engine->context, op);
  const uint32_t channels = CHANNELS * tiles_of(p);
  const uint32_t padded = (uint32_t)p->padded_depth;
  uint32_t weights = 0;
  return padded == mj_round_up((uint32_t)p->depth, LANES) &&
         mj_bounded_product(2u * channels, padded, &weights) &&
         mj_packed_constants_fit(engine, p, weights, (uint32_t)sizeof(mj_doubled_scaling) * channels) &&
         mj_doubled_shifts_fit(mj_const(&engine->context, p->table_offset), channels) &&
         op->scratch_bytes >= scratch_of(p);
}

/* Sums of four channels for two patches. */
static void multiply(const int16_t *w, const int16_t *x0, const int16_t *x1, uint32_t depth,
                     int32_t sums[PIXELS][CHANNELS]) {
#if defined(__wasm_simd128__)
  typedef int16_t s16x8 __attribute__((vector_size(16)));
  typedef int32_t s32x4 __attribute__((vector_size(16)));
  s32x4 acc[PIXELS][CHANNELS] = {{{0}}};
  for (uint32_t k = 0; k < depth; k += LANES, w += CHANNELS * LANES) {
    const s16x8 v0 = *(const s16x8 *)(const void *)(x0 + k);
    const s16x8 v1 = *(const s16x8 *)(const void *)(x1 + k);
    for (uint32_t c = 0; c < CHANNELS; c++) {
      const s16x8 weight = *(const s16x8 *)(const void *)(w + LANES * c);
      acc[0][c] += (s32x4)__builtin_wasm_dot_s_i32x4_i16x8(v0, weight);
      acc[1][c] += (s32x4)__builtin_wasm_dot_s_i32x4_i16x8(v1, weight);
    }
  }
  for (uint32_t i = 0; i < PIXELS; i++) {
    const s32x4 *a = acc[i];
    const s32x4 first =
        __builtin_shufflevector(a[0], a[1], 0, 4, 1, 5) + __builtin_shufflevector(a[0], a[1], 2, 6, 3, 7);
    const s32x4 second =
        __builtin_shufflevector(a[2], a[3], 0, 4, 1, 5) + __builtin_shufflevector(a[2], a[3], 2, 6, 3, 7);
    *(s32x4 *)(void *)sums[i] = __builtin_shufflevector(first, second, 0, 1, 4, 5) +
                                __builtin_shufflevector(first, second, 2, 3, 6, 7);
  }
#else
  for (uint32_t c = 0; c < CHANNELS; c++) {
    int32_t sum0 = 0;
    int32_t sum1 = 0;
    for (uint32_t k = 0; k < depth; k++) {
      const int32_t weight = w[k / LANES * (CHANNELS * LANES) + LANES * c + k % LANES];
      sum0 = mj_wrap_add(sum0, x0[k] * weight);
      sum1 = mj_wrap_add(sum1, x1[k] * weight);
    }
    sums[0][c] = sum0;
    sums[1][c] = sum1;
  }
#endif
}

static void widen(const int8_t *x, uint32_t depth, int16_t *to) {
  for (uint32_t k = 0; k < depth; k++) to[k] = x[k];
}

typedef struct {
  const mj_packed_conv_params *p;
  const int16_t *weights;
  const mj_doubled_scaling *table;
  int8_t *room;
  int16_t *lanes[PIXELS];
} conv;

/* All channels of `pixels` widened patches. */
static void all_channels(const conv *c, uint32_t pixels, int8_t *out) {
  const mj_packed_conv_params *p = c->p;
  const uint32_t padded = (uint32_t)p->padded_depth;
  const bool positive = (p->flags & MJ_PACKED_FLAG_POSITIVE) != 0;
  const mj_clamp_range clamp = {p->act_min, p->act_max};
  const mj_doubled_scaling *s = c->table;
  const int16_t *w = c->weights;
  for (uint32_t first = 0; first < (uint32_t)p->out_c; first += CHANNELS, s += CHANNELS) {
    int32_t sums[PIXELS][CHANNELS] __attribute__((aligned(16)));
    multiply(w, c->lanes[0], c->lanes[1], padded, sums);
    w += CHANNELS * padded;
    const uint32_t left = (uint32_t)p->out_c - first;
    const uint32_t channels = left < CHANNELS ? left : CHANNELS;
    int8_t *to = out + first;
    for (uint32_t i = 0; i < pixels; i++, to += p->out_c) {
      if (positive) {
        for (uint32_t o = 0; o < channels; o++) to[o] = mj_doubled_scale_positive(sums[i][o], s + o, clamp);
      } else {
        for (uint32_t o = 0; o < channels; o++) to[o] = mj_doubled_scale_signed(sums[i][o], s + o, clamp);
      }
    }
  }
}

static void image(const conv *c, const int8_t *in, int8_t *out) {
  const mj_packed_conv_params *p = c->p;
  const bool in_place = mj_packed_in_place(p);
  mj_pixel_walk walk = {p, in, 0, 0};
  for (int32_t left = p->out_h * p->out_w; left > 0; left -= (int32_t)PIXELS, out += 2 * p->out_c) {
    const uint32_t pixels = left > 1 ? 2 : 1;
    for (uint32_t i = 0; i < pixels; i++)
      widen(mj_next_patch(&walk, in_place, c->room), (uint32_t)p->depth, c->lanes[i]);
    all_channels(c, pixels, out);
  }
}

mj_status mj_conv_wasm_run(const mj_context *context, const mj_op_record *op) {
  const mj_packed_conv_params *p = mj_packed_params(context, op);
  uint8_t *scratch = context->arena + op->scratch_offset;
  const uint32_t padded = (uint32_t)p->padded_depth;
  const conv c = {
      .p = p,
      .weights = mj_const(context, p->weights_offset),
      .table = mj_const(context, p->table_offset),
      .room = (int8_t *)(scratch + (is_single(p) ? 2u : 4u) * padded),
      .lanes = {(int16_t *)(void *)scratch, (int16_t *)(void *)(scratch + (is_single(p) ? 0 : 2u) * padded)},
  };
  const int8_t *in = mj_op_input(context, op, 0);
  int8_t *out = mj_op_output(context, op, 0);
  for (uint32_t k = (uint32_t)p->depth; k < padded; k++) c.lanes[0][k] = c.lanes[1][k] = 0;
  for (int32_t b = 0; b < p->batches; b++)
    image(&c, in + b * p->in_h * p->in_w * p->in_c, out + b * p->out_h * p->out_w * p->out_c);
  return MJ_STATUS_OK;
}
