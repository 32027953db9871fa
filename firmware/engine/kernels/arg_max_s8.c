/* ARG_MAX, int8 → int32: where along an axis the largest element is, the first one of several. */
#include "../mj_kernels.h"

static const mj_arg_max_params *params_of(const mj_context *context, const mj_op_record *op) {
  return mj_const(context, op->params_offset);
}

bool mj_arg_max_s8_check(const mj_engine *engine, const mj_op_record *op) {
  const mj_arg_max_params *p = params_of(&engine->context, op);
  if (op->params_bytes < sizeof(*p)) return false;
  const int32_t in[3] = {p->outer, p->depth, p->inner};
  const int32_t out[2] = {p->outer, p->inner};
  uint32_t inputs = 0;
  uint32_t outputs = 0;
  return mj_extent(in, 3, &inputs) && mj_extent(out, 2, &outputs) &&
         mj_input_is(engine, op, 0, MJ_DTYPE_INT8, inputs) &&
         mj_output_is(engine, op, 0, MJ_DTYPE_INT32, outputs);
}

mj_status mj_arg_max_s8_run(const mj_context *context, const mj_op_record *op) {
  const mj_arg_max_params *p = params_of(context, op);
  const int8_t *in = mj_op_input(context, op, 0);
  int32_t *out = mj_op_output(context, op, 0);
  for (int32_t o = 0; o < p->outer; o++, in += p->depth * p->inner) {
    for (int32_t i = 0; i < p->inner; i++) {
      int32_t best = 0;
      for (int32_t k = 1; k < p->depth; k++) {
        if (in[k * p->inner + i] > in[best * p->inner + i]) best = k;
      }
      *out++ = best;
    }
  }
  return MJ_STATUS_OK;
}
