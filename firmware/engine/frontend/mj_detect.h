/* From a window's outputs to detections: mean over the last windows, threshold, pause. */
#ifndef MJ_DETECT_H
#define MJ_DETECT_H

#include <stdbool.h>
#include <stdint.h>

#include "../mj_abi.h"

enum { MJ_DETECT_MAX_WINDOWS = 32, MJ_DETECT_MAX_CLASSES = 32 };

typedef struct {
  uint32_t classes; /* 0: outputs that cannot be detected in */
  uint32_t filled, next;
  bool waiting; /* in the pause after a detection */
  uint32_t detected_at;
  int32_t sum[MJ_DETECT_MAX_CLASSES];
  int8_t ring[MJ_DETECT_MAX_WINDOWS][MJ_DETECT_MAX_CLASSES];
} mj_detector;

void mj_detector_reset(mj_detector *d, uint32_t classes);

/*
 * The class detected with this window, or -1; `score` gets the mean of its outputs in 1/256 of a step.
 * Nothing is detected before `smoothing_windows` windows are there. Of equal classes the first.
 */
int32_t mj_detect(mj_detector *d, const mj_stream_setup *setup, const int8_t *outputs, uint32_t last_sample,
                  int32_t *score);

#endif
