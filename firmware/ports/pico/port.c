/* port.h on the Raspberry Pi Pico: UART0 on GPIO0/1, pins on GPIO2-6, TIMER for time, SysTick for cycles. */
#include "../../harness/port.h"

#include "rp2040.h"
#include "start.h"

#define CLOCK_HZ 125000000u
#define CYCLES_PER_US 125u
#define FIRST_PIN 2u
#define FLASH_BASE 0x10000000u
#define FLASH_BYTES (2u * 1024u * 1024u)
#define CONFIG_OFFSET (64u * 1024u)
#define RING_BYTES 1024u /* a power of two */
#define RING_MIN_BYTES 256u
#define SYSTICK_MASK 0x00ffffffu

extern uint8_t mj_firmware_start[], mj_firmware_bytes[], mj_pool_start[], mj_pool_end[];

static uint8_t own_ring[RING_BYTES];

static struct {
  uint8_t *bytes;
  uint32_t mask;
  volatile uint32_t head; /* written by the interrupt */
  volatile uint32_t tail; /* written by mj_port_receive */
} ring;

static volatile mj_port_line_errors line_errors;
static uint32_t pin_levels;
static uint32_t baud_now;
static uint64_t us_at_start;
static uint32_t systick_at_start;
static mj_port_board board;

__attribute__((always_inline)) static inline uint64_t now_us64(void) {
  for (;;) {
    uint32_t high = MJ_REG(TIMER_RAWH);
    uint32_t low = MJ_REG(TIMER_RAWL);
    if (MJ_REG(TIMER_RAWH) == high) return (uint64_t)high << 32 | low;
  }
}

MJ_HOT uint32_t mj_port_now_us(void) {
  return MJ_REG(TIMER_RAWL);
}

/*
 * SysTick counts clk_sys but wraps every 134 ms; the timer, from the same crystal, says which wrap it is. The
 * timer is good to a microsecond, half a wrap is 67 000 of them.
 */
MJ_HOT uint64_t mj_port_cycles(void) {
  uint32_t ticks = (systick_at_start - MJ_REG(SYST_CVR)) & SYSTICK_MASK;
  uint64_t estimate = (now_us64() - us_at_start) * CYCLES_PER_US;
  uint32_t ahead = (ticks - (uint32_t)estimate) & SYSTICK_MASK;
  if (ahead < (SYSTICK_MASK + 1u) / 2u) return estimate + ahead;
  uint32_t behind = SYSTICK_MASK + 1u - ahead;
  return estimate > behind ? estimate - behind : 0;
}

MJ_HOT void mj_port_pins(uint32_t mask, uint32_t levels) {
  pin_levels = (pin_levels & ~mask) | (levels & mask);
  MJ_REG(SIO_GPIO_OUT) = pin_levels << FIRST_PIN;
}

static void start_time(void) {
  uint32_t before = MJ_REG(TIMER_RAWL);
  uint32_t polls = 100000;
  while (MJ_REG(TIMER_RAWL) == before)
    if (--polls == 0) mj_pico_safe_stop(MJ_FAULT_TIMER, before);
  MJ_REG(SYST_RVR) = SYSTICK_MASK;
  MJ_REG(SYST_CVR) = 0;
  MJ_REG(SYST_CSR) = 1u << 2 | 1u; /* clk_sys, no interrupt */
  us_at_start = now_us64();
  systick_at_start = MJ_REG(SYST_CVR);
  MJ_REG(TIMER_INTE) = 1;
  MJ_REG(NVIC_ISER) = 1u << IRQ_TIMER_0;
}

static void start_pins(void) {
  mj_port_pins(UINT32_MAX, MJ_PIN_TIMESTAMP);
  for (uint32_t n = 0; n < 5; n++) MJ_REG(IO_GPIO_CTRL(FIRST_PIN + n)) = IO_FUNCTION_SIO;
  MJ_REG(SIO_GPIO_OE_SET) = 0x1fu << FIRST_PIN;
  /* An open RX line must read as idle, not as a break. */
  MJ_REG(PADS_GPIO(1)) = PADS_INPUT_PULL_UP;
  MJ_REG(IO_GPIO_CTRL(0)) = IO_FUNCTION_UART;
  MJ_REG(IO_GPIO_CTRL(1)) = IO_FUNCTION_UART;
}

const mj_port_board *mj_port_start(void) {
  start_time();
  start_pins();
  board = (mj_port_board){
      .id = "pico",
      .clock_hz = CLOCK_HZ,
      .firmware = mj_firmware_start,
      .firmware_bytes = (uint32_t)(uintptr_t)mj_firmware_bytes,
      .config = (const mj_image_config *)(uintptr_t)(FLASH_BASE + CONFIG_OFFSET),
      .flash = (const uint8_t *)(uintptr_t)FLASH_BASE,
      .flash_address = FLASH_BASE,
      .flash_bytes = FLASH_BYTES,
      .pool = mj_pool_start,
      .pool_bytes = (uint32_t)(mj_pool_end - mj_pool_start),
      .min_baud = 300,
      .max_baud = CLOCK_HZ / 16u,
      .line_errors = &line_errors,
  };
  return &board;
}

