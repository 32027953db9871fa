#include "harness.h"

#include <stddef.h>
#include <string.h>

#include "../engine/mj_kernel_table.h"
#include "crc.h"
#include "text.h"

enum {
  BAUD_CONFIRM_US = 3000000,
  MAX_IDLE_US = 60000000,
};

/* The build of the kernels that goes with this firmware; 0 where they are compiled in. */
#ifndef MJ_KERNEL_PACK
#define MJ_KERNEL_PACK 0u
#endif

static mj_harness harness;

static bool config_is_valid(const mj_image_config *config) {
  return config != NULL && config->magic == MJ_CONFIG_MAGIC && config->version == 1 &&
         config->bytes == sizeof *config &&
         config->crc32 == mj_crc32(0, (const uint8_t *)config + 12, sizeof *config - 12);
}

static void load_config(mj_harness *h) {
  bool valid = config_is_valid(h->board->config);
  if (valid) {
    h->config = *h->board->config;
  } else {
    memcpy(h->config.vendor, "unspecified", 12);
    memcpy(h->config.model, "none", 5);
  }
  if (h->config.baud < h->board->min_baud || h->config.baud > h->board->max_baud)
    h->config.baud = h->config.mode == MJ_HARNESS_MODE_ENERGY ? 9600 : 115200;
  if (h->config.idle_us_before_window > MAX_IDLE_US) h->config.idle_us_before_window = MAX_IDLE_US;
}

void mj_harness_forget_input(mj_harness *h) {
  h->db_bytes = 0;
  h->db_position = 0;
  h->has_result = false;
}

/* Deliberately unlike zeros, zero points and small weights. */
#define PAINT 0xa5c35a3cu

static void paint(mj_harness *h) {
  uint32_t *words = (void *)h->arena;
  for (uint32_t i = 0; i < h->arena_bytes / 4u; i++) words[i] = PAINT;
  h->has_result = false;
}

void mj_harness_paint(mj_harness *h) {
  paint(h);
  mj_engine_copy_constants(&h->engine);
  mj_engine_reset(&h->engine);
}

uint32_t mj_harness_high_water(const mj_harness *h) {
  const uint32_t *words = (const void *)h->arena;
  uint32_t used = h->arena_bytes / 4u;
  while (used > 0 && words[used - 1u] == PAINT) used--;
  return 4u * used;
}

/* Of `bytes` bytes at `address`; NULL when they are not all inside the image, or not aligned. */
static const uint8_t *in_flash(const mj_harness *h, uint32_t address, uint32_t bytes) {
  uint32_t offset = address - h->board->flash_address;
  if (address < h->board->flash_address || offset >= h->board->flash_bytes || (address & 15u) != 0 ||
      bytes > h->board->flash_bytes - offset) {
    return NULL;
  }
  return h->board->flash + offset;
}

static void open_kernels(mj_harness *h) {
  const uint32_t available = h->config.kernels_bytes;
  const uint8_t *table = in_flash(h, h->config.kernels_address, available);
  if (table == NULL || available < sizeof(mj_kernel_table)) return;
  const mj_kernel_table *t = (const void *)table;
  if (t->total_bytes < 16 || t->total_bytes > available) return;
  if (mj_crc32(0, table + 16, t->total_bytes - 16u) == t->crc32)
    mj_kernel_table_open(table, available, MJ_KERNEL_PACK);
}

/* Code that is copied to RAM takes the end of the pool, behind what the Program asks for. */
static mj_status open_program(mj_harness *h, const uint8_t *program, uint32_t available, uint32_t pool_used) {
  mj_harness_forget_input(h);
  h->arena = h->board->pool + pool_used;
  h->arena_bytes = h->board->pool_bytes - pool_used;
  paint(h);
  h->engine_status = mj_engine_open(&h->engine, program, available, h->arena, h->arena_bytes);
  if (h->engine_status == MJ_STATUS_OK) {
    uint8_t *end = h->arena + h->arena_bytes;
    h->arena_bytes -= mj_kernel_table_place(&h->engine, end, h->arena_bytes - h->engine.header->arena_bytes);
  }
  return h->engine_status;
}

void mj_harness_open_image_program(mj_harness *h) {
  h->program_uploaded = false;
  open_program(h, in_flash(h, h->config.program_address, h->config.program_bytes), h->config.program_bytes,
               0);
}

mj_status mj_harness_open_uploaded_program(mj_harness *h, uint32_t bytes) {
  uint32_t used = (bytes + 15u) & ~15u;
  mj_status status = open_program(h, h->board->pool, bytes, used);
  h->program_uploaded = status == MJ_STATUS_OK;
  if (status != MJ_STATUS_OK) mj_harness_open_image_program(h);
  return status;
}

bool mj_harness_has_program(const mj_harness *h) {
  if (h->engine_status == MJ_STATUS_OK) return true;
  mj_put("e-[No Program: status ");
  mj_put_u32((uint32_t)h->engine_status);
  mj_put("]\r\n");
  return false;
}

static void print_prologue(const mj_harness *h) {
  if (!config_is_valid(h->board->config)) mj_put("e-[No valid configuration block]\r\n");
  mj_put(h->config.mode == MJ_HARNESS_MODE_ENERGY ? "m-timestamp-mode-energy\r\n"
                                                  : "m-timestamp-mode-performance\r\n");
  mj_window_timestamp(h);
  mj_put("m-init-done\r\nm-ready\r\n");
}

static void change_baud(mj_harness *h) {
  h->confirm_baud_from = h->config.baud;
  if (mj_port_open_line(h->next_baud, NULL, 0)) h->config.baud = h->next_baud;
  h->next_baud = 0;
  h->baud_deadline_us = mj_port_now_us() + BAUD_CONFIRM_US;
}

/* A byte of the line: '%' ends a command. What does not fit is cut off silently, as the dialect has it. */
static void accept(mj_harness *h, uint8_t byte) {
  if (byte != '%') {
    if (h->command_length < MJ_COMMAND_CHARACTERS) h->command[h->command_length++] = (char)byte;
    return;
  }
  h->command[h->command_length] = 0;
  h->command_length = 0;
  if (mj_dialect_command(h, h->command)) h->confirm_baud_from = 0;
  mj_put("m-ready\r\n");
  if (h->next_baud != 0) change_baud(h);
}

/* Nobody spoke at the new rate: go back, or the line would be lost until a reset. */
static void return_to_old_baud(mj_harness *h) {
  h->config.baud = h->confirm_baud_from;
  h->confirm_baud_from = 0;
  h->command_length = 0;
  mj_port_open_line(h->config.baud, NULL, 0);
}

static uint32_t until_baud_deadline_us(const mj_harness *h) {
  if (h->confirm_baud_from == 0) return MJ_PORT_FOREVER;
  int32_t left = (int32_t)(h->baud_deadline_us - mj_port_now_us());
  return left > 0 ? (uint32_t)left : 0;
}

void mj_harness_main(void) {
  mj_harness *h = &harness;
  h->board = mj_port_start();
  load_config(h);
  open_kernels(h);
  mj_harness_open_image_program(h);
  mj_port_open_line(h->config.baud, NULL, 0);
  print_prologue(h);
  for (;;) {
    uint8_t byte;
    if (mj_port_receive(&byte, 1, until_baud_deadline_us(h)) > 0) accept(h, byte);
    if (until_baud_deadline_us(h) == 0) return_to_old_baud(h);
  }
}
