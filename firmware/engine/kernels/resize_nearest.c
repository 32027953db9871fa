/* RESIZE_NEAREST_NEIGHBOR: the compiler has tabulated which row and column each output pixel is taken from.
 */
#include "mj_walk.h"

static const mj_resize_nearest_params *params_of(const mj_context *context, const mj_op_record *op) {
  return mj_const(context, op->params_offset);
}

static bool indices_fit(const mj_engine *engine, uint32_t offset, int32_t count, int32_t limit) {
  if (!mj_const_fits(engine, offset, (uint32_t)count, 2)) return false;
  const uint16_t *index = mj_const(&engine->context, offset);
  for (int32_t i = 0; i < count; i++) {
    if (index[i] >= limit) return false;
  }
  return true;
}

bool mj_resize_nearest_check(const mj_engine *engine, const mj_op_record *op) {
  const mj_resize_nearest_params *p = params_of(&engine->context, op);
  if (op->params_bytes < sizeof(*p)) return false;
  const int32_t in[4] = {p->batches, p->in_h, p->in_w, p->pixel_bytes};
  const int32_t out[4] = {p->batches, p->out_h, p->out_w, p->pixel_bytes};
  uint32_t in_bytes = 0;
  uint32_t out_bytes = 0;
  return mj_extent(in, 4, &in_bytes) && mj_extent(out, 4, &out_bytes) &&
         mj_input_bytes_are(engine, op, 0, in_bytes) && mj_output_bytes_are(engine, op, 0, out_bytes) &&
         indices_fit(engine, p->rows_offset, p->out_h, p->in_h) &&
         indices_fit(engine, p->columns_offset, p->out_w, p->in_w);
}

mj_status mj_resize_nearest_run(const mj_context *context, const mj_op_record *op) {
  const mj_resize_nearest_params *p = params_of(context, op);
  const uint16_t *rows = mj_const(context, p->rows_offset);
  const uint16_t *columns = mj_const(context, p->columns_offset);
  const uint8_t *image = mj_op_input(context, op, 0);
  uint8_t *out = mj_op_output(context, op, 0);
  const int32_t row_bytes = p->in_w * p->pixel_bytes;
  for (int32_t b = 0; b < p->batches; b++, image += p->in_h * row_bytes) {
    for (int32_t y = 0; y < p->out_h; y++) {
      const uint8_t *row = image + rows[y] * row_bytes;
      for (int32_t x = 0; x < p->out_w; x++, out += p->pixel_bytes) {
        mj_copy_block(out, row + columns[x] * p->pixel_bytes, (uint32_t)p->pixel_bytes);
      }
    }
  }
  return MJ_STATUS_OK;
}
