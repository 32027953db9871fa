/*
 * port.h as a process on this computer: the line is stdin and stdout, time is the wall clock. For tests of
 * the harness over a process link; it measures nothing. Usage: microjoule-dut IMAGE.bin [--pins FILE]. FILE
 * gets a line "<us> <levels>" for every change of the pins.
 */
#define _POSIX_C_SOURCE 200809L
#include "../../harness/port.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* The Pico's layout: the same image runs on both. */
#define FLASH_ADDRESS 0x10000000u
#define FLASH_BYTES (2u * 1024u * 1024u)
#define CONFIG_OFFSET (64u * 1024u)
#define PROGRAM_OFFSET (68u * 1024u)
#define FIRMWARE_LENGTH_AT 0x11cu
#define POOL_BYTES (200u * 1024u)

static uint8_t flash[FLASH_BYTES] __attribute__((aligned(16)));
static uint8_t pool[POOL_BYTES] __attribute__((aligned(16)));
static volatile mj_port_line_errors line_errors;
static mj_port_board board;
static uint32_t pin_levels;
static FILE *pin_log;
static char **arguments;
static const char *image_path, *pin_path;

void mj_harness_main(void);

static uint64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint32_t mj_port_now_us(void) {
  return (uint32_t)(now_ns() / 1000u);
}

/* Nanoseconds stand in for cycles: clock_hz says so. */
uint64_t mj_port_cycles(void) {
  return now_ns();
}

static void load_image(void) {
  memset(flash, 0xff, sizeof flash);
  FILE *file = fopen(image_path, "rb");
  if (file == NULL) {
    perror(image_path);
    exit(2);
  }
  size_t count = fread(flash, 1, sizeof flash, file);
  fclose(file);
  if (count == 0) exit(2);
}

static uint32_t firmware_bytes(void) {
  uint32_t bytes;
  memcpy(&bytes, &flash[FIRMWARE_LENGTH_AT], sizeof bytes);
  return bytes <= CONFIG_OFFSET ? bytes : 0;
}

const mj_port_board *mj_port_start(void) {
  load_image();
  if (pin_path != NULL && pin_log == NULL) pin_log = fopen(pin_path, "w");
  board = (mj_port_board){
      .id = "host",
      .clock_hz = 1000000000u,
      .firmware = flash,
      .firmware_bytes = firmware_bytes(),
      .config = (const mj_image_config *)(const void *)&flash[CONFIG_OFFSET],
      .flash = flash + PROGRAM_OFFSET,
      .flash_address = FLASH_ADDRESS + PROGRAM_OFFSET,
      .flash_bytes = FLASH_BYTES - PROGRAM_OFFSET,
      .pool = pool,
      .pool_bytes = POOL_BYTES,
      .min_baud = 300,
      .max_baud = 3000000,
      .line_errors = &line_errors,
  };
  mj_port_pins(UINT32_MAX, MJ_PIN_TIMESTAMP);
  return &board;
}

/* A pipe has no rate, and bytes wait in it. */
bool mj_port_open_line(uint32_t baud, uint8_t *memory, uint32_t bytes) {
  (void)memory;
  (void)bytes;
  return baud >= board.min_baud && baud <= board.max_baud;
}

static void plain_sleep(uint32_t us) {
  struct timespec left = {.tv_sec = us / 1000000u, .tv_nsec = (long)(us % 1000000u) * 1000};
  while (nanosleep(&left, &left) != 0 && errno == EINTR) continue;
}

static int poll_timeout_ms(uint32_t timeout_us) {
  return timeout_us == MJ_PORT_FOREVER ? -1 : (int)((timeout_us + 999u) / 1000u);
}

static uint8_t out[4096];
static uint32_t out_length;

static void flush_out(void) {
  for (uint32_t at = 0; at < out_length;) {
    ssize_t count = write(STDOUT_FILENO, &out[at], out_length - at);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) exit(0);
    at += (uint32_t)count;
  }
  out_length = 0;
}

uint32_t mj_port_receive(uint8_t *bytes, uint32_t capacity, uint32_t timeout_us) {
  /* read(2) is not asked for more at a time than the harness wants; this buffer makes that cheap. */
  static uint8_t buffer[4096];
  static uint32_t buffered, taken;
  flush_out(); /* what was said before a wait must be heard */
  if (capacity == 0) {
    plain_sleep(timeout_us);
    return buffered - taken;
  }
  if (taken == buffered) {
    struct pollfd wait = {.fd = STDIN_FILENO, .events = POLLIN};
    if (poll(&wait, 1, poll_timeout_ms(timeout_us)) <= 0) return 0;
    ssize_t count = read(STDIN_FILENO, buffer, sizeof buffer);
    if (count <= 0) exit(0); /* the far side has gone */
    buffered = (uint32_t)count;
    taken = 0;
  }
  uint32_t count = buffered - taken < capacity ? buffered - taken : capacity;
  memcpy(bytes, &buffer[taken], count);
  taken += count;
  return count;
}

/* Lines leave whole: a far side that reads chunks then sees what a UART adapter would give. */
void mj_port_send(const uint8_t *bytes, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    out[out_length++] = bytes[i];
    if (bytes[i] == '\n' || out_length == sizeof out) flush_out();
  }
  if (count == 0) flush_out();
}

void mj_port_pins(uint32_t mask, uint32_t levels) {
  pin_levels = (pin_levels & ~mask) | (levels & mask);
  if (pin_log == NULL) return;
  fprintf(pin_log, "%u %u\n", mj_port_now_us(), pin_levels);
  fflush(pin_log);
}

void mj_port_reset(void) {
  flush_out();
  execv("/proc/self/exe", arguments);
  exit(2);
}

int main(int count, char **values) {
  arguments = values;
  for (int i = 1; i < count; i++) {
    if (strcmp(values[i], "--pins") == 0 && i + 1 < count)
      pin_path = values[++i];
    else
      image_path = values[i];
  }
  if (image_path == NULL) {
    fprintf(stderr, "usage: %s IMAGE.bin [--pins FILE]\n", values[0]);
    return 2;
  }
  mj_harness_main();
}
