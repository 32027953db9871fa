/* What the host calls: the front end with its buffers in static memory. Built by
 * scripts/build-frontend-wasm.ts. */
#include "../mj_frontend.h"

#define EXPORT(name) __attribute__((export_name(name)))

#define MAX_FRAME_SAMPLES 512

static int16_t samples[MAX_FRAME_SAMPLES];
static int16_t coefficients[MJ_MEL_MAX_COUNT];
static int8_t quantised[MJ_MEL_MAX_COUNT];
static mj_mfcc_scratch scratch;

EXPORT("samples") int16_t *samples_address(void) {
  return samples;
}

EXPORT("coefficients") int16_t *coefficients_address(void) {
  return coefficients;
}

EXPORT("quantised") int8_t *quantised_address(void) {
  return quantised;
}

EXPORT("logMel") int32_t *log_mel_address(void) {
  return scratch.log_mel;
}

EXPORT("melCount") uint32_t mel_count(void) {
  return mj_mfcc_kws.mel_count;
}

EXPORT("frameSamples") uint32_t frame_samples(void) {
  return mj_mfcc_kws.frame_samples;
}

EXPORT("hopSamples") uint32_t hop_samples(void) {
  return mj_mfcc_kws.hop_samples;
}

EXPORT("coefficientCount") uint32_t coefficient_count(void) {
  return mj_mfcc_kws.coefficient_count;
}

EXPORT("frame") void frame(void) {
  mj_mfcc_frame(&mj_mfcc_kws, samples, &scratch, coefficients);
}

EXPORT("quantise") void quantise(int32_t multiplier, uint32_t shift, int32_t zero_point) {
  const mj_mfcc_output output = {(int16_t)multiplier, (uint8_t)shift, (int8_t)zero_point};
  mj_mfcc_to_int8(coefficients, mj_mfcc_kws.coefficient_count, &output, quantised);
}

/* clang turns the zero padding of a frame into a call of memset. */
void *memset(void *to, int value, unsigned long bytes) {
  volatile uint8_t *p = to;
  while (bytes--) *p++ = (uint8_t)value;
  return to;
}
