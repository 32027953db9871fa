/* What the host calls: the front end with its buffers in static memory. Built by
 * scripts/build-frontend-wasm.ts. */
#include "../mj_detect.h"
#include "../mj_feature_stream.h"

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

/* ---- the stream ---- */

#define SETUP_BYTES 16384
#define WORK_BYTES 49152
#define STREAM_VALUES 8192
#define WINDOW_BYTES 16384

static uint8_t stream_setup[SETUP_BYTES] __attribute__((aligned(16)));
static uint8_t stream_work[WORK_BYTES] __attribute__((aligned(16)));
static int16_t stream_values[STREAM_VALUES];
static int8_t stream_window[WINDOW_BYTES];
static int8_t detect_outputs[MJ_DETECT_MAX_CLASSES];
static mj_feature_stream stream;
static mj_detector detector;
static int32_t detect_score;

static const mj_stream_setup *the_setup(void) {
  return (const void *)stream_setup;
}

EXPORT("streamSetup") uint8_t *stream_setup_address(void) {
  return stream_setup;
}

EXPORT("streamValues") int16_t *stream_values_address(void) {
  return stream_values;
}

EXPORT("streamWindow") int8_t *stream_window_address(void) {
  return stream_window;
}

EXPORT("detectOutputs") int8_t *detect_outputs_address(void) {
  return detect_outputs;
}

/* Working memory the device needs, 0 when the set-up is refused. */
EXPORT("streamOpen") uint32_t stream_open(uint32_t bytes) {
  if (bytes > SETUP_BYTES || !mj_stream_setup_fits(stream_setup, bytes)) return 0;
  const uint32_t work = mj_feature_stream_work_bytes(the_setup());
  if (work > WORK_BYTES) return 0;
  mj_feature_stream_open(&stream, the_setup(), stream_work);
  return work;
}

EXPORT("streamRestart") void stream_restart(void) {
  mj_feature_stream_restart(&stream);
}

/* Sample frames taken from `streamValues`; the top bit: a window is complete and quantised. */
EXPORT("streamPush") uint32_t stream_push(uint32_t from_value, uint32_t count) {
  bool complete = false;
  const uint32_t taken = mj_feature_stream_push(&stream, stream_values + from_value, count, &complete);
  if (!complete) return taken;
  mj_feature_stream_window(&stream, stream_window);
  return taken | 1u << 31;
}

EXPORT("windowSamples") uint32_t window_samples(void) {
  return mj_feature_stream_window_samples(the_setup());
}

EXPORT("mulawDecode") int32_t mulaw_decode(uint32_t code) {
  return mj_mulaw_decode((uint8_t)code);
}

EXPORT("detectReset") void detect_reset(uint32_t classes) {
  mj_detector_reset(&detector, classes);
}

EXPORT("detect") int32_t detect(uint32_t last_sample) {
  return mj_detect(&detector, the_setup(), detect_outputs, last_sample, &detect_score);
}

EXPORT("detectScore") int32_t detect_score_value(void) {
  return detect_score;
}

/* clang turns the zero padding of a frame into a call of memset. */
void *memset(void *to, int value, unsigned long bytes) {
  volatile uint8_t *p = to;
  while (bytes--) *p++ = (uint8_t)value;
  return to;
}

/* … and the copying of a frame's rest into one of memmove. */
void *memmove(void *to, const void *from, unsigned long bytes) {
  volatile uint8_t *t = to;
  const uint8_t *f = from;
  if ((uintptr_t)to <= (uintptr_t)from)
    for (unsigned long i = 0; i < bytes; i++) t[i] = f[i];
  else
    while (bytes--) t[bytes] = f[bytes];
  return to;
}

void *memcpy(void *restrict to, const void *restrict from, unsigned long bytes) {
  volatile uint8_t *t = to;
  const uint8_t *f = from;
  for (unsigned long i = 0; i < bytes; i++) t[i] = f[i];
  return to;
}
