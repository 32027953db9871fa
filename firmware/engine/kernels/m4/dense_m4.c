/*
 * FULLY_CONNECTED, int8, for cores with the DSP extension: tiles of eight channels. Weights are stored as
 * 16-bit pairs, a row of inputs is widened to such pairs once: 12 instructions for 16 products. Layout and
 * proof: docs/kernels.md, src-main/compile/kernels/m4/dense-m4.ts.
 */
#include "m4_dsp.h"

#define TILE_CHANNELS 8u
/* A tile's table: eight biases, eight scalings. */
#define TILE_WORDS 32u
/* Weights of a channel come in multiples of this: one round of the inner loop. */
#define ROUND 8u

typedef struct {
  const uint32_t *lanes;
  const uint32_t *lanes_end;
  const uint32_t *weights;
  const int32_t *table;
  int8_t *out;
  uint32_t tiles; /* at least 1 */
} row;

#if MJ_M4_ASSEMBLY

#define MAC_PAIR               \
  "ldr lr, [r0], #4\n"         \
  "ldmia r1!, {r2, r3, r12}\n" \
  "smlad r4, lr, r2, r4\n"     \
  "smlad r5, lr, r3, r5\n"     \
  "smlad r6, lr, r12, r6\n"    \
  "ldmia r1!, {r2, r3, r12}\n" \
  "smlad r7, lr, r2, r7\n"     \
  "smlad r8, lr, r3, r8\n"     \
  "smlad r9, lr, r12, r9\n"    \
  "ldrd r2, r3, [r1], #8\n"    \
  "smlad r10, lr, r2, r10\n"   \
  "smlad r11, lr, r3, r11\n"

#define SCALE_POSITIVE(acc)    \
  "ldmia r0!, {r3, r12, lr}\n" \
  "smmlar " acc ", " acc       \
  ", r3, r12\n"                \
  "asr " acc ", " acc          \
  ", lr\n"                     \
  "ssat " acc ", #8, " acc     \
  "\n"                         \
  "strb " acc ", [r2], #1\n"

#define SCALE_SIGNED(acc)      \
  "ldmia r0!, {r3, r12, lr}\n" \
  "smmulr " acc ", " acc       \
  ", r3\n"                     \
  "add " acc ", " acc ", " acc \
  ", asr #31\n"                \
  "add " acc ", " acc          \
  ", r12\n"                    \
  "asr " acc ", " acc          \
  ", lr\n"                     \
  "ssat " acc ", #8, " acc     \
  "\n"                         \
  "strb " acc ", [r2], #1\n"

/* Stack frame: the row's words. Registers: r0 activations, r1 weights, r4 to r11 accumulators. */
#define TILES(scale) \
  __asm volatile(                                                                             \
      "push {r3-r11, lr}\n"                                                                   \
      "ldmia r0, {r4-r9}\n"                                                                   \
      "sub sp, #24\n"                                                                         \
      "stmia sp, {r4-r9}\n"                                                                   \
      "mov r0, r7\n"                                                                          \
      "mov r1, r6\n"                                                                          \
      "1: ldmia r0!, {r4-r11}\n"                                                              \
      "str r0, [sp, #12]\n"                                                                   \
      "ldr r0, [sp]\n"                                                                        \
      "2:\n" MAC_PAIR MAC_PAIR MAC_PAIR MAC_PAIR                                              \
      "ldr r2, [sp, #4]\n"                                                                    \
      "cmp r0, r2\n"                                                                          \
      "bne 2b\n"                                                                              \
      "ldr r0, [sp, #12]\n"                                                                   \
      "ldr r2, [sp, #16]\n" scale("r4") scale("r5") scale("r6") scale("r7") scale("r8")       \
          scale("r9") scale("r10") scale("r11")                                               \
      "str r2, [sp, #16]\n"                                                                   \
      "ldr r2, [sp, #20]\n"                                                                   \
      "subs r2, #1\n"                                                                         \
      "str r2, [sp, #20]\n"                                                                   \
      "bne 1b\n"                                                                              \
      "add sp, #24\n"                                                                         \
      "pop {r3-r11, pc}\n")

__attribute__((naked, noinline)) static void run_row_positive(const row *r) {
  (void)r;
  TILES(SCALE_POSITIVE);
}

__attribute__((naked, noinline)) static void run_row_signed(const row *r) {
  (void)r;
  TILES(SCALE_SIGNED);
}

static void run_row(const row *r, bool positive) {
  if (positive) {
    run_row_positive(r);
  } else {
    run_row_signed(r);
  }
}

#else

