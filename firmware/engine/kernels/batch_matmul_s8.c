/* BATCH_MATMUL, int8: requantise(Σ (lhs − zero point)·(rhs − zero point)); strides transpose and broadcast.
 */
#include "../mj_fixed.h"
#include "mj_walk.h"

static const mj_batch_matmul_params *params_of(const mj_context *context, const mj_op_record *op) {
  return mj_const(context, op->params_offset);
}

static uint32_t bytes_of(const mj_engine *engine, const mj_op_record *op, uint32_t n) {
  if (n >= op->input_count || mj_op_tensor(&engine->context, op, n) == MJ_ABSENT_TENSOR) return 0;
  return mj_tensor(&engine->context, mj_op_tensor(&engine->context, op, n))->bytes;
}

/* One side: the walk over batches and both dimensions of its matrices stays inside it. */
static bool side_fits(const mj_engine *engine, const mj_op_record *op, uint32_t n,
                      const int32_t *batch_strides, int32_t steps1, int32_t stride1, int32_t steps2,
                      int32_t stride2) {
  const mj_batch_matmul_params *p = params_of(&engine->context, op);
  const int32_t dims[5] = {p->batch_dims[0], p->batch_dims[1], p->batch_dims[2], steps1, steps2};
  const int32_t strides[5] = {batch_strides[0], batch_strides[1], batch_strides[2], stride1, stride2};
  const uint32_t bytes = bytes_of(engine, op, n);
  return mj_walk_fits(dims, strides, 5, 0, 1, bytes) && mj_input_is(engine, op, n, MJ_DTYPE_INT8, bytes);
}

bool mj_batch_matmul_s8_check(const mj_engine *engine, const mj_op_record *op) {
  const mj_batch_matmul_params *p = params_of(&engine->context, op);
  if (op->params_bytes < sizeof(*p)) return false;
  const int32_t out[5] = {p->batch_dims[0], p->batch_dims[1], p->batch_dims[2], p->rows, p->columns};
  uint32_t outputs = 0;
  return mj_extent(out, 5, &outputs) && p->depth >= 1 &&
         mj_output_is(engine, op, 0, MJ_DTYPE_INT8, outputs) &&
         side_fits(engine, op, 0, p->lhs_batch_strides, p->rows, p->lhs_row_stride, p->depth,
                   p->lhs_depth_stride) &&
         side_fits(engine, op, 1, p->rhs_batch_strides, p->depth, p->rhs_depth_stride, p->columns,
                   p->rhs_column_stride) &&
         mj_between(p->lhs_offset, -127, 128) && mj_between(p->rhs_offset, -127, 128) && p->multiplier >= 0 &&
         mj_between(p->shift, -31, 30) && mj_between(p->output_offset, -128, 127);
}

static void matrix(const mj_batch_matmul_params *p, const int8_t *lhs, const int8_t *rhs, int8_t *out) {
  for (int32_t r = 0; r < p->rows; r++) {
    for (int32_t c = 0; c < p->columns; c++) {
      const int8_t *x = lhs + r * p->lhs_row_stride;
      const int8_t *y = rhs + c * p->rhs_column_stride;
      int32_t acc = 0;
      for (int32_t k = p->depth; k > 0; k--, x += p->lhs_depth_stride, y += p->rhs_depth_stride) {
        acc = mj_wrap_add(acc, (*x + p->lhs_offset) * (*y + p->rhs_offset));
      }
      const int32_t scaled = mj_requantize(acc, p->multiplier, p->shift);
      *out++ = (int8_t)mj_clamp(mj_wrap_add(scaled, p->output_offset), INT8_MIN, INT8_MAX);
    }
  }
}

mj_status mj_batch_matmul_s8_run(const mj_context *context, const mj_op_record *op) {
  const mj_batch_matmul_params *p = params_of(context, op);
  const int8_t *lhs = mj_op_input(context, op, 0);
  const int8_t *rhs = mj_op_input(context, op, 1);
  int8_t *out = mj_op_output(context, op, 0);
  const int32_t *l = p->lhs_batch_strides;
  const int32_t *r = p->rhs_batch_strides;
  for (int32_t i = 0; i < p->batch_dims[0]; i++) {
    for (int32_t j = 0; j < p->batch_dims[1]; j++) {
      for (int32_t k = 0; k < p->batch_dims[2]; k++, out += p->rows * p->columns) {
        matrix(p, lhs + i * l[0] + j * l[1] + k * l[2], rhs + i * r[0] + j * r[1] + k * r[2], out);
      }
    }
  }
  return MJ_STATUS_OK;
}
