/* FULLY_CONNECTED, int16 activations, int8 weights. */
#include "mj_wide.h"

static const mj_fully_connected16_params *params_of(const mj_context *context, const mj_op_record *op) {
  return mj_const(context, op->params_offset);
}

static mj_wide_layer layer_of(const mj_context *context, const mj_fully_connected16_params *p) {
  return (mj_wide_layer){
      .weights = mj_const(context, p->weights_offset),
      .bias = p->bias_offset == 0 ? NULL : mj_const(context, p->bias_offset),
      .multipliers = mj_const(context, p->multipliers_offset),
      .shifts = mj_const(context, p->shifts_offset),
      .act_min = p->act_min,
      .act_max = p->act_max,
      .wide = p->wide_bias,
  };
}

bool mj_fully_connected_s16_check(const mj_engine *engine, const mj_op_record *op) {
  const mj_fully_connected16_params *p = params_of(&engine->context, op);
  if (op->params_bytes < sizeof(*p)) return false;
  uint32_t inputs = 0;
  uint32_t outputs = 0;
  uint32_t weights = 0;
  const int32_t in[2] = {p->batches, p->in_depth};
  const int32_t out[2] = {p->batches, p->out_depth};
  const int32_t matrix[2] = {p->out_depth, p->in_depth};
  const mj_wide_layer l = layer_of(&engine->context, p);
  return mj_extent(in, 2, &inputs) && mj_extent(out, 2, &outputs) && mj_extent(matrix, 2, &weights) &&
         mj_input_is(engine, op, 0, MJ_DTYPE_INT16, inputs) &&
         mj_output_is(engine, op, 0, MJ_DTYPE_INT16, outputs) &&
         mj_const_fits(engine, p->weights_offset, weights, 1) &&
         mj_wide_fits(engine, &l, p->multipliers_offset, p->shifts_offset, p->bias_offset,
                      (uint32_t)p->out_depth);
}

mj_status mj_fully_connected_s16_run(const mj_context *context, const mj_op_record *op) {
  const mj_fully_connected16_params *p = params_of(context, op);
  const mj_wide_layer l = layer_of(context, p);
  const int16_t *x = mj_op_input(context, op, 0);
  int16_t *out = mj_op_output(context, op, 0);
  for (int32_t b = 0; b < p->batches; b++, x += p->in_depth) {
    for (int32_t o = 0; o < p->out_depth; o++) {
      *out++ = mj_wide_finish(&l, mj_wide_dot(x, l.weights + o * p->in_depth, p->in_depth, 0), o);
    }
  }
  return MJ_STATUS_OK;
}
