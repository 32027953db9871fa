/*
 * AVERAGE_POOL_2D, int8, for cores with MVE: sums of sixteen channels at once in 16-bit lanes, which hold any
 * window of up to 255 elements; the divisions are scalar.
 */
#include "../mj_pool.h"
#include "mve.h"

#define MOST_ELEMENTS 255

bool mj_average_pool_mve_check(const mj_engine *engine, const mj_op_record *op) {
  if (!mj_pool_check(engine, op)) return false;
  const mj_pool_params *p = mj_const(&engine->context, op->params_offset);
  return mj_between(p->filter_h, 1, MOST_ELEMENTS) && mj_between(p->filter_w, 1, MOST_ELEMENTS) &&
         p->filter_h * p->filter_w <= MOST_ELEMENTS;
}

/* Sums of `count` channels, at most sixteen, over the window; even channels first, then odd ones. */
static void sums(const mj_pool_window *window, int32_t channels, int32_t first, int32_t count, int16_t *to) {
#if defined(__ARM_FEATURE_MVE)
  const mve_pred16_t there = vctp8q((uint32_t)count);
  int16x8_t even = vdupq_n_s16(0);
  int16x8_t odd = even;
  const int8_t *row = window->first + first;
  for (int32_t y = 0; y < window->rows; y++, row += window->row_bytes) {
    const int8_t *x = row;
    for (int32_t i = window->columns; i > 0; i--, x += channels) {
      const int8x16_t v = vldrbq_z_s8(x, there);
      even = vaddq_s16(even, vmovlbq_s8(v));
      odd = vaddq_s16(odd, vmovltq_s8(v));
    }
  }
  vstrhq_s16(to, even);
  vstrhq_s16(to + 8, odd);
#else
  for (int32_t c = 0; c < count; c++) {
    int16_t sum = 0;
    for (int32_t y = 0; y < window->rows; y++) {
      const int8_t *x = window->first + y * window->row_bytes + first + c;
      for (int32_t i = 0; i < window->columns; i++) sum = (int16_t)(sum + x[i * channels]);
    }
    to[c % 2 * 8 + c / 2] = sum;
  }
#endif
}

static void pixel(const mj_pool_params *p, const mj_pool_window *window, int8_t *out) {
  const int32_t elements = window->rows * window->columns;
  const int32_t half = elements / 2;
  int16_t sum[16];
  for (int32_t first = 0; first < p->channels; first += 16) {
    const int32_t left = p->channels - first;
    const int32_t count = left < 16 ? left : 16;
    sums(window, p->channels, first, count, sum);
    for (int32_t c = 0; c < count; c++) {
      const int32_t s = sum[c % 2 * 8 + c / 2];
      const int32_t mean = (s > 0 ? s + half : s - half) / elements;
      out[first + c] = (int8_t)mj_clamp(mean, p->act_min, p->act_max);
    }
  }
}

mj_status mj_average_pool_mve_run(const mj_context *context, const mj_op_record *op) {
  const mj_pool_params *p = mj_const(context, op->params_offset);
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
  return MJ_STATUS_OK;
}
