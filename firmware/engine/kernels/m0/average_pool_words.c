/* AVERAGE_POOL_2D, int8, four channels at a time: bytes are summed two by two in the halves of a word. */
#include "../../mj_fixed.h"
#include "../mj_pool.h"

#define TOGETHER 4
/* So many bytes of 255 stay inside half a word. */
#define MOST_ELEMENTS 257
#define SIGNS 0x80808080u
#define EVEN_BYTES 0x00ff00ffu

static const mj_pool_params *params_of(const mj_context *context, const mj_op_record *op) {
  return mj_const(context, op->params_offset);
}

bool mj_average_pool_words_check(const mj_engine *engine, const mj_op_record *op) {
  const mj_pool_params *p = params_of(&engine->context, op);
  if (!mj_pool_check(engine, op) || p->channels % TOGETHER != 0) return false;
  return p->filter_h <= MOST_ELEMENTS && p->filter_w <= MOST_ELEMENTS &&
         p->filter_h * p->filter_w <= MOST_ELEMENTS;
}

/* Sums of four channels with 128 added to each element: bytes 0 and 2, bytes 1 and 3. */
static void sum_words(const mj_pool_window *window, const int8_t *x, int32_t channels, uint32_t *sums) {
  uint32_t even = 0;
  uint32_t odd = 0;
  for (int32_t r = window->rows; r > 0; r--, x += window->row_bytes) {
    const int8_t *tap = x;
    for (int32_t t = window->columns; t > 0; t--, tap += channels) {
      const uint32_t word = *(const uint32_t *)(const void *)tap ^ SIGNS;
      even += word & EVEN_BYTES;
      odd += word >> 8 & EVEN_BYTES;
    }
  }
  sums[0] = even & 0xffffu;
  sums[1] = odd & 0xffffu;
  sums[2] = even >> 16;
  sums[3] = odd >> 16;
}

static void pixel(const mj_pool_params *p, const mj_pool_window *window, int8_t *out) {
  const int32_t count = window->rows * window->columns;
  const int32_t half = count >> 1;
  for (int32_t c = 0; c < p->channels; c += TOGETHER) {
    uint32_t sums[TOGETHER];
    sum_words(window, window->first + c, p->channels, sums);
    for (int32_t i = 0; i < TOGETHER; i++) {
      const int32_t sum = (int32_t)sums[i] - 128 * count;
      const int32_t mean = sum > 0 ? (sum + half) / count : (sum - half) / count;
      out[c + i] = (int8_t)mj_clamp(mean, p->act_min, p->act_max);
    }
  }
}

mj_status mj_average_pool_words_run(const mj_context *context, const mj_op_record *op) {
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
  return MJ_STATUS_OK;
}
