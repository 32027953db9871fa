/*
 * What kernels share: where their tensors are, and the checks that mj_engine_open makes once so that no
 * kernel has to make them while it is timed.
 */
#ifndef MJ_KERNELS_H
#define MJ_KERNELS_H

#include <stdbool.h>

#include "mj_engine.h"

/* Does this operator's parameter block fit its tensors, so that the kernel stays inside them? */
typedef bool (*mj_kernel_check_fn)(const mj_engine *engine, const mj_op_record *op);

typedef struct {
  uint32_t id; /* mj_kernel */
  mj_kernel_fn run;
  mj_kernel_check_fn check;
} mj_kernel_entry;

/* NULL when there is no such kernel. */
const mj_kernel_entry *mj_kernel_find(uint32_t id);

#define MJ_ABSENT_TENSOR 0xffffu

/* No tensor, and no product of its dimensions, is larger. */
#define MJ_MAX_ELEMENTS (1u << 28)
/* Bounds that keep every coordinate product of a windowed kernel inside 32 bits. */
#define MJ_MAX_EXTENT 65535
#define MJ_MAX_STEP 4095

/* Index of the n-th input or output of an operator in the tensor table, MJ_ABSENT_TENSOR when there is none.
 */
uint32_t mj_op_tensor(const mj_context *context, const mj_op_record *op, uint32_t n);

static inline const mj_tensor_record *mj_tensor(const mj_context *context, uint32_t index) {
  const mj_program_header *header = (const mj_program_header *)(const void *)context->program;
  const uint8_t *table = context->program + header->tensors_offset;
  return (const mj_tensor_record *)(const void *)table + index;
}

const void *mj_op_input(const mj_context *context, const mj_op_record *op, uint32_t n);
void *mj_op_output(const mj_context *context, const mj_op_record *op, uint32_t n);

/* Where a constant lies: in the Program, or in its copy in the arena. */
static inline const void *mj_const(const mj_context *context, uint32_t offset) {
  const uint32_t in_arena = offset & MJ_IN_ARENA;
  return (in_arena != 0 ? context->arena : context->program) + (offset - in_arena);
}

/* a · b into *out, false when it exceeds MJ_MAX_ELEMENTS; needs no 64-bit multiply. */
bool mj_bounded_product(uint32_t a, uint32_t b, uint32_t *out);

/* Product of `count` factors, each ≥ 1; false when one is not or the product exceeds MJ_MAX_ELEMENTS. */
bool mj_extent(const int32_t *factors, uint32_t count, uint32_t *out);

static inline bool mj_between(int32_t x, int32_t low, int32_t high) {
  return x >= low && x <= high;
}

/* `count` elements of `element_bytes` lie inside the Program or the copies, aligned to their size. */
bool mj_const_fits(const mj_engine *engine, uint32_t offset, uint32_t count, uint32_t element_bytes);

/* The n-th input (or output) is there, holds `dtype` and has exactly `elements` elements. */
bool mj_input_is(const mj_engine *engine, const mj_op_record *op, uint32_t n, uint32_t dtype,
                 uint32_t elements);
bool mj_output_is(const mj_engine *engine, const mj_op_record *op, uint32_t n, uint32_t dtype,
                  uint32_t elements);

/* The n-th input (or output) is there and has exactly so many bytes, of whatever type. */
bool mj_input_bytes_are(const mj_engine *engine, const mj_op_record *op, uint32_t n, uint32_t bytes);
bool mj_output_bytes_are(const mj_engine *engine, const mj_op_record *op, uint32_t n, uint32_t bytes);

/* `count` multipliers ≥ 0 with shifts in −31…30, and a bias if there is one, all inside the Program. */
bool mj_requantization_fits(const mj_engine *engine, uint32_t multipliers, uint32_t shifts, uint32_t bias,
                            uint32_t count);

/* An int8 zero point, and an activation range inside int8. */
static inline bool mj_s8_output_fits(int32_t offset, int32_t low, int32_t high) {
  return mj_between(offset, -128, 127) && low <= high && low >= -128 && high <= 127;
}

#endif
