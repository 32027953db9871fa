/* Where the taps of a depthwise filter lie for one output pixel. */
#ifndef MJ_TAPS_H
#define MJ_TAPS_H

#include "mj_packed.h"

#define MJ_MAX_TAPS 64u

typedef struct {
  const mj_packed_conv_params *p;
  const int8_t *padding; /* as many bytes of padding as a pixel has channels */
  int32_t rows_inside;   /* rows and columns the whole filter spans */
  int32_t columns_inside;
  int32_t offsets[MJ_MAX_TAPS]; /* of the taps from the first one */
  const int8_t *taps[MJ_MAX_TAPS];
} mj_taps;

static inline void mj_taps_begin(mj_taps *t, const mj_packed_conv_params *p, int8_t *padding) {
  t->p = p;
  t->padding = padding;
  t->rows_inside = (p->filter_h - 1) * p->dilation_h;
  t->columns_inside = (p->filter_w - 1) * p->dilation_w;
  mj_fill_run(padding, (int8_t)p->pad_value, p->in_c);
  int32_t *offset = t->offsets;
  for (int32_t fy = 0; fy < p->filter_h; fy++) {
    for (int32_t fx = 0; fx < p->filter_w; fx++)
      *offset++ = (fy * p->dilation_h * p->in_w + fx * p->dilation_w) * p->in_c;
  }
}

static inline void mj_taps_inside(mj_taps *t, const int8_t *first) {
  const int32_t *offset = t->offsets;
  const int8_t **tap = t->taps;
  if (t->p->depth == 9) { /* the usual filter, without a loop */
    tap[0] = first;
    tap[1] = first + offset[1];
    tap[2] = first + offset[2];
    tap[3] = first + offset[3];
    tap[4] = first + offset[4];
    tap[5] = first + offset[5];
    tap[6] = first + offset[6];
    tap[7] = first + offset[7];
    tap[8] = first + offset[8];
    return;
  }
  for (int32_t i = 0; i < t->p->depth; i++) tap[i] = first + offset[i];
}

/* Sets `taps` for output pixel (oy, ox). */
static inline void mj_taps_at(mj_taps *t, const int8_t *image, int32_t oy, int32_t ox) {
  const mj_packed_conv_params *p = t->p;
  int32_t y = oy * p->stride_h - p->pad_top;
  const int32_t left = ox * p->stride_w - p->pad_left;
  if (y >= 0 && left >= 0 && y + t->rows_inside < p->in_h && left + t->columns_inside < p->in_w) {
    mj_taps_inside(t, image + (y * p->in_w + left) * p->in_c);
    return;
  }
  const int8_t **tap = t->taps;
  for (int32_t fy = 0; fy < p->filter_h; fy++, y += p->dilation_h) {
    int32_t x = left;
    const bool row_inside = y >= 0 && y < p->in_h;
    for (int32_t fx = 0; fx < p->filter_w; fx++, x += p->dilation_w) {
      const bool inside = row_inside && x >= 0 && x < p->in_w;
      *tap++ = inside ? image + (y * p->in_w + x) * p->in_c : t->padding;
    }
  }
}

#endif
