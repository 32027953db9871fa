/*
 * DEPTHWISE_CONV_2D with one filter a channel, int8, for cores with the DSP extension: four channels at once.
 * A word of activations becomes two words of 16-bit lanes, SMLABB and SMLATT multiply them with weights
 * stored in the same lanes: nine instructions for four products. Layout and proof: docs/kernels.md,
 * src-main/compile/kernels/m4/depthwise-m4.ts.
 */
#include "../mj_taps.h"
#include "m4_dsp.h"

/* A quad's table: four biases, four scalings. */
#define QUAD_WORDS 16u

bool mj_depthwise_m4_check(const mj_engine *engine, const mj_op_record *op) {
  if (!mj_packed_shape_fits(engine, op, true)) return false;
  const mj_packed_conv_params *p = mj_packed_params(&engine->context, op);
  const uint32_t quads = (uint32_t)p->in_c / 4u;
  uint32_t weights = 0;
  if (p->in_c % 4 != 0 || (uint32_t)p->depth > MJ_MAX_TAPS || p->padded_depth != p->depth ||
      !mj_bounded_product(8u * quads, (uint32_t)p->depth, &weights) ||
      !mj_packed_constants_fit(engine, p, weights, 4u * QUAD_WORDS * quads) ||
      op->scratch_bytes < (uint32_t)p->in_c)
    return false;
  const int32_t *table = mj_const(&engine->context, p->table_offset);
  for (uint32_t q = 0; q < quads; q++, table += QUAD_WORDS)
    if (!mj_m4_shifts_fit((const mj_m4_scaling *)(const void *)(table + 4), 4)) return false;
  return true;
}

typedef struct {
  const int8_t *const *taps;
  const int8_t *const *taps_end;
  const uint32_t *weights;
  const int32_t *table;
  int8_t *out;
  uint32_t channels;
} pixel;

#if MJ_M4_ASSEMBLY

#define TAP                  \
  "ldr r3, [r0], #4\n"       \
  "ldrd r8, r9, [r1], #8\n"  \
  "ldr r3, [r3, r2]\n"       \
  "sxtb16 r12, r3\n"         \
  "sxtb16 r3, r3, ror #8\n"  \
  "smlabb r4, r12, r8, r4\n" \
  "smlatt r6, r12, r8, r6\n" \
  "smlabb r5, r3, r9, r5\n"  \
  "smlatt r7, r3, r9, r7\n"

#define SCALE_POSITIVE(acc)     \
  "ldmia r10!, {r3, r12, lr}\n" \
  "smmlar " acc ", " acc        \
  ", r3, r12\n"                 \
  "asr " acc ", " acc           \
  ", lr\n"                      \
  "ssat " acc ", #8, " acc      \
  "\n"                          \
  "strb " acc ", [r8], #1\n"

#define SCALE_SIGNED(acc)       \
  "ldmia r10!, {r3, r12, lr}\n" \
  "smmulr " acc ", " acc        \
  ", r3\n"                      \
  "add " acc ", " acc ", " acc  \
  ", asr #31\n"                 \
  "add " acc ", " acc           \
  ", r12\n"                     \
  "asr " acc ", " acc           \
  ", lr\n"                      \
  "ssat " acc ", #8, " acc      \
  "\n"                          \
  "strb " acc ", [r8], #1\n"

/* Registers: r0 taps, r1 weights, r2 channel, r4 to r7 accumulators, r10 table, r11 end of taps. */
#define PIXEL(taps_of_a_round, scale) \
  __asm volatile(                                                                           \
      "push {r3-r11, lr}\n"                                                                 \
      "ldmia r0, {r4-r9}\n"                                                                 \
      "sub sp, #16\n"                                                                       \
      "strd r4, r8, [sp]\n"                                                                 \
      "str r9, [sp, #8]\n"                                                                  \
      "mov r11, r5\n"                                                                       \
      "mov r1, r6\n"                                                                        \
      "mov r10, r7\n"                                                                       \
      "movs r2, #0\n"                                                                       \
      "1: ldmia r10!, {r4-r7}\n"                                                            \
      "ldr r0, [sp]\n"                                                                      \
      "2:\n" taps_of_a_round                                                                \
      "cmp r0, r11\n"                                                                       \
      "bne 2b\n"                                                                            \
      "ldrd r8, r9, [sp, #4]\n"                                                             \
      "add r8, r2\n" scale("r4") scale("r5") scale("r6") scale("r7")                        \
      "adds r2, #4\n"                                                                       \
      "cmp r2, r9\n"                                                                        \
      "bne 1b\n"                                                                            \
      "add sp, #16\n"                                                                       \
      "pop {r3-r11, pc}\n")

