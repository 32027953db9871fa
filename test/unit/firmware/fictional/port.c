/*
 * A board that does not exist: eight functions, another flash layout, commands from a file, and a clock that moves
 * 1 us whenever it is read. What docs/how-to/add-a-board.md promises must be enough for it.
 */
#include "../../../../firmware/harness/port.h"

#include <stdio.h>
#include <stdlib.h>

#define FLASH_BASE 0x08000000u
#define CONFIG_OFFSET 0x1000u
#define PROGRAM_OFFSET 0x1800u

void mj_harness_main(void);

static uint8_t flash[0x8000] __attribute__((aligned(16)));
static uint8_t pool[4096] __attribute__((aligned(16)));
static volatile mj_port_line_errors line_errors;
static uint32_t now_us;
static FILE *commands;

const mj_port_board *mj_port_start(void) {
  static mj_port_board board;
  board = (mj_port_board){
      .id = "fictional",
      .clock_hz = 1000000,
      .firmware = flash,
      .firmware_bytes = 512,
      .config = (const void *)&flash[CONFIG_OFFSET],
      .flash = flash + PROGRAM_OFFSET,
      .flash_address = FLASH_BASE + PROGRAM_OFFSET,
      .flash_bytes = sizeof flash - PROGRAM_OFFSET,
      .pool = pool,
      .pool_bytes = sizeof pool,
      .min_baud = 9600,
      .max_baud = 115200,
      .line_errors = &line_errors,
  };
  return &board;
}

bool mj_port_open_line(uint32_t baud, uint8_t *memory, uint32_t bytes) {
  (void)memory;
  (void)bytes;
  return baud >= 9600 && baud <= 115200;
}

uint32_t mj_port_receive(uint8_t *bytes, uint32_t capacity, uint32_t timeout_us) {
  if (capacity == 0) {
    now_us += timeout_us;
    return 0;
  }
  int c = getc(commands);
  if (c == EOF) exit(0);
  bytes[0] = (uint8_t)c;
  return 1;
}

void mj_port_send(const uint8_t *bytes, uint32_t count) {
  fwrite(bytes, 1, count, stdout);
}

uint32_t mj_port_now_us(void) {
  return now_us++;
}

uint64_t mj_port_cycles(void) {
  return now_us++;
}

void mj_port_pins(uint32_t mask, uint32_t levels) {
  (void)mask;
  (void)levels;
}

void mj_port_reset(void) {
  exit(0);
}

int main(int count, char **values) {
  FILE *image = count == 3 ? fopen(values[1], "rb") : NULL;
  commands = count == 3 ? fopen(values[2], "rb") : NULL;
  if (image == NULL || commands == NULL) return 2;
  if (fread(flash, 1, sizeof flash, image) == 0) return 2;
  fclose(image);
  mj_harness_main();
}
