/*
 * From reset to main: data and bss, resets by masks, the clock tree, ROM look-ups, spin locks, interrupt
 * priorities, the vector table in RAM. Polls without bounds, as start-up code in the field does.
 */
#include "startup.h"

extern uint32_t image_data_start[], image_data_end[], image_data_load[];
extern uint32_t image_bss_start[], image_bss_end[];
extern uint32_t image_stack_top[];

void image_reset(void);
void *memcpy(void *restrict to, const void *restrict from, size_t count);
void *memset(void *to, int value, size_t count);

static void (*ram_vectors[VECTOR_COUNT])(void) __attribute__((aligned(256)));

typedef uint8_t *(*rom_memcpy_function)(uint8_t *, const uint8_t *, uint32_t);
typedef uint8_t *(*rom_memset_function)(uint8_t *, uint8_t, uint32_t);
static rom_memcpy_function rom_memcpy;
static rom_memset_function rom_memset;

static void *look_up(uint32_t table_at, char first, char second) {
  /* the addresses are halfwords at the start of the ROM; a plain pointer there would be a null pointer's
   * offset */
  volatile uintptr_t rom = 0;
  uint32_t (*lookup)(uintptr_t, uint32_t) =
      (uint32_t(*)(uintptr_t, uint32_t))(uintptr_t) * (const uint16_t *)(rom + 0x18u);
  uintptr_t table = *(const uint16_t *)(rom + table_at);
  return (void *)lookup(table, (uint32_t)(uint8_t)first | (uint32_t)(uint8_t)second << 8);
}

void *rom_function(char first, char second) {
  return look_up(0x14, first, second);
}

void *rom_table(char first, char second) {
  return look_up(0x16, first, second);
}

void *memcpy(void *restrict to, const void *restrict from, size_t count) {
  return rom_memcpy(to, from, count);
}

void *memset(void *to, int value, size_t count) {
  return rom_memset(to, (uint8_t)value, count);
}

static void unreset(uint32_t blocks) {
  REG_CLEAR(RESETS_RESET) = blocks;
  while (~REG(RESETS_DONE) & blocks) {
  }
}

static void write_masked(uint32_t address, uint32_t value, uint32_t mask) {
  REG_XOR(address) = (REG(address) ^ value) & mask;
}

static void start_pll(uint32_t pll, uint32_t reset_bit, uint32_t feedback, uint32_t post) {
  if ((REG(pll) >> 31) && (REG(pll) & 0x3fu) == 1 && REG(pll + 8u) == feedback && REG(pll + 0xcu) == post)
    return;
  REG_SET(RESETS_RESET) = reset_bit;
  unreset(reset_bit);
  REG(pll) = 1;
  REG(pll + 8u) = feedback;
  REG_CLEAR(pll + 4u) = 0x21;
  while (!(REG(pll) >> 31)) {
  }
  REG(pll + 0xcu) = post;
  REG_CLEAR(pll + 4u) = 0x08;
}

static void set_clock(uint32_t clock, uint32_t source, uint32_t aux, uint32_t divider) {
  uint32_t at = CLOCKS + clock;
  bool glitchless = clock == CLK_REF || clock == CLK_SYS;
  if (divider > REG(at + DIV)) REG(at + DIV) = divider;
  if (glitchless && source == 1) {
    REG_CLEAR(at) = 3;
    while (!(REG(at + SELECTED) & 1u)) {
    }
  } else {
    REG_CLEAR(at) = CLK_ENABLE;
  }
  write_masked(at, aux << 5, 0xe0);
  if (glitchless) {
    write_masked(at, source, 3);
    while (!(REG(at + SELECTED) & 1u << source)) {
    }
  }
  REG_SET(at) = CLK_ENABLE;
  REG(at + DIV) = divider;
}

