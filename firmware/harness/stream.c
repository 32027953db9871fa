/*
 * Live samples in, results out (docs/stream-format.md). The line's interrupt fills a ring; everything else
 * happens here, one after the other, so a slow model fills the ring, credits stop and no sample is lost
 * unnoticed.
 */
#include "stream.h"

#include <stddef.h>
#include <string.h>

#include "crc.h"
#include "text.h"

enum {
  CHUNK_BYTES = 64,
  FRAME_OVERHEAD = sizeof(mj_stream_head) + 4, /* head and CRC */
  VALUES = 1024,
  RING_MAX_BYTES = 16384,
  RING_SPARE_BYTES = 128, /* probes */
  DEFAULT_SILENCE_US = 3000000,
  MAX_SILENCE_US = 60000000,
  STARVE_EXTRA_US = 20000,
};

/* ---- windows ---- */

static uint32_t queued_bytes(mj_stream *s) {
  uint32_t bytes = mj_port_receive(NULL, 0, 0);
  if (bytes > s->report.max_queued_bytes) s->report.max_queued_bytes = bytes;
  return bytes;
}

static void front_end_begins(uint64_t *cycles) {
  mj_port_pins(MJ_PIN_TIMESTAMP, 0);
  *cycles = mj_port_cycles();
}

static void front_end_ends(mj_stream *s, uint64_t began) {
  uint64_t sum = s->front_end_cycles + (mj_port_cycles() - began);
  mj_port_pins(MJ_PIN_TIMESTAMP, MJ_PIN_TIMESTAMP);
  s->front_end_cycles = sum > UINT32_MAX ? UINT32_MAX : (uint32_t)sum;
}

static void detect(mj_stream *s, mj_stream_window_record *w, const uint8_t *output) {
  w->detected_class = -1;
  if ((s->setup->flags & MJ_STREAM_FLAG_DETECT) == 0 || output == NULL) return;
  w->detected_class =
      (int16_t)mj_detect(s->detector, s->setup, (const int8_t *)output, w->last_sample, &w->score);
}

static void run_window(mj_stream *s, uint32_t last_sample, uint32_t checked_us) {
  mj_stream_window_record w = {.index = s->next_window++, .last_sample = last_sample, .detected_class = -1};
  w.queued_bytes = queued_bytes(s);
  if (s->setup->drop_backlog_bytes != 0 && w.queued_bytes > s->setup->drop_backlog_bytes) {
    s->report.dropped++;
    mj_stream_send_window(s, MJ_STREAM_FRAME_DROPPED, &w, NULL);
    return;
  }
  uint64_t began;
  front_end_begins(&began);
  mj_feature_stream_window(&s->features, (int8_t *)s->input);
  front_end_ends(s, began);
  w.features_crc32 = mj_crc32(0, s->input, s->input_bytes);
  w.front_end_cycles = s->front_end_cycles;
  s->front_end_cycles = 0;
  w.status = (uint16_t)mj_window_single(s->h, &w.inference_cycles);
  w.latency_us = mj_port_now_us() - checked_us;
  const mj_tensor_record *tensor;
  const uint8_t *output = mj_engine_output(&s->h->engine, 0, &tensor);
  if (output != NULL) w.output_bytes = (uint16_t)tensor->bytes;
  detect(s, &w, output);
  if ((s->setup->flags & MJ_STREAM_FLAG_SEND_FEATURES) != 0) w.feature_bytes = (uint16_t)s->input_bytes;
  s->report.windows++;
  mj_stream_send_window(s, MJ_STREAM_FRAME_WINDOW, &w, output);
}

/* ---- samples ---- */

/* Sample frames `at` … on, as int16; at most as many as fit `values`. */
static const int16_t *decoded(mj_stream *s, const uint8_t *payload, uint32_t at, uint32_t *count,
                              uint32_t width) {
  if (s->setup->encoding == MJ_SAMPLE_ENCODING_INT16) return (const void *)(payload + 2u * width * at);
  if (*count > VALUES / width) *count = VALUES / width;
  const uint8_t *from = payload + width * at;
  bool mulaw = s->setup->encoding == MJ_SAMPLE_ENCODING_MU_LAW;
  for (uint32_t i = 0; i < *count * width; i++)
    s->values[i] = mulaw ? mj_mulaw_decode(from[i]) : (int8_t)from[i];
  return s->values;
}

