/*
 * The device dialect of MLPerf Tiny (mlcommons/tiny benchmark/api): words, replies and error texts as
 * published logs and runners have them, odd spellings included.
 */
#include <stddef.h>

#include "harness.h"
#include "text.h"

enum { DEFAULT_ITERATIONS = 1, DEFAULT_WARMUPS = 10 };

char *mj_next_word(char **rest) {
  char *at = *rest;
  while (*at == ' ') at++;
  if (*at == 0) {
    *rest = at;
    return NULL;
  }
  char *word = at;
  while (*at != 0 && *at != ' ') at++;
  if (*at == ' ') *at++ = 0;
  *rest = at;
  return word;
}

bool mj_words_equal(const char *a, const char *b) {
  while (*a != 0 && *a == *b) a++, b++;
  return *a == *b;
}

bool mj_parse_u32(const char *word, uint32_t *value) {
  uint32_t v = 0;
  if (*word == 0) return false;
  for (; *word != 0; word++) {
    if (*word < '0' || *word > '9') return false;
    uint32_t digit = (uint32_t)(*word - '0');
    if (v > (0x7fffffffu - digit) / 10u) return false;
    v = v * 10u + digit;
  }
  *value = v;
  return true;
}

/* As C's atoi reads a word, saturating: leading sign, then digits up to the first other character. */
static int32_t leading_integer(const char *word) {
  bool negative = *word == '-';
  if (*word == '-' || *word == '+') word++;
  uint32_t v = 0;
  for (; *word >= '0' && *word <= '9'; word++) {
    uint32_t digit = (uint32_t)(*word - '0');
    v = v > (0x7fffffffu - digit) / 10u ? 0x7fffffffu : v * 10u + digit;
  }
  return negative ? -(int32_t)v : (int32_t)v;
}

static int32_t hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

static void db_load(mj_harness *h, const char *word) {
  if (word == NULL) {
    mj_put("e-[Command 'db load' requires the # of bytes]\r\n");
    return;
  }
  int32_t bytes = leading_integer(word);
  h->db_position = 0;
  h->db_bytes = 0;
  h->has_result = false; /* a mean squared error compares with what db holds */
  if (bytes <= 0) {
    mj_put("e-[Command 'db load' must be >0 bytes]\r\n");
  } else if (bytes > MJ_DB_MAX_BYTES) {
    mj_put("Supplied buffer size ");
    mj_put_u32((uint32_t)bytes);
    mj_put(" exceeds maximum of ");
    mj_put_u32(MJ_DB_MAX_BYTES);
    mj_put("\n");
  } else {
    h->db_bytes = (uint32_t)bytes;
    mj_put("m-[Expecting ");
    mj_put_u32(h->db_bytes);
    mj_put(" bytes]\r\n");
  }
}

static void db_print(const mj_harness *h) {
  for (uint32_t i = 0; i < h->db_bytes; i++) {
    if (i % 8 == 0) mj_put("m-buffer-");
    mj_put_hex(h->db[i], 2);
    mj_put(i % 8 == 7 || i + 1 == h->db_bytes ? "\r\n" : "-");
  }
}

static void db_hex(mj_harness *h, const char *digits) {
  uint32_t count = 0;
  while (digits[count] != 0) count++;
  if (count % 2 != 0) {
    mj_put("e-[Insufficent number of hex digits]\r\n");
    return;
  }
  if (h->db_position >= h->db_bytes) {
    mj_put("e-[Command 'db' has no load in progress]\r\n");
    return;
  }
  for (uint32_t i = 0; i < count; i += 2) {
    int32_t high = hex_digit(digits[i]), low = hex_digit(digits[i + 1]);
    if (high < 0 || low < 0) {
      mj_put("e-[Invalid hex digit '");
      mj_put_bounded(&digits[i], 2);
      mj_put("']\r\n");
      return;
    }
    h->db[h->db_position++] = (uint8_t)(high << 4 | low);
    if (h->db_position == h->db_bytes) {
      mj_put("m-load-done\r\n");
      return; /* what follows is disregarded */
    }
  }
}

static void db(mj_harness *h, char *rest) {
  const char *word = mj_next_word(&rest);
  if (word == NULL)
    mj_put("e-[Command 'db' requires a subcommand]\r\n");
  else if (mj_words_equal(word, "load"))
    db_load(h, mj_next_word(&rest));
  else if (mj_words_equal(word, "print"))
    db_print(h);
  else
    db_hex(h, word);
}

static void infer(mj_harness *h, char *rest) {
  int32_t iterations = DEFAULT_ITERATIONS, warmups = DEFAULT_WARMUPS;
  const char *word = mj_next_word(&rest);
  if (word != NULL) {
    iterations = leading_integer(word);
    word = mj_next_word(&rest);
    if (word != NULL) warmups = leading_integer(word);
  }
  if (iterations <= 0)
    mj_put("e-[Inference iterations must be >0]\r\n");
  else if (warmups < 0)
    mj_put("e-[Inference warmup must be >=0]\r\n");
  else
    mj_window_run(h, (uint32_t)iterations, (uint32_t)warmups);
}

static void put_named(const char *before, const uint8_t name[24]) {
  mj_put(before);
  mj_put_bounded((const char *)name, 24);
  mj_put("]\r\n");
}

bool mj_dialect_command(mj_harness *h, char *command) {
  char *rest = command;
  const char *word = mj_next_word(&rest);
  if (word == NULL) word = "";
  if (mj_words_equal(word, "name")) {
    put_named("m-name-dut-[", h->config.vendor);
  } else if (mj_words_equal(word, "timestamp")) {
    mj_window_timestamp(h);
  } else if (mj_words_equal(word, "profile")) {
    mj_put("m-profile-[ULPMark for tinyML Firmware V0.0.1]\r\n");
    put_named("m-model-[", h->config.model);
  } else if (mj_words_equal(word, "db")) {
    db(h, rest);
  } else if (mj_words_equal(word, "infer")) {
    infer(h, rest);
  } else if (mj_words_equal(word, "results")) {
    mj_results_print(h);
  } else if (mj_words_equal(word, "mj")) {
    mj_extension_command(h, rest);
  } else {
    mj_put("e-[Unknown command: ");
    mj_put_bounded(word, MJ_COMMAND_CHARACTERS);
    mj_put("]\r\n");
    return false;
  }
  return true;
}
