/* DEQUANTIZE: integer → float32, scale · (q − zero point), rounded once. */
#include "../mj_kernels.h"

static const mj_dequantize_params *params_of(const mj_context *context, const mj_op_record *op) {
  return mj_const(context, op->params_offset);
}

bool mj_dequantize_check(const mj_engine *engine, const mj_op_record *op) {
  const mj_dequantize_params *p = params_of(&engine->context, op);
  if (op->params_bytes < sizeof(*p) || p->elements < 1) return false;
  const bool known =
      p->from_type == MJ_DTYPE_INT8 || p->from_type == MJ_DTYPE_UINT8 || p->from_type == MJ_DTYPE_INT16;
  return known && mj_between(p->zero_point, -32768, 32767) &&
         mj_input_is(engine, op, 0, p->from_type, (uint32_t)p->elements) &&
         mj_output_is(engine, op, 0, MJ_DTYPE_FLOAT32, (uint32_t)p->elements);
}

static int32_t load(const void *in, uint32_t dtype, int32_t i) {
  if (dtype == MJ_DTYPE_INT16) return ((const int16_t *)in)[i];
  return dtype == MJ_DTYPE_INT8 ? ((const int8_t *)in)[i] : ((const uint8_t *)in)[i];
}

mj_status mj_dequantize_run(const mj_context *context, const mj_op_record *op) {
  const mj_dequantize_params *p = params_of(context, op);
  const void *in = mj_op_input(context, op, 0);
  float *out = mj_op_output(context, op, 0);
  /* q − zero point has at most 17 bits, so the float product is the double product rounded */
  for (int32_t i = 0; i < p->elements; i++)
    out[i] = p->scale * (float)(load(in, p->from_type, i) - p->zero_point);
  return MJ_STATUS_OK;
}
