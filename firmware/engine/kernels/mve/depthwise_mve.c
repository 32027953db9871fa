/*
 * DEPTHWISE_CONV_2D with one filter a channel, int8, for cores with MVE: eight channels at once. Two taps'
 * products always fit a 16-bit lane together (weights of −127 and more), so products are added in pairs
 * before they are widened. Layout and proof: docs/kernels.md, src-main/compile/kernels/mve/depthwise-mve.ts.
 */
#include "../mj_taps.h"
#include "mve.h"

#define BLOCK 8u

static uint32_t blocks_of(const mj_packed_conv_params *p) {
  return ((uint32_t)p->in_c + BLOCK - 1u) / BLOCK;
}

bool mj_depthwise_mve_check(const mj_engine *engine, const mj_op_record *op) {
  if (!mj_packed_shape_fits(engine, op, true)) return false;
  const mj_packed_conv_params *p = mj_packed_params(&engine->context, op);
  const uint32_t blocks = blocks_of(p);
  uint32_t weights = 0;
  return (uint32_t)p->depth <= MJ_MAX_TAPS && p->padded_depth == p->depth &&
         mj_bounded_product(BLOCK * blocks, (uint32_t)p->depth, &weights) &&
         mj_packed_constants_fit(engine, p, weights, 2u * (uint32_t)sizeof(mj_mve_quad) * blocks) &&
         mj_mve_quads_fit(mj_const(&engine->context, p->table_offset), 2u * blocks) &&
         op->scratch_bytes >= (uint32_t)p->in_c;
}

typedef struct {
  const int8_t *const *taps;
  const int8_t *weights;
  uint32_t pairs;
  uint32_t single;          /* a last tap without a partner */
  const mj_mve_quad *table; /* of every eight channels the even ones, then the odd ones */
  int8_t *out;
  int32_t channels;
  int32_t offset;
  int32_t low;
  int32_t high;
} pixel;

#if defined(__ARM_FEATURE_MVE)

#define SCALE(acc, multiplier_at, shift_at, rounding)                                \
  "vldrw.32 q0, [r3, #" multiplier_at                                                \
  "]\n"                                                                              \
  "vqrdmulh.s32 " acc ", " acc ", q0\n" rounding(acc) "vldrw.32 q0, [r3, #" shift_at \
                                                      "]\n"                          \
                                                      "vrshl.s32 " acc ", " acc      \
                                                      ", q0\n"                       \
                                                      "vadd.i32 " acc ", " acc ", r11\n"

#define NO_CARE(acc)
#define HALVES_AWAY(acc) \
  "vshr.s32 q1, " acc    \
  ", #31\n"              \
  "vadd.i32 " acc ", " acc ", q1\n"

/* Registers: r0 taps, r1 weights, r2 channel, r3 table, r6 out, r10 channels left; q2 and q3 accumulators. */
#define PIXEL(rounding) \
  __asm volatile(                                                                              \
      "push {r3-r11, lr}\n"                                                                    \
      "vpush {d8-d15}\n"                                                                       \
      "ldrd r2, r3, [r0, #32]\n"                                                               \
      "vdup.16 q6, r2\n"                                                                       \
      "vdup.16 q7, r3\n"                                                                       \
      "ldrd r7, r1, [r0]\n"                                                                    \
      "ldrd r8, r9, [r0, #8]\n"                                                                \
      "ldrd r3, r6, [r0, #16]\n"                                                               \
      "ldrd r10, r11, [r0, #24]\n"                                                             \
      "movs r2, #0\n"                                                                          \
      "1: vctp.16 r10\n"                                                                       \
      "mov r0, r7\n"                                                                           \
      "vldrw.32 q2, [r3]\n"                                                                    \
      "vldrw.32 q3, [r3, #48]\n"                                                               \
      "wls lr, r8, 3f\n"                                                                       \
      "2: ldrd r4, r5, [r0], #8\n"                                                             \
      "add r4, r2\n"                                                                           \
      "add r5, r2\n"                                                                           \
      "vpstttt\n"                                                                              \
      "vldrbt.s16 q0, [r4]\n"                                                                  \
      "vldrbt.s16 q1, [r1], #8\n"                                                              \
      "vldrbt.s16 q4, [r5]\n"                                                                  \
      "vldrbt.s16 q5, [r1], #8\n"                                                              \
      "vmul.i16 q0, q0, q1\n"                                                                  \
      "vmul.i16 q4, q4, q5\n"                                                                  \
      "vadd.i16 q0, q0, q4\n"                                                                  \
      "vmovlb.s16 q1, q0\n"                                                                    \
      "vadd.i32 q2, q2, q1\n"                                                                  \
      "vmovlt.s16 q0, q0\n"                                                                    \
      "vadd.i32 q3, q3, q0\n"                                                                  \
      "le lr, 2b\n"                                                                            \
      "3: cmp r9, #0\n"                                                                        \
      "beq 4f\n"                                                                               \
      "ldr r4, [r0]\n"                                                                         \
      "add r4, r2\n"                                                                           \
      "vpstt\n"                                                                                \
      "vldrbt.s16 q0, [r4]\n"                                                                  \
      "vldrbt.s16 q1, [r1], #8\n"                                                              \
      "vmul.i16 q0, q0, q1\n"                                                                  \
      "vmovlb.s16 q1, q0\n"                                                                    \
      "vadd.i32 q2, q2, q1\n"                                                                  \
      "vmovlt.s16 q0, q0\n"                                                                    \
      "vadd.i32 q3, q3, q0\n"                                                                  \
      "4:\n" SCALE("q2", "16", "32", rounding) SCALE("q3", "64", "80", rounding)               \
      "vqmovnb.s32 q0, q2\n"                                                                   \
      "vqmovnt.s32 q0, q3\n"                                                                   \
      "vmax.s16 q0, q0, q6\n"                                                                  \
      "vmin.s16 q0, q0, q7\n"                                                                  \
      "vpst\n"                                                                                 \
      "vstrbt.16 q0, [r6], #8\n"                                                               \
      "adds r3, #96\n"                                                                         \
      "adds r2, #8\n"                                                                          \
      "subs r10, #8\n"                                                                         \
      "bgt 1b\n"                                                                               \
      "vpop {d8-d15}\n"                                                                        \
      "pop {r3-r11, pc}\n")

