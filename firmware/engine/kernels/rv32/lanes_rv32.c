/*
 * CONV_2D and FULLY_CONNECTED, int8, for RV32IM: eight channels of four pixels. A word holds the weights of
 * two channels, w0 + w1 · 2^16; its product with an activation is two products in two lanes. A lane of 16
 * bits is exact while the weights of a group have magnitudes of at most 255 together; then the lanes go to
 * 32-bit totals. Where groups end depends on the weights alone and is in the stream: docs/kernels.md,
 * src-main/compile/kernels/rv32/lanes-rv32.ts.
 */
#include "../mj_doubled.h"

#define BLOCK_CHANNELS 8u
#define PAIRS 4u
#define BLOCK_PIXELS 4

static uint32_t blocks_of(const mj_packed_conv_params *p) {
  return ((uint32_t)p->out_c + BLOCK_CHANNELS - 1u) / BLOCK_CHANNELS;
}

/* An odd depth has a weight of 0 more, so that groups are even; in place there is nothing to read for it. */
static bool reads_in_place(const mj_packed_conv_params *p) {
  return mj_packed_in_place(p) && p->depth == p->padded_depth;
}

/* Every block's groups take exactly the depth, and all blocks exactly the stream. */
static bool stream_fits(const mj_engine *engine, const mj_packed_conv_params *p) {
  const uint32_t *words = mj_const(&engine->context, p->weights_offset);
  const uint32_t count = p->weights_bytes / 4u;
  uint32_t at = 0;
  for (uint32_t block = 0; block < blocks_of(p); block++) {
    for (uint32_t left = (uint32_t)p->padded_depth; left > 0;) {
      if (at >= count) return false;
      const uint32_t group = words[at];
      if (group == 0 || group % 2u != 0 || group > left) return false;
      left -= group;
      at += 1u + PAIRS * group;
    }
  }
  return at == count;
}

bool mj_lanes_rv32_check(const mj_engine *engine, const mj_op_record *op) {
  if (!mj_packed_shape_fits(engine, op, false)) return false;
  const mj_packed_conv_params *p = mj_packed_params(&engine->context, op);
  const uint32_t channels = BLOCK_CHANNELS * blocks_of(p);
  if (p->padded_depth != (p->depth + 1) / 2 * 2 || p->weights_bytes % 4u != 0 ||
      !mj_packed_constants_fit(engine, p, p->weights_bytes, (uint32_t)sizeof(mj_doubled_scaling) * channels))
    return false;
  if (!mj_doubled_shifts_fit(mj_const(&engine->context, p->table_offset), channels)) return false;
  return (reads_in_place(p) || op->scratch_bytes >= BLOCK_PIXELS * (uint32_t)p->padded_depth) &&
         stream_fits(engine, p);
}

/* Both lanes of a word of sums. */
static inline void add_lanes(uint32_t sums, int32_t *low, int32_t *high) {
  const int32_t lane = (int16_t)sums;
  *low += lane;
  *high += (int32_t)(sums - (uint32_t)lane) >> 16;
}

/* Totals of a block's channels for `pixels` patches; returns where the next block begins. */
__attribute__((always_inline)) static inline const uint32_t *multiply(const uint32_t *stream, int32_t depth,
                                                                      const int8_t *const *patches,
                                                                      uint32_t pixels, int32_t *totals) {
  const int8_t *x[BLOCK_PIXELS];
#pragma GCC unroll 4
  for (uint32_t i = 0; i < pixels; i++) x[i] = patches[i];
  do {
    uint32_t group = *stream++;
    depth -= (int32_t)group;
    const uint32_t *end = stream + PAIRS * group;
    uint32_t sums[PAIRS][BLOCK_PIXELS];
#pragma GCC unroll 4
    for (uint32_t j = 0; j < PAIRS; j++) {
#pragma GCC unroll 4
      for (uint32_t i = 0; i < pixels; i++) sums[j][i] = 0;
    }
    do {
#pragma GCC unroll 2
      for (uint32_t k = 0; k < 2; k++) {
        const uint32_t w0 = stream[PAIRS * k];
        const uint32_t w1 = stream[PAIRS * k + 1u];
        const uint32_t w2 = stream[PAIRS * k + 2u];
        const uint32_t w3 = stream[PAIRS * k + 3u];
#pragma GCC unroll 4
        for (uint32_t i = 0; i < pixels; i++) {
          const uint32_t value = (uint32_t)(int32_t)x[i][k];
          sums[0][i] += value * w0;
          sums[1][i] += value * w1;
          sums[2][i] += value * w2;
          sums[3][i] += value * w3;
        }
      }
      stream += 2u * PAIRS;
#pragma GCC unroll 4
      for (uint32_t i = 0; i < pixels; i++) x[i] += 2;
    } while (stream != end);
#pragma GCC unroll 4
    for (uint32_t i = 0; i < pixels; i++) {
#pragma GCC unroll 4
      for (uint32_t j = 0; j < PAIRS; j++) {
        int32_t *total = totals + BLOCK_CHANNELS * i + 2u * j;
        add_lanes(sums[j][i], total, total + 1);
      }
    }
  } while (depth > 0);
  return stream;
}

