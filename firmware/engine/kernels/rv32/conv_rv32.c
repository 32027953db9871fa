/*
 * CONV_2D and FULLY_CONNECTED, int8, for RV32IM: tiles of four channels and four pixels, whose sixteen
 * accumulators stay in registers: 40 instructions for 16 products. Layout: docs/kernels.md,
 * src-main/compile/kernels/rv32/conv-rv32.ts.
 */
#include "../mj_doubled.h"

#define CHANNELS 4u
#define PIXELS 4
/* Weights of a channel come in multiples of this: one round of the inner loop. */
#define ROUND 4u

static uint32_t tiles_of(const mj_packed_conv_params *p) {
  return ((uint32_t)p->out_c + CHANNELS - 1u) / CHANNELS;
}

static bool reads_in_place(const mj_packed_conv_params *p) {
  return mj_packed_in_place(p) && p->depth == p->padded_depth;
}

bool mj_conv_rv32_check(const mj_engine *engine, const mj_op_record *op) {
  if (!mj_packed_shape_fits(engine, op, false)) return false;
  const mj_packed_conv_params *p = mj_packed_params(&engine->context, op);
  const uint32_t channels = CHANNELS * tiles_of(p);
  const uint32_t padded = (uint32_t)p->padded_depth;
  uint32_t weights = 0;
  if (padded != mj_round_up((uint32_t)p->depth, ROUND) || !mj_bounded_product(channels, padded, &weights) ||
      !mj_packed_constants_fit(engine, p, weights, (uint32_t)sizeof(mj_doubled_scaling) * channels))
    return false;
  if (!mj_doubled_shifts_fit(mj_const(&engine->context, p->table_offset), channels)) return false;
  return reads_in_place(p) || op->scratch_bytes >= PIXELS * padded;
}

/* Sums of four channels and four pixels. */
typedef struct {
  const int8_t *weights;
  const int8_t *end; /* of these channels' weights */
  const int8_t *patches[PIXELS];
  int32_t sums[PIXELS][CHANNELS];
} tile;

#if defined(__riscv)

#define PIXEL(k, x, acc0, acc1, acc2, acc3) \
  "lb t4, " k "(" x                         \
  ")\n"                                     \
  "mul t5, t4, t0\n"                        \
  "add " acc0 ", " acc0                     \
  ", t5\n"                                  \
  "mul t5, t4, t1\n"                        \
  "add " acc1 ", " acc1                     \
  ", t5\n"                                  \
  "mul t5, t4, t2\n"                        \
  "add " acc2 ", " acc2                     \
  ", t5\n"                                  \
  "mul t5, t4, t3\n"                        \
  "add " acc3 ", " acc3 ", t5\n"

#define DEPTH(k, w0, w1, w2, w3)                                                                      \
  "lb t0, " w0                                                                                        \
  "(a1)\n"                                                                                            \
  "lb t1, " w1                                                                                        \
  "(a1)\n"                                                                                            \
  "lb t2, " w2                                                                                        \
  "(a1)\n"                                                                                            \
  "lb t3, " w3 "(a1)\n" PIXEL(k, "a2", "s0", "s1", "s2", "s3") PIXEL(k, "a3", "s4", "s5", "s6", "s7") \
      PIXEL(k, "a4", "s8", "s9", "s10", "s11") PIXEL(k, "a5", "a0", "a7", "t6", "ra")

/* Accumulators in s0 to s11, a0, a7, t6 and ra; weights a1 to a6, patches a2 to a5. */
__attribute__((naked, noinline)) static void run_tile(tile *t) {
  (void)t;
  __asm volatile(
      "addi sp, sp, -64\n"
      "sw ra, 0(sp)\n"
      "sw s0, 4(sp)\n"
      "sw s1, 8(sp)\n"
      "sw s2, 12(sp)\n"
      "sw s3, 16(sp)\n"
      "sw s4, 20(sp)\n"
      "sw s5, 24(sp)\n"
      "sw s6, 28(sp)\n"
      "sw s7, 32(sp)\n"
      "sw s8, 36(sp)\n"
      "sw s9, 40(sp)\n"
      "sw s10, 44(sp)\n"
      "sw s11, 48(sp)\n"
      "sw a0, 52(sp)\n"
      "lw a1, 0(a0)\n"
      "lw a6, 4(a0)\n"
      "lw a2, 8(a0)\n"
      "lw a3, 12(a0)\n"
      "lw a4, 16(a0)\n"
      "lw a5, 20(a0)\n"
      "li s0, 0\nli s1, 0\nli s2, 0\nli s3, 0\n"
      "li s4, 0\nli s5, 0\nli s6, 0\nli s7, 0\n"
      "li s8, 0\nli s9, 0\nli s10, 0\nli s11, 0\n"
      "li a0, 0\nli a7, 0\nli t6, 0\nli ra, 0\n"
      "1:\n" DEPTH("0", "0", "1", "2", "3") DEPTH("1", "4", "5", "6", "7") DEPTH("2", "8", "9", "10", "11")
          DEPTH("3", "12", "13", "14", "15")
      "addi a1, a1, 16\n"
      "addi a2, a2, 4\n"
      "addi a3, a3, 4\n"
      "addi a4, a4, 4\n"
      "addi a5, a5, 4\n"
      "bne a1, a6, 1b\n"
      "lw a1, 52(sp)\n"
      "sw s0, 24(a1)\n"
      "sw s1, 28(a1)\n"
      "sw s2, 32(a1)\n"
      "sw s3, 36(a1)\n"
      "sw s4, 40(a1)\n"
      "sw s5, 44(a1)\n"
      "sw s6, 48(a1)\n"
      "sw s7, 52(a1)\n"
      "sw s8, 56(a1)\n"
      "sw s9, 60(a1)\n"
      "sw s10, 64(a1)\n"
      "sw s11, 68(a1)\n"
      "sw a0, 72(a1)\n"
      "sw a7, 76(a1)\n"
      "sw t6, 80(a1)\n"
      "sw ra, 84(a1)\n"
      "lw ra, 0(sp)\n"
      "lw s0, 4(sp)\n"
      "lw s1, 8(sp)\n"
      "lw s2, 12(sp)\n"
      "lw s3, 16(sp)\n"
      "lw s4, 20(sp)\n"
      "lw s5, 24(sp)\n"
      "lw s6, 28(sp)\n"
      "lw s7, 32(sp)\n"
      "lw s8, 36(sp)\n"
      "lw s9, 40(sp)\n"
      "lw s10, 44(sp)\n"
      "lw s11, 48(sp)\n"
      "addi sp, sp, 64\n"
      "ret\n");
}

