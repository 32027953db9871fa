/*
 * DEPTHWISE_CONV_2D with one filter a channel, int8, for the host: eight channels with WebAssembly's SIMD.
 * Two taps' activations are interleaved, so that i32x4.dot_i16x8_s multiplies and adds both. Layout:
 * docs/kernels.md, src-main/compile/kernels/wasm/depthwise-wasm.ts.
 */
#include "../mj_doubled.h"
#include "../mj_taps.h"

#define BLOCK 8u

bool mj_depthwise_wasm_check(const mj_engine *engine, const mj_op_record *op) {
  if (!mj_packed_shape_fits(engine, op, true)) return false;
  const mj_packed_conv_params *p = mj_packed_params(&engine->context, op);
  const uint32_t channels = (uint32_t)p->in_c;
  const uint32_t padded = (uint32_t)p->padded_depth;
  uint32_t weights = 0;
  return channels % BLOCK == 0 && (uint32_t)p->depth <= MJ_MAX_TAPS &&
         padded == mj_round_up((uint32_t)p->depth, 2) &&
         mj_bounded_product(2u * channels, padded, &weights) &&
         mj_packed_constants_fit(engine, p, weights, (uint32_t)sizeof(mj_doubled_scaling) * channels) &&
         mj_doubled_shifts_fit(mj_const(&engine->context, p->table_offset), channels) &&
         op->scratch_bytes >= channels;
}

/* Sums of eight channels; an odd number of taps has a weight of 0 more, and its own last one again. */
static void block_sums(const int8_t *const *taps, uint32_t count, uint32_t channel, const int16_t *w,
                       int32_t sums[BLOCK]) {
#if defined(__wasm_simd128__)
  typedef int8_t s8x8 __attribute__((vector_size(8), aligned(1)));
  typedef int16_t s16x8 __attribute__((vector_size(16)));
  typedef int32_t s32x4 __attribute__((vector_size(16)));
  s32x4 low = {0};
  s32x4 high = {0};
  for (uint32_t t = 0; t < count; t += 2, w += 2u * BLOCK) {
    const uint32_t second = t + 1u < count ? t + 1u : t;
    const s16x8 x = __builtin_convertvector(*(const s8x8 *)(const void *)(taps[t] + channel), s16x8);
    const s16x8 y = __builtin_convertvector(*(const s8x8 *)(const void *)(taps[second] + channel), s16x8);
    const s16x8 pairs0 = __builtin_shufflevector(x, y, 0, 8, 1, 9, 2, 10, 3, 11);
    const s16x8 pairs1 = __builtin_shufflevector(x, y, 4, 12, 5, 13, 6, 14, 7, 15);
    low += (s32x4)__builtin_wasm_dot_s_i32x4_i16x8(pairs0, *(const s16x8 *)(const void *)w);
    high += (s32x4)__builtin_wasm_dot_s_i32x4_i16x8(pairs1, *(const s16x8 *)(const void *)(w + BLOCK));
  }
  *(s32x4 *)(void *)sums = low;
  *(s32x4 *)(void *)(sums + 4) = high;
#else
  for (uint32_t c = 0; c < BLOCK; c++) {
    int32_t sum = 0;
    for (uint32_t t = 0; t < count; t++)
      sum = mj_wrap_add(sum, taps[t][channel + c] * w[t / 2u * (2u * BLOCK) + 2u * c + t % 2u]);
    sums[c] = sum;
  }
#endif
}

static void pixel(const mj_packed_conv_params *p, const mj_taps *taps, const int16_t *w,
                  const mj_doubled_scaling *s, int8_t *out) {
  const bool positive = (p->flags & MJ_PACKED_FLAG_POSITIVE) != 0;
  const mj_clamp_range clamp = {p->act_min, p->act_max};
  const uint32_t count = (uint32_t)p->depth;
  const uint32_t block_weights = BLOCK * (uint32_t)p->padded_depth;
  for (uint32_t first = 0; first < (uint32_t)p->in_c; first += BLOCK, w += block_weights, s += BLOCK) {
    int32_t sums[BLOCK] __attribute__((aligned(16)));
    block_sums(taps->taps, count, first, w, sums);
    if (positive) {
      for (uint32_t c = 0; c < BLOCK; c++) out[first + c] = mj_doubled_scale_positive(sums[c], s + c, clamp);
    } else {
      for (uint32_t c = 0; c < BLOCK; c++) out[first + c] = mj_doubled_scale_signed(sums[c], s + c, clamp);
    }
  }
}

mj_status mj_depthwise_wasm_run(const mj_context *context, const mj_op_record *op) {
  const mj_packed_conv_params *p = mj_packed_params(context, op);
  const int16_t *weights = mj_const(context, p->weights_offset);
  const mj_doubled_scaling *table = mj_const(context, p->table_offset);
  mj_taps taps;
  mj_taps_begin(&taps, p, (int8_t *)(context->arena + op->scratch_offset));
  const int8_t *in = mj_op_input(context, op, 0);
  int8_t *out = mj_op_output(context, op, 0);
  for (int32_t b = 0; b < p->batches; b++, in += p->in_h * p->in_w * p->in_c) {
    for (int32_t oy = 0; oy < p->out_h; oy++) {
      for (int32_t ox = 0; ox < p->out_w; ox++, out += p->out_c) {
        mj_taps_at(&taps, in, oy, ox);
        pixel(p, &taps, weights, table, out);
      }
    }
  }
  return MJ_STATUS_OK;
}
