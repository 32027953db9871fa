/*
 * DEPTHWISE_CONV_2D with one filter a channel, int8, for RV32IM: four channels at once share the pointer to a
 * tap. Layout: docs/kernels.md, src-main/compile/kernels/rv32/depthwise-rv32.ts.
 */
#include "../mj_doubled.h"
#include "../mj_taps.h"

#define QUAD 4u

bool mj_depthwise_rv32_check(const mj_engine *engine, const mj_op_record *op) {
  if (!mj_packed_shape_fits(engine, op, true)) return false;
  const mj_packed_conv_params *p = mj_packed_params(&engine->context, op);
  const uint32_t channels = (uint32_t)p->in_c;
  uint32_t weights = 0;
  if (channels % QUAD != 0 || (uint32_t)p->depth > MJ_MAX_TAPS || p->padded_depth != p->depth ||
      !mj_bounded_product(channels, (uint32_t)p->depth, &weights) ||
      !mj_packed_constants_fit(engine, p, weights, (uint32_t)sizeof(mj_doubled_scaling) * channels) ||
      op->scratch_bytes < channels)
    return false;
  return mj_doubled_shifts_fit(mj_const(&engine->context, p->table_offset), channels);
}

static void pixel(const mj_packed_conv_params *p, const int8_t *const *taps, const int8_t *w,
                  const mj_doubled_scaling *s, int8_t *out) {
  const int8_t *const *const end = taps + p->depth;
  const uint32_t channels = (uint32_t)p->in_c;
  const bool positive = (p->flags & MJ_PACKED_FLAG_POSITIVE) != 0;
  const mj_clamp_range clamp = {p->act_min, p->act_max};
  for (uint32_t c = 0; c < channels; c += QUAD, s += QUAD, out += QUAD) {
    int32_t acc0 = 0;
    int32_t acc1 = 0;
    int32_t acc2 = 0;
    int32_t acc3 = 0;
    for (const int8_t *const *tap = taps; tap != end; tap++, w += QUAD) {
      const int8_t *x = *tap + c;
      acc0 = mj_wrap_add(acc0, x[0] * w[0]);
      acc1 = mj_wrap_add(acc1, x[1] * w[1]);
      acc2 = mj_wrap_add(acc2, x[2] * w[2]);
      acc3 = mj_wrap_add(acc3, x[3] * w[3]);
    }
    if (positive) {
      out[0] = mj_doubled_scale_positive(acc0, s, clamp);
      out[1] = mj_doubled_scale_positive(acc1, s + 1, clamp);
      out[2] = mj_doubled_scale_positive(acc2, s + 2, clamp);
      out[3] = mj_doubled_scale_positive(acc3, s + 3, clamp);
    } else {
      out[0] = mj_doubled_scale_signed(acc0, s, clamp);
      out[1] = mj_doubled_scale_signed(acc1, s + 1, clamp);
      out[2] = mj_doubled_scale_signed(acc2, s + 2, clamp);
      out[3] = mj_doubled_scale_signed(acc3, s + 3, clamp);
    }
  }
}

mj_status mj_depthwise_rv32_run(const mj_context *context, const mj_op_record *op) {
  const mj_packed_conv_params *p = mj_packed_params(context, op);
  const int8_t *weights = mj_const(context, p->weights_offset);
  const mj_doubled_scaling *table = mj_const(context, p->table_offset);
  mj_taps taps;
  mj_taps_begin(&taps, p, (int8_t *)(context->arena + op->scratch_offset));
  const int8_t *in = mj_op_input(context, op, 0);
  int8_t *out = mj_op_output(context, op, 0);
  for (int32_t b = 0; b < p->batches; b++, in += p->in_h * p->in_w * p->in_c) {
    for (int32_t oy = 0; oy < p->out_h; oy++) {
      for (int32_t ox = 0; ox < p->out_w; ox++, out += p->out_c) {
        mj_taps_at(&taps, in, oy, ox);
        pixel(p, taps.taps, weights, table, out);
      }
    }
  }
  return MJ_STATUS_OK;
}
