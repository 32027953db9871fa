/*
 * port.h on Arm's MPS2 and MPS3 boards as QEMU emulates them with `-icount shift=0`: an instruction takes one
 * nanosecond, so SysTick counts instructions, and nothing here is a time of a real board (docs/qemu.md).
 * The line has no rate. QEMU keeps a byte back until the last one was read, so none is lost.
 */
#include "../../harness/port.h"

#include "board.h"
#include "registers.h"
#include "start.h"

#define CONFIG_OFFSET (256u * 1024u)
#define PROGRAM_OFFSET (260u * 1024u)
#define SYSTICK_MASK 0x00ffffffu
#define SYSTICK_RUN (SYST_CORE_CLOCK | SYST_ENABLE)
#define SLEEP_TICKS (10000u * TICKS_PER_US)
#define SEND_POLLS 100000000u

extern uint8_t mj_firmware_start[], mj_firmware_bytes[], mj_pool_start[], mj_pool_end[];

static volatile mj_port_line_errors line_errors;
static mj_port_board board;
static uint64_t ticks;
static uint32_t last_count;
/* Instructions that mj_port_cycles itself has waited so far: they belong to nobody's measurement. */
static uint64_t waited;

/* ---- time ---- */

static uint64_t instructions_of(uint64_t tick_count) {
  return tick_count * TICK_INSTRUCTIONS_NUMERATOR / TICK_INSTRUCTIONS_DENOMINATOR;
}

/* A wrap is 0.5 s of instructions: every operator and every call of the port comes by here before. */
static void account(uint32_t count) {
  ticks += (last_count - count) & SYSTICK_MASK;
  last_count = count;
}

static void start_ticks(void) {
  REG(SYST_CSR) = 0;
  REG(SYST_RVR) = SYSTICK_MASK;
  REG(SYST_CVR) = 0;
  REG(SYST_CSR) = SYSTICK_RUN;
  last_count = 0;
}

uint32_t mj_port_now_us(void) {
  account(REG(SYST_CVR));
  return (uint32_t)(ticks / TICKS_PER_US);
}

/*
 * A tick is 31 to 40 instructions. This waits for the next one, counting the rounds of its loop, and so knows
 * to four instructions when it was called; what it waited is left out of every later count.
 */
uint64_t mj_port_cycles(void) {
  const uint32_t first = REG(SYST_CVR);
  uint32_t count;
  uint32_t rounds = 0;
  __asm volatile(
      "1: ldr %0, [%2]\n"
      "adds %1, #1\n"
      "cmp %0, %3\n"
      "beq 1b\n"
      : "=&r"(count), "+r"(rounds)
      : "r"(SYST_CVR), "r"(first)
      : "cc", "memory");
  account(count);
  const uint64_t called = instructions_of(ticks) - 4u * rounds - waited;
  waited += 4u * rounds;
  return called;
}

/* ---- pins: nobody looks at them, but every change comes by here ---- */

void mj_port_pins(uint32_t mask, uint32_t levels) {
  (void)mask;
  (void)levels;
  account(REG(SYST_CVR));
}

/* ---- the line ---- */

static bool byte_waits(void) {
  return (REG(UART_STATE) & UART_RX_FULL) != 0;
}

static uint8_t take_byte(void) {
  REG(UART_INTCLEAR) = UART_RX_INTERRUPT_CLEAR;
  REG(NVIC_ICPR(UART_IRQ_WORD)) = UART_IRQ_BITS;
  return (uint8_t)REG(UART_DATA);
}

static void put_byte(uint8_t byte) {
  uint32_t polls = SEND_POLLS;
  while (REG(UART_STATE) & UART_TX_FULL)
    if (--polls == 0) return;
  REG(UART_DATA) = byte;
}

void mj_port_send(const uint8_t *bytes, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) put_byte(bytes[i]);
}

void mj_board_say_fault(void) {
  static const uint8_t text[] = "e-[Exception: the firmware stopped]\r\n";
  mj_port_send(text, sizeof text - 1u);
}

bool mj_port_open_line(uint32_t baud, uint8_t *memory, uint32_t bytes) {
  if (baud < board.min_baud || baud > board.max_baud) return false;
  if (memory != 0 && (bytes < 256u || (bytes & (bytes - 1u)) != 0)) return false;
  REG(UART_CTRL) = 0;
  REG(UART_BAUDDIV) = 16;
  REG(UART_CTRL) = UART_ENABLE_TX_RX | UART_RX_INTERRUPT;
  REG(NVIC_ISER(UART_IRQ_WORD)) = UART_IRQ_BITS;
  return true;
}

/* Interrupts are masked: a pending one ends WFI and is not served. */
static void sleep_while(bool until_byte, uint64_t deadline) {
  const bool forever = deadline == UINT64_MAX;
  const uint32_t period = forever ? SYSTICK_MASK + 1u : SLEEP_TICKS;
  account(REG(SYST_CVR));
  REG(SYST_RVR) = period - 1u;
  REG(SYST_CVR) = 0;
  REG(SYST_CSR) = SYSTICK_RUN | SYST_INTERRUPT;
  while (!(until_byte && byte_waits()) && ticks < deadline) {
    __asm volatile("dsb\n wfi" ::: "memory");
    if ((REG(ICSR) & ICSR_PENDSTSET) == 0) continue;
    REG(ICSR) = ICSR_PENDSTCLR;
    ticks += period;
  }
  const uint32_t count = REG(SYST_CVR);
  if (count != 0) ticks += period - count;
  start_ticks();
}

uint32_t mj_port_receive(uint8_t *bytes, uint32_t capacity, uint32_t timeout_us) {
  account(REG(SYST_CVR));
  const uint64_t deadline =
      timeout_us == MJ_PORT_FOREVER ? UINT64_MAX : ticks + (uint64_t)timeout_us * TICKS_PER_US;
  if (capacity == 0 || !byte_waits()) sleep_while(capacity > 0, deadline);
  if (capacity == 0) return byte_waits() ? 1 : 0;
  uint32_t count = 0;
  while (count < capacity && byte_waits()) bytes[count++] = take_byte();
  return count;
}

/* ---- start and reset ---- */

const mj_port_board *mj_port_start(void) {
  start_ticks();
  board = (mj_port_board){
      .id = BOARD_ID,
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
  REG(AIRCR) = AIRCR_RESET;
  for (;;) __asm volatile("wfi");
}
