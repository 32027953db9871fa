/* Blocks of bytes from one strided place to another: TRANSPOSE, SLICE, STRIDED_SLICE, PAD. */
#include "mj_walk.h"

static const mj_move_params *params_of(const mj_context *context, const mj_op_record *op) {
  return mj_const(context, op->params_offset);
}

static const mj_tensor_record *tensor_of(const mj_engine *engine, const mj_op_record *op, uint32_t n) {
  return mj_tensor(&engine->context, mj_op_tensor(&engine->context, op, n));
}

bool mj_move_check(const mj_engine *engine, const mj_op_record *op) {
  const mj_move_params *p = params_of(&engine->context, op);
  if (op->params_bytes < sizeof(*p) || op->input_count != 1 || op->output_count != 1) return false;
  if (mj_op_tensor(&engine->context, op, 0) == MJ_ABSENT_TENSOR || p->block_bytes < 1) return false;
  const mj_tensor_record *in = tensor_of(engine, op, 0);
  const mj_tensor_record *out = tensor_of(engine, op, 1);
  uint32_t moved = 0;
  return in->memory != MJ_MEMORY_NONE && mj_extent(p->dims, 5, &moved) &&
         mj_bounded_product(moved, (uint32_t)p->block_bytes, &moved) &&
         mj_walk_fits(p->dims, p->in_strides, 5, p->in_offset, (uint32_t)p->block_bytes, in->bytes) &&
         mj_walk_fits(p->dims, p->out_strides, 5, p->out_offset, (uint32_t)p->block_bytes, out->bytes);
}

static void fill(uint8_t *out, uint32_t bytes, uint32_t pattern) {
  for (uint32_t i = 0; i < bytes; i++) out[i] = (uint8_t)(pattern >> (8 * (i & 3u)));
}

/* The two fastest dimensions. */
static void plane(const mj_move_params *p, const uint8_t *in, uint8_t *out) {
  for (int32_t i = 0; i < p->dims[3]; i++) {
    const uint8_t *from = in + i * p->in_strides[3];
    uint8_t *to = out + i * p->out_strides[3];
    for (int32_t j = 0; j < p->dims[4]; j++) {
      if (p->block_bytes == 1) {
        *to = *from;
      } else {
        mj_copy_block(to, from, (uint32_t)p->block_bytes);
      }
      from += p->in_strides[4];
      to += p->out_strides[4];
    }
  }
}

mj_status mj_move_run(const mj_context *context, const mj_op_record *op) {
  const mj_move_params *p = params_of(context, op);
  const uint8_t *in = mj_op_input(context, op, 0);
  uint8_t *out = mj_op_output(context, op, 0);
  if (p->fill != 0) fill(out, mj_tensor(context, mj_op_tensor(context, op, 1))->bytes, p->pattern);
  in += p->in_offset;
  out += p->out_offset;
  for (int32_t i = 0; i < p->dims[0]; i++) {
    for (int32_t j = 0; j < p->dims[1]; j++) {
      for (int32_t k = 0; k < p->dims[2]; k++) {
        plane(p, in + i * p->in_strides[0] + j * p->in_strides[1] + k * p->in_strides[2],
              out + i * p->out_strides[0] + j * p->out_strides[1] + k * p->out_strides[2]);
      }
    }
  }
  return MJ_STATUS_OK;
}
