/* Any function of one int8 element: the compiler has computed its 256 results. */
#include "../mj_kernels.h"

static const mj_lookup_params *params_of(const mj_context *context, const mj_op_record *op) {
  return mj_const(context, op->params_offset);
}

bool mj_lookup_s8_check(const mj_engine *engine, const mj_op_record *op) {
  const mj_lookup_params *p = params_of(&engine->context, op);
  return op->params_bytes >= sizeof(*p) && p->elements >= 1 &&
         mj_input_is(engine, op, 0, MJ_DTYPE_INT8, (uint32_t)p->elements) &&
         mj_output_is(engine, op, 0, MJ_DTYPE_INT8, (uint32_t)p->elements) &&
         mj_const_fits(engine, p->table_offset, 256, 1);
}

mj_status mj_lookup_s8_run(const mj_context *context, const mj_op_record *op) {
  const mj_lookup_params *p = params_of(context, op);
  const int8_t *zero = (const int8_t *)mj_const(context, p->table_offset) + 128;
  const int8_t *in = mj_op_input(context, op, 0);
  int8_t *out = mj_op_output(context, op, 0);
  for (int32_t i = 0; i < p->elements; i++) out[i] = zero[in[i]];
  return MJ_STATUS_OK;
}
