/* Text over a UART, set up with the dummy LCR_H write and the DMA requests that drivers in the field make. */
#include "startup.h"

static uint32_t console;

void uart_start(uint32_t number, uint32_t tx_pin, uint32_t baud, uint32_t clock_hz) {
  uint32_t at = UART(number);
  console = at;
  uint32_t divisor = (8u * clock_hz / baud) + 1u;
#ifdef MJ_BROKEN_WRONG_DIVISOR
  divisor = divisor * 9u / 8u;
#endif
  REG(at + UART_IBRD) = divisor >> 7;
  REG(at + UART_FBRD) = (divisor & 0x7fu) >> 1;
  REG_SET(at + UART_LCR_H) = 0;
  REG_XOR(at + UART_LCR_H) = (REG(at + UART_LCR_H) ^ 0x60u) & 0x6eu;
  REG_SET(at + UART_LCR_H) = 0x10;
  REG(at + UART_CR) = 0x301;
  REG(at + UART_DMACR) = 3;
  for (uint32_t pin = tx_pin; pin <= tx_pin + 1u; pin++) {
    REG_XOR(PAD(pin)) = (REG(PAD(pin)) ^ PAD_IE) & (PAD_IE | PAD_OD);
    REG(IO_CTRL(pin)) = FUNCTION_UART;
  }
}

static void put(char c) {
  while (REG(console + UART_FR) & 1u << 5) {
  }
  REG(console + UART_DR) = (uint8_t)c;
}

void put_text(const char *text) {
  while (*text) put(*text++);
}

void put_number(const char *name, uint32_t value) {
  char digits[10];
  uint32_t count = 0;
  put_text(name);
  put('=');
  do {
    REG(SIO_DIVIDEND) = value;
    REG(SIO_DIVISOR) = 10;
    __asm volatile("nop\nnop\nnop\nnop\nnop\nnop\nnop\nnop");
    uint32_t rest = REG(SIO_REMAINDER);
    value = REG(SIO_QUOTIENT);
    digits[count++] = (char)('0' + rest);
  } while (value);
  while (count > 0) put(digits[--count]);
  put('\n');
}

void put_check(const char *name, bool good) {
  put_text(name);
  put_text(good ? " ok\n" : " WRONG\n");
}
