/* FULLY_CONNECTED, int8: out[b][o] = requantise(bias[o] + Σ (in[b][k] + inputOffset)·(w[o][k] +
 * filterOffset)). */
#include "../mj_kernels.h"
#include "mj_dot.h"

static const mj_fully_connected_params *params_of(const mj_context *context, const mj_op_record *op) {
  return mj_const(context, op->params_offset);
}

bool mj_fully_connected_s8_check(const mj_engine *engine, const mj_op_record *op) {
  const mj_fully_connected_params *p = params_of(&engine->context, op);
  if (op->params_bytes < sizeof(*p)) return false;
  uint32_t inputs = 0;
  uint32_t outputs = 0;
  uint32_t weights = 0;
  const int32_t in[2] = {p->batches, p->in_depth};
  const int32_t out[2] = {p->batches, p->out_depth};
  const int32_t matrix[2] = {p->out_depth, p->in_depth};
  return mj_extent(in, 2, &inputs) && mj_extent(out, 2, &outputs) && mj_extent(matrix, 2, &weights) &&
         mj_between(p->input_offset, -128, 128) && mj_between(p->filter_offset, -128, 128) &&
         mj_s8_output_fits(p->output_offset, p->act_min, p->act_max) &&
         mj_input_is(engine, op, 0, MJ_DTYPE_INT8, inputs) &&
         mj_output_is(engine, op, 0, MJ_DTYPE_INT8, outputs) &&
         mj_const_fits(engine, p->weights_offset, weights, 1) &&
         mj_requantization_fits(engine, p->multipliers_offset, p->shifts_offset, p->bias_offset,
                                (uint32_t)p->out_depth);
}

/* Two rows of weights share each input byte; the offset is added once for both. */
static void rows2(const int8_t *x, const int8_t *w0, const int8_t *w1, int32_t depth, int32_t offset,
                  int32_t *acc) {
  int32_t acc0 = 0;
  int32_t acc1 = 0;
  MJ_UNROLL(4)
  for (int32_t k = 0; k < depth; k++) {
    const int32_t value = x[k] + offset;
    acc0 = mj_mac(acc0, value, w0[k]);
    acc1 = mj_mac(acc1, value, w1[k]);
  }
  acc[0] = acc0;
  acc[1] = acc1;
}

static int32_t sum_of(const int8_t *x, int32_t depth, int32_t offset) {
  int32_t sum = 0;
  for (int32_t k = 0; k < depth; k++) sum = mj_wrap_add(sum, x[k] + offset);
  return sum;
}

static void batch(const mj_context *context, const mj_fully_connected_params *p, const int8_t *x,
                  int8_t *out) {
  const int8_t *weights = mj_const(context, p->weights_offset);
  const int32_t *bias = p->bias_offset == 0 ? NULL : mj_const(context, p->bias_offset);
  const int32_t *multipliers = mj_const(context, p->multipliers_offset);
  const int32_t *shifts = mj_const(context, p->shifts_offset);
  const int32_t depth = p->in_depth;
  /* Σ(x + i)(w + f) = Σ(x + i)·w + f·Σ(x + i) */
  const int32_t common =
      p->filter_offset == 0 ? 0 : mj_wrap_mul(p->filter_offset, sum_of(x, depth, p->input_offset));
  for (int32_t o = 0; o < p->out_depth; o += 2) {
    const int32_t rows = p->out_depth - o < 2 ? 1 : 2;
    const int8_t *w0 = weights + o * depth;
    int32_t acc[2];
    rows2(x, w0, rows == 2 ? w0 + depth : w0, depth, p->input_offset, acc);
    for (int32_t r = 0; r < rows; r++) {
      int32_t sum = mj_wrap_add(acc[r], common);
      if (bias != NULL) sum = mj_wrap_add(sum, bias[o + r]);
      const int32_t scaled = mj_requantize(sum, multipliers[o + r], shifts[o + r]);
      out[o + r] = (int8_t)mj_clamp(mj_wrap_add(scaled, p->output_offset), p->act_min, p->act_max);
    }
  }
}

mj_status mj_fully_connected_s8_run(const mj_context *context, const mj_op_record *op) {
  const mj_fully_connected_params *p = params_of(context, op);
  const int8_t *x = mj_op_input(context, op, 0);
  int8_t *out = mj_op_output(context, op, 0);
  for (int32_t b = 0; b < p->batches; b++) batch(context, p, x + b * p->in_depth, out + b * p->out_depth);
  return MJ_STATUS_OK;
}
