/*
 * Measured windows: pins as docs/adr/0002-pins.md. Nothing is printed between the two timestamps; the same
 * code runs in performance, energy and accuracy runs, only the mode word decides how a timestamp shows.
 */
#include <stddef.h>

#include "harness.h"
#include "text.h"

enum {
  PULSE_US = 50, /* a 10 us sampler must see it */
  PROFILE_SLOTS = 128,
  CALIBRATION_ROUNDS = 16,
};

/* ---- timestamps ---- */

static void hold_pulse(void) {
  uint32_t start = mj_port_now_us();
  while (mj_port_now_us() - start <= PULSE_US) continue; /* <=: the first microsecond may be a short one */
}

static void put_lap(uint32_t us) {
  mj_put("m-lap-us-");
  mj_put_u32(us);
  mj_put("\r\n");
}

void mj_window_timestamp(const mj_harness *h) {
  if (h->config.mode != MJ_HARNESS_MODE_ENERGY) {
    put_lap(mj_port_now_us());
    return;
  }
  mj_port_pins(MJ_PIN_TIMESTAMP, 0);
  hold_pulse();
  mj_port_pins(MJ_PIN_TIMESTAMP, MJ_PIN_TIMESTAMP);
}

/* ---- the operator counter on the pins ---- */

/* Boundaries passed since the window began; its Gray code modulo 8 is on the pins. */
static uint32_t boundaries;
static bool first_operator;

MJ_HOT static void show_operator(void *user, uint32_t index) {
  (void)user;
  (void)index;
  if (first_operator) {
    first_operator = false; /* the window's own edge marks it */
    return;
  }
  uint32_t count = ++boundaries & 7u;
  mj_port_pins(MJ_PIN_OPERATOR, (count ^ count >> 1) << MJ_PIN_OPERATOR_SHIFT);
}

static const mj_observer pin_observer = {.before = show_operator};

/* Start: D0 rises, and the energy mode's pulse ends, with one store. Returns the time. */
MJ_HOT static uint32_t open_window(bool energy) {
  boundaries = 0;
  first_operator = true;
  if (energy) {
    mj_port_pins(MJ_PIN_TIMESTAMP, 0);
    hold_pulse();
  }
  mj_port_pins(MJ_PIN_TIMESTAMP | MJ_PIN_WINDOW | MJ_PIN_OPERATOR, MJ_PIN_TIMESTAMP | MJ_PIN_WINDOW);
  return mj_port_now_us();
}

/* End: D0 falls, and the energy mode's second pulse begins, with one store. */
MJ_HOT static uint32_t close_window(bool energy) {
  uint32_t end = mj_port_now_us();
  mj_port_pins(MJ_PIN_TIMESTAMP | MJ_PIN_WINDOW | MJ_PIN_OPERATOR, energy ? 0 : MJ_PIN_TIMESTAMP);
  if (energy) {
    hold_pulse();
    mj_port_pins(MJ_PIN_TIMESTAMP, MJ_PIN_TIMESTAMP);
  }
  return end;
}

/* The device's own times of the last window, for `mj window`: in energy mode nothing else tells them. */
static struct {
  bool seen;
  uint32_t start_us;
  uint32_t end_us;
} last_window;

bool mj_window_last(uint32_t *start_us, uint32_t *end_us) {
  *start_us = last_window.start_us;
  *end_us = last_window.end_us;
  return last_window.seen;
}

/* ---- infer ---- */

/* The input is in its place for the first one; a plan that reuses that place gets it again for the others. */
MJ_HOT static mj_status run_inferences(mj_harness *h, uint32_t count, const mj_observer *observer) {
  mj_status status = MJ_STATUS_OK;
  bool kept = (h->engine.header->flags & MJ_PROGRAM_FLAG_INPUTS_KEPT) != 0;
  for (uint32_t i = 0; i < count && status == MJ_STATUS_OK; i++) {
    if (i > 0 && !kept) mj_input_place(h);
    /* every repetition computes the same: states begin anew */
    mj_engine_reset(&h->engine);
    status = mj_engine_run(&h->engine, observer);
  }
  h->has_result = status == MJ_STATUS_OK;
  return status;
}

static bool report_failure(mj_status status) {
  if (status == MJ_STATUS_OK) return false;
  mj_put("e-[Inference failed: status ");
  mj_put_u32((uint32_t)status);
  mj_put("]\r\n");
  return true;
}

static void put_count(const char *before, uint32_t count) {
  mj_put(before);
  mj_put_u32(count);
  mj_put("\r\n");
}

