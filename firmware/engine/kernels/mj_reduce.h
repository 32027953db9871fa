/* One value from all elements along some dimensions, int8: MEAN, SUM, REDUCE_MAX. */
#ifndef MJ_REDUCE_H
#define MJ_REDUCE_H

#include "../mj_fixed.h"
#include "mj_walk.h"

/* Both walks together reach all of the input, and the dimensions that stay make the output. */
bool mj_reduce_check(const mj_engine *engine, const mj_op_record *op);

/* From the first element of those to be reduced, one output. */
typedef int8_t (*mj_reduce_fn)(const mj_reduce_params *p, const int8_t *first);

void mj_reduce_run(const mj_context *context, const mj_op_record *op, mj_reduce_fn reduce);

#endif
