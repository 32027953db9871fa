/*
 * ADD, int8, with broadcasting over up to four dimensions. Both inputs are brought to a common scale with 20
 * bits of headroom, added, and requantised.
 */
#include "../mj_fixed.h"
#include "../mj_kernels.h"

static const mj_add_params *params_of(const mj_context *context, const mj_op_record *op) {
  return mj_const(context, op->params_offset);
}

/* The element a broadcast walk reaches last; the strides are 0 or positive. */
static bool last_element(const int32_t *dims, const int32_t *strides, uint32_t *last) {
  *last = 0;
  for (uint32_t i = 0; i < 4; i++) {
    uint32_t reach = 0;
    if (dims[i] < 1 || strides[i] < 0) return false;
    if (!mj_bounded_product((uint32_t)dims[i] - 1, (uint32_t)strides[i], &reach)) return false;
    *last += reach;
  }
  return true;
}

/* The n-th input has more than `last` elements, and only as many as the walk reaches. */
static bool input_fits(const mj_engine *engine, const mj_op_record *op, uint32_t n, uint32_t last) {
  return mj_input_is(engine, op, n, MJ_DTYPE_INT8, last + 1);
}

static bool walks_fit(const mj_engine *engine, const mj_op_record *op, const mj_add_params *p) {
  const uint32_t elements = (uint32_t)p->elements;
  if (p->broadcast == 0)
    return input_fits(engine, op, 0, elements - 1) && input_fits(engine, op, 1, elements - 1);
  uint32_t product = 0;
  uint32_t last1 = 0;
  uint32_t last2 = 0;
  return mj_extent(p->out_dims, 4, &product) && product == elements &&
         last_element(p->out_dims, p->strides1, &last1) && last_element(p->out_dims, p->strides2, &last2) &&
         input_fits(engine, op, 0, last1) && input_fits(engine, op, 1, last2);
}

static bool scaling_fits(const mj_add_params *p) {
  return mj_between(p->offset1, -127, 128) && mj_between(p->offset2, -127, 128) &&
         mj_between(p->left_shift, 0, 22) && p->multiplier1 >= 0 && p->multiplier2 >= 0 &&
         p->output_multiplier >= 0 && mj_between(p->shift1, -31, 30) && mj_between(p->shift2, -31, 30) &&
         mj_between(p->output_shift, -31, 30) && mj_s8_output_fits(p->output_offset, p->act_min, p->act_max);
}

bool mj_add_s8_check(const mj_engine *engine, const mj_op_record *op) {
  const mj_add_params *p = params_of(&engine->context, op);
  if (op->params_bytes < sizeof(*p) || p->elements < 1) return false;
  return mj_output_is(engine, op, 0, MJ_DTYPE_INT8, (uint32_t)p->elements) && scaling_fits(p) &&
         walks_fit(engine, op, p);
}

static inline int8_t add(const mj_add_params *p, int8_t x, int8_t y) {
  const uint32_t left = (uint32_t)p->left_shift;
  const int32_t a = mj_requantize(mj_wrap_shift_left(x + p->offset1, left), p->multiplier1, p->shift1);
  const int32_t b = mj_requantize(mj_wrap_shift_left(y + p->offset2, left), p->multiplier2, p->shift2);
  const int32_t scaled = mj_requantize(mj_wrap_add(a, b), p->output_multiplier, p->output_shift);
  return (int8_t)mj_clamp(mj_wrap_add(scaled, p->output_offset), p->act_min, p->act_max);
}

/* One run along the last dimension. */
static void add_row(const mj_add_params *p, const int8_t *x, const int8_t *y, int8_t *out) {
  for (int32_t i = 0; i < p->out_dims[3]; i++) out[i] = add(p, x[i * p->strides1[3]], y[i * p->strides2[3]]);
}

static void add_broadcast(const mj_add_params *p, const int8_t *x, const int8_t *y, int8_t *out) {
  for (int32_t i = 0; i < p->out_dims[0]; i++) {
    for (int32_t j = 0; j < p->out_dims[1]; j++) {
      for (int32_t k = 0; k < p->out_dims[2]; k++, out += p->out_dims[3]) {
        const int8_t *row1 = x + i * p->strides1[0] + j * p->strides1[1] + k * p->strides1[2];
        const int8_t *row2 = y + i * p->strides2[0] + j * p->strides2[1] + k * p->strides2[2];
        add_row(p, row1, row2, out);
      }
    }
  }
}

mj_status mj_add_s8_run(const mj_context *context, const mj_op_record *op) {
  const mj_add_params *p = params_of(context, op);
  const int8_t *x = mj_op_input(context, op, 0);
  const int8_t *y = mj_op_input(context, op, 1);
  int8_t *out = mj_op_output(context, op, 0);
  if (p->broadcast != 0) {
    add_broadcast(p, x, y, out);
  } else {
    for (int32_t i = 0; i < p->elements; i++) out[i] = add(p, x[i], y[i]);
  }
  return MJ_STATUS_OK;
}
