/* Single-precision arithmetic of the harness: IEEE 754, round to nearest, one operation at a time. */
#ifndef MJ_FLOATS_H
#define MJ_FLOATS_H

#include <stdbool.h>
#include <stdint.h>

#include "../engine/mj_abi.h"

uint32_t mj_float_bits(float value);
float mj_float_of_bits(uint32_t bits);

/* The scale of a per-tensor quantised record, also for power-of-two scales. */
float mj_tensor_scale(const mj_tensor_record *tensor);

/* Elements of a tensor. */
uint32_t mj_tensor_elements(const mj_tensor_record *tensor);

/*
 * round(value / scale) + zero_point, clamped: half away from zero, as TFLM's AffineQuantize. False: not a
 * number, or a type that cannot be quantised to.
 */
bool mj_quantize(const mj_tensor_record *tensor, float value, uint8_t *to);

/* scale * (q - zero_point) of element `index`; floats as they are. False: a type without a value. */
bool mj_dequantize(const mj_tensor_record *tensor, const uint8_t *bytes, uint32_t index, float *value);

#endif
