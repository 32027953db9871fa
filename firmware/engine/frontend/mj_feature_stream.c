#include "mj_feature_stream.h"

#include <stddef.h>

static bool is_audio(const mj_stream_setup *setup) {
  return setup->front_end == MJ_FRONT_END_LOG_MEL || setup->front_end == MJ_FRONT_END_MFCC;
}

static const void *table(const mj_stream_setup *setup, uint32_t offset) {
  return (const uint8_t *)(const void *)setup + offset;
}

static uint32_t align4(uint32_t bytes) {
  return (bytes + 3u) & ~3u;
}

static uint32_t pending_bytes(const mj_stream_setup *setup) {
  return is_audio(setup) ? align4(2u * setup->frame_samples) : 0;
}

static uint32_t row_bytes(const mj_stream_setup *setup) {
  return align4(2u * setup->window_rows * setup->row_elements);
}

uint32_t mj_feature_stream_work_bytes(const mj_stream_setup *setup) {
  uint32_t bytes = pending_bytes(setup) + row_bytes(setup);
  if (is_audio(setup)) bytes += 4u * setup->fft_points + 4u * setup->mel_count;
  if (setup->front_end == MJ_FRONT_END_IMU)
    bytes += (uint32_t)sizeof(mj_biquad_state) * setup->channels * setup->biquad_count;
  return bytes;
}

uint32_t mj_feature_stream_window_samples(const mj_stream_setup *setup) {
  if (!is_audio(setup)) return setup->window_rows;
  return (setup->window_rows - 1u) * setup->hop_samples + setup->frame_samples;
}

static mj_mfcc_recipe recipe_of(const mj_stream_setup *setup) {
  return (mj_mfcc_recipe){
      .frame_samples = setup->frame_samples,
      .hop_samples = setup->hop_samples,
      .fft_points = setup->fft_points,
      .mel_count = (uint8_t)setup->mel_count,
      .coefficient_count = (uint8_t)(setup->front_end == MJ_FRONT_END_MFCC ? setup->row_elements : 0),
      .floor = setup->floor,
      .window = table(setup, setup->window_offset),
      .twiddles = table(setup, setup->twiddles_offset),
      .mel_first = table(setup, setup->mel_first_offset),
      .mel_bins = table(setup, setup->mel_bins_offset),
      .mel_weight = table(setup, setup->mel_weight_offset),
      .dct = table(setup, setup->dct_offset),
  };
}

void mj_feature_stream_open(mj_feature_stream *s, const mj_stream_setup *setup, uint8_t *work) {
  s->setup = setup;
  s->quantisation = table(setup, setup->quant_offset);
  s->biquads = table(setup, setup->biquad_offset);
  s->mel_norm = setup->mel_norm_offset == 0 ? NULL : table(setup, setup->mel_norm_offset);
  s->recipe = (mj_mfcc_recipe){0};
  s->pending = (void *)work;
  s->rows = (void *)(work + pending_bytes(setup));
  uint8_t *rest = (uint8_t *)(void *)s->rows + row_bytes(setup);
  s->filters = (void *)rest;
  s->spectrum = (void *)rest;
  s->log_mel = s->spectrum + setup->fft_points;
  if (is_audio(setup)) s->recipe = recipe_of(setup);
  mj_feature_stream_restart(s);
}

void mj_feature_stream_restart(mj_feature_stream *s) {
  s->filled = 0;
  s->skip = 0;
  s->next_row = 0;
  s->rows_ready = 0;
  s->rows_to_go = s->setup->window_rows;
  s->settled = false;
}

static int16_t narrow(int32_t x) {
  return (int16_t)(x > INT16_MAX ? INT16_MAX : x < INT16_MIN ? INT16_MIN : x);
}

static void audio_row(mj_feature_stream *s, int16_t *row) {
  const mj_stream_setup *setup = s->setup;
  const uint32_t shift = mj_spectrum_frame(&s->recipe, s->pending, s->spectrum);
  if ((setup->flags & MJ_STREAM_FLAG_POWER) != 0)
    mj_log_mel_power(&s->recipe, setup->floor_shift, shift, s->spectrum, s->log_mel);
  else
    mj_log_mel(&s->recipe, shift, s->spectrum, s->log_mel);
  if (s->mel_norm != NULL)
    for (uint32_t m = 0; m < setup->mel_count; m++) s->log_mel[m] += s->mel_norm[m];
  for (uint32_t i = 0; i < setup->row_elements; i++)
    row[i] = setup->front_end == MJ_FRONT_END_MFCC
                 ? mj_dct_coefficient(s->log_mel, s->recipe.dct + i * setup->mel_count, setup->mel_count)
                 : narrow((s->log_mel[i] + 128) >> 8);
}

/* Keeps what the next row shares with this one. */
static void advance_pending(mj_feature_stream *s) {
  const uint32_t frame = s->setup->frame_samples;
  const uint32_t hop = s->setup->hop_samples;
  const uint32_t kept = hop < frame ? frame - hop : 0;
  for (uint32_t i = 0; i < kept; i++) s->pending[i] = s->pending[hop + i];
  s->filled = kept;
  s->skip = hop > frame ? hop - frame : 0;
}