static uint32_t width_of(const mj_stream_setup *setup) {
  return setup->front_end == MJ_FRONT_END_FEATURES ? setup->row_elements : setup->channels;
}

static void take_samples(mj_stream *s, const uint8_t *payload, uint32_t first, uint32_t count,
                         uint32_t checked_us) {
  uint32_t width = width_of(s->setup);
  for (uint32_t at = 0; at < count;) {
    uint32_t chunk = count - at;
    uint64_t began;
    bool complete = false;
    front_end_begins(&began);
    const int16_t *samples = decoded(s, payload, at, &chunk, width);
    at += mj_feature_stream_push(&s->features, samples, chunk, &complete);
    front_end_ends(s, began);
    if (complete) run_window(s, first + at - 1u, checked_us);
  }
}

/* Samples before `first` will not come: what was gathered of a window is of no use any more. */
static void skip_to(mj_stream *s, uint32_t first) {
  uint32_t missing = first - s->report.next_sample;
  if (missing == 0) return;
  uint32_t index = s->report.gaps++;
  s->gaps[index % MJ_STREAM_GAP_LOG] =
      (mj_stream_gap_record){.index = index, .first_sample = s->report.next_sample, .sample_count = missing};
  s->report.next_sample = first;
  mj_feature_stream_restart(&s->features);
  mj_detector_reset(s->detector, s->detector->classes);
  mj_stream_send_gap(s, index);
}

static uint32_t starve_us(const mj_stream *s, uint32_t count) {
  if (s->setup->sample_rate_milli_hz == 0) return MAX_SILENCE_US;
  uint64_t us = 2ull * count * 1000000000u / s->setup->sample_rate_milli_hz + STARVE_EXTRA_US;
  return us > MAX_SILENCE_US ? MAX_SILENCE_US : (uint32_t)us;
}

static bool samples_frame(mj_stream *s, const mj_stream_head *head, uint32_t payload_bytes) {
  uint32_t bytes_each = width_of(s->setup) * (s->setup->encoding == MJ_SAMPLE_ENCODING_INT16 ? 2u : 1u);
  if (head->count == 0 || payload_bytes != head->count * bytes_each) return false;
  uint32_t now_us = mj_port_now_us();
  queued_bytes(s);
  skip_to(s, head->first_sample);
  s->report.next_sequence = (uint16_t)(head->sequence + 1u);
  s->report.next_sample = head->first_sample + head->count;
  s->report.samples_taken += head->count;
  take_samples(s, (const uint8_t *)head + sizeof *head, head->first_sample, head->count, now_us);
  s->starving = false;
  s->starves_at_us = mj_port_now_us() + starve_us(s, head->count);
  if (++s->frames_since_report >= (s->frames_room + 3u) / 4u)
    mj_stream_send_status(s, MJ_STREAM_FRAME_STATUS);
  return true;
}

/* ---- frames ---- */

static bool send_gaps_again(mj_stream *s, uint32_t from) {
  uint32_t known = s->report.gaps;
  if (from > known) return false;
  if (known - from > MJ_STREAM_GAP_LOG) from = known - MJ_STREAM_GAP_LOG;
  for (; from < known; from++) mj_stream_send_gap(s, from);
  mj_stream_send_status(s, MJ_STREAM_FRAME_STATUS);
  return true;
}

