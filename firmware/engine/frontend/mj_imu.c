#include "mj_imu.h"

#define FRACTION_BITS 13
#define COEFFICIENT_BITS 28

static int32_t saturate(int64_t x) {
  return x > INT32_MAX ? INT32_MAX : x < INT32_MIN ? INT32_MIN : (int32_t)x;
}

static int32_t section(const mj_biquad_record *k, mj_biquad_state *s, int32_t x) {
  const int64_t sum = (int64_t)k->b[0] * x + (int64_t)k->b[1] * s->x1 + (int64_t)k->b[2] * s->x2 -
                      (int64_t)k->a[0] * s->y1 - (int64_t)k->a[1] * s->y2 + s->rest;
  const int32_t y = saturate(sum >> COEFFICIENT_BITS);
  s->rest = (int32_t)(sum & ((1 << COEFFICIENT_BITS) - 1));
  s->x2 = s->x1;
  s->x1 = x;
  s->y2 = s->y1;
  s->y1 = y;
  return y;
}

static int16_t rounded(int32_t x) {
  const int64_t half = 1 << (FRACTION_BITS - 1);
  const int64_t y = (x + half) >> FRACTION_BITS;
  return (int16_t)(y > INT16_MAX ? INT16_MAX : y < INT16_MIN ? INT16_MIN : y);
}

int16_t mj_imu_filter(const mj_biquad_record *sections, uint32_t count, mj_biquad_state *state, int16_t x) {
  int32_t y = x * (1 << FRACTION_BITS);
  for (uint32_t i = 0; i < count; i++) y = section(&sections[i], &state[i], y);
  return rounded(y);
}

/* y * (1 + a1 + a2) = x * (b0 + b1 + b2). */
void mj_imu_settle(const mj_biquad_record *sections, uint32_t count, mj_biquad_state *state, int16_t x) {
  int32_t at = x * (1 << FRACTION_BITS);
  for (uint32_t i = 0; i < count; i++) {
    const mj_biquad_record *k = &sections[i];
    const int64_t gain = (int64_t)k->b[0] + k->b[1] + k->b[2];
    const int64_t loss = (1 << COEFFICIENT_BITS) + (int64_t)k->a[0] + k->a[1];
    const int32_t y = loss == 0 ? 0 : saturate(at * gain / loss);
    state[i] = (mj_biquad_state){.x1 = at, .x2 = at, .y1 = y, .y2 = y, .rest = 1 << (COEFFICIENT_BITS - 1)};
    at = y;
  }
}
