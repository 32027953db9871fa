#include "mj_reduce.h"

static const mj_reduce_params *params_of(const mj_context *context, const mj_op_record *op) {
  return mj_const(context, op->params_offset);
}

bool mj_reduce_check(const mj_engine *engine, const mj_op_record *op) {
  const mj_reduce_params *p = params_of(&engine->context, op);
  if (op->params_bytes < sizeof(*p)) return false;
  uint32_t outputs = 0;
  uint32_t reduced = 0;
  uint32_t inputs = 0;
  if (!mj_extent(p->out_dims, 4, &outputs) || !mj_extent(p->reduce_dims, 4, &reduced)) return false;
  if (!mj_bounded_product(outputs, reduced, &inputs)) return false;
  /* out_dims to reduce_strides lie one behind the other: one walk over eight dimensions */
  int32_t dims[8];
  int32_t strides[8];
  for (uint32_t i = 0; i < 4; i++) {
    dims[i] = p->out_dims[i];
    dims[4 + i] = p->reduce_dims[i];
    strides[i] = p->out_strides[i];
    strides[4 + i] = p->reduce_strides[i];
  }
  return mj_walk_fits(dims, strides, 8, 0, 1, inputs) && mj_input_is(engine, op, 0, MJ_DTYPE_INT8, inputs) &&
         mj_output_is(engine, op, 0, MJ_DTYPE_INT8, outputs);
}

void mj_reduce_run(const mj_context *context, const mj_op_record *op, mj_reduce_fn reduce) {
  const mj_reduce_params *p = params_of(context, op);
  const int8_t *in = mj_op_input(context, op, 0);
  int8_t *out = mj_op_output(context, op, 0);
  for (int32_t i = 0; i < p->out_dims[0]; i++) {
    for (int32_t j = 0; j < p->out_dims[1]; j++) {
      for (int32_t k = 0; k < p->out_dims[2]; k++) {
        const int8_t *x = in + i * p->out_strides[0] + j * p->out_strides[1] + k * p->out_strides[2];
        for (int32_t l = 0; l < p->out_dims[3]; l++, x += p->out_strides[3]) *out++ = reduce(p, x);
      }
    }
  }
}