typedef struct {
  const mj_packed_conv_params *p;
  const uint32_t *stream;
  const mj_doubled_scaling *table;
} conv;

static void finish(const mj_packed_conv_params *p, const mj_doubled_scaling *table, const int32_t *totals,
                   int32_t count, int8_t *out) {
  const mj_clamp_range clamp = {p->act_min, p->act_max};
  if ((p->flags & MJ_PACKED_FLAG_POSITIVE) != 0) {
    for (int32_t c = 0; c < count; c++) out[c] = mj_doubled_scale_positive(totals[c], table + c, clamp);
  } else {
    for (int32_t c = 0; c < count; c++) out[c] = mj_doubled_scale_signed(totals[c], table + c, clamp);
  }
}

static void all_channels(const conv *c, const int8_t *const *patches, uint32_t pixels, int8_t *out) {
  const mj_packed_conv_params *p = c->p;
  const uint32_t *stream = c->stream;
  const mj_doubled_scaling *table = c->table;
  for (int32_t first = 0; first < p->out_c; first += (int32_t)BLOCK_CHANNELS, table += BLOCK_CHANNELS) {
    int32_t totals[BLOCK_PIXELS * BLOCK_CHANNELS];
    for (uint32_t i = 0; i < pixels * BLOCK_CHANNELS; i++) totals[i] = 0;
    if (pixels == BLOCK_PIXELS) {
      stream = multiply(stream, p->padded_depth, patches, BLOCK_PIXELS, totals);
    } else {
      stream = multiply(stream, p->padded_depth, patches, 1, totals);
    }
    const int32_t left = p->out_c - first;
    const int32_t count = left < (int32_t)BLOCK_CHANNELS ? left : (int32_t)BLOCK_CHANNELS;
    for (uint32_t i = 0; i < pixels; i++)
      finish(p, table, totals + BLOCK_CHANNELS * i, count, out + (int32_t)i * p->out_c + first);
  }
}

static void image(const conv *c, const int8_t *in, int8_t *room, int8_t *out) {
  const mj_packed_conv_params *p = c->p;
  const bool in_place = reads_in_place(p);
  mj_pixel_walk walk = {p, in, 0, 0};
  int32_t left = p->out_h * p->out_w;
  const int8_t *patches[BLOCK_PIXELS];
  for (; left >= BLOCK_PIXELS; left -= BLOCK_PIXELS, out += BLOCK_PIXELS * p->out_c) {
    for (int32_t i = 0; i < BLOCK_PIXELS; i++)
      patches[i] = mj_next_patch(&walk, in_place, room + i * p->padded_depth);
    all_channels(c, patches, BLOCK_PIXELS, out);
  }
  for (; left > 0; left--, out += p->out_c) {
    patches[0] = mj_next_patch(&walk, in_place, room);
    all_channels(c, patches, 1, out);
  }
}

mj_status mj_lanes_rv32_run(const mj_context *context, const mj_op_record *op) {
  const mj_packed_conv_params *p = mj_packed_params(context, op);
  int8_t *room = (int8_t *)(context->arena + op->scratch_offset);
  const conv c = {p, mj_const(context, p->weights_offset), mj_const(context, p->table_offset)};
  const int8_t *in = mj_op_input(context, op, 0);
  int8_t *out = mj_op_output(context, op, 0);
  if (!reads_in_place(p)) mj_fill_run(room, 0, BLOCK_PIXELS * p->padded_depth);
  for (int32_t b = 0; b < p->batches; b++)
    image(&c, in + b * p->in_h * p->in_w * p->in_c, room, out + b * p->out_h * p->out_w * p->out_c);
  return MJ_STATUS_OK;
}
