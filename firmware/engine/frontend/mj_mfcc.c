#include "mj_fixed_point.h"
#include "mj_frontend.h"

/* After the window a full-scale sample is 2^21, so that no sum of 1024 of them leaves 31 bits. */
#define WINDOW_SHIFT 9
#define DCT_SHIFT 9

/* Bits by which the frame can be shifted left until its largest sample needs all 16. 15 for silence. */
static uint32_t headroom(const int16_t *samples, uint32_t count) {
  uint32_t bits = 0;
  for (uint32_t i = 0; i < count; i++) {
    const int32_t x = samples[i];
    bits |= (uint32_t)(x < 0 ? ~x : x);
  }
  return bits == 0 ? 15u : 14u - mj_log2_floor(bits);
}

static void apply_window(const mj_mfcc_recipe *recipe, const int16_t *samples, uint32_t shift, int32_t *out) {
  const uint32_t count = recipe->frame_samples;
  for (uint32_t i = 0; i < count; i++) {
    const int32_t w = recipe->window[i <= count / 2 ? i : count - i];
    const int32_t product = samples[i] * (int32_t)(1u << shift) * w;
    out[i] = (product + (1 << (WINDOW_SHIFT - 1))) >> WINDOW_SHIFT;
  }
  for (uint32_t i = count; i < recipe->fft_points; i++) out[i] = 0;
}

static uint32_t square_root(uint32_t x) {
  uint32_t root = 0;
  for (uint32_t bit = 1u << 30; bit != 0; bit >>= 2) {
    if (x >= root + bit) {
      x -= root + bit;
      root = (root >> 1) + bit;
    } else {
      root >>= 1;
    }
  }
  return x > root ? root + 1 : root;
}

uint32_t mj_magnitude(int32_t re, int32_t im) {
  const uint32_t a = (uint32_t)(re < 0 ? -re : re);
  const uint32_t b = (uint32_t)(im < 0 ? -im : im);
  if ((a | b) == 0) return 0;
  const uint32_t top = mj_log2_floor(a | b);
  if (top <= 14) {
    const uint32_t up = 14 - top;
    const uint32_t x = a << up;
    const uint32_t y = b << up;
    return (square_root(x * x + y * y) + ((1u << up) >> 1)) >> up;
  }
  const uint32_t down = top - 14;
  const uint32_t half = (1u << down) >> 1;
  const uint32_t x = (a + half) >> down;
  const uint32_t y = (b + half) >> down;
  return square_root(x * x + y * y) << down;
}

static int32_t bin_magnitude(const mj_mfcc_recipe *recipe, const int32_t *data, uint32_t k) {
  int32_t re;
  int32_t im;
  mj_rfft_bin(data, recipe->fft_points, recipe->twiddles, k, &re, &im);
  return (int32_t)mj_magnitude(re, im);
}

/* Bins k and points / 2 - k come from the same two values: both magnitudes replace them, bin k at 2k. */
static void magnitudes(const mj_mfcc_recipe *recipe, uint32_t last_bin, int32_t *data) {
  const uint32_t half = recipe->fft_points / 2;
  for (uint32_t k = 1; k <= half / 2; k++) {
    const int32_t low = k <= last_bin ? bin_magnitude(recipe, data, k) : 0;
    const int32_t high = half - k <= last_bin ? bin_magnitude(recipe, data, half - k) : 0;
    data[2 * (half - k)] = high;
    data[2 * k] = low;
  }
}

void mj_log_mel(const mj_mfcc_recipe *recipe, uint32_t shift, const int32_t *magnitude, int32_t *out) {
  const uint16_t *weight = recipe->mel_weight;
  const uint32_t floor_value = recipe->floor >> (15u - shift);
  const int32_t scale_log2 = (int32_t)((21u + shift) << 16);
  for (uint32_t m = 0; m < recipe->mel_count; m++) {
    uint32_t sum = floor_value;
    const int32_t *bin = magnitude + 2 * recipe->mel_first[m];
    for (uint32_t i = 0; i < recipe->mel_bins[m]; i++) sum += mj_umul_q15((uint32_t)bin[2 * i], *weight++);
    out[m] = mj_log2_q16(sum == 0 ? 1 : sum) - scale_log2;
  }
}

int16_t mj_dct_coefficient(const int32_t *log_mel_q16, const int16_t *row, uint32_t count) {
  int32_t sum = 1 << (DCT_SHIFT - 1);
  for (uint32_t m = 0; m < count; m++) {
    const int32_t x = log_mel_q16[m];
    sum += (x >> 16) * row[m] + (((x & 0xffff) * row[m]) >> 16);
  }
  sum >>= DCT_SHIFT;
  return (int16_t)(sum > INT16_MAX ? INT16_MAX : sum < INT16_MIN ? INT16_MIN : sum);
}

uint32_t mj_spectrum_frame(const mj_mfcc_recipe *recipe, const int16_t *samples, int32_t *spectrum) {
  const uint32_t shift = headroom(samples, recipe->frame_samples);
  const uint32_t mels = recipe->mel_count;
  const uint32_t last_bin = (uint32_t)recipe->mel_first[mels - 1] + recipe->mel_bins[mels - 1] - 1u;
  apply_window(recipe, samples, shift, spectrum);
  mj_rfft_in_place(spectrum, recipe->fft_points, recipe->twiddles);
  magnitudes(recipe, last_bin, spectrum);
  return shift;
}

void mj_mfcc_frame(const mj_mfcc_recipe *recipe, const int16_t *samples, mj_mfcc_scratch *scratch,
                   int16_t *coefficients) {
  const uint32_t mels = recipe->mel_count;
  const uint32_t shift = mj_spectrum_frame(recipe, samples, scratch->spectrum);
  mj_log_mel(recipe, shift, scratch->spectrum, scratch->log_mel);
  for (uint32_t c = 0; c < recipe->coefficient_count; c++)
    coefficients[c] = mj_dct_coefficient(scratch->log_mel, recipe->dct + c * mels, mels);
}

void mj_mfcc_to_int8(const int16_t *coefficients, uint32_t count, const mj_mfcc_output *output, int8_t *out) {
  const int32_t half = 1 << (output->shift - 1);
  for (uint32_t i = 0; i < count; i++) {
    const int32_t q = ((coefficients[i] * output->multiplier + half) >> output->shift) + output->zero_point;
    out[i] = (int8_t)(q > INT8_MAX ? INT8_MAX : q < INT8_MIN ? INT8_MIN : q);
  }
}
