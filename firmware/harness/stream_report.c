/* Frames to the host: docs/stream-format.md. All structures are little-endian as the core is. */
#include <stddef.h>

#include "crc.h"
#include "stream.h"

static void put(mj_stream *s, const void *bytes, uint32_t count) {
  s->frame_crc = mj_crc32(s->frame_crc, bytes, count);
  mj_cobs_send(&s->sender, bytes, count);
}

static void begin(mj_stream *s, mj_stream_frame type) {
  const volatile mj_port_line_errors *errors = s->h->board->line_errors;
  mj_stream_report *r = &s->report;
  r->type = (uint8_t)type;
  r->limit_sequence = (uint16_t)(r->next_sequence + s->frames_room);
  r->overruns = errors->overruns + errors->dropped - s->overruns_at_start;
  r->device_us = mj_port_now_us();
  s->frames_since_report = 0;
  s->frame_crc = 0;
  mj_cobs_begin(&s->sender);
  put(s, r, sizeof *r);
  r->sequence++;
}

static void end(mj_stream *s) {
  uint32_t crc = s->frame_crc;
  mj_cobs_send(&s->sender, (const uint8_t *)&crc, sizeof crc);
  mj_cobs_end(&s->sender);
}

void mj_stream_send_status(mj_stream *s, mj_stream_frame type) {
  begin(s, type);
  end(s);
}

void mj_stream_send_gap(mj_stream *s, uint32_t index) {
  begin(s, MJ_STREAM_FRAME_GAP);
  put(s, &s->gaps[index % MJ_STREAM_GAP_LOG], sizeof s->gaps[0]);
  end(s);
}

void mj_stream_send_window(mj_stream *s, mj_stream_frame type, mj_stream_window_record *window,
                           const uint8_t *output) {
  window->since_start_us = mj_port_now_us() - s->start_us;
  begin(s, type);
  put(s, window, sizeof *window);
  if (output != NULL) put(s, output, window->output_bytes);
  if (window->feature_bytes > 0) {
    /* the inference may have used the input's place; the output is out by now */
    mj_feature_stream_window(&s->features, (int8_t *)s->input);
    put(s, s->input, window->feature_bytes);
  }
  end(s);
}
