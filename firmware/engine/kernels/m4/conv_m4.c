/*
 * CONV_2D and FULLY_CONNECTED, int8, for cores with the DSP extension: tiles of four channels and two pixels.
 * Weights are stored as 16-bit pairs; the two pixels' patches are widened to such pairs once and then used by
 * all channels. Eight SMLAD take two pairs of activations and four of weights: 11 instructions for 16
 * products. Layout and proof: docs/kernels.md, src-main/compile/kernels/m4/conv-m4.ts.
 */
#include "m4_dsp.h"

/* A quad's table: four biases, four scalings. */
#define QUAD_WORDS 16u
/* Weights of a channel come in multiples of this: one round of the inner loop. */
#define ROUND 8u

typedef struct {
  const uint32_t *lanes; /* widened activations of two pixels, interleaved */
  const uint32_t *lanes_end;
  const uint32_t *weights;
  const int32_t *table;
  int8_t *out0;
  int8_t *out1;
  uint32_t quads; /* at least 1 */
} tile;

#if MJ_M4_ASSEMBLY

#define MAC_PAIR             \
  "ldrd r2, r3, [r0], #8\n"  \
  "ldrd r12, lr, [r1], #8\n" \
  "smlad r4, r2, r12, r4\n"  \
  "smlad r5, r3, r12, r5\n"  \
  "smlad r6, r2, lr, r6\n"   \
  "smlad r7, r3, lr, r7\n"   \
  "ldrd r12, lr, [r1], #8\n" \
  "smlad r8, r2, r12, r8\n"  \
  "smlad r9, r3, r12, r9\n"  \
  "smlad r10, r2, lr, r10\n" \
  "smlad r11, r3, lr, r11\n"

#define SCALE_POSITIVE(acc, out) \
  "smmlar " acc ", " acc         \
  ", r1, r12\n"                  \
  "asr " acc ", " acc            \
  ", lr\n"                       \
  "ssat " acc ", #8, " acc       \
  "\n"                           \
  "strb " acc ", [" out "], #1\n"

#define SCALE_SIGNED(acc, out) \
  "smmulr " acc ", " acc       \
  ", r1\n"                     \
  "add " acc ", " acc ", " acc \
  ", asr #31\n"                \
  "add " acc ", " acc          \
  ", r12\n"                    \
  "asr " acc ", " acc          \
  ", lr\n"                     \
  "ssat " acc ", #8, " acc     \
  "\n"                         \
  "strb " acc ", [" out "], #1\n"

#define SCALE_CHANNEL(scale, acc0, acc1) "ldmia r0!, {r1, r12, lr}\n" scale(acc0, "r2") scale(acc1, "r3")

/* Stack frame: the tile's words. Registers: r0 activations, r1 weights, r4 to r11 accumulators. */
#define TILE(scale) \
  __asm volatile(                                                                                         \
      "push {r4-r11, lr}\n"                                                                               \
      "ldmia r0, {r4-r10}\n"                                                                              \
      "sub sp, #28\n"                                                                                     \
      "stmia sp, {r4-r10}\n"                                                                              \
      "mov r0, r7\n"                                                                                      \
      "mov r1, r6\n"                                                                                      \
      "1: ldmia r0!, {r4, r6, r8, r10}\n"                                                                 \
      "str r0, [sp, #12]\n"                                                                               \
      "mov r5, r4\n"                                                                                      \
      "mov r7, r6\n"                                                                                      \
      "mov r9, r8\n"                                                                                      \
      "mov r11, r10\n"                                                                                    \
      "ldr r0, [sp]\n"                                                                                    \
      "2:\n" MAC_PAIR MAC_PAIR MAC_PAIR MAC_PAIR                                                          \
      "ldr r2, [sp, #4]\n"                                                                                \
      "cmp r0, r2\n"                                                                                      \
      "bne 2b\n"                                                                                          \
      "str r1, [sp, #8]\n"                                                                                \
      "ldr r0, [sp, #12]\n"                                                                               \
      "ldrd r2, r3, [sp, #16]\n" SCALE_CHANNEL(scale, "r4", "r5") SCALE_CHANNEL(scale, "r6", "r7")        \
          SCALE_CHANNEL(scale, "r8", "r9") SCALE_CHANNEL(scale, "r10", "r11")                             \
      "strd r2, r3, [sp, #16]\n"                                                                          \
      "ldr r1, [sp, #8]\n"                                                                                \
      "ldr r2, [sp, #24]\n"                                                                               \
      "subs r2, #1\n"                                                                                     \
      "str r2, [sp, #24]\n"                                                                               \
      "bne 1b\n"                                                                                          \
      "add sp, #28\n"                                                                                     \
      "pop {r4-r11, pc}\n")

