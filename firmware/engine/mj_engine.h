/*
 * The engine: runs a Program in place. Portable C11, no malloc, no floating point outside QUANTIZE and
 * DEQUANTIZE, no libc but memcpy/memset. The same sources are the device's engine and the host twin's.
 */
#ifndef MJ_ENGINE_H
#define MJ_ENGINE_H

#include <stddef.h>

#include "mj_abi.h"

/* What a kernel sees. All pointers are 16-byte aligned. */
typedef struct {
  const uint8_t *program;
  uint8_t *arena;
} mj_context;

/* A kernel: reads its parameters, computes one operator. One file each in kernels/. */
typedef mj_status (*mj_kernel_fn)(const mj_context *context, const mj_op_record *op);

/* Called around every operator (may be NULL): pins and cycle counts. `index` is the position in the plan. */
typedef struct {
  void (*before)(void *user, uint32_t index);
  void (*after)(void *user, uint32_t index);
  void *user;
} mj_observer;

typedef struct {
  mj_context context;
  const mj_program_header *header;
  uint32_t arena_bytes;
} mj_engine;

/*
 * Checks magic, version, CRC and that every offset lies inside, then prepares `engine`.
 * `available` bytes of Program and `arena_bytes` of arena are what the caller has.
 * Copies the constants that are to lie in the arena, resets the states, and writes nothing else there; never
 * reads outside [program, program + available).
 */
mj_status mj_engine_open(mj_engine *engine, const uint8_t *program, uint32_t available, uint8_t *arena,
                         uint32_t arena_bytes);

/*
 * States (variables of streaming models) keep their contents from one run to the next; this gives them those
 * they begin with.
 */
void mj_engine_reset(const mj_engine *engine);

/* Copies them again: for a caller that has overwritten the arena since. */
void mj_engine_copy_constants(const mj_engine *engine);

/* Runs all operators in order. The input tensors must have been written before. */
mj_status mj_engine_run(const mj_engine *engine, const mj_observer *observer);

/* Runs the operator at `index` of the plan alone; the ones before it must have run. */
mj_status mj_engine_run_op(const mj_engine *engine, uint32_t index);

/* Address and record of the n-th program input or output; NULL when there is none. */
uint8_t *mj_engine_input(const mj_engine *engine, uint32_t n, const mj_tensor_record **record);
uint8_t *mj_engine_output(const mj_engine *engine, uint32_t n, const mj_tensor_record **record);

#endif
