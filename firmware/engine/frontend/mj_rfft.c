#include "mj_fixed_point.h"
#include "mj_frontend.h"

static void bit_reverse(int32_t *data, uint32_t pairs) {
  uint32_t j = 0;
  for (uint32_t i = 0; i + 1 < pairs; i++) {
    if (i < j) {
      const int32_t re = data[2 * i];
      const int32_t im = data[2 * i + 1];
      data[2 * i] = data[2 * j];
      data[2 * i + 1] = data[2 * j + 1];
      data[2 * j] = re;
      data[2 * j + 1] = im;
    }
    uint32_t bit = pairs >> 1;
    while (j & bit) {
      j ^= bit;
      bit >>= 1;
    }
    j |= bit;
  }
}

static inline void add_sub(int32_t *a, int32_t *b, int32_t re, int32_t im) {
  const int32_t re0 = a[0];
  const int32_t im0 = a[1];
  a[0] = re0 + re;
  a[1] = im0 + im;
  b[0] = re0 - re;
  b[1] = im0 - im;
}

/* Decimation in time, radix 2. The twiddle of k = 0 is 1, which Q15 cannot hold: that butterfly is spared. */
void mj_rfft_in_place(int32_t *data, uint32_t points, const int16_t *twiddles) {
  const uint32_t pairs = points / 2;
  bit_reverse(data, pairs);
  for (uint32_t half = 1, step = points / 2; half < pairs; half *= 2, step /= 2) {
    for (uint32_t start = 0; start < pairs; start += 2 * half) {
      int32_t *b = data + 2 * (start + half);
      add_sub(data + 2 * start, b, b[0], b[1]);
    }
    for (uint32_t k = 1; k < half; k++) {
      const int16_t c = twiddles[2 * k * step];
      const int16_t s = twiddles[2 * k * step + 1];
      for (uint32_t start = k; start < pairs; start += 2 * half) {
        int32_t *b = data + 2 * (start + half);
        const int32_t re = mj_mul_q15(b[0], c) - mj_mul_q15(b[1], s);
        const int32_t im = mj_mul_q15(b[0], s) + mj_mul_q15(b[1], c);
        add_sub(data + 2 * start, b, re, im);
      }
    }
  }
}

void mj_rfft_bin(const int32_t *data, uint32_t points, const int16_t *twiddles, uint32_t k, int32_t *re,
                 int32_t *im) {
  const int32_t *z = data + 2 * k;
  const int32_t *mirror = data + 2 * (points / 2 - k);
  const int32_t even_re = (z[0] + mirror[0]) >> 1;
  const int32_t even_im = (z[1] - mirror[1]) >> 1;
  /* (z - conj(mirror)) / 2i */
  const int32_t odd_re = (z[1] + mirror[1]) >> 1;
  const int32_t odd_im = (mirror[0] - z[0]) >> 1;
  const int16_t c = twiddles[2 * k];
  const int16_t s = twiddles[2 * k + 1];
  *re = even_re + mj_mul_q15(odd_re, c) - mj_mul_q15(odd_im, s);
  *im = even_im + mj_mul_q15(odd_re, s) + mj_mul_q15(odd_im, c);
}
