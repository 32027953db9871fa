/* The `mj` extension: src-main/abi/schema.ts `mjCommands`, docs/mj-commands.md. */
#include <stddef.h>

#include "crc.h"
#include "harness.h"
#include "text.h"

enum { OUT_LINE_BYTES = 32 };

static void put_field(const char *name, uint32_t value) {
  mj_put(name);
  mj_put_u32(value);
}

static void put_model_hash(const mj_harness *h) {
  for (uint32_t i = 0; i < 8; i++) mj_put_hex(h->engine.header->model_sha256[i], 2);
}

static uint32_t output_bytes(const mj_harness *h) {
  uint32_t bytes = 0;
  const mj_tensor_record *tensor;
  for (uint32_t n = 0; mj_engine_output(&h->engine, n, &tensor) != NULL; n++) bytes += tensor->bytes;
  return bytes;
}

static void mj_id(const mj_harness *h) {
  bool has_program = h->engine_status == MJ_STATUS_OK;
  mj_put("m-mj-id-[abi=");
  mj_put_u32(MJ_ABI_VERSION);
  mj_put(",fw=");
  mj_put_hex(mj_crc32(0, h->board->firmware, h->board->firmware_bytes), 8);
  mj_put(",program=");
  mj_put_hex(has_program ? h->engine.header->crc32 : 0, 8);
  mj_put(",model=");
  if (has_program)
    put_model_hash(h);
  else
    mj_put("0000000000000000");
  mj_put(",board=");
  mj_put(h->board->id);
  mj_put(h->config.mode == MJ_HARNESS_MODE_ENERGY ? ",mode=energy" : ",mode=performance");
  put_field(",clk=", h->board->clock_hz);
  put_field(",baud=", h->config.baud);
  put_field(",ops=", has_program ? h->engine.header->op_count : 0);
  put_field(",arena=", h->arena_bytes);
  put_field(",in=", has_program ? mj_input_expected_bytes(h) : 0);
  put_field(",out=", has_program ? output_bytes(h) : 0);
  put_field(",status=", (uint32_t)h->engine_status);
  mj_put(h->program_uploaded ? ",source=ram]\r\n" : ",source=image]\r\n");
}

static void mj_arena(const mj_harness *h) {
  put_field("m-mj-arena-[high=", mj_harness_high_water(h));
  put_field(",size=", h->arena_bytes);
  mj_put("]\r\n");
}

static void mj_window(void) {
  uint32_t start_us;
  uint32_t end_us;
  if (!mj_window_last(&start_us, &end_us)) {
    mj_put("e-[mj window: no window since start]\r\n");
    return;
  }
  put_field("m-mj-window-[start=", start_us);
  put_field(",end=", end_us);
  mj_put("]\r\n");
}

static void mj_line(const mj_harness *h) {
  put_field("m-mj-line-[overruns=", h->board->line_errors->overruns);
  put_field(",framing=", h->board->line_errors->bad_framing);
  put_field(",dropped=", h->board->line_errors->dropped);
  mj_put("]\r\n");
}

static void put_output_line(const uint8_t *bytes, uint32_t offset, uint32_t count) {
  put_field("m-mj-out-[", offset);
  mj_put(",");
  for (uint32_t i = 0; i < count; i++) mj_put_hex(bytes[i], 2);
  mj_put("]\r\n");
}

/* All output tensors, one after the other; a line never spans two of them. */
static void mj_out(const mj_harness *h) {
  if (!mj_harness_has_program(h)) return;
  if (!h->has_result) {
    mj_put("e-[mj out: no inference has been run]\r\n");
    return;
  }
  uint32_t offset = 0, crc = 0;
  const mj_tensor_record *tensor;
  const uint8_t *bytes;
  for (uint32_t n = 0; (bytes = mj_engine_output(&h->engine, n, &tensor)) != NULL; n++) {
    for (uint32_t at = 0; at < tensor->bytes; at += OUT_LINE_BYTES) {
      uint32_t left = tensor->bytes - at;
      put_output_line(bytes + at, offset + at, left < OUT_LINE_BYTES ? left : OUT_LINE_BYTES);
    }
    crc = mj_crc32(crc, bytes, tensor->bytes);
    offset += tensor->bytes;
  }
  mj_put("m-mj-outcrc-[");
  mj_put_hex(crc, 8);
  mj_put("]\r\n");
}

static void put_load_error(const char *reason) {
  mj_put("e-[mj load: ");
  mj_put(reason);
  mj_put("]\r\n");
}

static void put_load_begin(const char *kind, uint32_t bytes) {
  mj_put("m-mj-load-[");
  mj_put(kind);
  put_field(",", bytes);
  mj_put("]\r\n");
}

