/*
 * All the harness knows of a board: eight functions. A port implements them in firmware/ports/<id>/;
 * docs/how-to/add-a-board.md walks through it. None of them allocates, none may wait without a bound.
 */
#ifndef MJ_PORT_H
#define MJ_PORT_H

#include <stdbool.h>
#include <stdint.h>

#include "../engine/mj_abi.h"

/* Code that runs inside a measured window: a port whose flash is slower than its RAM places it in RAM. */
#ifndef MJ_HOT
#define MJ_HOT
#endif

/* Levels of the pins a monitor reads; bit positions are logical, the port knows the GPIO numbers. */
enum {
  MJ_PIN_WINDOW = 1u << 0,
  MJ_PIN_OPERATOR_SHIFT = 1,
  MJ_PIN_OPERATOR = 7u << MJ_PIN_OPERATOR_SHIFT,
  MJ_PIN_TIMESTAMP = 1u << 4, /* while a stream runs: low while the front end works */
};

/* No time-out: the board sleeps until a byte arrives. */
#define MJ_PORT_FOREVER UINT32_MAX

/* Counted since start; characters with framing errors and breaks are not delivered. */
typedef struct {
  uint32_t overruns;    /* the UART dropped at least one character */
  uint32_t bad_framing; /* wrong stop bit or break: another baud rate, or no driver on the line */
  uint32_t dropped;     /* the receive buffer was full */
} mj_port_line_errors;

typedef struct {
  const char *id;    /* the board descriptor's id */
  uint32_t clock_hz; /* of mj_port_cycles */
  const uint8_t *firmware;
  uint32_t firmware_bytes;
  const mj_image_config *config; /* unchecked; NULL when there is no block at all */
  /* Memory that the addresses of ImageConfig may point into. */
  const uint8_t *flash;
  uint32_t flash_address;
  uint32_t flash_bytes;
  /* Arena and uploaded Program live here; 16-byte aligned. */
  uint8_t *pool;
  uint32_t pool_bytes;
  uint32_t min_baud; /* every rate from here … */
  uint32_t max_baud; /* … to here can be set */
  const volatile mj_port_line_errors *line_errors;
} mj_port_board;

/* Brings the board up, timer running, pins idle (all low, timestamp high). Does not return on a fault. */
const mj_port_board *mj_port_start(void);

/*
 * Waits until the line is idle, then changes the rate and where received bytes wait; the first call opens the
 * line. `memory` holds `bytes`, a power of two of at least 256; NULL: the port's own. What waited is lost.
 * False: not possible, nothing has changed.
 */
bool mj_port_open_line(uint32_t baud, uint8_t *memory, uint32_t bytes);

/*
 * Up to `capacity` received bytes; sleeps until the first arrives or `timeout_us` passed and returns the
 * count. With capacity 0 it is a plain sleep after which it returns the count of bytes that wait; they are
 * kept.
 */
uint32_t mj_port_receive(uint8_t *bytes, uint32_t capacity, uint32_t timeout_us);

/* Sends; with count 0 waits until the last stop bit has left. Bytes the line does not take in time are lost.
 */
void mj_port_send(const uint8_t *bytes, uint32_t count);

/* Microseconds, wrapping. */
uint32_t mj_port_now_us(void);

/* CPU cycles since start. */
uint64_t mj_port_cycles(void);

/* Sets the pins in `mask` to `levels` with one store, so that an observer sees them change at once. */
void mj_port_pins(uint32_t mask, uint32_t levels);

/* Restarts the board as a reset button would. Does not return. */
void mj_port_reset(void);

#endif
