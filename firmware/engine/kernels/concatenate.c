/* CONCATENATION and PACK: the rows of every input one behind the other. */
#include "mj_join.h"

bool mj_concatenate_check(const mj_engine *engine, const mj_op_record *op) {
  return op->output_count == 1 && mj_join_check(engine, op, op->input_count, 0, op->input_count);
}

mj_status mj_concatenate_run(const mj_context *context, const mj_op_record *op) {
  const uint32_t rows = (uint32_t)((const mj_join_params *)mj_const(context, op->params_offset))->rows;
  const uint32_t row_bytes = mj_tensor(context, mj_op_tensor(context, op, op->input_count))->bytes / rows;
  uint8_t *column = mj_op_output(context, op, 0);
  for (uint32_t n = 0; n < op->input_count; n++) {
    const uint32_t part_bytes = mj_tensor(context, mj_op_tensor(context, op, n))->bytes / rows;
    const uint8_t *in = mj_op_input(context, op, n);
    uint8_t *out = column;
    for (uint32_t r = 0; r < rows; r++, in += part_bytes, out += row_bytes)
      mj_copy_block(out, in, part_bytes);
    column += part_bytes;
  }
  return MJ_STATUS_OK;
}
