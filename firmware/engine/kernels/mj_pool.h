/* Windows of AVERAGE_POOL_2D and MAX_POOL_2D. */
#ifndef MJ_POOL_H
#define MJ_POOL_H

#include "../mj_kernels.h"

/* The part of one output pixel's window that lies inside the image. */
typedef struct {
  const int8_t *first; /* channel 0 */
  int32_t rows;
  int32_t columns;
  int32_t row_bytes; /* from one row of the image to the next */
} mj_pool_window;

bool mj_pool_check(const mj_engine *engine, const mj_op_record *op);

/* `image` is one batch. Every window has at least one element, mj_pool_check sees to it. */
mj_pool_window mj_pool_window_at(const mj_pool_params *p, const int8_t *image, int32_t oy, int32_t ox);

/* One output pixel, all its channels. */
typedef void (*mj_pool_pixel_fn)(const mj_pool_params *p, const mj_pool_window *window, int8_t *out);

void mj_pool_run(const mj_context *context, const mj_op_record *op, mj_pool_pixel_fn pixel);

#endif