/* Time for `characters` at the present rate, twice over. */
static uint32_t character_bound_us(uint32_t characters) {
  return 2u * characters * (10000000u / baud_now + 1u);
}

static bool wait_while(uint32_t flag, uint32_t bound_us) {
  uint32_t start = mj_port_now_us();
  while (MJ_REG(UART0_FR) & flag)
    if (mj_port_now_us() - start > bound_us) return false;
  return true;
}

void mj_port_send(const uint8_t *bytes, uint32_t count) {
  if (baud_now == 0) return;
  if (count == 0) wait_while(UART_FR_BUSY, character_bound_us(34));
  for (uint32_t i = 0; i < count; i++) {
    if (!wait_while(UART_FR_TXFF, character_bound_us(2))) return;
    MJ_REG(UART0_DR) = bytes[i];
  }
}

/* With the UART off and its interrupt masked nobody else looks at the ring. */
static void set_ring(uint8_t *memory, uint32_t bytes) {
  ring.bytes = memory;
  ring.mask = bytes - 1u;
  ring.head = 0;
  ring.tail = 0;
}

bool mj_port_open_line(uint32_t baud, uint8_t *memory, uint32_t bytes) {
  if (baud < board.min_baud || baud > board.max_baud) return false;
  if (memory != 0 && (bytes < RING_MIN_BYTES || (bytes & (bytes - 1u)) != 0)) return false;
  mj_port_send(0, 0);
  baud_now = baud;
  MJ_REG(UART0_IMSC) = 0;
  MJ_REG(UART0_CR) = 0;
  set_ring(memory != 0 ? memory : own_ring, memory != 0 ? bytes : RING_BYTES);
  uint32_t divider64 = (4u * CLOCK_HZ + baud / 2u) / baud; /* clk_peri / (16 baud), in 1/64 */
  MJ_REG(UART0_IBRD) = divider64 >> 6;
  MJ_REG(UART0_FBRD) = divider64 & 0x3fu;
  MJ_REG(UART0_LCR_H) = UART_LCR_8N1_FIFO; /* latches the divider */
  MJ_REG(UART0_IFLS) = UART_IFLS_RX_QUARTER;
  MJ_REG(UART0_ICR) = UART_INT_ALL;
  MJ_REG(UART0_IMSC) = UART_INT_RX | UART_INT_RX_TIMEOUT;
  MJ_REG(UART0_CR) = UART_CR_ENABLE_TX_RX;
  MJ_REG(NVIC_ISER) = 1u << IRQ_UART0;
  return true;
}

MJ_HOT void mj_pico_on_uart(void) {
  /* Cleared first: what arrives while the FIFO is read raises it again. */
  MJ_REG(UART0_ICR) = UART_INT_RX | UART_INT_RX_TIMEOUT;
  while (!(MJ_REG(UART0_FR) & UART_FR_RXFE)) {
    uint32_t character = MJ_REG(UART0_DR);
    if (character & UART_DR_OVERRUN) line_errors.overruns++;
    if (character & (UART_DR_FRAMING | UART_DR_BREAK)) {
      line_errors.bad_framing++;
      continue;
    }
    uint32_t next = (ring.head + 1u) & ring.mask;
    if (next == ring.tail) {
      line_errors.dropped++;
      continue;
    }
    ring.bytes[ring.head] = (uint8_t)character;
    ring.head = next;
  }
}

MJ_HOT void mj_pico_on_timer(void) {
  MJ_REG(TIMER_INTR) = 1;
}

/*
 * Sleeps once, until an interrupt, unless something is to be done already. The test and WFI are one step:
 * with PRIMASK set an interrupt still wakes the core, but is served only after the CPSIE.
 */
static void sleep_until(uint64_t deadline_us, bool wake_on_byte) {
  __asm volatile("cpsid i" ::: "memory");
  if (deadline_us != UINT64_MAX) MJ_REG(TIMER_ALARM0) = (uint32_t)deadline_us;
  bool nothing_yet = !(wake_on_byte && ring.head != ring.tail) && now_us64() < deadline_us;
  if (nothing_yet) __asm volatile("dsb\n wfi" ::: "memory");
  __asm volatile("cpsie i" ::: "memory");
}

uint32_t mj_port_receive(uint8_t *bytes, uint32_t capacity, uint32_t timeout_us) {
  uint64_t deadline = timeout_us == MJ_PORT_FOREVER ? UINT64_MAX : now_us64() + timeout_us;
  while ((capacity == 0 || ring.head == ring.tail) && now_us64() < deadline)
    sleep_until(deadline, capacity > 0);
  MJ_REG(TIMER_ARMED) = 1;
  if (capacity == 0) return (ring.head - ring.tail) & ring.mask;
  uint32_t count = 0;
  for (; count < capacity && ring.tail != ring.head; count++) {
    bytes[count] = ring.bytes[ring.tail];
    ring.tail = (ring.tail + 1u) & ring.mask;
  }
  return count;
}

void mj_port_reset(void) {
  mj_port_send(0, 0);
  MJ_REG(PSM_WDSEL) = PSM_WDSEL_ALL_BUT_OSCILLATORS;
  MJ_REG(WATCHDOG_CTRL) = WATCHDOG_CTRL_TRIGGER;
  for (;;) __asm volatile("wfi");
}