__attribute__((naked, noinline)) static void run_tile_positive(const tile *t) {
  (void)t;
  TILE(SCALE_POSITIVE);
}

__attribute__((naked, noinline)) static void run_tile_signed(const tile *t) {
  (void)t;
  TILE(SCALE_SIGNED);
}

static void run_tile(const tile *t, bool positive) {
  if (positive) {
    run_tile_positive(t);
  } else {
    run_tile_signed(t);
  }
}

#else

static int32_t mac_pair(int32_t acc, uint32_t a, uint32_t b) {
  return mj_mac_high(mj_mac_low(acc, a, b), a, b);
}

static const uint32_t *run_quad(const tile *t, const uint32_t *w, const int32_t *table, uint32_t at,
                                bool positive) {
  int32_t acc[4][2];
  for (uint32_t c = 0; c < 4; c++) acc[c][0] = acc[c][1] = table[c];
  for (const uint32_t *a = t->lanes; a != t->lanes_end; a += 2, w += 4) {
    for (uint32_t c = 0; c < 4; c++) {
      acc[c][0] = mac_pair(acc[c][0], a[0], w[c]);
      acc[c][1] = mac_pair(acc[c][1], a[1], w[c]);
    }
  }
  const mj_m4_scaling *s = (const mj_m4_scaling *)(const void *)(table + 4);
  for (uint32_t c = 0; c < 4; c++) {
    t->out0[at + c] = (int8_t)mj_scale(acc[c][0], s + c, positive);
    t->out1[at + c] = (int8_t)mj_scale(acc[c][1], s + c, positive);
  }
  return w;
}

static void run_tile(const tile *t, bool positive) {
  const uint32_t *w = t->weights;
  for (uint32_t q = 0; q < t->quads; q++) w = run_quad(t, w, t->table + q * QUAD_WORDS, 4u * q, positive);
}

#endif

/* Two patches as 16-bit lanes: four words for four bytes of each, even bytes first. */
static void widen(const int8_t *x, const int8_t *y, uint32_t words, uint32_t *to) {
  for (; words > 0; words--, x += 4, y += 4, to += 4) {
    const uint32_t u = *(const mj_loose_word *)(const void *)x;
    const uint32_t v = *(const mj_loose_word *)(const void *)y;
    to[0] = mj_even_bytes(u);
    to[1] = mj_even_bytes(v);
    to[2] = mj_odd_bytes(u);
    to[3] = mj_odd_bytes(v);
  }
}

static uint32_t quads_of(const mj_packed_conv_params *p) {
  return ((uint32_t)p->out_c + 3u) / 4u;
}

/* Whole words of a pixel can be read where it is. */
static bool reads_in_place(const mj_packed_conv_params *p) {
  return mj_packed_in_place(p) && p->depth % 4 == 0;
}

static bool scalings_fit(const mj_engine *engine, const mj_packed_conv_params *p) {
  const int32_t *table = mj_const(&engine->context, p->table_offset);
  for (uint32_t q = 0; q < quads_of(p); q++, table += QUAD_WORDS)
    if (!mj_m4_shifts_fit((const mj_m4_scaling *)(const void *)(table + 4), 4)) return false;
  return true;
}

/* src-main/compile/kernels/m4/conv-m4.ts computes the same scratch: two patches, then both widened. */
static uint32_t scratch_of(const mj_packed_conv_params *p) {
  const uint32_t padded = (uint32_t)p->padded_depth;
  return (reads_in_place(p) ? 0 : 2u * padded) + 4u * padded;
}

