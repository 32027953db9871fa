/*
 * Checked bulk upload (docs/mj-commands.md): COBS frames between 0x00 bytes, each seq u16 | data | CRC-16,
 * all little-endian. One frame in flight; every frame is answered, a repeated one is acknowledged again
 * without effect.
 */
#include <stddef.h>
#include <string.h>

#include "cobs.h"
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
  uint8_t *to;
  uint32_t bytes, received;
  uint16_t next_seq;
  uint32_t bad_frames;
} upload;

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
static const char *frame_fault(const mj_cobs_decoder *d) {
  const char *fault = mj_cobs_fault(d);
  if (fault != NULL) return fault;
  if (d->length < FRAME_OVERHEAD) return "short";
  if (mj_crc16(0xffff, d->bytes, d->length - 2u) != u16_at(&d->bytes[d->length - 2u])) return "crc";
  return NULL;
}

static const char *refuse(upload *u, const char *reason) {
  put_answer("m-mj-nak-[", u->next_seq, reason);
  return ++u->bad_frames >= MAX_BAD_FRAMES ? "too many bad frames" : NULL;
}

/* A whole frame has come. Returns why the upload ends, or NULL. */
static const char *take_frame(upload *u, const mj_cobs_decoder *d) {
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
  static uint8_t frame[FRAME_DATA_BYTES + FRAME_OVERHEAD];
  mj_cobs_decoder decoder = {.bytes = frame, .capacity = sizeof frame};
  upload u = {.to = to, .bytes = bytes};
  mj_cobs_reset(&decoder);
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
      mj_cobs_accept(&decoder, byte);
      continue;
    }
    const char *end = decoder.begun ? take_frame(&u, &decoder) : NULL;
    if (end != NULL) return end;
    mj_cobs_reset(&decoder);
  }
  return NULL;
}
