#include <string.h>

#include "floats.h"
#include "harness.h"
#include "text.h"

static uint32_t encoded_bytes(const mj_harness *h, const mj_tensor_record *tensor) {
  return h->config.input_encoding == MJ_INPUT_ENCODING_FLOAT32 ? 4u * mj_tensor_elements(tensor)
                                                               : tensor->bytes;
}

uint32_t mj_input_expected_bytes(const mj_harness *h) {
  uint32_t bytes = 0;
  const mj_tensor_record *tensor;
  for (uint32_t n = 0; mj_engine_input(&h->engine, n, &tensor) != NULL; n++)
    bytes += encoded_bytes(h, tensor);
  return bytes;
}

static float float_at(const uint8_t *bytes) {
  float value;
  memcpy(&value, bytes, sizeof value);
  return value;
}

/* All inputs of the Program, one after the other, from floats to what the tensors hold. */
static bool quantize_floats(mj_harness *h) {
  const uint8_t *from = h->db;
  uint8_t *to = h->stage;
  const mj_tensor_record *tensor;
  for (uint32_t n = 0; mj_engine_input(&h->engine, n, &tensor) != NULL; n++) {
    uint32_t elements = mj_tensor_elements(tensor);
    uint32_t bytes_each = elements > 0 ? tensor->bytes / elements : 0;
    if (tensor->bytes > (uint32_t)(h->stage + sizeof h->stage - to)) {
      mj_put("e-[Input does not fit the staging buffer]\r\n");
      return false;
    }
    for (uint32_t i = 0; i < elements; i++, from += 4, to += bytes_each) {
      if (mj_quantize(tensor, float_at(from), to)) continue;
      mj_put("e-[Input element ");
      mj_put_u32(i);
      mj_put(" cannot be quantised]\r\n");
      return false;
    }
  }
  return true;
}

bool mj_input_prepare(mj_harness *h) {
  uint32_t expected = mj_input_expected_bytes(h);
  if (h->db_bytes != expected || h->db_position != expected) {
    mj_put("Input db has ");
    mj_put_u32(h->db_position);
    mj_put(" elemented, expected ");
    mj_put_u32(expected);
    mj_put("\r\ne-[Inference needs a complete input]\r\n");
    return false;
  }
  return h->config.input_encoding != MJ_INPUT_ENCODING_FLOAT32 || quantize_floats(h);
}

/* `db` and tensors are word-aligned; only the inputs after an odd-sized one are not. */
MJ_HOT static void copy_flipping(uint8_t *to, const uint8_t *from, uint32_t bytes, uint32_t flip) {
  if ((((uintptr_t)to | (uintptr_t)from) & 3u) == 0) {
    uint32_t *to32 = (void *)to;
    const uint32_t *from32 = (const void *)from;
    for (; bytes >= 4; bytes -= 4) *to32++ = *from32++ ^ flip;
    to = (uint8_t *)to32;
    from = (const uint8_t *)from32;
  }
  for (; bytes > 0; bytes--) *to++ = (uint8_t)(*from++ ^ flip);
}

MJ_HOT void mj_input_place(mj_harness *h) {
  const uint8_t *from = h->config.input_encoding == MJ_INPUT_ENCODING_FLOAT32 ? h->stage : h->db;
  /* x - 128 in eight bits is x with its top bit turned over. */
  uint32_t flip = h->config.input_encoding == MJ_INPUT_ENCODING_UINT8_MINUS128 ? 0x80808080u : 0;
  const mj_tensor_record *tensor;
  uint8_t *to;
  for (uint32_t n = 0; (to = mj_engine_input(&h->engine, n, &tensor)) != NULL; n++) {
    copy_flipping(to, from, tensor->bytes, flip);
    from += tensor->bytes;
  }
}

bool mj_input_value(const mj_harness *h, uint32_t index, float *value) {
  if (h->config.input_encoding == MJ_INPUT_ENCODING_FLOAT32) {
    *value = float_at(&h->db[4 * index]);
    return true;
  }
  const mj_tensor_record *tensor;
  mj_engine_input(&h->engine, 0, &tensor);
  uint8_t element[4];
  uint32_t bytes_each = tensor->bytes / mj_tensor_elements(tensor);
  if (bytes_each > sizeof element) return false;
  memcpy(element, &h->db[bytes_each * index], bytes_each);
  if (h->config.input_encoding == MJ_INPUT_ENCODING_UINT8_MINUS128) element[0] ^= 0x80u;
  return mj_dequantize(tensor, element, 0, value);
}