static void put_load_done(uint32_t crc) {
  mj_put("m-mj-load-done-[");
  mj_put_hex(crc, 8);
  mj_put("]\r\n");
}

static void load_input(mj_harness *h, uint32_t bytes) {
  if (bytes > sizeof h->db) {
    put_load_error("an input holds at most 27648 bytes");
    return;
  }
  h->db_bytes = bytes;
  h->db_position = 0;
  h->has_result = false;
  put_load_begin("input", bytes);
  const char *fault = mj_upload_receive(h->db, bytes, h->config.baud);
  if (fault != NULL) {
    h->db_bytes = 0;
    put_load_error(fault);
    return;
  }
  h->db_position = bytes;
  put_load_done(mj_crc32(0, h->db, bytes));
}

/* The set-up of a stream takes the place of the input; `mj stream` checks it. */
static void load_stream(mj_harness *h, uint32_t bytes) {
  if (bytes > MJ_STREAM_SETUP_MAX_BYTES) {
    put_load_error("a stream's set-up holds at most 16384 bytes");
    return;
  }
  mj_harness_forget_input(h);
  put_load_begin("stream", bytes);
  const char *fault = mj_upload_receive(h->stream, bytes, h->config.baud);
  if (fault != NULL)
    put_load_error(fault);
  else
    put_load_done(mj_crc32(0, h->stream, bytes));
}

/* The pool is overwritten: whatever Program ran before, the image's own comes back when this one is not
 * usable. */
static void load_program(mj_harness *h, uint32_t bytes) {
  if (bytes > h->board->pool_bytes - 16u) {
    put_load_error("larger than the memory for arena and Program");
    return;
  }
  put_load_begin("program", bytes);
  const char *fault = mj_upload_receive(h->board->pool, bytes, h->config.baud);
  if (fault != NULL) {
    mj_harness_open_image_program(h);
    put_load_error(fault);
    return;
  }
  uint32_t crc = mj_crc32(0, h->board->pool, bytes);
  mj_status status = mj_harness_open_uploaded_program(h, bytes);
  if (status == MJ_STATUS_OK) {
    put_load_done(crc);
    return;
  }
  mj_put("e-[mj load: Program refused, status ");
  mj_put_u32((uint32_t)status);
  mj_put("]\r\n");
}

static void mj_load(mj_harness *h, char *rest) {
  const char *kind = mj_next_word(&rest);
  const char *count = mj_next_word(&rest);
  uint32_t bytes;
  if (kind == NULL || count == NULL || !mj_parse_u32(count, &bytes) || bytes == 0)
    put_load_error("usage: mj load input|program|stream BYTES");
  else if (mj_words_equal(kind, "input"))
    load_input(h, bytes);
  else if (mj_words_equal(kind, "program"))
    load_program(h, bytes);
  else if (mj_words_equal(kind, "stream"))
    load_stream(h, bytes);
  else
    put_load_error("usage: mj load input|program|stream BYTES");
}

static void mj_baud(mj_harness *h, char *rest) {
  const char *word = mj_next_word(&rest);
  uint32_t baud;
  if (word == NULL || !mj_parse_u32(word, &baud) || baud < h->board->min_baud || baud > h->board->max_baud) {
    mj_put("e-[mj baud: not a rate this board can do]\r\n");
    return;
  }
  h->next_baud = baud;
  put_field("m-mj-baud-[", baud);
  mj_put("]\r\n");
}

void mj_extension_command(mj_harness *h, char *rest) {
  const char *word = mj_next_word(&rest);
  if (word == NULL) word = "";
  if (mj_words_equal(word, "id")) {
    mj_id(h);
  } else if (mj_words_equal(word, "arena")) {
    mj_arena(h);
  } else if (mj_words_equal(word, "paint")) {
    mj_harness_paint(h);
    mj_put("m-mj-paint-done\r\n");
  } else if (mj_words_equal(word, "prof")) {
    mj_window_profile(h);
  } else if (mj_words_equal(word, "out")) {
    mj_out(h);
  } else if (mj_words_equal(word, "load")) {
    mj_load(h, rest);
  } else if (mj_words_equal(word, "baud")) {
    mj_baud(h, rest);
  } else if (mj_words_equal(word, "line")) {
    mj_line(h);
  } else if (mj_words_equal(word, "window")) {
    mj_window();
  } else if (mj_words_equal(word, "stream")) {
    mj_stream_run(h);
  } else if (mj_words_equal(word, "reset")) {
    mj_put("m-mj-reset\r\n");
    mj_port_reset();
  } else {
    mj_put("e-[mj ");
    mj_put_bounded(word, MJ_COMMAND_CHARACTERS);
    mj_put(": unknown command]\r\n");
  }
}
