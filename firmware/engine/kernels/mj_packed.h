/*
 * What the packed kernels of the larger cores share: PackedConvParams, its check, and the gathering of
 * patches. A dense layer is a 1x1 filter over an image of one row. Each kernel gets its own copy of this
 * (ADR 0012: a blob carries its helpers).
 */
#ifndef MJ_PACKED_H
#define MJ_PACKED_H

#include "../mj_fixed.h"
#include "../mj_kernels.h"

#if defined(__ARM_FEATURE_MVE)
#include <arm_mve.h>
#endif

static inline const mj_packed_conv_params *mj_packed_params(const mj_context *context,
                                                            const mj_op_record *op) {
  return mj_const(context, op->params_offset);
}

/* A 1x1 filter without padding reads its pixels where they are. */
static inline bool mj_packed_in_place(const mj_packed_conv_params *p) {
  return p->filter_h == 1 && p->filter_w == 1 && p->pad_top == 0 && p->pad_left == 0;
}

static inline uint32_t mj_round_up(uint32_t n, uint32_t to) {
  return (n + to - 1u) / to * to;
}

/* Sizes that agree with the tensors and with each other; weights, table and scratch are the kernel's matter.
 */
static inline bool mj_packed_shape_fits(const mj_engine *engine, const mj_op_record *op, bool depthwise) {
  if (op->params_bytes < sizeof(mj_packed_conv_params)) return false;
  const mj_packed_conv_params *p = mj_packed_params(&engine->context, op);
  const int32_t in[4] = {p->batches, p->in_h, p->in_w, p->in_c};
  const int32_t out[4] = {p->batches, p->out_h, p->out_w, p->out_c};
  const int32_t filter[3] = {p->filter_h, p->filter_w, depthwise ? 1 : p->in_c};
  uint32_t inputs = 0;
  uint32_t outputs = 0;
  uint32_t depth = 0;
  if (!mj_extent(in, 4, &inputs) || !mj_extent(out, 4, &outputs) || !mj_extent(filter, 3, &depth))
    return false;
  const bool sizes = mj_between(p->in_h, 1, MJ_MAX_EXTENT) && mj_between(p->in_w, 1, MJ_MAX_EXTENT) &&
                     mj_between(p->in_c, 1, MJ_MAX_EXTENT) && mj_between(p->out_c, 1, MJ_MAX_EXTENT) &&
                     mj_between(p->out_h, 1, MJ_MAX_EXTENT) && mj_between(p->out_w, 1, MJ_MAX_EXTENT) &&
                     mj_between(p->filter_h, 1, MJ_MAX_STEP) && mj_between(p->filter_w, 1, MJ_MAX_STEP) &&
                     mj_between(p->stride_h, 1, MJ_MAX_STEP) && mj_between(p->stride_w, 1, MJ_MAX_STEP) &&
                     mj_between(p->dilation_h, 1, MJ_MAX_STEP) && mj_between(p->dilation_w, 1, MJ_MAX_STEP) &&
                     mj_between(p->pad_top, 0, MJ_MAX_EXTENT) && mj_between(p->pad_left, 0, MJ_MAX_EXTENT);
  if (!sizes || p->depth != (int32_t)depth || p->padded_depth < p->depth || depth > MJ_MAX_EXTENT)
    return false;
  if (depthwise && p->in_c != p->out_c) return false;
  const bool inside = (p->out_h - 1) * p->stride_h < p->in_h && (p->out_w - 1) * p->stride_w < p->in_w;
  if (mj_packed_in_place(p) && !inside) return false;
  return mj_between(p->pad_value, -128, 127) && mj_s8_output_fits(p->output_offset, p->act_min, p->act_max) &&
         mj_input_is(engine, op, 0, MJ_DTYPE_INT8, inputs) &&
         mj_output_is(engine, op, 0, MJ_DTYPE_INT8, outputs);
}

/* Packed weights and table have exactly the sizes the kernel's loops go through. */
static inline bool mj_packed_constants_fit(const mj_engine *engine, const mj_packed_conv_params *p,
                                           uint32_t weights_bytes, uint32_t table_bytes) {
  return p->weights_bytes == weights_bytes && p->table_bytes == table_bytes && p->weights_offset % 16u == 0 &&
         p->table_offset % 16u == 0 && mj_const_fits(engine, p->weights_offset, weights_bytes, 1) &&
         mj_const_fits(engine, p->table_offset, table_bytes / 4u, 4);
}

typedef uint32_t __attribute__((aligned(1), may_alias)) mj_loose_word;

