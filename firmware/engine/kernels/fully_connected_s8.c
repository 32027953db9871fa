/* FULLY_CONNECTED, int8: out[b][o] = requantise(bias[o] + Σ (in[b][k] + inputOffset)·(w[o][k] +
 * filterOffset)). */
#include "../mj_kernels.h"
#include "mj_dot.h"

typedef struct {
  const mj_fully_connected_params *p;
  const int8_t *weights;
  const int32_t *bias; /* NULL when there is none */
  const int32_t *multipliers;
  const int32_t *shifts;
} dense;

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
         mj_between(p->input_offset, -127, 128) && mj_between(p->filter_offset, -127, 128) &&
         mj_s8_output_fits(p->output_offset, p->act_min, p->act_max) &&
         mj_input_is(engine, op, 0, MJ_DTYPE_INT8, inputs) &&
         mj_output_is(engine, op, 0, MJ_DTYPE_INT8, outputs) &&
         mj_const_fits(engine, p->weights_offset, weights, 1) &&
         mj_requantization_fits(engine, p->multipliers_offset, p->shifts_offset, p->bias_offset,
                                (uint32_t)p->out_depth);
}

/* Two rows of weights share each input byte and its offset; Σ w would cost as much as the product itself
 * here. */
static void rows_2(const int8_t *x, const int8_t *w0, const int8_t *w1, int32_t depth, int32_t offset,
                   int32_t *acc) {
  int32_t acc0 = acc[0];
  int32_t acc1 = acc[1];
  MJ_UNROLL(8)
  for (int32_t k = 0; k < depth; k++) {
    const int32_t value = x[k] + offset;
    acc0 = mj_mac(acc0, value, w0[k]);
    acc1 = mj_mac(acc1, value, w1[k]);
  }
  acc[0] = acc0;
  acc[1] = acc1;
}

static int8_t finish(const dense *d, int32_t acc, int32_t o) {
  const int32_t scaled = mj_requantize(acc, d->multipliers[o], d->shifts[o]);
  return (int8_t)mj_clamp(mj_wrap_add(scaled, d->p->output_offset), d->p->act_min, d->p->act_max);
}

static void batch(const dense *d, const int8_t *x, int8_t *out) {
  const int32_t depth = d->p->in_depth;
  const int32_t offset = d->p->input_offset;
  /* Σ (x + i)·(w + f) = Σ (x + i)·w + f·Σ (x + i) */
  int32_t common = 0;
  if (d->p->filter_offset != 0) {
    common = mj_wrap_mul(d->p->filter_offset, mj_wrap_add(mj_sum(x, depth), mj_wrap_mul(offset, depth)));
  }
  const int8_t *w = d->weights;
  for (int32_t o = 0; o < d->p->out_depth; o += 2, w += 2 * depth) {
    const bool pair = o + 1 < d->p->out_depth;
    const int32_t next = pair ? o + 1 : o;
    int32_t acc[2] = {common, common};
    if (d->bias != NULL) {
      acc[0] = mj_wrap_add(common, d->bias[o]);
      acc[1] = mj_wrap_add(common, d->bias[next]);
    }
    rows_2(x, w, pair ? w + depth : w, depth, offset, acc);
    out[o] = finish(d, acc[0], o);
    if (pair) out[next] = finish(d, acc[1], next);
  }
}

mj_status mj_fully_connected_s8_run(const mj_context *context, const mj_op_record *op) {
  const mj_fully_connected_params *p = params_of(context, op);
  const dense d = {
      .p = p,
      .weights = mj_const(context, p->weights_offset),
      .bias = p->bias_offset == 0 ? NULL : mj_const(context, p->bias_offset),
      .multipliers = mj_const(context, p->multipliers_offset),
      .shifts = mj_const(context, p->shifts_offset),
  };
  const int8_t *x = mj_op_input(context, op, 0);
  int8_t *out = mj_op_output(context, op, 0);
  for (int32_t b = 0; b < p->batches; b++) batch(&d, x + b * p->in_depth, out + b * p->out_depth);
  return MJ_STATUS_OK;
}
