/* Runs without flash: says where it runs, blinks the LED, speaks on UART1 too. */
#include "../startup/startup.h"

void main(void) {
  put_text("hello from ram\n");
  put_check("vectors in ram", REG(SCB_VTOR) >> 24 == 0x20);
  uint32_t here;
  __asm volatile("mov %0, pc" : "=r"(here));
  put_check("code in ram", here >> 24 == 0x20);
  REG(IO_CTRL(25)) = FUNCTION_SIO;
  REG(SIO_GPIO_OE_SET) = 1u << 25;
  for (uint32_t n = 0; n < 6; n++) {
    uint64_t until = now_us() + 1000u;
    REG(SIO_GPIO_OUT_TOGGLE) = 1u << 25;
    while (now_us() < until) {
    }
  }
  uart_start(1, 8, BAUD, SYS_HZ);
  put_text("second uart\n");
}
