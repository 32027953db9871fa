/* COBS (Cheshire & Baker 1999), byte by byte in both directions. Frames stand between 0x00 bytes. */
#ifndef MJ_COBS_H
#define MJ_COBS_H

#include <stdbool.h>
#include <stdint.h>

typedef struct {
  uint8_t *bytes; /* [capacity], the caller's */
  uint32_t capacity;
  uint32_t length;
  uint32_t block_left; /* bytes of the present COBS block still to come */
  bool zero_after;     /* the present block ends with a zero unless the frame does */
  bool begun, too_long;
} mj_cobs_decoder;

void mj_cobs_reset(mj_cobs_decoder *d);

/* One byte that is not 0x00; at a 0x00 the frame is complete: see mj_cobs_fault. */
void mj_cobs_accept(mj_cobs_decoder *d, uint8_t byte);

/* Of a complete frame: "length" beyond the capacity, "cobs" ends inside a block; NULL: good. */
const char *mj_cobs_fault(const mj_cobs_decoder *d);

/* Sends on the line. `length` bytes of `block` wait, none of them zero. */
typedef struct {
  uint32_t length;
  uint8_t block[255]; /* the code first */
} mj_cobs_sender;

void mj_cobs_begin(mj_cobs_sender *s);
void mj_cobs_send(mj_cobs_sender *s, const uint8_t *bytes, uint32_t count);
void mj_cobs_end(mj_cobs_sender *s);

#endif
