#include "cobs.h"

#include <stddef.h>

#include "port.h"

enum { BLOCK_BYTES = 254 };

void mj_cobs_reset(mj_cobs_decoder *d) {
  d->length = 0;
  d->block_left = 0;
  d->zero_after = false;
  d->begun = false;
  d->too_long = false;
}

static void store(mj_cobs_decoder *d, uint8_t byte) {
  if (d->length < d->capacity)
    d->bytes[d->length++] = byte;
  else
    d->too_long = true;
}

void mj_cobs_accept(mj_cobs_decoder *d, uint8_t byte) {
  if (d->block_left > 0) {
    d->block_left--;
    store(d, byte);
    return;
  }
  if (d->begun && d->zero_after) store(d, 0);
  d->begun = true;
  d->block_left = byte - 1u;
  d->zero_after = byte != 0xff;
}

const char *mj_cobs_fault(const mj_cobs_decoder *d) {
  if (d->too_long) return "length";
  return d->block_left > 0 ? "cobs" : NULL;
}

static void send_block(mj_cobs_sender *s) {
  s->block[0] = (uint8_t)(s->length + 1u);
  mj_port_send(s->block, s->length + 1u);
  s->length = 0;
}

void mj_cobs_begin(mj_cobs_sender *s) {
  static const uint8_t delimiter = 0;
  s->length = 0;
  mj_port_send(&delimiter, 1);
}

void mj_cobs_send(mj_cobs_sender *s, const uint8_t *bytes, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    if (bytes[i] == 0) {
      send_block(s);
      continue;
    }
    s->block[++s->length] = bytes[i];
    if (s->length == BLOCK_BYTES) send_block(s);
  }
}

void mj_cobs_end(mj_cobs_sender *s) {
  static const uint8_t delimiter = 0;
  send_block(s);
  mj_port_send(&delimiter, 1);
}
