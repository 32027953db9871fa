#include "mj_detect.h"

void mj_detector_reset(mj_detector *d, uint32_t classes) {
  d->classes = classes <= MJ_DETECT_MAX_CLASSES ? classes : 0;
  d->filled = 0;
  d->next = 0;
  d->waiting = false;
  d->detected_at = 0;
  for (uint32_t c = 0; c < MJ_DETECT_MAX_CLASSES; c++) d->sum[c] = 0;
}

static void add_window(mj_detector *d, uint32_t windows, const int8_t *outputs) {
  int8_t *slot = d->ring[d->next];
  const bool full = d->filled == windows;
  for (uint32_t c = 0; c < d->classes; c++) {
    d->sum[c] += outputs[c] - (full ? slot[c] : 0);
    slot[c] = outputs[c];
  }
  d->next = d->next + 1u == windows ? 0 : d->next + 1u;
  if (!full) d->filled++;
}

int32_t mj_detect(mj_detector *d, const mj_stream_setup *setup, const int8_t *outputs, uint32_t last_sample,
                  int32_t *score) {
  const uint32_t windows = setup->smoothing_windows;
  int32_t best = -1;
  *score = 0;
  if (d->classes == 0 || windows == 0 || windows > MJ_DETECT_MAX_WINDOWS) return -1;
  add_window(d, windows, outputs);
  if (d->waiting && last_sample - d->detected_at >= setup->refractory_samples) d->waiting = false;
  if (d->filled < windows || d->waiting) return -1;
  for (uint32_t c = 0; c < d->classes; c++) {
    if ((setup->ignored_classes >> c & 1u) != 0) continue;
    if (best < 0 || d->sum[c] > d->sum[best]) best = (int32_t)c;
  }
  if (best < 0 || d->sum[best] * 256 < setup->threshold * (int32_t)windows) return -1;
  *score = d->sum[best] * 256 / (int32_t)windows;
  d->waiting = true;
  d->detected_at = last_sample;
  return best;
}
