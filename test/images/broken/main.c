/* One fault of firmware each: what silicon lets pass, or hangs at, the emulation must name. */
#include "../startup/startup.h"

volatile uint32_t broken_sink;

#ifdef MJ_BROKEN_STACK_OVERFLOW
static uint32_t deeper(uint32_t n) {
  volatile uint32_t frame[32];
  frame[n & 31u] = n;
  return n == 0 ? frame[0] : deeper(n - 1u) + frame[1];
}
#endif

#ifdef MJ_BROKEN_INTERRUPT_STORM
/* forgets to clear TIMER.INTR */
static void on_alarm(void) {
  broken_sink++;
}
#endif

void main(void) {
  put_text("hello\n");
#ifdef MJ_BROKEN_STACK_OVERFLOW
  broken_sink = deeper(1000);
#endif
#ifdef MJ_BROKEN_FLASH_POINTER
  *(volatile uint32_t *)0x10080000u = 42;
  put_check("unchanged", *(volatile uint32_t *)0x10080000u == 0xffffffffu);
#endif
#ifdef MJ_BROKEN_UNALIGNED
  const uint8_t bytes[8] = {1, 2, 3, 4, 5, 6, 7, 8};
  uintptr_t at = (uintptr_t)bytes + 1u;
  __asm volatile("ldr %0, [%0]" : "+r"(at));
  broken_sink = at;
#endif
#ifdef MJ_BROKEN_WATCHDOG
  REG(PSM_WDSEL) = 0x1fffc;
  REG(WATCHDOG_LOAD) = 2u * 5000u;
  REG_SET(WATCHDOG_CTRL) = 1u << 30;
  for (;;) broken_sink++;
#endif
#ifdef MJ_BROKEN_INTERRUPT_STORM
  set_handler(0, on_alarm);
  enable_irq(0);
  REG_SET(TIMER_INTE) = 1;
  REG(TIMER_ALARM(0)) = REG(TIMER_RAWL) + 100u;
  for (;;) broken_sink++;
#endif
#ifdef MJ_BROKEN_JUMP_TO_ZERO
  void (*volatile handler)(void) = NULL;
  handler();
#endif
}
