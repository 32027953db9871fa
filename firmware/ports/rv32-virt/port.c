/*
 * port.h on QEMU's `virt` machine with a 32-bit RISC-V core and `-icount shift=0`: minstret counts
 * instructions, an instruction takes one nanosecond, and nothing here is a time of a real board
 * (docs/qemu.md). The line is a 16550 without a rate.
 */
#include "../../harness/port.h"

#define REG(address) (*(volatile uint32_t *)(uintptr_t)(address))
#define BYTE(address) (*(volatile uint8_t *)(uintptr_t)(address))

#define FLASH_BASE 0x80000000u
#define FLASH_BYTES (8u * 1024u * 1024u)
#define CONFIG_OFFSET (256u * 1024u)
#define PROGRAM_OFFSET (260u * 1024u)

/* QEMU hw/riscv/virt.c: finisher, CLINT, PLIC (UART0 is source 10), NS16550A. */
#define FINISHER 0x00100000u
#define FINISHER_RESET 0x7777u
#define MTIMECMP 0x02004000u
#define MTIME 0x0200bff8u
#define MTIME_PER_US 10u
#define PLIC_PRIORITY(source) (0x0c000000u + 4u * (source))
#define PLIC_ENABLE 0x0c002000u
#define PLIC_CLAIM 0x0c200004u
#define UART_SOURCE 10u
#define UART_DATA 0x10000000u
#define UART_IER 0x10000001u
#define UART_FCR 0x10000002u
#define UART_LCR 0x10000003u
#define UART_LSR 0x10000005u
#define UART_8N1 3u
#define UART_FIFO_ENABLE_CLEAR 7u
#define UART_LSR_DATA 1u
#define UART_LSR_OVERRUN 2u
#define UART_LSR_THR_EMPTY 0x20u
#define MIE_TIMER (1u << 7)
#define MIE_EXTERNAL (1u << 11)
#define SEND_POLLS 100000000u

extern uint8_t mj_firmware_start[], mj_firmware_bytes[], mj_pool_start[], mj_pool_end[];

static volatile mj_port_line_errors line_errors;
static mj_port_board board;

/* ---- time ---- */

#define READ_CSR(name)                                            \
  ({                                                              \
    uint32_t csr_value;                                           \
    __asm volatile("csrr %0, " name : "=r"(csr_value)::"memory"); \
    csr_value;                                                    \
  })

uint64_t mj_port_cycles(void) {
  for (;;) {
    const uint32_t high = READ_CSR("minstreth");
    const uint32_t low = READ_CSR("minstret");
    if (READ_CSR("minstreth") == high) return (uint64_t)high << 32 | low;
  }
}

static uint64_t mtime(void) {
  for (;;) {
    const uint32_t high = REG(MTIME + 4u);
    const uint32_t low = REG(MTIME);
    if (REG(MTIME + 4u) == high) return (uint64_t)high << 32 | low;
  }
}

uint32_t mj_port_now_us(void) {
  return (uint32_t)(mtime() / MTIME_PER_US);
}

/* Nobody looks at pins here. */
void mj_port_pins(uint32_t mask, uint32_t levels) {
  (void)mask;
  (void)levels;
}

/* ---- the line ---- */

static bool byte_waits(void) {
  const uint8_t state = BYTE(UART_LSR);
  if (state & UART_LSR_OVERRUN) line_errors.overruns++;
  return (state & UART_LSR_DATA) != 0;
}

void mj_port_send(const uint8_t *bytes, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    uint32_t polls = SEND_POLLS;
    while ((BYTE(UART_LSR) & UART_LSR_THR_EMPTY) == 0)
      if (--polls == 0) return;
    BYTE(UART_DATA) = bytes[i];
  }
}

bool mj_port_open_line(uint32_t baud, uint8_t *memory, uint32_t bytes) {
  if (baud < board.min_baud || baud > board.max_baud) return false;
  if (memory != 0 && (bytes < 256u || (bytes & (bytes - 1u)) != 0)) return false;
  BYTE(UART_IER) = 0;
  BYTE(UART_LCR) = UART_8N1;
  BYTE(UART_FCR) = UART_FIFO_ENABLE_CLEAR;
  BYTE(UART_IER) = 1; /* received data */
  REG(PLIC_PRIORITY(UART_SOURCE)) = 1;
  REG(PLIC_ENABLE) = 1u << UART_SOURCE;
  return true;
}

static void set_alarm(uint64_t at) {
  REG(MTIMECMP + 4u) = UINT32_MAX; /* no alarm between the two stores */
  REG(MTIMECMP) = (uint32_t)at;
  REG(MTIMECMP + 4u) = (uint32_t)(at >> 32);
}

/* mstatus.MIE is 0: a pending interrupt ends WFI and is not served. */
static void sleep_until(uint64_t deadline, bool until_byte) {
  set_alarm(deadline);
  while (!(until_byte && byte_waits()) && mtime() < deadline) {
    __asm volatile("csrw mie, %0\n wfi" ::"r"(until_byte ? MIE_TIMER | MIE_EXTERNAL : MIE_TIMER) : "memory");
    const uint32_t source = REG(PLIC_CLAIM);
    if (source != 0) REG(PLIC_CLAIM) = source;
  }
  set_alarm(UINT64_MAX);
}

uint32_t mj_port_receive(uint8_t *bytes, uint32_t capacity, uint32_t timeout_us) {
  const uint64_t deadline =
      timeout_us == MJ_PORT_FOREVER ? UINT64_MAX : mtime() + (uint64_t)timeout_us * MTIME_PER_US;
  if (capacity == 0 || !byte_waits()) sleep_until(deadline, capacity > 0);
  if (capacity == 0) return byte_waits() ? 1 : 0;
  uint32_t count = 0;
  while (count < capacity && byte_waits()) bytes[count++] = BYTE(UART_DATA);
  return count;
}

/* ---- start, traps and reset ---- */

__attribute__((used, aligned(4), noreturn)) void mj_board_trap(void) {
  static const uint8_t text[] = "e-[Exception: the firmware stopped]\r\n";
  mj_port_send(text, sizeof text - 1u);
  for (;;) __asm volatile("wfi");
}

const mj_port_board *mj_port_start(void) {
  board = (mj_port_board){
      .id = "rv32-virt",
      .clock_hz = 1000000000u, /* instructions, not cycles: docs/qemu.md */
      .firmware = mj_firmware_start,
      .firmware_bytes = (uint32_t)(uintptr_t)mj_firmware_bytes,
      .config = (const mj_image_config *)(uintptr_t)(FLASH_BASE + CONFIG_OFFSET),
      .flash = (const uint8_t *)(uintptr_t)(FLASH_BASE + PROGRAM_OFFSET),
      .flash_address = FLASH_BASE + PROGRAM_OFFSET,
      .flash_bytes = FLASH_BYTES - PROGRAM_OFFSET,
      .pool = mj_pool_start,
      .pool_bytes = (uint32_t)(mj_pool_end - mj_pool_start),
      .min_baud = 300,
      .max_baud = 3000000,
      .line_errors = &line_errors,
  };
  return &board;
}

void mj_port_reset(void) {
  REG(FINISHER) = FINISHER_RESET;
  for (;;) __asm volatile("wfi");
}