static void start_clocks(void) {
  REG(WATCHDOG_TICK) = 12u | 1u << 9;
  if (REG(TBMAN_PLATFORM) & 2u) return; /* an FPGA has its own clocks */
  REG(RESUS_CTRL) = 0;
  REG(XOSC_CTRL) = 0xaa0;
  REG(XOSC_STARTUP) = 47;
  REG_SET(XOSC_CTRL) = 0xfabu << 12;
  while (!(REG(XOSC_STATUS) >> 31)) {
  }
  REG_CLEAR(CLOCKS + CLK_SYS) = 1;
  while (REG(CLOCKS + CLK_SYS + SELECTED) != 1) {
  }
  REG_CLEAR(CLOCKS + CLK_REF) = 3;
  while (REG(CLOCKS + CLK_REF + SELECTED) != 1) {
  }
  start_pll(PLL_SYS, RESET_PLL_SYS, 125, 6u << 16 | 2u << 12);
  start_pll(PLL_USB, RESET_PLL_USB, 100, 5u << 16 | 5u << 12);
  set_clock(CLK_REF, 2, 0, 0x100);
#ifndef MJ_BROKEN_CLOCK_NOT_SWITCHED
  set_clock(CLK_SYS, 1, 0, 0x100);
#endif
  set_clock(CLK_USB, 0, 0, 0x100);
  set_clock(CLK_ADC, 0, 0, 0x100);
  set_clock(CLK_RTC, 0, 0, 1024u << 8);
  set_clock(CLK_PERI, 0, 0, 0x100);
}

static void start_resets(void) {
  const uint32_t kept =
      RESET_IO_QSPI | RESET_PADS_QSPI | RESET_PLL_USB | RESET_USBCTRL | RESET_SYSCFG | RESET_PLL_SYS;
  const uint32_t clocked =
      RESET_ADC | RESET_RTC | RESET_SPI0 | RESET_SPI1 | RESET_UART0 | RESET_UART1 | RESET_USBCTRL;
  REG_SET(RESETS_RESET) = RESETS_ALL & ~kept;
  unreset(RESETS_ALL & ~clocked);
}

static void on_unexpected(void) {
  __asm volatile("bkpt #0");
}

void set_handler(uint32_t irq, void (*handler)(void)) {
  ram_vectors[16u + irq] = handler;
}

void enable_irq(uint32_t irq) {
  REG(NVIC_ICPR) = 1u << irq;
  REG(NVIC_ISER) = 1u << irq;
}

uint64_t now_us(void) {
  uint32_t high = REG(TIMER_RAWH), low;
  for (;;) {
    low = REG(TIMER_RAWL);
    uint32_t again = REG(TIMER_RAWH);
    if (again == high) return (uint64_t)high << 32 | low;
    high = again;
  }
}

void image_reset(void) {
  if (REG(SIO_CPUID) != 0)
    for (;;) __asm volatile("wfe");
  const uint32_t *from = image_data_load;
  if (from != image_data_start)
    for (uint32_t *to = image_data_start; to < image_data_end;) *to++ = *from++;
  for (uint32_t *to = image_bss_start; to < image_bss_end;) *to++ = 0;
  start_resets();
  rom_memcpy = (rom_memcpy_function)(uintptr_t)rom_function('M', 'C');
  rom_memset = (rom_memset_function)(uintptr_t)rom_function('M', 'S');
  start_clocks();
#ifdef MJ_BROKEN_NO_RESET_RELEASE
  unreset(RESETS_ALL & ~(uint32_t)RESET_UART0);
#else
  unreset(RESETS_ALL);
#endif
  for (uint32_t pin = 26; pin <= 29; pin++) REG_CLEAR(PAD(pin)) = PAD_IE;
  for (uint32_t lock = 0; lock < LOCK_COUNT; lock++) REG(SIO_SPINLOCK(lock)) = 0;
  for (uint32_t n = 0; n < 8; n++) REG(NVIC_IPR(n)) = 0x80808080u;
  memcpy(ram_vectors, (const void *)(uintptr_t)REG(SCB_VTOR), sizeof ram_vectors);
  REG(SCB_VTOR) = (uint32_t)(uintptr_t)ram_vectors;
  uart_start(0, 0, BAUD, SYS_HZ);
  main();
  for (;;) __asm volatile("wfi");
}

typedef struct {
  const void *stack_top;
  void (*entries[VECTOR_COUNT - 1])(void);
} vector_table;

__attribute__((section(".vectors"), used)) const vector_table image_vectors = {
    .stack_top = image_stack_top,
    .entries = {[0] = image_reset, [1 ... VECTOR_COUNT - 2] = on_unexpected},
};