/* Where loads of words need no alignment: Armv7-M, Armv8.1-M, WebAssembly. */
#if defined(__ARM_FEATURE_UNALIGNED) || defined(__wasm__) || defined(__x86_64__)
#define MJ_LOOSE_WORDS 1
#else
#define MJ_LOOSE_WORDS 0
#endif

typedef uint32_t __attribute__((may_alias)) mj_aligned_word;

static inline void mj_copy_run(int8_t *to, const int8_t *from, int32_t count) {
#if defined(__ARM_FEATURE_MVE)
  for (; count > 0; count -= 16, to += 16, from += 16) {
    const mve_pred16_t there = vctp8q((uint32_t)count);
    vstrbq_p_s8(to, vldrbq_z_s8(from, there), there);
  }
#else
#if MJ_LOOSE_WORDS
  for (; count >= 4; count -= 4, to += 4, from += 4)
    *(mj_loose_word *)(void *)to = *(const mj_loose_word *)(const void *)from;
#else
  if ((((uintptr_t)to | (uintptr_t)from) & 3u) == 0) {
    for (; count >= 16; count -= 16, to += 16, from += 16) {
      mj_aligned_word *t = (void *)to;
      const mj_aligned_word *f = (const void *)from;
      t[0] = f[0];
      t[1] = f[1];
      t[2] = f[2];
      t[3] = f[3];
    }
    for (; count >= 4; count -= 4, to += 4, from += 4)
      *(mj_aligned_word *)(void *)to = *(const mj_aligned_word *)(const void *)from;
  }
#endif
  for (; count > 0; count--) *to++ = *from++;
#endif
}

static inline void mj_fill_run(int8_t *to, int8_t value, int32_t count) {
  for (; count > 0; count--) *to++ = value;
}

/* One filter row of a patch; taps outside the image hold the padding. */
static inline int8_t *mj_gather_row(const mj_packed_conv_params *p, const int8_t *row, int32_t x,
                                    int8_t *to) {
  const int32_t channels = p->in_c;
  if (x >= 0 && p->dilation_w == 1 && x + p->filter_w <= p->in_w) {
    mj_copy_run(to, row + x * channels, p->filter_w * channels);
    return to + p->filter_w * channels;
  }
  for (int32_t fx = 0; fx < p->filter_w; fx++, x += p->dilation_w, to += channels) {
    if (x >= 0 && x < p->in_w) {
      mj_copy_run(to, row + x * channels, channels);
    } else {
      mj_fill_run(to, (int8_t)p->pad_value, channels);
    }
  }
  return to;
}

/* The patch under output pixel (oy, ox): filter_h · filter_w · in_c bytes. */
static inline void mj_gather_patch(const mj_packed_conv_params *p, const int8_t *image, int32_t oy,
                                   int32_t ox, int8_t *to) {
  const int32_t x = ox * p->stride_w - p->pad_left;
  const int32_t row_bytes = p->in_w * p->in_c;
  int32_t y = oy * p->stride_h - p->pad_top;
  for (int32_t fy = 0; fy < p->filter_h; fy++, y += p->dilation_h) {
    if (y >= 0 && y < p->in_h) {
      to = mj_gather_row(p, image + y * row_bytes, x, to);
    } else {
      mj_fill_run(to, (int8_t)p->pad_value, p->filter_w * p->in_c);
      to += p->filter_w * p->in_c;
    }
  }
}

/* Walks the output pixels of an image in order, and says where each one's patch is. */
typedef struct {
  const mj_packed_conv_params *p;
  const int8_t *image;
  int32_t oy;
  int32_t ox;
} mj_pixel_walk;

/* Bytes of the next pixel's patch: in the image itself where the kernel can read it there, or in `room`. */
static inline const int8_t *mj_next_patch(mj_pixel_walk *walk, bool in_place, int8_t *room) {
  const mj_packed_conv_params *p = walk->p;
  const int8_t *patch = room;
  if (mj_packed_in_place(p)) {
    patch = walk->image + (walk->oy * p->stride_h * p->in_w + walk->ox * p->stride_w) * p->in_c;
    if (!in_place) {
      mj_copy_run(room, patch, p->in_c);
      patch = room;
    }
  } else {
    mj_gather_patch(p, walk->image, walk->oy, walk->ox, room);
  }
  if (++walk->ox == p->out_w) {
    walk->ox = 0;
    walk->oy++;
  }
  return patch;
}

/* A clamp narrower than int8, after the saturation to it. */
static inline void mj_clamp_run(const mj_packed_conv_params *p, int8_t *out, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) out[i] = (int8_t)mj_clamp(out[i], p->act_min, p->act_max);
}

#endif
