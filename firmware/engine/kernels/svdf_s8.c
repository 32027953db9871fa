/*
 * SVDF, int8 with an int16 state: every filter remembers the last values of its feature, and an output is a
 * weighted sum of what its filters remember. Inputs: the input and the state; outputs: the output and the
 * state.
 */
#include "../mj_fixed.h"
#include "../mj_kernels.h"

static const mj_svdf_params *params_of(const mj_context *context, const mj_op_record *op) {
  return mj_const(context, op->params_offset);
}

static bool factors_fit(const mj_svdf_params *p) {
  return p->feature_multiplier >= 0 && mj_between(p->feature_shift, -31, 30) && p->output_multiplier >= 0 &&
         mj_between(p->output_shift, -31, 30) && mj_between(p->input_offset, -127, 128) &&
         mj_between(p->output_offset, -128, 127);
}

bool mj_svdf_s8_check(const mj_engine *engine, const mj_op_record *op) {
  const mj_svdf_params *p = params_of(&engine->context, op);
  if (op->params_bytes < sizeof(*p) || p->rank < 1 || p->filters < p->rank) return false;
  const int32_t units = p->filters / p->rank;
  const int32_t in[2] = {p->batches, p->inputs};
  const int32_t out[2] = {p->batches, units};
  const int32_t state[3] = {p->batches, p->filters, p->memory};
  const int32_t features[2] = {p->filters, p->inputs};
  const int32_t time[2] = {p->filters, p->memory};
  uint32_t inputs = 0;
  uint32_t outputs = 0;
  uint32_t states = 0;
  uint32_t feature_weights = 0;
  uint32_t time_weights = 0;
  return units * p->rank == p->filters && mj_extent(in, 2, &inputs) && mj_extent(out, 2, &outputs) &&
         mj_extent(state, 3, &states) && mj_extent(features, 2, &feature_weights) &&
         mj_extent(time, 2, &time_weights) && factors_fit(p) &&
         mj_input_is(engine, op, 0, MJ_DTYPE_INT8, inputs) &&
         mj_output_is(engine, op, 0, MJ_DTYPE_INT8, outputs) &&
         mj_output_is(engine, op, 1, MJ_DTYPE_INT16, states) &&
         mj_const_fits(engine, p->feature_weights_offset, feature_weights, 1) &&
         mj_const_fits(engine, p->time_weights_offset, time_weights, 2) &&
         mj_const_fits(engine, p->bias_offset, (uint32_t)units, 4);
}

/* The new feature of one filter; what it remembers moves up by one. */
static void remember(const mj_svdf_params *p, const int8_t *x, const int8_t *w, int16_t *state) {
  int32_t sum = 0;
  for (int32_t k = 0; k < p->inputs; k++) sum = mj_wrap_add(sum, w[k] * (x[k] + p->input_offset));
  const int32_t feature = mj_requantize(sum, p->feature_multiplier, p->feature_shift);
  for (int32_t k = 1; k < p->memory; k++) state[k - 1] = state[k];
  state[p->memory - 1] = (int16_t)mj_clamp(feature, INT16_MIN, INT16_MAX);
}

mj_status mj_svdf_s8_run(const mj_context *context, const mj_op_record *op) {
  const mj_svdf_params *p = params_of(context, op);
  const int8_t *x = mj_op_input(context, op, 0);
  int8_t *out = mj_op_output(context, op, 0);
  int16_t *state = mj_op_output(context, op, 1);
  const int8_t *features = mj_const(context, p->feature_weights_offset);
  const int16_t *times = mj_const(context, p->time_weights_offset);
  const int32_t *bias = mj_const(context, p->bias_offset);
  for (int32_t b = 0; b < p->batches; b++, x += p->inputs) {
    for (int32_t f = 0; f < p->filters; f += p->rank) {
      int32_t sum = bias[f / p->rank];
      for (int32_t r = f; r < f + p->rank; r++, state += p->memory) {
        remember(p, x, features + r * p->inputs, state);
        const int16_t *w = times + r * p->memory;
        for (int32_t k = 0; k < p->memory; k++) sum = mj_wrap_add(sum, w[k] * state[k]);
      }
      const int32_t scaled = mj_requantize(sum, p->output_multiplier, p->output_shift);
      *out++ = (int8_t)mj_clamp(mj_wrap_add(scaled, p->output_offset), INT8_MIN, INT8_MAX);
    }
  }
  return MJ_STATUS_OK;
}
