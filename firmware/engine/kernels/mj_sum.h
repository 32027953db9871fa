/*
 * ADD and SUB, int8: both inputs are brought to a common scale with 20 bits of headroom, added or subtracted,
 * and requantised.
 */
#ifndef MJ_SUM_H
#define MJ_SUM_H

#include "mj_broadcast.h"

static inline bool mj_sum_check(const mj_engine *engine, const mj_op_record *op) {
  const mj_add_params *p = mj_const(&engine->context, op->params_offset);
  return mj_broadcast_check(engine, op, sizeof(*p)) && mj_between(p->offset1, -127, 128) &&
         mj_between(p->offset2, -127, 128) && mj_between(p->left_shift, 0, 22) && p->multiplier1 >= 0 &&
         p->multiplier2 >= 0 && p->output_multiplier >= 0 && mj_between(p->shift1, -31, 30) &&
         mj_between(p->shift2, -31, 30) && mj_between(p->output_shift, -31, 30) &&
         mj_s8_output_fits(p->output_offset, p->act_min, p->act_max);
}

static inline int32_t mj_sum_first(const mj_add_params *p, int8_t x) {
  return mj_requantize(mj_wrap_shift_left(x + p->offset1, (uint32_t)p->left_shift), p->multiplier1,
                       p->shift1);
}

static inline int32_t mj_sum_second(const mj_add_params *p, int8_t y) {
  return mj_requantize(mj_wrap_shift_left(y + p->offset2, (uint32_t)p->left_shift), p->multiplier2,
                       p->shift2);
}

static inline int8_t mj_sum_finish(const mj_add_params *p, int32_t sum) {
  const int32_t scaled = mj_requantize(sum, p->output_multiplier, p->output_shift);
  return (int8_t)mj_clamp(mj_wrap_add(scaled, p->output_offset), p->act_min, p->act_max);
}

#endif
