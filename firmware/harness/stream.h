/* What the parts of a running stream share: stream.c (line and frames in), stream_report.c (frames out). */
#ifndef MJ_STREAM_H
#define MJ_STREAM_H

#include "../engine/frontend/mj_detect.h"
#include "../engine/frontend/mj_feature_stream.h"
#include "cobs.h"
#include "harness.h"

enum { MJ_STREAM_GAP_LOG = 32 };

typedef struct {
  mj_harness *h;
  const mj_stream_setup *setup;
  mj_feature_stream features;
  mj_detector *detector;
  int16_t *values; /* samples of a frame that are not int16 on the line, decoded */
  uint8_t *input;  /* the model's input tensor */
  uint32_t input_bytes;
  mj_cobs_decoder decoder;
  mj_cobs_sender sender;
  uint32_t frame_crc;
  mj_stream_report report; /* as the next frame will say */
  uint32_t frames_room;    /* samples frames the ring takes */
  uint32_t frames_since_report;
  uint32_t start_us;
  uint32_t last_good_us;  /* a good frame came */
  uint32_t starves_at_us; /* an underrun, unless samples come before */
  bool starving;
  uint32_t overruns_at_start;
  uint32_t next_window;
  uint32_t front_end_cycles;
  mj_stream_gap_record gaps[MJ_STREAM_GAP_LOG]; /* the last ones, number n at n modulo the size */
  const char *end;                              /* why the stream is over; NULL: it is not */
} mj_stream;

/* stream_report.c: each sends one frame. */
void mj_stream_send_status(mj_stream *s, mj_stream_frame type);
void mj_stream_send_gap(mj_stream *s, uint32_t index);
/* The output tensor follows, and the features where the set-up asks for them: they are made again after it.
 */
void mj_stream_send_window(mj_stream *s, mj_stream_frame type, mj_stream_window_record *window,
                           const uint8_t *output);

#endif
