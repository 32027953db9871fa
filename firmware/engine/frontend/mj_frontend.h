/*
 * The audio front end: mono int16 to MFCC or log-mel energies, in fixed point. No floating point, no 64-bit
 * arithmetic but for mel filters over powers (mj_power_mel.c), no malloc, no libc: what a Cortex-M0+ does
 * well. The same sources run on the device and, as WASM, on the host.
 *
 * The formulas of the built-in recipe are TensorFlow's (the recipe of MLPerf Tiny's keyword spotting):
 * periodic Hann window, magnitude spectrum of a 512-point FFT, 40 triangular mel filters between 20 and 4000
 * Hz, ln(mel + 1e-6), DCT-II scaled by sqrt(2 / 40), first 10 coefficients. Samples are read as fractions of
 * 32768.
 */
#ifndef MJ_FRONTEND_H
#define MJ_FRONTEND_H

#include <stdint.h>

/* Coefficients come in steps of 1/256, so -128 ... +127.996; the recipe's range is -124 ... +50. */
#define MJ_MFCC_FRACTION_BITS 8

/* One recipe: sizes and its constant tables. Instances are generated (mj_frontend_tables.c). */
typedef struct {
  uint16_t frame_samples; /* <= fft_points */
  uint16_t hop_samples;
  uint16_t fft_points;        /* power of two, <= MJ_FFT_MAX_POINTS */
  uint8_t mel_count;          /* <= MJ_MEL_MAX_COUNT */
  uint8_t coefficient_count;  /* <= mel_count */
  uint32_t floor;             /* under the logarithm, for a frame that was shifted left by 15 */
  const uint16_t *window;     /* Q15; first half and the middle: frame_samples / 2 + 1 values */
  const int16_t *twiddles;    /* Q15 pairs cos, -sin of 2 pi k / fft_points for k < fft_points / 2 */
  const uint16_t *mel_first;  /* per filter: its first bin */
  const uint8_t *mel_bins;    /* per filter: its number of bins */
  const uint16_t *mel_weight; /* Q15, filters one after the other */
  const int16_t *dct;         /* Q17 times ln 2, [coefficient][mel] */
} mj_mfcc_recipe;

#define MJ_FFT_MAX_POINTS 1024
#define MJ_MEL_MAX_COUNT 128

/* Working memory of the built-in recipe: 2208 bytes. */
typedef struct {
  int32_t spectrum[512];
  int32_t log_mel[40];
} mj_mfcc_scratch;

/* 30 ms every 20 ms, 49 frames of 10 coefficients a second: keyword spotting. */
extern const mj_mfcc_recipe mj_mfcc_kws;

/* log2(1 + i / 128) in Q15. */
extern const uint16_t mj_log2_table[129];

/* One frame: `samples` [frame_samples] to `coefficients` [coefficient_count], Q8. */
void mj_mfcc_frame(const mj_mfcc_recipe *recipe, const int16_t *samples, mj_mfcc_scratch *scratch,
                   int16_t *coefficients);

/*
 * The stages of mj_mfcc_frame, for recipes of other sizes. `spectrum` [fft_points] receives the magnitude of
 * bin k at index 2k for every bin a filter weighs; the result is the shift that used the frame's headroom.
 */
uint32_t mj_spectrum_frame(const mj_mfcc_recipe *recipe, const int16_t *samples, int32_t *spectrum);

/* log2 of the mel energies, Q16, of samples read as fractions of 32768; `out` [mel_count]. */
void mj_log_mel(const mj_mfcc_recipe *recipe, uint32_t shift, const int32_t *magnitude, int32_t *out);

/* The same over powers, where the recipe's floor is shifted left by `floor_shift` more. */
void mj_log_mel_power(const mj_mfcc_recipe *recipe, uint32_t floor_shift, uint32_t shift,
                      const int32_t *magnitude, int32_t *out);

/* sum of row[m] * log_mel[m], Q8, saturating. */
int16_t mj_dct_coefficient(const int32_t *log_mel_q16, const int16_t *row, uint32_t count);

/* Requantisation of Q8 coefficients: int8 = clamp(round(q8 * multiplier / 2^shift) + zero_point). */
typedef struct {
  int16_t multiplier; /* of 1 / (256 * scale), 15 bits */
  uint8_t shift;      /* 1 ... 30 */
  int8_t zero_point;
} mj_mfcc_output;

void mj_mfcc_to_int8(const int16_t *coefficients, uint32_t count, const mj_mfcc_output *output, int8_t *out);

/*
 * In place: `data` holds `points` real samples and becomes points / 2 complex values (re, im), the FFT of the
 * even samples plus i times that of the odd ones. mj_rfft_bin takes a bin of the real spectrum out of it.
 * |data| <= 2^21 leaves room for every sum of 1024 windowed samples.
 */
void mj_rfft_in_place(int32_t *data, uint32_t points, const int16_t *twiddles);

/* Bin k, 0 < k < points / 2. */
void mj_rfft_bin(const int32_t *data, uint32_t points, const int16_t *twiddles, uint32_t k, int32_t *re,
                 int32_t *im);

/* round(sqrt(re^2 + im^2)) to 15 significant bits; |re|, |im| < 2^30. */
uint32_t mj_magnitude(int32_t re, int32_t im);

/* log2(x) in Q16 for x > 0, within 2.5 / 65536. */
int32_t mj_log2_q16(uint32_t x);

#endif
