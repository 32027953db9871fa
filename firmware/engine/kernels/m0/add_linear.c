/*
 * ADD, int8, tensors of one shape: one weighted sum and a shift, where the compiler has shown for all 65 536
 * pairs of inputs that it is what the four roundings of TensorFlow Lite Micro give.
 */
#include "../../mj_fixed.h"
#include "../../mj_kernels.h"

static const mj_add_linear_params *params_of(const mj_context *context, const mj_op_record *op) {
  return mj_const(context, op->params_offset);
}

bool mj_add_linear_check(const mj_engine *engine, const mj_op_record *op) {
  const mj_add_linear_params *p = params_of(&engine->context, op);
  if (op->params_bytes < sizeof(*p)) return false;
  const uint32_t elements = (uint32_t)p->elements;
  return mj_between(p->elements, 1, (int32_t)MJ_MAX_ELEMENTS) && mj_between(p->shift, 1, 30) &&
         mj_input_is(engine, op, 0, MJ_DTYPE_INT8, elements) &&
         mj_input_is(engine, op, 1, MJ_DTYPE_INT8, elements) &&
         mj_output_is(engine, op, 0, MJ_DTYPE_INT8, elements);
}

mj_status mj_add_linear_run(const mj_context *context, const mj_op_record *op) {
  const mj_add_linear_params *p = params_of(context, op);
  const int8_t *a = mj_op_input(context, op, 0);
  const int8_t *b = mj_op_input(context, op, 1);
  int8_t *out = mj_op_output(context, op, 0);
  const int32_t factor1 = p->factor1;
  const int32_t factor2 = p->factor2;
  const int32_t constant = p->constant;
  const int32_t shift = p->shift;
  for (int32_t i = p->elements - 1; i >= 0; i--) {
    const int32_t sum =
        mj_wrap_add(mj_wrap_add(mj_wrap_mul(a[i], factor1), mj_wrap_mul(b[i], factor2)), constant);
    int32_t z = sum >> shift;
    if ((uint32_t)z > 255u) z = ~(z >> 31);
    out[i] = (int8_t)(z - 128);
  }
  return MJ_STATUS_OK;
}