static const uint32_t *run_tile(const row *r, const uint32_t *w, uint32_t at, bool positive) {
  const int32_t *table = r->table + at * TILE_WORDS;
  int32_t acc[TILE_CHANNELS];
  for (uint32_t c = 0; c < TILE_CHANNELS; c++) acc[c] = table[c];
  for (const uint32_t *a = r->lanes; a != r->lanes_end; a++, w += TILE_CHANNELS) {
    for (uint32_t c = 0; c < TILE_CHANNELS; c++) acc[c] = mj_mac_high(mj_mac_low(acc[c], *a, w[c]), *a, w[c]);
  }
  const mj_m4_scaling *s = (const mj_m4_scaling *)(const void *)(table + TILE_CHANNELS);
  for (uint32_t c = 0; c < TILE_CHANNELS; c++)
    r->out[at * TILE_CHANNELS + c] = (int8_t)mj_scale(acc[c], s + c, positive);
  return w;
}

static void run_row(const row *r, bool positive) {
  const uint32_t *w = r->weights;
  for (uint32_t i = 0; i < r->tiles; i++) w = run_tile(r, w, i, positive);
}

#endif

static uint32_t tiles_of(const mj_packed_conv_params *p) {
  return ((uint32_t)p->out_c + TILE_CHANNELS - 1u) / TILE_CHANNELS;
}

bool mj_dense_m4_check(const mj_engine *engine, const mj_op_record *op) {
  if (!mj_packed_shape_fits(engine, op, false)) return false;
  const mj_packed_conv_params *p = mj_packed_params(&engine->context, op);
  const uint32_t padded = (uint32_t)p->padded_depth;
  const uint32_t tiles = tiles_of(p);
  uint32_t weights = 0;
  if (!mj_packed_in_place(p) || p->out_w != p->in_w || p->out_h != p->in_h ||
      padded != mj_round_up((uint32_t)p->depth, ROUND) ||
      !mj_bounded_product(2u * TILE_CHANNELS * tiles, padded, &weights) ||
      !mj_packed_constants_fit(engine, p, weights, 4u * TILE_WORDS * tiles) ||
      op->scratch_bytes < 2u * padded)
    return false;
  const int32_t *table = mj_const(&engine->context, p->table_offset);
  for (uint32_t i = 0; i < tiles; i++, table += TILE_WORDS) {
    const mj_m4_scaling *s = (const mj_m4_scaling *)(const void *)(table + TILE_CHANNELS);
    if (!mj_m4_shifts_fit(s, TILE_CHANNELS)) return false;
  }
  return true;
}

/* A row as 16-bit lanes: two words for four bytes, even bytes first; zeros up to `padded`. */
static void widen(const int8_t *x, uint32_t depth, uint32_t padded, uint32_t *to) {
  uint32_t k = 0;
  for (; k + 4u <= depth; k += 4, to += 2) {
    const uint32_t word = *(const mj_loose_word *)(const void *)(x + k);
    to[0] = mj_even_bytes(word);
    to[1] = mj_odd_bytes(word);
  }
  for (; k < padded; k += 4, to += 2) {
    uint32_t word = 0;
    for (uint32_t i = 0; i < 4 && k + i < depth; i++) word |= (uint32_t)(uint8_t)x[k + i] << (8u * i);
    to[0] = mj_even_bytes(word);
    to[1] = mj_odd_bytes(word);
  }
}

static void one_row(const mj_packed_conv_params *p, const row *whole, int8_t *out) {
  const bool positive = (p->flags & MJ_PACKED_FLAG_POSITIVE) != 0;
  const uint32_t tiles = (uint32_t)p->out_c / TILE_CHANNELS;
  const uint32_t rest = (uint32_t)p->out_c % TILE_CHANNELS;
  row r = *whole;
  r.out = out;
  r.tiles = tiles;
  if (tiles > 0) run_row(&r, positive);
  if (rest == 0) return;
  int8_t last[TILE_CHANNELS];
  const uint32_t tile_weights = TILE_CHANNELS / 2u * (uint32_t)p->padded_depth;
  const row end = {r.lanes, r.lanes_end, r.weights + tiles * tile_weights, r.table + tiles * TILE_WORDS, last,
                   1};
  run_row(&end, positive);
  for (uint32_t i = 0; i < rest; i++) out[TILE_CHANNELS * tiles + i] = last[i];
}

mj_status mj_dense_m4_run(const mj_context *context, const mj_op_record *op) {
  const mj_packed_conv_params *p = mj_packed_params(context, op);
  uint32_t *lanes = (uint32_t *)(void *)(context->arena + op->scratch_offset);
  const row whole = {lanes,
                     lanes + p->padded_depth / 2,
                     mj_const(context, p->weights_offset),
                     mj_const(context, p->table_offset),
                     NULL,
                     0};
  const int8_t *in = mj_op_input(context, op, 0);
  int8_t *out = mj_op_output(context, op, 0);
  const int32_t rows = p->batches * p->in_h * p->in_w;
  for (int32_t i = 0; i < rows; i++) {
    widen(in + i * p->depth, (uint32_t)p->depth, (uint32_t)p->padded_depth, lanes);
    one_row(p, &whole, out + i * p->out_c);
  }
  if ((p->flags & MJ_PACKED_FLAG_CLAMP) != 0) mj_clamp_run(p, out, (uint32_t)(rows * p->out_c));
  return MJ_STATUS_OK;
}
