#include "mj_broadcast.h"

static const mj_broadcast_walk *params_of(const mj_context *context, const mj_op_record *op) {
  return mj_const(context, op->params_offset);
}

/* The walk over the n-th input ends at its last element and leaves none out behind it. */
static bool input_fits(const mj_engine *engine, const mj_op_record *op, uint32_t n, const int32_t *dims,
                       const int32_t *strides) {
  uint32_t last = 0;
  for (uint32_t i = 0; i < 4; i++) {
    uint32_t reach = 0;
    if (strides[i] < 0) return false;
    if (!mj_bounded_product((uint32_t)dims[i] - 1, (uint32_t)strides[i], &reach)) return false;
    last += reach;
  }
  return mj_input_is(engine, op, n, MJ_DTYPE_INT8, last + 1);
}

bool mj_broadcast_check(const mj_engine *engine, const mj_op_record *op, uint32_t params_bytes) {
  const mj_broadcast_walk *p = params_of(&engine->context, op);
  if (op->params_bytes < params_bytes || p->elements < 1) return false;
  const uint32_t elements = (uint32_t)p->elements;
  if (!mj_output_is(engine, op, 0, MJ_DTYPE_INT8, elements)) return false;
  if (p->broadcast == 0) {
    return mj_input_is(engine, op, 0, MJ_DTYPE_INT8, elements) &&
           mj_input_is(engine, op, 1, MJ_DTYPE_INT8, elements);
  }
  uint32_t product = 0;
  return mj_extent(p->out_dims, 4, &product) && product == elements &&
         input_fits(engine, op, 0, p->out_dims, p->strides1) &&
         input_fits(engine, op, 1, p->out_dims, p->strides2);
}

static void walk(const mj_broadcast_walk *p, const int8_t *x, const int8_t *y, int8_t *out, mj_row_fn row) {
  for (int32_t i = 0; i < p->out_dims[0]; i++) {
    for (int32_t j = 0; j < p->out_dims[1]; j++) {
      for (int32_t k = 0; k < p->out_dims[2]; k++, out += p->out_dims[3]) {
        const int8_t *x_row = x + i * p->strides1[0] + j * p->strides1[1] + k * p->strides1[2];
        const int8_t *y_row = y + i * p->strides2[0] + j * p->strides2[1] + k * p->strides2[2];
        row(p, x_row, p->strides1[3], y_row, p->strides2[3], out, p->out_dims[3]);
      }
    }
  }
}

void mj_broadcast_run(const mj_context *context, const mj_op_record *op, mj_row_fn row) {
  const mj_broadcast_walk *p = params_of(context, op);
  const int8_t *x = mj_op_input(context, op, 0);
  const int8_t *y = mj_op_input(context, op, 1);
  int8_t *out = mj_op_output(context, op, 0);
  if (p->broadcast == 0) {
    row(p, x, 1, y, 1, out, p->elements);
  } else {
    walk(p, x, y, out, row);
  }
}
