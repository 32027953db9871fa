/* REDUCE_MAX, int8: the largest element along some dimensions. */
#include "mj_reduce.h"

bool mj_reduce_max_s8_check(const mj_engine *engine, const mj_op_record *op) {
  return mj_reduce_check(engine, op);
}

static int8_t reduce(const mj_reduce_params *p, const int8_t *first) {
  int8_t most = INT8_MIN;
  for (int32_t i = 0; i < p->reduce_dims[0]; i++) {
    for (int32_t j = 0; j < p->reduce_dims[1]; j++) {
      for (int32_t k = 0; k < p->reduce_dims[2]; k++) {
        const int8_t *x =
            first + i * p->reduce_strides[0] + j * p->reduce_strides[1] + k * p->reduce_strides[2];
        for (int32_t l = p->reduce_dims[3]; l > 0; l--, x += p->reduce_strides[3])
          most = *x > most ? *x : most;
      }
    }
  }
  return most;
}

mj_status mj_reduce_max_s8_run(const mj_context *context, const mj_op_record *op) {
  mj_reduce_run(context, op, reduce);
  return MJ_STATUS_OK;
}
