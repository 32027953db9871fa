/*
 * Runs many Programs in one start of a QEMU board, in place of the harness:
 * opens each, runs its operators one by one and prints status, CRC-32 of the
 * outputs, whether the bytes around the arena are as they were, and
 * instructions of every operator. What to run lies where an image's Program
 * would (test/qemu/batch.ts).
 */
#include <string.h>

#include "../../firmware/engine/mj_engine.h"
#include "../../firmware/harness/crc.h"
#include "../../firmware/harness/port.h"

#define MAGIC 0x5442484du
#define GUARD_BYTES 64u
#define PAINT 0xa5u
#define CALIBRATION_ROUNDS 8

typedef struct {
  uint32_t program_offset;
  uint32_t program_bytes;
  uint32_t inputs_offset;
} record;

typedef struct {
  uint32_t magic;
  uint32_t count;
  record records[];
} batch;

static uint32_t length_of(const char *text) {
  uint32_t length = 0;
  while (text[length] != 0)
    length++;
  return length;
}

static void say(const char *text) {
  mj_port_send((const uint8_t *)text, length_of(text));
}

static void say_number(uint32_t value) {
  char digits[12];
  char *at = digits + sizeof digits - 1;
  *at = 0;
  do {
    *--at = (char)('0' + value % 10u);
    value /= 10u;
  } while (value > 0);
  say(" ");
  say(at);
}

static bool guards_hold(const uint8_t *arena, uint32_t bytes) {
  for (uint32_t i = 0; i < GUARD_BYTES; i++)
    if (arena[-1 - (int32_t)i] != PAINT || arena[bytes + i] != PAINT)
      return false;
  return true;
}

static void put_inputs(const mj_engine *engine, const uint8_t *bytes) {
  const mj_tensor_record *tensor;
  for (uint32_t i = 0; i < engine->header->input_count; i++) {
    uint8_t *to = mj_engine_input(engine, i, &tensor);
    memcpy(to, bytes, tensor->bytes);
    bytes += tensor->bytes;
  }
}

static uint32_t crc_of_outputs(const mj_engine *engine) {
  const mj_tensor_record *tensor;
  uint32_t crc = 0;
  for (uint32_t i = 0; i < engine->header->output_count; i++) {
    const uint8_t *from = mj_engine_output(engine, i, &tensor);
    crc = mj_crc32(crc, from, tensor->bytes);
  }
  return crc;
}

/* What two readings of the counter and a call that does nothing cost. */
static uint32_t overhead_of(const mj_engine *engine) {
  uint32_t least = UINT32_MAX;
  for (uint32_t i = 0; i < CALIBRATION_ROUNDS; i++) {
    const uint64_t before = mj_port_cycles();
    mj_engine_run_op(engine, UINT32_MAX);
    const uint32_t taken = (uint32_t)(mj_port_cycles() - before);
    if (taken < least)
      least = taken;
  }
  return least;
}

static void run(const batch *b, uint32_t index, const mj_port_board *board) {
  const record *r = &b->records[index];
  const uint8_t *program = (const uint8_t *)b + r->program_offset;
  const uint32_t arena_bytes =
      ((const mj_program_header *)(const void *)program)->arena_bytes;
  uint8_t *arena = board->pool + GUARD_BYTES;
  say("case");
  say_number(index);
  if (arena_bytes > board->pool_bytes - 2u * GUARD_BYTES) {
    say(" no room\n");
    return;
  }
  memset(board->pool, PAINT, arena_bytes + 2u * GUARD_BYTES);
  mj_engine engine;
  mj_status status =
      mj_engine_open(&engine, program, r->program_bytes, arena, arena_bytes);
  static uint32_t taken[1024];
  uint32_t ops = 0;
  if (status == MJ_STATUS_OK) {
    put_inputs(&engine, (const uint8_t *)b + r->inputs_offset);
    ops = engine.header->op_count;
    const uint32_t overhead = overhead_of(&engine);
    for (uint32_t i = 0; i < ops && i < 1024 && status == MJ_STATUS_OK; i++) {
      const uint64_t before = mj_port_cycles();
      status = mj_engine_run_op(&engine, i);
      taken[i] = (uint32_t)(mj_port_cycles() - before) - overhead;
    }
  }
  say_number((uint32_t)status);
  say_number(status == MJ_STATUS_OK ? crc_of_outputs(&engine) : 0);
  say_number(guards_hold(arena, arena_bytes) ? 1 : 0);
  for (uint32_t i = 0; i < ops && i < 1024; i++)
    say_number(taken[i]);
  say("\n");
}

void mj_harness_main(void);

void mj_harness_main(void) {
  const mj_port_board *board = mj_port_start();
  mj_port_open_line(115200, NULL, 0);
  const batch *b = (const void *)board->flash;
  if (b->magic == MAGIC) {
    for (uint32_t i = 0; i < b->count; i++)
      run(b, i, board);
  }
  say("done\n");
  for (;;)
    mj_port_receive(NULL, 0, MJ_PORT_FOREVER);
}
