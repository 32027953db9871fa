/* The checks kernels share; mj_kernels.h says what each promises. */
#include "mj_kernels.h"

uint32_t mj_op_tensor(const mj_context *context, const mj_op_record *op, uint32_t n) {
  return ((const uint16_t *)(const void *)(context->program + op->io_offset))[n];
}

static const mj_tensor_record *op_record(const mj_context *context, const mj_op_record *op, uint32_t n) {
  return mj_tensor(context, mj_op_tensor(context, op, n));
}

const void *mj_op_input(const mj_context *context, const mj_op_record *op, uint32_t n) {
  const mj_tensor_record *tensor = op_record(context, op, n);
  return (tensor->memory == MJ_MEMORY_CONST ? context->program : context->arena) + tensor->offset;
}

void *mj_op_output(const mj_context *context, const mj_op_record *op, uint32_t n) {
  return context->arena + op_record(context, op, op->input_count + n)->offset;
}

bool mj_bounded_product(uint32_t a, uint32_t b, uint32_t *out) {
  const uint32_t small = a < b ? a : b;
  const uint32_t large = a < b ? b : a;
  if (small > 0xffffu || large > MJ_MAX_ELEMENTS) return false;
  const uint32_t high = (large >> 16) * small;
  const uint32_t low = (large & 0xffffu) * small;
  if (high > (MJ_MAX_ELEMENTS >> 16) || low > MJ_MAX_ELEMENTS) return false;
  *out = (high << 16) + low;
  return *out <= MJ_MAX_ELEMENTS;
}

bool mj_extent(const int32_t *factors, uint32_t count, uint32_t *out) {
  *out = 1;
  for (uint32_t i = 0; i < count; i++) {
    if (factors[i] < 1 || !mj_bounded_product(*out, (uint32_t)factors[i], out)) return false;
  }
  return true;
}

bool mj_const_fits(const mj_engine *engine, uint32_t offset, uint32_t count, uint32_t element_bytes) {
  uint32_t bytes = 0;
  if (!mj_bounded_product(count, element_bytes, &bytes)) return false;
  const mj_program_header *h = engine->header;
  const bool in_arena = (offset & MJ_IN_ARENA) != 0;
  const uint32_t at = offset & ~MJ_IN_ARENA;
  const uint32_t first = in_arena ? h->pinned_offset : sizeof(mj_program_header);
  const uint32_t end = in_arena ? h->arena_bytes : h->total_bytes;
  if (in_arena && h->copy_count == 0) return false;
  if (at < first || (at & (element_bytes - 1)) != 0) return false;
  return at <= end && bytes <= end - at;
}

static bool tensor_is(const mj_tensor_record *tensor, uint32_t dtype, uint32_t elements) {
  const uint32_t size = dtype == MJ_DTYPE_FLOAT32 || dtype == MJ_DTYPE_INT32 ? 4
                        : dtype == MJ_DTYPE_INT16                            ? 2
                                                                             : 1;
  uint32_t bytes = 0;
  return tensor->dtype == dtype && tensor->memory != MJ_MEMORY_NONE &&
         mj_bounded_product(elements, size, &bytes) && tensor->bytes == bytes;
}

bool mj_input_is(const mj_engine *engine, const mj_op_record *op, uint32_t n, uint32_t dtype,
                 uint32_t elements) {
  if (n >= op->input_count || mj_op_tensor(&engine->context, op, n) == MJ_ABSENT_TENSOR) return false;
  return tensor_is(op_record(&engine->context, op, n), dtype, elements);
}

bool mj_output_is(const mj_engine *engine, const mj_op_record *op, uint32_t n, uint32_t dtype,
                  uint32_t elements) {
  if (n >= op->output_count) return false;
  return tensor_is(op_record(&engine->context, op, op->input_count + n), dtype, elements);
}

bool mj_requantization_fits(const mj_engine *engine, uint32_t multipliers, uint32_t shifts, uint32_t bias,
                            uint32_t count) {
  if (!mj_const_fits(engine, multipliers, count, 4) || !mj_const_fits(engine, shifts, count, 4)) return false;
  if (bias != 0 && !mj_const_fits(engine, bias, count, 4)) return false;
  const int32_t *multiplier = mj_const(&engine->context, multipliers);
  const int32_t *shift = mj_const(&engine->context, shifts);
  for (uint32_t i = 0; i < count; i++) {
    if (multiplier[i] < 0 || !mj_between(shift[i], -31, 30)) return false;
  }
  return true;
}

static bool bytes_are(const mj_tensor_record *tensor, uint32_t bytes) {
  return tensor->memory != MJ_MEMORY_NONE && tensor->bytes == bytes;
}

bool mj_input_bytes_are(const mj_engine *engine, const mj_op_record *op, uint32_t n, uint32_t bytes) {
  if (n >= op->input_count || mj_op_tensor(&engine->context, op, n) == MJ_ABSENT_TENSOR) return false;
  return bytes_are(op_record(&engine->context, op, n), bytes);
}

bool mj_output_bytes_are(const mj_engine *engine, const mj_op_record *op, uint32_t n, uint32_t bytes) {
  return n < op->output_count && bytes_are(op_record(&engine->context, op, op->input_count + n), bytes);
}
