/* Whether a set-up may be used: nothing after this checks an offset again. */
#include "mj_feature_stream.h"

enum { MAX_ROWS = 1024, MAX_ROW_ELEMENTS = 1024, MAX_SETUP_BYTES = 16384 };

static bool between(uint32_t x, uint32_t low, uint32_t high) {
  return x >= low && x <= high;
}

static bool inside(const mj_stream_setup *s, uint32_t offset, uint32_t bytes, uint32_t align) {
  return offset >= sizeof *s && offset % align == 0 && offset <= s->total_bytes &&
         bytes <= s->total_bytes - offset;
}

static bool quantisation_fits(const mj_stream_setup *s) {
  const uint32_t count = s->front_end == MJ_FRONT_END_IMU ? s->channels : 1;
  if (!inside(s, s->quant_offset, count * (uint32_t)sizeof(mj_row_quantisation), 4)) return false;
  const mj_row_quantisation *q = (const void *)((const uint8_t *)(const void *)s + s->quant_offset);
  for (uint32_t i = 0; i < count; i++)
    if (!between(q[i].shift, 1, 30) || q[i].offset < -65536 || q[i].offset > 65536) return false;
  return true;
}

static bool mel_fits(const mj_stream_setup *s) {
  const uint8_t *base = (const void *)s;
  const uint32_t mels = s->mel_count;
  if (!between(mels, 1, MJ_MEL_MAX_COUNT) || !inside(s, s->mel_first_offset, 2 * mels, 2) ||
      !inside(s, s->mel_bins_offset, mels, 1))
    return false;
  const uint16_t *first = (const void *)(base + s->mel_first_offset);
  const uint8_t *bins = base + s->mel_bins_offset;
  uint32_t weights = 0;
  for (uint32_t m = 0; m < mels; m++) {
    weights += bins[m];
    if (first[m] == 0 || bins[m] == 0 || (uint32_t)first[m] + bins[m] > s->fft_points / 2u) return false;
    /* the last filter's end is the last bin that is computed */
    if (m > 0 && first[m] + bins[m] < first[m - 1] + bins[m - 1]) return false;
  }
  if (!inside(s, s->mel_weight_offset, 2 * weights, 2)) return false;
  const uint16_t *weight = (const void *)(base + s->mel_weight_offset);
  for (uint32_t i = 0; i < weights; i++)
    if (weight[i] > 32768) return false;
  return s->mel_norm_offset == 0 || inside(s, s->mel_norm_offset, 4 * mels, 4);
}

static bool audio_fits(const mj_stream_setup *s) {
  const uint32_t fft = s->fft_points;
  if (s->channels != 1 || s->encoding == MJ_SAMPLE_ENCODING_INT8) return false;
  if (!between(fft, 64, MJ_FFT_MAX_POINTS) || (fft & (fft - 1u)) != 0) return false;
  if (!between(s->frame_samples, 2, fft) || s->frame_samples % 2 != 0 || s->hop_samples == 0) return false;
  if (s->floor_shift > 31) return false;
  if (!inside(s, s->window_offset, 2u * (s->frame_samples / 2u + 1u), 2) ||
      !inside(s, s->twiddles_offset, 2 * fft, 2))
    return false;
  if (!mel_fits(s)) return false;
  if (s->front_end == MJ_FRONT_END_LOG_MEL) return s->row_elements == s->mel_count;
  return s->row_elements <= s->mel_count && inside(s, s->dct_offset, 2u * s->row_elements * s->mel_count, 2);
}

static bool imu_fits(const mj_stream_setup *s) {
  if (s->encoding != MJ_SAMPLE_ENCODING_INT16 || !between(s->channels, 1, MJ_STREAM_MAX_CHANNELS))
    return false;
  if (s->row_elements != s->channels || s->biquad_count > MJ_STREAM_MAX_BIQUADS) return false;
  const uint32_t bytes = s->biquad_count * (uint32_t)sizeof(mj_biquad_record);
  if (s->biquad_count == 0) return true;
  if (!inside(s, s->biquad_offset, bytes, 4)) return false;
  /* five products of these with 31 bits stay within 63 */
  const int32_t *k = (const void *)((const uint8_t *)(const void *)s + s->biquad_offset);
  for (uint32_t i = 0; i < bytes / 4u; i++)
    if (k[i] > 1 << 29 || k[i] < -(1 << 29)) return false;
  return true;
}

bool mj_stream_setup_fits(const uint8_t *setup, uint32_t bytes) {
  const mj_stream_setup *s = (const void *)setup;
  if (bytes < sizeof *s || s->magic != MJ_STREAM_MAGIC || s->version != 1 || s->header_bytes != sizeof *s)
    return false;
  if (s->total_bytes != bytes || bytes > MAX_SETUP_BYTES || bytes % 4u != 0) return false;
  if (!between(s->window_rows, 1, MAX_ROWS) || !between(s->row_elements, 1, MAX_ROW_ELEMENTS) ||
      s->hop_rows == 0 || (uint32_t)s->window_rows * s->row_elements > 16384)
    return false;
  if (!between(s->block_bytes, 2, 1024) || !between(s->smoothing_windows, 1, 32)) return false;
  if (s->threshold > 1 << 20 || s->threshold < -(1 << 20)) return false;
  switch (s->front_end) {
    case MJ_FRONT_END_FEATURES:
      return s->encoding == MJ_SAMPLE_ENCODING_INT8 && s->channels == 1 && s->row_elements <= s->block_bytes;
    case MJ_FRONT_END_LOG_MEL:
    case MJ_FRONT_END_MFCC:
      return quantisation_fits(s) && audio_fits(s);
    case MJ_FRONT_END_IMU:
      return quantisation_fits(s) && imu_fits(s) && 2u * s->channels <= s->block_bytes;
    default:
      return false;
  }
}
