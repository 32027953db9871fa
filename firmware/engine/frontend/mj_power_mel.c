#include "mj_fixed_point.h"
#include "mj_frontend.h"

/*
 * A magnitude is at most 2^30, its square 2^60. By Parseval all bins' squares together stay below 2^61, so
 * that after this shift Q15 weights leave room. What is cut off is 2^-43 of the largest power: below the
 * FFT's own noise.
 */
#define POWER_SHIFT 18

static int32_t log2_wide_q16(uint64_t x) {
  const uint32_t high = (uint32_t)(x >> 32);
  if (high == 0) return mj_log2_q16((uint32_t)x);
  const uint32_t up = mj_log2_floor(high) + 1u;
  return mj_log2_q16((uint32_t)(x >> up)) + (int32_t)(up << 16);
}

void mj_log_mel_power(const mj_mfcc_recipe *recipe, uint32_t floor_shift, uint32_t shift,
                      const int32_t *magnitude, int32_t *out) {
  const uint16_t *weight = recipe->mel_weight;
  /* Samples as fractions are scaled by 2^(21 + shift); squared, shifted and weighted: */
  const int32_t scale_log2 = (int32_t)((2u * (21u + shift) - POWER_SHIFT + 15u) << 16);
  const uint64_t floor_value = (uint64_t)recipe->floor << floor_shift >> (2u * (15u - shift));
  for (uint32_t m = 0; m < recipe->mel_count; m++) {
    uint64_t sum = floor_value;
    const int32_t *bin = magnitude + 2 * recipe->mel_first[m];
    for (uint32_t i = 0; i < recipe->mel_bins[m]; i++) {
      const uint32_t x = (uint32_t)bin[2 * i];
      sum += ((uint64_t)x * x >> POWER_SHIFT) * *weight++;
    }
    out[m] = log2_wide_q16(sum == 0 ? 1 : sum) - scale_log2;
  }
}
