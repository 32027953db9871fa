/*
 * The engine on this computer, for sanitizers. Standard input holds requests, all integers little-endian:
 * u32 Program bytes, u32 arena bytes, u32 sets, u32 input bytes and u32 output bytes of one set, the Program,
 * the inputs of every set. For each request standard output gets u32 status of mj_engine_open and, where it
 * is 0, for every set u32 status of mj_engine_run and the outputs. Blocks have exactly the asked size, so
 * that a byte read or written beyond them is found. Inputs are laid down and outputs taken in the Program's
 * order, cut at the asked bytes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mj_engine.h"

static int read_exactly(void *to, size_t count) {
  return fread(to, 1, count, stdin) == count;
}

static void put_u32(uint32_t value) {
  fwrite(&value, sizeof value, 1, stdout);
}

/* 16-byte aligned, exactly `bytes` long for the sanitizer. */
static uint8_t *block(uint32_t bytes) {
  void *p = NULL;
  if (posix_memalign(&p, 16, bytes == 0 ? 1 : bytes) != 0) abort();
  memset(p, 0xa5, bytes);
  return p;
}

static void load_inputs(const mj_engine *engine, const uint8_t *bytes, uint32_t count) {
  const mj_tensor_record *t = NULL;
  uint32_t at = 0;
  for (uint32_t i = 0; at < count; i++) {
    uint8_t *to = mj_engine_input(engine, i, &t);
    if (to == NULL) return;
    const uint32_t take = t->bytes < count - at ? t->bytes : count - at;
    memcpy(to, bytes + at, take);
    at += take;
  }
}

static void put_outputs(const mj_engine *engine, uint32_t count) {
  const mj_tensor_record *t = NULL;
  uint32_t at = 0;
  for (uint32_t i = 0; at < count; i++) {
    const uint8_t *from = mj_engine_output(engine, i, &t);
    const uint32_t take = from == NULL || t->bytes > count - at ? count - at : t->bytes;
    uint8_t *bytes = calloc(take == 0 ? 1 : take, 1);
    if (from != NULL) memcpy(bytes, from, take);
    fwrite(bytes, 1, take, stdout);
    free(bytes);
    if (take == 0 && from == NULL) return;
    at += take;
  }
}

int main(void) {
  uint32_t head[5];
  while (read_exactly(head, sizeof head)) {
    uint8_t *program = block(head[0]);
    uint8_t *arena = block(head[1]);
    uint8_t *inputs = block(head[3]);
    if (!read_exactly(program, head[0])) return 2;
    mj_engine engine;
    const mj_status opened = mj_engine_open(&engine, program, head[0], arena, head[1]);
    put_u32(opened);
    for (uint32_t set = 0; set < head[2]; set++) {
      if (!read_exactly(inputs, head[3])) return 2;
      if (opened != MJ_STATUS_OK) continue;
      load_inputs(&engine, inputs, head[3]);
      put_u32(mj_engine_run(&engine, NULL));
      put_outputs(&engine, head[4]);
    }
    free(inputs);
    free(arena);
    free(program);
  }
  return 0;
}
