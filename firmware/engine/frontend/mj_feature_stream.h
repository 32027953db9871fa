/*
 * From samples to windows, sample by sample: the set-up says how (docs/stream-format.md). Device and host
 * twin run this source, so every window of the one equals the other's bit for bit, however the samples were
 * cut.
 */
#ifndef MJ_FEATURE_STREAM_H
#define MJ_FEATURE_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "mj_frontend.h"
#include "mj_imu.h"

enum { MJ_STREAM_MAX_CHANNELS = 16, MJ_STREAM_MAX_BIQUADS = 4 };

typedef struct {
  const mj_stream_setup *setup;
  const mj_row_quantisation *quantisation;
  const mj_biquad_record *biquads;
  const int32_t *mel_norm; /* NULL: none */
  mj_mfcc_recipe recipe;
  /* In the caller's working memory: */
  int16_t *pending;  /* audio: the samples of the row to come */
  int16_t *rows;     /* [window_rows][row_elements], a ring */
  int32_t *spectrum; /* audio */
  int32_t *log_mel;  /* audio */
  mj_biquad_state *filters;
  uint32_t filled;     /* of `pending` */
  uint32_t skip;       /* samples to leave out before the next row: hop > frame */
  uint32_t next_row;   /* place in the ring */
  uint32_t rows_ready; /* at most window_rows */
  uint32_t rows_to_go; /* before the next window is due */
  bool settled;        /* the filters have seen a sample */
} mj_feature_stream;

/* True: sizes, offsets and tables of the `bytes` bytes are consistent. 4-byte aligned. */
bool mj_stream_setup_fits(const uint8_t *setup, uint32_t bytes);

/* Working memory that mj_feature_stream_open wants for a set-up that fits. */
uint32_t mj_feature_stream_work_bytes(const mj_stream_setup *setup);

/* Samples from the first to the last of a window. */
uint32_t mj_feature_stream_window_samples(const mj_stream_setup *setup);

void mj_feature_stream_open(mj_feature_stream *s, const mj_stream_setup *setup, uint8_t *work);

/* Samples are missing: what was gathered is forgotten; the next window holds only what comes from now on. */
void mj_feature_stream_restart(mj_feature_stream *s);

/*
 * Takes sample frames until a window is complete or all are taken; returns how many. `samples` is
 * interleaved; with the front end Features it holds rows.
 */
uint32_t mj_feature_stream_push(mj_feature_stream *s, const int16_t *samples, uint32_t count, bool *window);

/* The complete window, quantised: [window_rows][row_elements]. */
void mj_feature_stream_window(const mj_feature_stream *s, int8_t *out);

/* One code of G.711 mu-law. */
int16_t mj_mulaw_decode(uint8_t code);

#endif