bool mj_conv_m4_check(const mj_engine *engine, const mj_op_record *op) {
  if (!mj_packed_shape_fits(engine, op, false)) return false;
  const mj_packed_conv_params *p = mj_packed_params(&engine->context, op);
  const uint32_t padded = (uint32_t)p->padded_depth;
  uint32_t weights = 0;
  return padded == mj_round_up((uint32_t)p->depth, ROUND) &&
         mj_bounded_product(8u * quads_of(p), padded, &weights) &&
         mj_packed_constants_fit(engine, p, weights, 4u * QUAD_WORDS * quads_of(p)) &&
         scalings_fit(engine, p) && op->scratch_bytes >= scratch_of(p);
}

typedef struct {
  const mj_packed_conv_params *p;
  const uint32_t *weights;
  const int32_t *table;
  uint32_t *lanes;
  bool positive;
} conv;

/* All channels of two pixels, whose patches are widened. */
static void two_pixels(const conv *c, int8_t *out0, int8_t *out1) {
  const uint32_t padded = (uint32_t)c->p->padded_depth;
  const uint32_t whole = (uint32_t)c->p->out_c / 4u;
  const uint32_t rest = (uint32_t)c->p->out_c % 4u;
  tile t = {c->lanes, c->lanes + padded, c->weights, c->table, out0, out1, whole};
  if (whole > 0) run_tile(&t, c->positive);
  if (rest == 0) return;
  int8_t last[2][4];
  const tile end = {c->lanes,
                    c->lanes + padded,
                    c->weights + whole * 2u * padded,
                    c->table + whole * QUAD_WORDS,
                    last[0],
                    last[1],
                    1};
  run_tile(&end, c->positive);
  for (uint32_t i = 0; i < rest; i++) {
    out0[4u * whole + i] = last[0][i];
    out1[4u * whole + i] = last[1][i];
  }
}

static void image(const conv *c, const int8_t *in, int8_t *patches, int8_t *out) {
  const mj_packed_conv_params *p = c->p;
  const bool in_place = reads_in_place(p);
  const uint32_t words = ((uint32_t)p->depth + 3u) / 4u;
  mj_pixel_walk walk = {p, in, 0, 0};
  for (int32_t left = p->out_h * p->out_w; left > 0; left -= 2, out += 2 * p->out_c) {
    const int8_t *first = mj_next_patch(&walk, in_place, patches);
    const bool two = left > 1;
    const int8_t *second = two ? mj_next_patch(&walk, in_place, patches + p->padded_depth) : first;
    widen(first, second, words, c->lanes);
    two_pixels(c, out, two ? out + p->out_c : out);
  }
}

/* Beyond the depth there are weights of 0; the lanes there must only be readable, but 0 keeps runs alike. */
static void clear_padding(const conv *c, int8_t *patches, bool in_place) {
  const mj_packed_conv_params *p = c->p;
  for (int32_t i = p->depth; i < p->padded_depth && !in_place; i++)
    patches[i] = patches[p->padded_depth + i] = 0;
  const uint32_t words = ((uint32_t)p->depth + 3u) / 4u;
  for (uint32_t i = 4u * words; i < (uint32_t)p->padded_depth; i++) c->lanes[i] = 0;
}

mj_status mj_conv_m4_run(const mj_context *context, const mj_op_record *op) {
  const mj_packed_conv_params *p = mj_packed_params(context, op);
  uint8_t *scratch = context->arena + op->scratch_offset;
  const bool in_place = reads_in_place(p);
  const conv c = {
      .p = p,
      .weights = mj_const(context, p->weights_offset),
      .table = mj_const(context, p->table_offset),
      .lanes = (uint32_t *)(void *)(scratch + (in_place ? 0 : 2 * p->padded_depth)),
      .positive = (p->flags & MJ_PACKED_FLAG_POSITIVE) != 0,
  };
  const int8_t *in = mj_op_input(context, op, 0);
  int8_t *out = mj_op_output(context, op, 0);
  const int32_t out_bytes = p->out_h * p->out_w * p->out_c;
  clear_padding(&c, (int8_t *)scratch, in_place);
  for (int32_t b = 0; b < p->batches; b++) {
    image(&c, in + b * p->in_h * p->in_w * p->in_c, (int8_t *)scratch, out + b * out_bytes);
  }
  if ((p->flags & MJ_PACKED_FLAG_CLAMP) != 0) mj_clamp_run(p, out, (uint32_t)(p->batches * out_bytes));
  return MJ_STATUS_OK;
}
