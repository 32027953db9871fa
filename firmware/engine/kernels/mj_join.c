#include "mj_join.h"

static const mj_tensor_record *record_of(const mj_engine *engine, const mj_op_record *op, uint32_t n) {
  const uint32_t index = mj_op_tensor(&engine->context, op, n);
  return index == MJ_ABSENT_TENSOR ? NULL : mj_tensor(&engine->context, index);
}

static bool rows_fit(const mj_tensor_record *tensor, uint32_t rows) {
  return tensor != NULL && tensor->memory != MJ_MEMORY_NONE && tensor->bytes <= MJ_MAX_ELEMENTS &&
         tensor->bytes % rows == 0;
}

bool mj_join_check(const mj_engine *engine, const mj_op_record *op, uint32_t whole, uint32_t first,
                   uint32_t count) {
  const mj_join_params *p = mj_const(&engine->context, op->params_offset);
  if (op->params_bytes < sizeof(*p) || p->rows < 1 || count < 1) return false;
  const uint32_t rows = (uint32_t)p->rows;
  const mj_tensor_record *all = record_of(engine, op, whole);
  if (!rows_fit(all, rows)) return false;
  uint32_t left = all->bytes;
  for (uint32_t i = first; i < first + count; i++) {
    const mj_tensor_record *part = record_of(engine, op, i);
    if (!rows_fit(part, rows) || part->bytes > left) return false;
    left -= part->bytes;
  }
  return left == 0;
}