void mj_window_run(mj_harness *h, uint32_t iterations, uint32_t warmups) {
  bool energy = h->config.mode == MJ_HARNESS_MODE_ENERGY;
  if (!mj_harness_has_program(h) || !mj_input_prepare(h)) return;
  put_count("m-warmup-start-", warmups);
  mj_input_place(h);
  if (report_failure(run_inferences(h, warmups, NULL))) return;
  mj_put("m-warmup-done\r\n");
  mj_input_place(h);
  put_count("m-infer-start-", iterations);
  mj_port_send(NULL, 0);
  if (energy) mj_port_receive(NULL, 0, h->config.idle_us_before_window);
  uint32_t start = open_window(energy);
  mj_status status = run_inferences(h, iterations, &pin_observer);
  uint32_t end = close_window(energy);
  last_window.seen = true;
  last_window.start_us = start;
  last_window.end_us = end;
  if (report_failure(status)) return;
  if (!energy) {
    put_lap(start);
    put_lap(end);
  }
  mj_put("m-infer-done\r\n");
  mj_results_print(h);
}

MJ_HOT mj_status mj_window_single(mj_harness *h, uint32_t *cycles) {
  boundaries = 0;
  first_operator = true;
  mj_port_pins(MJ_PIN_WINDOW | MJ_PIN_OPERATOR, MJ_PIN_WINDOW);
  uint64_t start = mj_port_cycles();
  mj_status status = mj_engine_run(&h->engine, &pin_observer);
  *cycles = (uint32_t)(mj_port_cycles() - start);
  mj_port_pins(MJ_PIN_WINDOW | MJ_PIN_OPERATOR, 0);
  return status;
}

/* ---- mj prof ---- */

typedef struct {
  uint32_t first; /* operators first … first + PROFILE_SLOTS - 1 are recorded */
  uint64_t started;
  uint64_t cycles[PROFILE_SLOTS];
} mj_profile;

MJ_HOT static void profile_before(void *user, uint32_t index) {
  mj_profile *profile = user;
  (void)index;
  profile->started = mj_port_cycles();
}

MJ_HOT static void profile_after(void *user, uint32_t index) {
  mj_profile *profile = user;
  uint64_t taken = mj_port_cycles() - profile->started;
  uint32_t slot = index - profile->first;
  if (slot < PROFILE_SLOTS) profile->cycles[slot] = taken;
}

/* What the pair of calls costs around nothing, through the same pointers the engine calls. */
static uint32_t measure_overhead(const mj_observer *observer) {
  uint64_t least = UINT32_MAX;
  mj_profile *profile = observer->user;
  for (uint32_t i = 0; i < CALIBRATION_ROUNDS; i++) {
    observer->before(profile, 0);
    observer->after(profile, 0);
    if (profile->cycles[0] < least) least = profile->cycles[0];
  }
  return (uint32_t)least;
}

static void put_operator(const mj_harness *h, uint32_t index, uint64_t cycles) {
  const mj_op_record *ops = (const void *)((const uint8_t *)h->engine.header + h->engine.header->ops_offset);
  mj_put("m-mj-op-[");
  mj_put_u32(index);
  mj_put(",");
  mj_put_u32(ops[index].kernel);
  mj_put(",");
  mj_put_u64(cycles);
  mj_put("]\r\n");
}

/* Operators beyond the slots are recorded by further inferences: they all take the same time. */
void mj_window_profile(mj_harness *h) {
  static mj_profile profile;
  const mj_observer observer = {.before = profile_before, .after = profile_after, .user = &profile};
  if (!mj_harness_has_program(h) || !mj_input_prepare(h)) return;
  uint32_t ops = h->engine.header->op_count;
  profile = (mj_profile){0};
  uint32_t overhead = measure_overhead(&observer);
  mj_put("m-mj-prof-[ops=");
  mj_put_u32(ops);
  mj_put(",overhead=");
  mj_put_u32(overhead);
  mj_put("]\r\n");
  mj_port_send(NULL, 0);
  uint64_t total = 0;
  for (uint32_t first = 0; first < ops; first += PROFILE_SLOTS) {
    profile.first = first;
    /* As in a window: the inference before has left its code and constants in the cache. */
    mj_input_place(h);
    if (report_failure(run_inferences(h, 1, NULL))) return;
    mj_input_place(h);
    if (report_failure(run_inferences(h, 1, &observer))) return;
    for (uint32_t i = first; i < ops && i < first + PROFILE_SLOTS; i++) {
      uint64_t taken = profile.cycles[i - first];
      taken = taken > overhead ? taken - overhead : 0;
      total += taken;
      put_operator(h, i, taken);
    }
    mj_port_send(NULL, 0);
  }
  mj_put("m-mj-total-[");
  mj_put_u64(total);
  mj_put("]\r\n");
}
