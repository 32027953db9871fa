/* MEAN and SUM, int8: requantise(Σ x − zero point · elements); a mean has its division in the multiplier. */
#include "mj_reduce.h"

bool mj_reduce_sum_s8_check(const mj_engine *engine, const mj_op_record *op) {
  const mj_reduce_params *p = mj_const(&engine->context, op->params_offset);
  return mj_reduce_check(engine, op) && p->multiplier >= 0 && mj_between(p->shift, -31, 30) &&
         mj_between(p->output_offset, -128, 127);
}

static int8_t reduce(const mj_reduce_params *p, const int8_t *first) {
  int32_t sum = p->bias;
  for (int32_t i = 0; i < p->reduce_dims[0]; i++) {
    for (int32_t j = 0; j < p->reduce_dims[1]; j++) {
      for (int32_t k = 0; k < p->reduce_dims[2]; k++) {
        const int8_t *x =
            first + i * p->reduce_strides[0] + j * p->reduce_strides[1] + k * p->reduce_strides[2];
        for (int32_t l = p->reduce_dims[3]; l > 0; l--, x += p->reduce_strides[3]) sum = mj_wrap_add(sum, *x);
      }
    }
  }
  const int32_t scaled = mj_requantize(sum, p->multiplier, p->shift);
  return (int8_t)mj_clamp(mj_wrap_add(scaled, p->output_offset), INT8_MIN, INT8_MAX);
}

mj_status mj_reduce_sum_s8_run(const mj_context *context, const mj_op_record *op) {
  mj_reduce_run(context, op, reduce);
  return MJ_STATUS_OK;
}