/* Samples up to the end of a row; true when it is complete, in its place. */
static bool take_audio(mj_feature_stream *s, const int16_t *samples, uint32_t count, uint32_t *taken,
                       int16_t *row) {
  const uint32_t left_out = s->skip < count ? s->skip : count;
  s->skip -= left_out;
  const uint32_t room = s->setup->frame_samples - s->filled;
  const uint32_t left = count - left_out;
  const uint32_t kept = left < room ? left : room;
  for (uint32_t i = 0; i < kept; i++) s->pending[s->filled + i] = samples[left_out + i];
  s->filled += kept;
  *taken = left_out + kept;
  if (s->filled < s->setup->frame_samples) return false;
  audio_row(s, row);
  advance_pending(s);
  return true;
}

static void imu_row(mj_feature_stream *s, const int16_t *sample, int16_t *row) {
  const uint32_t sections = s->setup->biquad_count;
  for (uint32_t c = 0; c < s->setup->channels; c++) {
    mj_biquad_state *state = s->filters + c * sections;
    if (!s->settled) mj_imu_settle(s->biquads, sections, state, sample[c]);
    row[c] = mj_imu_filter(s->biquads, sections, state, sample[c]);
  }
  s->settled = true;
}

/* One row or what there is of one; true when it is complete. */
static bool take_row(mj_feature_stream *s, const int16_t *samples, uint32_t count, uint32_t *taken) {
  const mj_stream_setup *setup = s->setup;
  int16_t *row = s->rows + s->next_row * setup->row_elements;
  if (is_audio(setup)) return take_audio(s, samples, count, taken, row);
  *taken = 1;
  if (setup->front_end == MJ_FRONT_END_IMU)
    imu_row(s, samples, row);
  else
    for (uint32_t i = 0; i < setup->row_elements; i++) row[i] = samples[i];
  return true;
}

uint32_t mj_feature_stream_push(mj_feature_stream *s, const int16_t *samples, uint32_t count, bool *window) {
  const mj_stream_setup *setup = s->setup;
  const uint32_t width = setup->front_end == MJ_FRONT_END_FEATURES ? setup->row_elements : setup->channels;
  uint32_t at = 0;
  *window = false;
  while (at < count && !*window) {
    uint32_t taken = 0;
    const bool complete = take_row(s, samples + at * width, count - at, &taken);
    at += taken;
    if (!complete) continue;
    s->next_row = s->next_row + 1u == setup->window_rows ? 0 : s->next_row + 1u;
    if (s->rows_ready < setup->window_rows) s->rows_ready++;
    if (--s->rows_to_go == 0) {
      s->rows_to_go = setup->hop_rows;
      *window = true;
    }
  }
  return at;
}

static int8_t quantised(const mj_row_quantisation *q, int16_t x) {
  const int32_t half = 1 << (q->shift - 1);
  const int32_t y = ((x * q->multiplier + half) >> q->shift) + q->offset;
  return (int8_t)(y > INT8_MAX ? INT8_MAX : y < INT8_MIN ? INT8_MIN : y);
}

/* Rounded to nearest, halves up. */
static int32_t mean_of_column(const mj_feature_stream *s, uint32_t column) {
  const int32_t rows = s->setup->window_rows;
  int32_t sum = rows / 2;
  for (int32_t r = 0; r < rows; r++) sum += s->rows[(uint32_t)r * s->setup->row_elements + column];
  const int32_t mean = sum / rows;
  return mean * rows > sum ? mean - 1 : mean;
}

static void window_with_means(const mj_feature_stream *s, int8_t *out) {
  const uint32_t width = s->setup->row_elements;
  for (uint32_t c = 0; c < width; c++) {
    const int32_t mean = (s->setup->flags & MJ_STREAM_FLAG_REMOVE_MEAN) != 0 ? mean_of_column(s, c) : 0;
    uint32_t row = s->next_row;
    for (uint32_t r = 0; r < s->setup->window_rows; r++) {
      out[r * width + c] = quantised(&s->quantisation[c], narrow(s->rows[row * width + c] - mean));
      row = row + 1u == s->setup->window_rows ? 0 : row + 1u;
    }
  }
}

void mj_feature_stream_window(const mj_feature_stream *s, int8_t *out) {
  const uint32_t width = s->setup->row_elements;
  if (s->setup->front_end == MJ_FRONT_END_IMU) {
    window_with_means(s, out);
    return;
  }
  uint32_t row = s->next_row;
  for (uint32_t r = 0; r < s->setup->window_rows; r++) {
    const int16_t *from = s->rows + row * width;
    for (uint32_t i = 0; i < width; i++)
      *out++ = s->setup->front_end == MJ_FRONT_END_FEATURES ? (int8_t)from[i]
                                                            : quantised(s->quantisation, from[i]);
    row = row + 1u == s->setup->window_rows ? 0 : row + 1u;
  }
}

int16_t mj_mulaw_decode(uint8_t code) {
  const int32_t bits = ~code & 0xff;
  const int32_t magnitude = ((((bits & 0x0f) << 3) + 0x84) << (bits >> 4 & 7)) - 0x84;
  return (int16_t)((bits & 0x80) != 0 ? -magnitude : magnitude);
}
