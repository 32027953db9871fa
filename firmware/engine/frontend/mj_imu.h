/* Filters for motion sensors: second-order sections in Q28 over counts with 13 bits of fraction. */
#ifndef MJ_IMU_H
#define MJ_IMU_H

#include <stdint.h>

#include "../mj_abi.h"

/* Of one section of one channel. */
typedef struct {
  int32_t x1, x2, y1, y2; /* Q13 */
  int32_t rest; /* what rounding left of the last output: it goes into the next, so nothing drifts */
} mj_biquad_state;

/* `state` [sections]; saturates. A first sample that is far from zero must be settled before: mj_imu_settle.
 */
int16_t mj_imu_filter(const mj_biquad_record *sections, uint32_t count, mj_biquad_state *state, int16_t x);

/* The state after endless samples of this value: a stream that begins at rest has no step in it. */
void mj_imu_settle(const mj_biquad_record *sections, uint32_t count, mj_biquad_state *state, int16_t x);

#endif