#else

static void run_tile(tile *t) {
  const uint32_t depth = (uint32_t)(t->end - t->weights) / CHANNELS;
  for (uint32_t i = 0; i < PIXELS; i++) {
    for (uint32_t c = 0; c < CHANNELS; c++) {
      int32_t sum = 0;
      for (uint32_t k = 0; k < depth; k++)
        sum = mj_wrap_add(sum, t->patches[i][k] * t->weights[CHANNELS * k + c]);
      t->sums[i][c] = sum;
    }
  }
}

#endif

typedef struct {
  const mj_packed_conv_params *p;
  const int8_t *weights;
  const mj_doubled_scaling *table;
} conv;

/* All channels of `pixels` pixels. */
static void all_channels(const conv *c, tile *t, int32_t pixels, int8_t *out) {
  const mj_packed_conv_params *p = c->p;
  const bool positive = (p->flags & MJ_PACKED_FLAG_POSITIVE) != 0;
  const mj_clamp_range clamp = {p->act_min, p->act_max};
  const mj_doubled_scaling *s = c->table;
  t->end = c->weights;
  for (int32_t first = 0; first < p->out_c; first += (int32_t)CHANNELS, s += CHANNELS) {
    t->weights = t->end;
    t->end += CHANNELS * (uint32_t)p->padded_depth;
    run_tile(t);
    const int32_t left = p->out_c - first;
    const int32_t channels = left < (int32_t)CHANNELS ? left : (int32_t)CHANNELS;
    int8_t *to = out + first;
    for (int32_t i = 0; i < pixels; i++, to += p->out_c) {
      if (positive) {
        for (int32_t o = 0; o < channels; o++) to[o] = mj_doubled_scale_positive(t->sums[i][o], s + o, clamp);
      } else {
        for (int32_t o = 0; o < channels; o++) to[o] = mj_doubled_scale_signed(t->sums[i][o], s + o, clamp);
      }
    }
  }
}

static void image(const conv *c, const int8_t *in, int8_t *room, int8_t *out) {
  const mj_packed_conv_params *p = c->p;
  const bool in_place = reads_in_place(p);
  mj_pixel_walk walk = {p, in, 0, 0};
  int32_t left = p->out_h * p->out_w;
  tile t;
  for (; left >= PIXELS; left -= PIXELS, out += PIXELS * p->out_c) {
    for (int32_t i = 0; i < PIXELS; i++)
      t.patches[i] = mj_next_patch(&walk, in_place, room + i * p->padded_depth);
    all_channels(c, &t, PIXELS, out);
  }
  if (left == 0) return;
  for (int32_t i = 0; i < PIXELS; i++)
    t.patches[i] = i < left ? mj_next_patch(&walk, in_place, room + i * p->padded_depth) : t.patches[0];
  all_channels(c, &t, left, out);
}

mj_status mj_conv_rv32_run(const mj_context *context, const mj_op_record *op) {
  const mj_packed_conv_params *p = mj_packed_params(context, op);
  int8_t *room = (int8_t *)(context->arena + op->scratch_offset);
  const conv c = {p, mj_const(context, p->weights_offset), mj_const(context, p->table_offset)};
  const int8_t *in = mj_op_input(context, op, 0);
  int8_t *out = mj_op_output(context, op, 0);
  if (!reads_in_place(p)) mj_fill_run(room, 0, PIXELS * p->padded_depth);
  for (int32_t b = 0; b < p->batches; b++)
    image(&c, in + b * p->in_h * p->in_w * p->in_c, room, out + b * p->out_h * p->out_w * p->out_c);
  return MJ_STATUS_OK;
}