static bool known_frame(mj_stream *s, const mj_stream_head *head, uint32_t payload_bytes) {
  if (head->type == MJ_STREAM_FRAME_GAPS) return payload_bytes == 0 && send_gaps_again(s, head->first_sample);
  /* what is older than the samples taken comes from a host that lost count */
  if ((int32_t)(head->first_sample - s->report.next_sample) < 0) return false;
  if (head->type == MJ_STREAM_FRAME_SAMPLES) return samples_frame(s, head, payload_bytes);
  if ((head->type != MJ_STREAM_FRAME_PROBE && head->type != MJ_STREAM_FRAME_END) || payload_bytes != 0)
    return false;
  skip_to(s, head->first_sample);
  s->report.next_sequence = head->sequence;
  if (head->type == MJ_STREAM_FRAME_END)
    s->end = "end";
  else
    mj_stream_send_status(s, MJ_STREAM_FRAME_STATUS);
  return true;
}

static bool good_frame(mj_stream *s) {
  const mj_cobs_decoder *d = &s->decoder;
  if (mj_cobs_fault(d) != NULL || d->length < FRAME_OVERHEAD) return false;
  uint32_t body = d->length - 4u, crc;
  memcpy(&crc, d->bytes + body, sizeof crc);
  return mj_crc32(0, d->bytes, body) == crc &&
         known_frame(s, (const void *)d->bytes, body - (uint32_t)sizeof(mj_stream_head));
}

static void take_byte(mj_stream *s, uint8_t byte) {
  if (byte != 0) {
    mj_cobs_accept(&s->decoder, byte);
    return;
  }
  if (!s->decoder.begun) return;
  if (good_frame(s))
    s->last_good_us = mj_port_now_us();
  else
    s->report.bad_frames++;
  mj_cobs_reset(&s->decoder);
}

/* ---- the stream ---- */

static uint32_t time_left(uint32_t deadline_us) {
  int32_t left = (int32_t)(deadline_us - mj_port_now_us());
  return left > 0 ? (uint32_t)left : 0;
}

static uint32_t silence_us(const mj_stream *s) {
  uint32_t us = s->setup->silence_us;
  return us == 0 ? DEFAULT_SILENCE_US : us > MAX_SILENCE_US ? MAX_SILENCE_US : us;
}

static void serve(mj_stream *s) {
  while (s->end == NULL) {
    uint8_t chunk[CHUNK_BYTES];
    uint32_t silent_in = time_left(s->last_good_us + silence_us(s));
    uint32_t starves_in = s->starving ? silent_in : time_left(s->starves_at_us);
    if (silent_in == 0) {
      s->end = "silence";
      return;
    }
    if (!s->starving && starves_in == 0) {
      s->starving = true;
      s->report.underruns++;
      mj_stream_send_status(s, MJ_STREAM_FRAME_STATUS);
      continue;
    }
    uint32_t count = mj_port_receive(chunk, sizeof chunk, starves_in < silent_in ? starves_in : silent_in);
    for (uint32_t i = 0; i < count && s->end == NULL; i++) take_byte(s, chunk[i]);
  }
}

/* NULL: the model takes what the set-up makes. */
static const char *model_fault(mj_stream *s) {
  const mj_tensor_record *in, *out;
  s->input = mj_engine_input(&s->h->engine, 0, &in);
  if (s->input == NULL || mj_engine_input(&s->h->engine, 1, NULL) != NULL)
    return "the model has not one input";
  if (in->dtype != MJ_DTYPE_INT8) return "the input is not int8";
  s->input_bytes = (uint32_t)s->setup->window_rows * s->setup->row_elements;
  if (in->bytes != s->input_bytes) return "the window is not what the input takes";
  const uint8_t *output = mj_engine_output(&s->h->engine, 0, &out);
  if (output == NULL || out->dtype != MJ_DTYPE_INT8 || out->bytes > UINT16_MAX)
    return "the output is not int8";
  return NULL;
}

static uint32_t carve(uint32_t *at, uint32_t bytes) {
  uint32_t from = *at;
  *at = (from + bytes + 15u) & ~15u;
  return from;
}

