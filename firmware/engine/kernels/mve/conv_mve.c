/*
 * CONV_2D and FULLY_CONNECTED, int8, for cores with MVE: four channels of a pixel. Sixteen weights of each of
 * the four channels lie one after the other, so that one pointer runs through them; VMLADAVA adds sixteen
 * products to an accumulator: nine instructions for 64 products and one for the loop. Layout:
 * docs/kernels.md, src-main/compile/kernels/mve/conv-mve.ts.
 */
#include "mve.h"

static uint32_t quads_of(const mj_packed_conv_params *p) {
  return ((uint32_t)p->out_c + MJ_MVE_LANES - 1u) / MJ_MVE_LANES;
}

/* Whole vectors of a pixel can be read where it is. */
static bool reads_in_place(const mj_packed_conv_params *p) {
  return mj_packed_in_place(p) && p->depth == p->padded_depth;
}

bool mj_conv_mve_check(const mj_engine *engine, const mj_op_record *op) {
  if (!mj_packed_shape_fits(engine, op, false)) return false;
  const mj_packed_conv_params *p = mj_packed_params(&engine->context, op);
  const uint32_t padded = (uint32_t)p->padded_depth;
  const uint32_t quads = quads_of(p);
  uint32_t weights = 0;
  return padded == mj_round_up((uint32_t)p->depth, MJ_MVE_BYTES) &&
         mj_bounded_product(MJ_MVE_LANES * quads, padded, &weights) &&
         mj_packed_constants_fit(engine, p, weights, (uint32_t)sizeof(mj_mve_quad) * quads) &&
         mj_mve_quads_fit(mj_const(&engine->context, p->table_offset), quads) &&
         (reads_in_place(p) || op->scratch_bytes >= padded);
}

typedef struct {
  const int8_t *patch;
  const int8_t *weights;
  uint32_t later_blocks; /* vectors of a patch, without the first */
  const mj_mve_quad *table;
  int8_t *out;
  int32_t channels;
  int32_t offset;
  int32_t low;
  int32_t high;
} pixel;

#if defined(__ARM_FEATURE_MVE)

#define FOUR_CHANNELS(multiply) \
  "vldrb.8 q0, [r12], #16\n"    \
  "vldrb.8 q1, [r1], #16\n"     \
  "" multiply                   \
  " r4, q0, q1\n"               \
  "vldrb.8 q2, [r1], #16\n"     \
  "" multiply                   \
  " r6, q0, q2\n"               \
  "vldrb.8 q1, [r1], #16\n"     \
  "" multiply                   \
  " r8, q0, q1\n"               \
  "vldrb.8 q2, [r1], #16\n"     \
  "" multiply " r10, q0, q2\n"

#define HALVES_AWAY        \
  "vshr.s32 q1, q0, #31\n" \
  "vadd.i32 q0, q0, q1\n"

/*
 * Registers: r0 patch, r1 weights, r2 later blocks, r3 table, r5 out, r7 channels left, r9 offset; r4, r6, r8
 * and r10 accumulators; q6 and q7 the clamp. VQRDMULH and VRSHL as in mve.h.
 */
#define PIXEL(rounding) \
  __asm volatile(                                                              \
      "push {r3-r11, lr}\n"                                                    \
      "vpush {d12-d15}\n"                                                      \
      "ldr r12, [r0, #32]\n"                                                   \
      "vdup.32 q7, r12\n"                                                      \
      "ldmia r0, {r0-r3, r5, r7, r9, r11}\n"                                   \
      "vdup.32 q6, r11\n"                                                      \
      "1: mov r12, r0\n" FOUR_CHANNELS("vmladav.s8")                           \
      "wls lr, r2, 3f\n"                                                       \
      "2:\n" FOUR_CHANNELS("vmladava.s8")                                      \
      "le lr, 2b\n"                                                            \
      "3: vldrw.32 q1, [r3], #16\n"                                            \
      "vmov q0[2], q0[0], r4, r8\n"                                            \
      "vmov q0[3], q0[1], r6, r10\n"                                           \
      "vadd.i32 q0, q0, q1\n"                                                  \
      "vldrw.32 q1, [r3], #16\n"                                               \
      "vqrdmulh.s32 q0, q0, q1\n" rounding                                     \
      "vldrw.32 q1, [r3], #16\n"                                               \
      "vrshl.s32 q0, q0, q1\n"                                                 \
      "vadd.i32 q0, q0, r9\n"                                                  \
      "vmax.s32 q0, q0, q6\n"                                                  \
      "vmin.s32 q0, q0, q7\n"                                                  \
      "vctp.32 r7\n"                                                           \
      "vpst\n"                                                                 \
      "vstrbt.32 q0, [r5], #4\n"                                               \
      "subs r7, #4\n"                                                          \
      "bgt 1b\n"                                                               \
      "vpop {d12-d15}\n"                                                       \
      "pop {r3-r11, pc}\n")

__attribute__((naked, noinline)) static void pixel_positive(const pixel *x) {
  (void)x;
  PIXEL("");
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

static void run_pixel(const pixel *x, bool positive) {
  const uint32_t padded = (x->later_blocks + 1u) * MJ_MVE_BYTES;
  for (uint32_t o = 0; o < (uint32_t)x->channels; o++) {
    const uint32_t lane = o % MJ_MVE_LANES;
    const int8_t *w = x->weights + (o - lane) * padded + MJ_MVE_BYTES * lane;
    int32_t acc = 0;
    for (uint32_t k = 0; k < padded; k++) {
      const uint32_t at = k / MJ_MVE_BYTES * (MJ_MVE_LANES * MJ_MVE_BYTES) + k % MJ_MVE_BYTES;
      acc = mj_wrap_add(acc, x->patch[k] * w[at]);
    }
    const int32_t y = mj_mve_scale_lane(acc, x->table + o / MJ_MVE_LANES, lane, positive);
    x->out[o] = (int8_t)mj_clamp(mj_wrap_add(y, x->offset), x->low, x->high);
  }
}

#endif

static void image(const mj_packed_conv_params *p, pixel x, const int8_t *in, int8_t *room, int8_t *out) {
  const bool in_place = reads_in_place(p);
  const bool positive = (p->flags & MJ_PACKED_FLAG_POSITIVE) != 0;
  mj_pixel_walk walk = {p, in, 0, 0};
  for (int32_t left = p->out_h * p->out_w; left > 0; left--, out += p->out_c) {
    x.patch = mj_next_patch(&walk, in_place, room);
    x.out = out;
    run_pixel(&x, positive);
  }
}

mj_status mj_conv_mve_run(const mj_context *context, const mj_op_record *op) {
  const mj_packed_conv_params *p = mj_packed_params(context, op);
  int8_t *room = (int8_t *)(context->arena + op->scratch_offset);
  const pixel x = {.weights = mj_const(context, p->weights_offset),
                   .later_blocks = (uint32_t)p->padded_depth / MJ_MVE_BYTES - 1u,
                   .table = mj_const(context, p->table_offset),
                   .channels = p->out_c,
                   .offset = p->output_offset,
                   .low = p->act_min,
                   .high = p->act_max};
  const int8_t *in = mj_op_input(context, op, 0);
  int8_t *out = mj_op_output(context, op, 0);
  if (!reads_in_place(p)) mj_fill_run(room, 0, p->padded_depth);
  for (int32_t b = 0; b < p->batches; b++)
    image(p, x, in + b * p->in_h * p->in_w * p->in_c, room, out + b * p->out_h * p->out_w * p->out_c);
  return MJ_STATUS_OK;
}
