/* Elementwise int8 operators of two inputs, with NumPy broadcasting over up to four dimensions. */
#ifndef MJ_BROADCAST_H
#define MJ_BROADCAST_H

#include "../mj_fixed.h"
#include "mj_walk.h"

/* `count` outputs from inputs that advance by their steps (0 or more elements); `params` are the kernel's. */
typedef void (*mj_row_fn)(const void *params, const int8_t *x, int32_t x_step, const int8_t *y,
                          int32_t y_step, int8_t *out, int32_t count);

/* The operator's parameters begin with mj_broadcast_walk, and both inputs and the output fit them. */
bool mj_broadcast_check(const mj_engine *engine, const mj_op_record *op, uint32_t params_bytes);

void mj_broadcast_run(const mj_context *context, const mj_op_record *op, mj_row_fn row);

#endif
