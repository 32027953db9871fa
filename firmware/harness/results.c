#include <stddef.h>

#include "floats.h"
#include "harness.h"
#include "text.h"

/* mean((output - input)^2) over the first output and input: the anomaly detector's score. */
static bool mean_squared_error(const mj_harness *h, float *mean) {
  const mj_tensor_record *in, *out;
  const uint8_t *output = mj_engine_output(&h->engine, 0, &out);
  if (output == NULL || mj_engine_input(&h->engine, 0, &in) == NULL) return false;
  uint32_t elements = mj_tensor_elements(out);
  if (elements == 0 || elements != mj_tensor_elements(in)) return false;
  float sum = 0.0f;
  for (uint32_t i = 0; i < elements; i++) {
    float y, x;
    if (!mj_dequantize(out, output, i, &y) || !mj_input_value(h, i, &x)) return false;
    float difference = y - x;
    sum = sum + difference * difference;
  }
  *mean = sum / (float)elements;
  return true;
}

static void put_scores(const mj_harness *h) {
  const mj_tensor_record *tensor;
  const uint8_t *bytes;
  bool first = true;
  for (uint32_t n = 0; (bytes = mj_engine_output(&h->engine, n, &tensor)) != NULL; n++) {
    for (uint32_t i = 0; i < mj_tensor_elements(tensor); i++) {
      float value;
      if (!first) mj_put(",");
      first = false;
      if (mj_dequantize(tensor, bytes, i, &value))
        mj_put_fixed3(value);
      else
        mj_put("?");
    }
  }
}

void mj_results_print(const mj_harness *h) {
  if (!mj_harness_has_program(h)) return;
  if (!h->has_result) {
    mj_put("e-[No inference has been run]\r\n");
    return;
  }
  float mean = 0.0f;
  if (h->config.result_kind == MJ_RESULT_KIND_MEAN_SQUARED_ERROR && !mean_squared_error(h, &mean)) {
    mj_put("e-[Output and input differ in size: no mean squared error]\r\n");
    return;
  }
  mj_put("m-results-[");
  if (h->config.result_kind == MJ_RESULT_KIND_MEAN_SQUARED_ERROR)
    mj_put_fixed3(mean);
  else
    put_scores(h);
  mj_put("]\r\n");
}
