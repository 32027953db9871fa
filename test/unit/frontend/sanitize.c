/* Frames of every kind and level through the front end under the undefined-behaviour and address sanitizers.
 */
#include <math.h>
#include <stdint.h>

#include "../../../firmware/engine/frontend/mj_frontend.h"

static uint32_t state = 1;

static uint32_t draw(uint32_t below) {
  state = state * 1664525u + 1013904223u;
  return (state >> 8) % below;
}

static int16_t clamp(double v) {
  return (int16_t)(v > 32767 ? 32767 : v < -32768 ? -32768 : v);
}

static int16_t sample(uint32_t kind, uint32_t i, double hz, uint32_t level, uint32_t period) {
  const double tone = sin(hz * i);
  switch (kind) {
    case 0:
      return clamp((double)draw(65536) - 32768);
    case 1:
      return (i / period) % 2 ? 32767 : -32768;
    case 2:
      return clamp(32767 * tone);
    case 3:
      return clamp(level * tone + draw(3));
    case 4:
      return draw(100) == 0 ? -32768 : 0;
    case 5:
      return clamp((double)draw(3) - 1);
    case 6:
      return -32768;
    default:
      return tone > 0 ? 32767 : -32768;
  }
}

int main(void) {
  static mj_mfcc_scratch scratch;
  int16_t samples[480];
  int16_t coefficients[10];
  int8_t quantised[10];
  for (uint32_t frame = 0; frame < 4000; frame++) {
    const double hz = 3.14159 * draw(10000) / 10000;
    const uint32_t level = draw(32768);
    const uint32_t period = 1 + draw(200);
    for (uint32_t i = 0; i < 480; i++) samples[i] = sample(frame % 8, i, hz, level, period);
    mj_mfcc_frame(&mj_mfcc_kws, samples, &scratch, coefficients);
    const mj_mfcc_output output = {(int16_t)(16384 + draw(16384)), (uint8_t)(1 + draw(30)),
                                   (int8_t)((int32_t)draw(256) - 128)};
    mj_mfcc_to_int8(coefficients, 10, &output, quantised);
  }
  return 0;
}
