#include "mj_walk.h"

bool mj_walk_fits(const int32_t *dims, const int32_t *strides, uint32_t count, int32_t start, uint32_t unit,
                  uint32_t end) {
  if (start < 0 || end > MJ_MAX_ELEMENTS || unit > end || (uint32_t)start > end - unit) return false;
  /* what is left to walk in each direction */
  uint32_t below = (uint32_t)start;
  uint32_t above = end - unit - (uint32_t)start;
  for (uint32_t i = 0; i < count; i++) {
    if (dims[i] < 1 || strides[i] < -(int32_t)MJ_MAX_ELEMENTS) return false;
    const bool back = strides[i] < 0;
    uint32_t reach = 0;
    if (!mj_bounded_product((uint32_t)dims[i] - 1, (uint32_t)(back ? -strides[i] : strides[i]), &reach)) {
      return false;
    }
    uint32_t *left = back ? &below : &above;
    if (reach > *left) return false;
    *left -= reach;
  }
  return true;
}
