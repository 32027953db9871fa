#include "floats.h"

#include <string.h>

uint32_t mj_float_bits(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

float mj_float_of_bits(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

float mj_tensor_scale(const mj_tensor_record *tensor) {
  if (tensor->scale_kind != MJ_SCALE_KIND_POWER_OF_TWO) return tensor->scale;
  int32_t exponent = tensor->scale_log2 + 127;
  return exponent > 0 && exponent < 255 ? mj_float_of_bits((uint32_t)exponent << 23) : 0.0f;
}

static uint32_t element_bytes(uint8_t dtype) {
  switch (dtype) {
    case MJ_DTYPE_INT16:
      return 2;
    case MJ_DTYPE_INT32:
    case MJ_DTYPE_FLOAT32:
      return 4;
    case MJ_DTYPE_INT64:
      return 8;
    default:
      return 1;
  }
}

uint32_t mj_tensor_elements(const mj_tensor_record *tensor) {
  /* From the bytes, which the engine has checked against the arena, not from the dimensions. */
  return tensor->bytes / element_bytes(tensor->dtype);
}

/* Saturates far outside every integer type that is quantised to. */
static int32_t round_half_away(float value) {
  if (value >= 8388608.0f) return 8388608;
  if (value <= -8388608.0f) return -8388608;
  int32_t whole = (int32_t)value;
  float rest = value - (float)whole; /* exact */
  if (rest >= 0.5f) return whole + 1;
  if (rest <= -0.5f) return whole - 1;
  return whole;
}

static bool limits(uint8_t dtype, int32_t *low, int32_t *high) {
  switch (dtype) {
    case MJ_DTYPE_INT8:
      *low = -128;
      *high = 127;
      return true;
    case MJ_DTYPE_UINT8:
      *low = 0;
      *high = 255;
      return true;
    case MJ_DTYPE_INT16:
      *low = -32768;
      *high = 32767;
      return true;
    default:
      return false;
  }
}

bool mj_quantize(const mj_tensor_record *tensor, float value, uint8_t *to) {
  if (value != value) return false;
  if (tensor->dtype == MJ_DTYPE_FLOAT32) {
    memcpy(to, &value, sizeof value);
    return true;
  }
  int32_t low, high;
  float scale = mj_tensor_scale(tensor);
  if (!limits(tensor->dtype, &low, &high) || !(scale > 0.0f)) return false;
  int64_t wide = (int64_t)round_half_away(value / scale) + tensor->zero_point;
  int32_t q = wide < low ? low : wide > high ? high : (int32_t)wide;
  to[0] = (uint8_t)q;
  if (tensor->dtype == MJ_DTYPE_INT16) to[1] = (uint8_t)((uint32_t)q >> 8);
  return true;
}

bool mj_dequantize(const mj_tensor_record *tensor, const uint8_t *bytes, uint32_t index, float *value) {
  int32_t q;
  switch (tensor->dtype) {
    case MJ_DTYPE_INT8:
      q = (int8_t)bytes[index];
      break;
    case MJ_DTYPE_UINT8:
      q = bytes[index];
      break;
    case MJ_DTYPE_INT16:
      q = (int16_t)(uint16_t)(bytes[2 * index] | bytes[2 * index + 1] << 8);
      break;
    case MJ_DTYPE_INT32:
      memcpy(&q, &bytes[4 * index], sizeof q);
      break;
    case MJ_DTYPE_FLOAT32:
      memcpy(value, &bytes[4 * index], sizeof *value);
      return true;
    default:
      return false;
  }
  int32_t steps = (int32_t)((uint32_t)q - (uint32_t)tensor->zero_point);
  *value = mj_tensor_scale(tensor) * (float)steps;
  return true;
}
