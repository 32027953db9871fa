/* RESHAPE, EXPAND_DIMS and SQUEEZE that the plan could not elide: the same bytes at another place. */
#include "../mj_kernels.h"

static const mj_copy_params *params_of(const mj_context *context, const mj_op_record *op) {
  return mj_const(context, op->params_offset);
}

bool mj_copy_check(const mj_engine *engine, const mj_op_record *op) {
  const mj_copy_params *p = params_of(&engine->context, op);
  if (op->params_bytes < sizeof(*p)) return false;
  return mj_input_bytes_are(engine, op, 0, p->bytes) && mj_output_bytes_are(engine, op, 0, p->bytes);
}

mj_status mj_copy_run(const mj_context *context, const mj_op_record *op) {
  const uint8_t *in = mj_op_input(context, op, 0);
  uint8_t *out = mj_op_output(context, op, 0);
  const uint32_t bytes = params_of(context, op)->bytes;
  /* input and output may overlap */
  if (out < in) {
    for (uint32_t i = 0; i < bytes; i++) out[i] = in[i];
  } else {
    for (uint32_t i = bytes; i > 0; i--) out[i - 1] = in[i - 1];
  }
  return MJ_STATUS_OK;
}