__attribute__((naked, noinline)) static void threes_positive(const pixel *x) {
  (void)x;
  PIXEL(TAP TAP TAP, SCALE_POSITIVE);
}

__attribute__((naked, noinline)) static void threes_signed(const pixel *x) {
  (void)x;
  PIXEL(TAP TAP TAP, SCALE_SIGNED);
}

__attribute__((naked, noinline)) static void ones_positive(const pixel *x) {
  (void)x;
  PIXEL(TAP, SCALE_POSITIVE);
}

__attribute__((naked, noinline)) static void ones_signed(const pixel *x) {
  (void)x;
  PIXEL(TAP, SCALE_SIGNED);
}

static void run_pixel(const pixel *x, bool positive) {
  if ((x->taps_end - x->taps) % 3 == 0) {
    if (positive) {
      threes_positive(x);
    } else {
      threes_signed(x);
    }
  } else if (positive) {
    ones_positive(x);
  } else {
    ones_signed(x);
  }
}

#else

static void run_pixel(const pixel *x, bool positive) {
  const uint32_t *w = x->weights;
  const int32_t *table = x->table;
  for (uint32_t c = 0; c < x->channels; c += 4, table += QUAD_WORDS) {
    int32_t acc[4] = {table[0], table[1], table[2], table[3]};
    for (const int8_t *const *tap = x->taps; tap != x->taps_end; tap++, w += 2) {
      const uint32_t word = *(const mj_loose_word *)(const void *)(*tap + c);
      const uint32_t even = mj_even_bytes(word);
      const uint32_t odd = mj_odd_bytes(word);
      acc[0] = mj_mac_low(acc[0], even, w[0]);
      acc[2] = mj_mac_high(acc[2], even, w[0]);
      acc[1] = mj_mac_low(acc[1], odd, w[1]);
      acc[3] = mj_mac_high(acc[3], odd, w[1]);
    }
    const mj_m4_scaling *s = (const mj_m4_scaling *)(const void *)(table + 4);
    for (uint32_t i = 0; i < 4; i++) x->out[c + i] = (int8_t)mj_scale(acc[i], s + i, positive);
  }
}

#endif

mj_status mj_depthwise_m4_run(const mj_context *context, const mj_op_record *op) {
  const mj_packed_conv_params *p = mj_packed_params(context, op);
  mj_taps taps;
  mj_taps_begin(&taps, p, (int8_t *)(context->arena + op->scratch_offset));
  pixel x = {.taps = taps.taps,
             .taps_end = taps.taps + p->depth,
             .weights = mj_const(context, p->weights_offset),
             .table = mj_const(context, p->table_offset),
             .channels = (uint32_t)p->in_c};
  const bool positive = (p->flags & MJ_PACKED_FLAG_POSITIVE) != 0;
  const int8_t *in = mj_op_input(context, op, 0);
  int8_t *const first = mj_op_output(context, op, 0);
  int8_t *out = first;
  for (int32_t b = 0; b < p->batches; b++, in += p->in_h * p->in_w * p->in_c) {
    for (int32_t oy = 0; oy < p->out_h; oy++) {
      for (int32_t ox = 0; ox < p->out_w; ox++, out += p->out_c) {
        mj_taps_at(&taps, in, oy, ox);
        x.out = out;
        run_pixel(&x, positive);
      }
    }
  }
  if ((p->flags & MJ_PACKED_FLAG_CLAMP) != 0) mj_clamp_run(p, first, (uint32_t)(out - first));
  return MJ_STATUS_OK;
}