/* Everything a stream needs lies behind its set-up; what is left becomes the ring. NULL: it fits. */
static const char *lay_out(mj_stream *s, uint32_t setup_bytes, uint32_t *ring_at, uint32_t *ring_bytes) {
  uint32_t at = 0;
  carve(&at, setup_bytes);
  uint32_t work = carve(&at, mj_feature_stream_work_bytes(s->setup));
  uint32_t detector = carve(&at, sizeof(mj_detector));
  uint32_t values = carve(&at, VALUES * (uint32_t)sizeof(int16_t));
  uint32_t frame_bytes = s->setup->block_bytes + FRAME_OVERHEAD;
  uint32_t frame = carve(&at, frame_bytes);
  *ring_at = at;
  for (*ring_bytes = RING_MAX_BYTES; at + *ring_bytes > MJ_STREAM_BYTES; *ring_bytes /= 2u)
    if (*ring_bytes <= 1024) return "no room for the ring";
  uint32_t on_line = frame_bytes + frame_bytes / 254u + 3u;
  s->frames_room = (*ring_bytes - 1u - RING_SPARE_BYTES) / on_line;
  if (s->frames_room < 2) return "the ring holds less than two frames";
  uint8_t *base = s->h->stream;
  s->detector = (void *)(base + detector);
  s->values = (void *)(base + values);
  s->decoder = (mj_cobs_decoder){.bytes = base + frame, .capacity = frame_bytes};
  mj_feature_stream_open(&s->features, s->setup, base + work);
  return NULL;
}

static const char *setup_fault(mj_stream *s) {
  s->setup = (const void *)s->h->stream;
  uint32_t bytes = s->setup->total_bytes;
  if (bytes > MJ_STREAM_SETUP_MAX_BYTES || bytes < sizeof *s->setup) return "no set-up was loaded";
  if (mj_crc32(0, s->h->stream + 16, bytes - 16u) != s->setup->crc32) return "the set-up's CRC";
  return mj_stream_setup_fits(s->h->stream, bytes) ? NULL : "the set-up's contents";
}

static void put_error(const char *reason) {
  mj_put("e-[mj stream: ");
  mj_put(reason);
  mj_put("]\r\n");
}

static void put_field(const char *name, uint32_t value) {
  mj_put(name);
  mj_put_u32(value);
}

static void begin(mj_stream *s) {
  const volatile mj_port_line_errors *errors = s->h->board->line_errors;
  const mj_tensor_record *out;
  mj_engine_output(&s->h->engine, 0, &out);
  mj_detector_reset(s->detector, out->bytes);
  mj_cobs_reset(&s->decoder);
  s->overruns_at_start = errors->overruns + errors->dropped;
  s->start_us = mj_port_now_us();
  s->last_good_us = s->start_us;
  s->starving = true; /* nothing is late before the first samples */
}

static void put_done(const mj_stream *s) {
  put_field("\r\nm-mj-stream-done-[samples=", s->report.samples_taken);
  put_field(",gaps=", s->report.gaps);
  put_field(",windows=", s->report.windows);
  put_field(",dropped=", s->report.dropped);
  mj_put(",reason=");
  mj_put(s->end);
  mj_put("]\r\n");
}

void mj_stream_run(mj_harness *h) {
  mj_engine_reset(&h->engine);
  static mj_stream stream;
  mj_stream *s = &stream;
  uint32_t ring_at, ring_bytes;
  if (!mj_harness_has_program(h)) return;
  mj_harness_forget_input(h);
  memset(s, 0, sizeof *s);
  s->h = h;
  const char *fault = setup_fault(s);
  if (fault == NULL) fault = model_fault(s);
  if (fault == NULL) fault = lay_out(s, s->setup->total_bytes, &ring_at, &ring_bytes);
  if (fault == NULL && !mj_port_open_line(h->config.baud, h->stream + ring_at, ring_bytes))
    fault = "the line";
  if (fault != NULL) {
    put_error(fault);
    return;
  }
  begin(s);
  put_field("m-mj-stream-[ring=", ring_bytes);
  put_field(",frames=", s->frames_room);
  put_field(",work=", ring_at);
  mj_put("]\r\n");
  serve(s);
  mj_stream_send_status(s, MJ_STREAM_FRAME_ENDED);
  mj_port_open_line(h->config.baud, NULL, 0);
  put_done(s);
}
