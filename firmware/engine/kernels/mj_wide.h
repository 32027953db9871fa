/*
 * Layers with int16 activations, int8 weights and zero points of 0: sums of 64 bits with a 64-bit bias, or of
 * 32 bits without one or with a bias of 32 bits. The two are requantised differently, as TensorFlow Lite
 * Micro does.
 */
#ifndef MJ_WIDE_H
#define MJ_WIDE_H

#include "../mj_fixed.h"
#include "../mj_kernels.h"

typedef struct {
  const int8_t *weights;
  const void *bias; /* i64 or i32 by `wide`; NULL when there is none */
  const int32_t *multipliers;
  const int32_t *shifts;
  int32_t act_min;
  int32_t act_max;
  int32_t wide;
} mj_wide_layer;

/* The 16-bit multiplier, one rounding: acc · multiplier · 2^(shift − 31) for −31 ≤ shift ≤ 7; wraps. */
static inline int32_t mj_requantize_wide(int64_t acc, int32_t multiplier, int32_t shift) {
  const int64_t reduced = multiplier < 0x7fff0000 ? (multiplier + (1 << 15)) >> 16 : 0x7fff;
  const uint32_t total = (uint32_t)(15 - shift);
  const uint64_t sum = (uint64_t)acc * (uint64_t)reduced + ((uint64_t)1 << (total - 1));
  return (int32_t)((int64_t)sum >> total);
}

/* `sum` of the products of output channel `o`. */
static inline int16_t mj_wide_finish(const mj_wide_layer *l, int64_t sum, int32_t o) {
  int32_t scaled = 0;
  if (l->wide != 0) {
    if (l->bias != NULL) sum = (int64_t)((uint64_t)sum + (uint64_t)((const int64_t *)l->bias)[o]);
    scaled = mj_requantize_wide(sum, l->multipliers[o], l->shifts[o]);
  } else {
    int32_t acc = (int32_t)(uint32_t)(uint64_t)sum;
    if (l->bias != NULL) acc = mj_wrap_add(acc, ((const int32_t *)l->bias)[o]);
    scaled = mj_requantize(acc, l->multipliers[o], l->shifts[o]);
  }
  return (int16_t)mj_clamp(scaled, l->act_min, l->act_max);
}

/* Σ x·w; the products of one row fit 32 bits for a while, so they are added up there first. */
static inline int64_t mj_wide_dot(const int16_t *x, const int8_t *w, int32_t depth, int64_t sum) {
  for (int32_t k = 0; k < depth;) {
    const int32_t end = depth - k > 256 ? k + 256 : depth;
    int32_t part = 0; /* at most 256 · 2^15 · 2^7 = 2^30 */
    for (; k < end; k++) part += x[k] * w[k];
    sum += part;
  }
  return sum;
}

/* Multipliers, shifts and bias lie inside the Program and in their ranges; the clamp is one of int16. */
static inline bool mj_wide_fits(const mj_engine *engine, const mj_wide_layer *l, uint32_t multipliers,
                                uint32_t shifts, uint32_t bias, uint32_t channels) {
  if (!mj_requantization_fits(engine, multipliers, shifts, l->wide == 0 ? bias : 0, channels)) return false;
  if (l->act_min > l->act_max || l->act_min < INT16_MIN || l->act_max > INT16_MAX) return false;
  if (l->wide == 0) return true;
  if (bias != 0 && !mj_const_fits(engine, bias, channels, 8)) return false;
  const int32_t *shift = mj_const(&engine->context, shifts);
  for (uint32_t i = 0; i < channels; i++) {
    if (shift[i] > 7) return false;
  }
  return true;
}

#endif