__attribute__((naked, noinline)) static void pixel_positive(const pixel *x) {
  (void)x;
  PIXEL(NO_CARE);
}

__attribute__((naked, noinline)) static void pixel_signed(const pixel *x) {
  (void)x;
  PIXEL(HALVES_AWAY);
}

static void run_pixel(const pixel *x, bool positive) {
  if (positive) {
    pixel_positive(x);
  } else {
    pixel_signed(x);
  }
}

#else

static int32_t sum_of(const pixel *x, uint32_t c) {
  const uint32_t taps = 2u * x->pairs + x->single;
  const int8_t *w = x->weights + c / BLOCK * BLOCK * taps + c % BLOCK;
  int32_t acc = 0;
  for (uint32_t t = 0; t < taps; t += 2) {
    int32_t pair = x->taps[t][c] * w[t * BLOCK];
    if (t + 1u < taps) pair += x->taps[t + 1u][c] * w[(t + 1u) * BLOCK];
    acc = mj_wrap_add(acc, (int16_t)pair);
  }
  return acc;
}

static void run_pixel(const pixel *x, bool positive) {
  for (uint32_t c = 0; c < (uint32_t)x->channels; c++) {
    const mj_mve_quad *quad = x->table + c / BLOCK * 2u + c % 2u;
    const int32_t y = mj_mve_scale_lane(sum_of(x, c), quad, c % BLOCK / 2u, positive);
    x->out[c] = (int8_t)mj_clamp(mj_wrap_add(y, x->offset), x->low, x->high);
  }
}

#endif

mj_status mj_depthwise_mve_run(const mj_context *context, const mj_op_record *op) {
  const mj_packed_conv_params *p = mj_packed_params(context, op);
  mj_taps taps;
  mj_taps_begin(&taps, p, (int8_t *)(context->arena + op->scratch_offset));
  pixel x = {.taps = taps.taps,
             .weights = mj_const(context, p->weights_offset),
             .pairs = (uint32_t)p->depth / 2u,
             .single = (uint32_t)p->depth % 2u,
             .table = mj_const(context, p->table_offset),
             .channels = p->in_c,
             .offset = p->output_offset,
             .low = p->act_min,
             .high = p->act_max};
  const bool positive = (p->flags & MJ_PACKED_FLAG_POSITIVE) != 0;
  const int8_t *in = mj_op_input(context, op, 0);
  int8_t *out = mj_op_output(context, op, 0);
  for (int32_t b = 0; b < p->batches; b++, in += p->in_h * p->in_w * p->in_c) {
    for (int32_t oy = 0; oy < p->out_h; oy++) {
      for (int32_t ox = 0; ox < p->out_w; ox++, out += p->out_c) {
        mj_taps_at(&taps, in, oy, ox);
        x.out = out;
        run_pixel(&x, positive);
      }
    }
  }
  return MJ_STATUS_OK;
}
