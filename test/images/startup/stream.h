/* What images that pass a sensor's samples on have in common: UART0 at 921 600 baud, a bounded wait, sleep.
 */
#ifndef MJ_IMAGE_STREAM_H
#define MJ_IMAGE_STREAM_H

#include "startup.h"

enum { STREAM_BAUD = 921600 };

/* Ends the program: whoever listens sees that no more comes. */
_Noreturn static inline void stop(void) {
  __asm volatile("cpsid i" ::: "memory");
  for (;;) __asm volatile("wfi");
}

static inline void wait_for(uint32_t address, uint32_t mask) {
  for (uint32_t polls = 100000; polls > 0; polls--)
    if ((REG(address) & mask) == mask) return;
  stop();
}

static inline void send(uint32_t byte) {
  while (REG(UART(0) + UART_FR) & 1u << 5) {
  }
  REG(UART(0) + UART_DR) = byte & 0xffu;
}

/* Sleeps until *flag is not 0; an interrupt that comes between look and sleep still wakes. */
static inline void sleep_until(const volatile uint32_t *flag) {
  for (;;) {
    __asm volatile("cpsid i" ::: "memory");
    if (*flag) break;
    __asm volatile("wfi" ::: "memory");
    __asm volatile("cpsie i" ::: "memory");
  }
  __asm volatile("cpsie i" ::: "memory");
}

#endif
