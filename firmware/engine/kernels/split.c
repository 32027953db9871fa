/* SPLIT, SPLIT_V and UNPACK: the rows of the input dealt out to every output. */
#include "mj_join.h"

bool mj_split_check(const mj_engine *engine, const mj_op_record *op) {
  return op->input_count == 1 && mj_join_check(engine, op, 0, 1, op->output_count);
}

mj_status mj_split_run(const mj_context *context, const mj_op_record *op) {
  const uint32_t rows = (uint32_t)((const mj_join_params *)mj_const(context, op->params_offset))->rows;
  const uint32_t row_bytes = mj_tensor(context, mj_op_tensor(context, op, 0))->bytes / rows;
  const uint8_t *column = mj_op_input(context, op, 0);
  for (uint32_t n = 0; n < op->output_count; n++) {
    const uint32_t part_bytes = mj_tensor(context, mj_op_tensor(context, op, 1 + n))->bytes / rows;
    const uint8_t *in = column;
    uint8_t *out = mj_op_output(context, op, n);
    for (uint32_t r = 0; r < rows; r++, in += row_bytes, out += part_bytes)
      mj_copy_block(out, in, part_bytes);
    column += part_bytes;
  }
  return MJ_STATUS_OK;
}
