/*
 * Checked bulk upload (docs/mj-commands.md): COBS frames between 0x00 bytes, each seq u16 | data | CRC-16,
 * all little-endian. One frame in flight; every frame is answered, a repeated one is acknowledged again
 * without effect.
 */
#include <stddef.h>
#include <string.h>

#include "crc.h"
#include "harness.h"
#include "text.h"

enum {
  FRAME_DATA_BYTES = 1024,
  FRAME_OVERHEAD = 4,
  SILENCE_US = 3000000,
  MAX_BAD_FRAMES = 64,
  SEQ_CANCEL = 0xffff,
};

typedef struct {
  uint8_t bytes[FRAME_DATA_BYTES + FRAME_OVERHEAD];
  uint32_t length;
  uint32_t block_left; /* bytes of the present COBS block still to come */
  bool zero_after;     /* the present block ends with a zero unless the frame does */
  bool begun, too_long;
} cobs_decoder;

typedef struct {
  uint8_t *to;
  uint32_t bytes, received;
  uint16_t next_seq;
  uint32_t bad_frames;
} upload;

static void decoder_reset(cobs_decoder *d) {
  d->length = 0;
  d->block_left = 0;
  d->zero_after = false;
  d->begun = false;
  d->too_long = false;
}

static void decoder_store(cobs_decoder *d, uint8_t byte) {
  if (d->length < sizeof d->bytes)
    d->bytes[d->length++] = byte;
  else
    d->too_long = true;
}

/* One byte that is not 0x00. */
static void decoder_accept(cobs_decoder *d, uint8_t byte) {
  if (d->block_left > 0) {
    d->block_left--;
    decoder_store(d, byte);
    return;
  }
  if (d->begun && d->zero_after) decoder_store(d, 0);
  d->begun = true;
  d->block_left = byte - 1u;
  d->zero_after = byte != 0xff;
}

static void put_answer(const char *word, uint16_t seq, const char *reason) {
  mj_put(word);
  mj_put_u32(seq);
  if (reason != NULL) {
    mj_put(",");
    mj_put(reason);
  }
  mj_put("]\r\n");
}

static uint16_t u16_at(const uint8_t *bytes) {
  return (uint16_t)(bytes[0] | bytes[1] << 8);
}

/* NULL: good. */
static const char *frame_fault(const cobs_decoder *d) {
  if (d->too_long) return "length";
  if (d->block_left > 0) return "cobs";
  if (d->length < FRAME_OVERHEAD) return "short";
  if (mj_crc16(0xffff, d->bytes, d->length - 2u) != u16_at(&d->bytes[d->length - 2u])) return "crc";
  return NULL;
}

static const char *refuse(upload *u, const char *reason) {
  put_answer("m-mj-nak-[", u->next_seq, reason);
  return ++u->bad_frames >= MAX_BAD_FRAMES ? "too many bad frames" : NULL;
}

/* A whole frame has come. Returns why the upload ends, or NULL. */
static const char *take_frame(upload *u, const cobs_decoder *d) {
  const char *fault = frame_fault(d);
  if (fault != NULL) return refuse(u, fault);
  uint16_t seq = u16_at(d->bytes);
  uint32_t data_bytes = d->length - FRAME_OVERHEAD;
  if (seq == SEQ_CANCEL && data_bytes == 0) return "cancelled";
  if (u->received > 0 && seq == (uint16_t)(u->next_seq - 1u)) {
    put_answer("m-mj-ack-[", seq, NULL);
    return NULL;
  }
  if (seq != u->next_seq) return refuse(u, "seq");
  if (data_bytes == 0 || data_bytes > u->bytes - u->received) return refuse(u, "size");
  memcpy(u->to + u->received, &d->bytes[2], data_bytes);
  u->received += data_bytes;
  u->next_seq++;
  u->bad_frames = 0;
  put_answer("m-mj-ack-[", seq, NULL);
  return NULL;
}

const char *mj_upload_receive(uint8_t *to, uint32_t bytes, uint32_t baud) {
  static cobs_decoder decoder;
  upload u = {.to = to, .bytes = bytes};
  decoder_reset(&decoder);
  /* Against endless garbage: eight times what the bytes take on the line, and 10 s for the answers. */
  uint64_t left_us = 10000000u + 8ull * 10000000u * bytes / baud;
  uint32_t last_us = mj_port_now_us();
  while (u.received < bytes) {
    uint8_t byte;
    uint32_t count = mj_port_receive(&byte, 1, SILENCE_US);
    uint32_t now_us = mj_port_now_us();
    uint32_t passed_us = now_us - last_us;
    last_us = now_us;
    if (count == 0 || passed_us >= left_us) return "time-out";
    left_us -= passed_us;
    if (byte != 0) {
      decoder_accept(&decoder, byte);
      continue;
    }
    const char *end = decoder.begun ? take_frame(&u, &decoder) : NULL;
    if (end != NULL) return end;
    decoder_reset(&decoder);
  }
  return NULL;
}
