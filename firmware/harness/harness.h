/*
 * The harness: what makes a board a device under test. It speaks the th- dialect of MLPerf Tiny and the `mj`
 * extension (docs/mj-commands.md), stages inputs, runs windows and prints results. One static instance.
 */
#ifndef MJ_HARNESS_H
#define MJ_HARNESS_H

#include <stdbool.h>
#include <stdint.h>

#include "../engine/mj_engine.h"
#include "port.h"

enum {
  MJ_COMMAND_CHARACTERS = 80,
  MJ_DB_MAX_BYTES = 27648,              /* the dialect's limit: 96 x 96 x 3 */
  MJ_STAGE_BYTES = MJ_DB_MAX_BYTES / 4, /* quantised floats */
  MJ_STREAM_BYTES = MJ_DB_MAX_BYTES + MJ_STAGE_BYTES,
  MJ_STREAM_SETUP_MAX_BYTES = 16384,
};

typedef struct {
  const mj_port_board *board;
  mj_image_config config; /* the block, or defaults */
  mj_engine engine;
  mj_status engine_status; /* MJ_STATUS_OK: there is a Program */
  bool program_uploaded;
  uint8_t *arena; /* all of the pool that no uploaded Program takes */
  uint32_t arena_bytes;
  bool has_result;

  char command[MJ_COMMAND_CHARACTERS + 1];
  uint32_t command_length;
  uint32_t next_baud;         /* takes effect after m-ready; 0 = no change */
  uint32_t confirm_baud_from; /* the rate to return to while a new one is unconfirmed; else 0 */
  uint32_t baud_deadline_us;

  /* What `db` holds: raw bytes in the configured encoding. */
  uint32_t db_bytes;
  uint32_t db_position;
  /* An input and a stream are never there together: a stream takes no memory from the arena. */
  union {
    struct {
      uint8_t db[MJ_DB_MAX_BYTES] __attribute__((aligned(16)));
      uint8_t stage[MJ_STAGE_BYTES] __attribute__((aligned(16)));
    };
    uint8_t stream[MJ_STREAM_BYTES] __attribute__((aligned(16)));
  };
} mj_harness;

void mj_harness_main(void);

/* harness.c: opens the image's Program, or none; the arena is painted. */
void mj_harness_open_image_program(mj_harness *h);
/* Opens a Program that lies in the pool's first `bytes` bytes; on failure the image's own comes back. */
mj_status mj_harness_open_uploaded_program(mj_harness *h, uint32_t bytes);
/* Forgets what `db` holds and the last result. */
void mj_harness_forget_input(mj_harness *h);
/* Fills the arena with the pattern the high-water mark is read from. */
void mj_harness_paint(mj_harness *h);
/* Bytes from the arena's start to the last one that is not paint, rounded up to 4. */
uint32_t mj_harness_high_water(const mj_harness *h);
/* `e-[…]` and false when there is no Program. */
bool mj_harness_has_program(const mj_harness *h);

/* dialect.c: runs one command, everything but the final m-ready. False: not a command. */
bool mj_dialect_command(mj_harness *h, char *command);
/* The next word of a command, '\0'-terminated in place; NULL at the end. */
char *mj_next_word(char **rest);
bool mj_words_equal(const char *a, const char *b);
/* Decimal digits only, at most 2^31 - 1; false otherwise. */
bool mj_parse_u32(const char *word, uint32_t *value);

/* input.c: bytes that `db` must hold for one inference. */
uint32_t mj_input_expected_bytes(const mj_harness *h);
/* Converts what `db` holds, once; `e-[…]` and false when it is incomplete or not a number. */
bool mj_input_prepare(mj_harness *h);
/* Writes the prepared input into the arena. */
void mj_input_place(mj_harness *h);
/* The n-th element of the first input as a real number. */
bool mj_input_value(const mj_harness *h, uint32_t index, float *value);

/* window.c */
void mj_window_run(mj_harness *h, uint32_t iterations, uint32_t warmups);
void mj_window_timestamp(const mj_harness *h);
void mj_window_profile(mj_harness *h);
/* Microseconds at which the last window of `infer` began and ended; false before the first. */
bool mj_window_last(uint32_t *start_us, uint32_t *end_us);
/* One inference on what the input tensors hold, with the pins of a window; what it took. */
mj_status mj_window_single(mj_harness *h, uint32_t *cycles);

/* results.c */
void mj_results_print(const mj_harness *h);

/* extension.c: `mj …` */
void mj_extension_command(mj_harness *h, char *rest);

/* stream.c: runs the stream that was loaded; an error line where it cannot. Returns when it has ended. */
void mj_stream_run(mj_harness *h);

/* upload.c: receives `bytes` bytes as checked frames; prints acks. NULL: complete, else why it was given up.
 */
const char *mj_upload_receive(uint8_t *to, uint32_t bytes, uint32_t baud);

#endif
