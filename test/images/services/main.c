/* The services of ROM, SIO and TIMER that start-up code and run-time libraries lean on. */
#include "../startup/startup.h"

typedef uint32_t (*word_function)(uint32_t);
typedef uint32_t (*float_function)(uint32_t, uint32_t);

static volatile uint32_t alarms_seen;
static volatile uint32_t alarm_late_us;
static uint32_t alarm_due;

static word_function word_of(char first, char second) {
  return (word_function)(uintptr_t)rom_function(first, second);
}

static void check_rom(void) {
  put_check("popcount", word_of('P', '3')(0xf00f0001u) == 9);
  put_check("reverse", word_of('R', '3')(0x80000001u | 2u) == 0xc0000001u);
  put_check("clz", word_of('L', '3')(0x00010000u) == 15 && word_of('L', '3')(0) == 32);
  put_check("ctz", word_of('T', '3')(0x00010000u) == 16 && word_of('T', '3')(0) == 32);
  put_check("unknown", rom_function('?', '?') == NULL);
  const uint8_t *head =
      (const uint8_t *)(uintptr_t)(REG(SIO_CPUID) + 0x10u); /* CPUID 0: not a constant address */
  put_check("magic", head[0] == 'M' && head[1] == 'u' && head[2] == 1);
  put_number("rom version", head[3]);
}

static void check_floats(void) {
  uint32_t table[32];
  const uint32_t *rom = rom_table('S', 'F');
  put_check("float table size", ((const uint8_t *)rom)[-2] == 32);
  for (uint32_t n = 0; n < 32; n++) table[n] = rom[n];
  float_function multiply = (float_function)(uintptr_t)table[2];
  put_check("float 1.5 * 2.5", multiply(0x3fc00000u, 0x40200000u) == 0x40700000u);
  word_function root = (word_function)(uintptr_t)table[6];
  put_check("float sqrt 2", root(0x40000000u) == 0x3fb504f3u);
}

static void check_locks(void) {
  uint32_t first = REG(SIO_SPINLOCK(9)), second = REG(SIO_SPINLOCK(9));
  put_check("lock claimed once", first == 1u << 9 && second == 0);
  put_check("lock state", REG(SIO_SPINLOCK_STATE) == 1u << 9);
  REG(SIO_SPINLOCK(9)) = 0;
  put_check("lock given back", REG(SIO_SPINLOCK(9)) != 0);
  REG(SIO_SPINLOCK(9)) = 0;
}

static void on_alarm(void) {
  /* an interrupt in the middle of a division: its state is kept as library code does it */
  uint32_t state = REG(SIO_DIVIDER_STATE);
  while (!(REG(SIO_DIVIDER_STATE) & 1u)) {
  }
  uint32_t dividend = REG(SIO_DIVIDEND), divisor = REG(SIO_DIVISOR);
  uint32_t rest = REG(SIO_REMAINDER), quotient = REG(SIO_QUOTIENT);
  REG(SIO_DIVIDEND) = 1000;
  REG(SIO_DIVISOR) = 10;
  REG(TIMER_INTR) = 1u << 2;
  alarm_late_us = REG(TIMER_RAWL) - alarm_due;
  alarms_seen++;
  if (alarms_seen < 3) {
    alarm_due += 500;
    REG(TIMER_ALARM(2)) = alarm_due;
  }
  REG(SIO_DIVIDEND) = dividend;
  REG(SIO_DIVISOR) = divisor;
  REG(SIO_REMAINDER) = rest;
  REG(SIO_QUOTIENT) = quotient;
  (void)state;
}

static void check_alarms(void) {
  set_handler(2, on_alarm);
  enable_irq(2);
  REG_SET(TIMER_INTE) = 1u << 2;
  alarm_due = REG(TIMER_RAWL) + 500u;
  REG(TIMER_ALARM(2)) = alarm_due;
  bool right = true;
  uint64_t until = now_us() + 1700u;
  while (now_us() < until) {
    REG(SIO_SIGNED_DIVIDEND) = (uint32_t)-1234567;
    REG(SIO_SIGNED_DIVISOR) = 1000;
    __asm volatile("nop\nnop\nnop\nnop\nnop\nnop\nnop\nnop");
    uint32_t rest = REG(SIO_REMAINDER);
    right = right && rest == (uint32_t)-567 && REG(SIO_QUOTIENT) == (uint32_t)-1234;
  }
  put_number("alarms", alarms_seen);
  put_check("alarms on time", alarm_late_us <= 1);
  put_check("divider kept", right);
}

static void sleep_until_alarm(void) {
  alarm_due = REG(TIMER_RAWL) + 300u;
  uint32_t seen = alarms_seen;
  REG(TIMER_ALARM(2)) = alarm_due;
  while (alarms_seen == seen) __asm volatile("wfe");
  put_check("wfe woken", true);
}

static uint32_t count_khz(uint32_t source) {
  while (REG(FC0_STATUS) & 1u << 8) {
  }
  REG(FC0_REF_KHZ) = 12000;
  REG(FC0_INTERVAL) = 10;
  REG(FC0_MIN_KHZ) = 0;
  REG(FC0_MAX_KHZ) = 0xffffffffu;
  REG(FC0_SRC) = source;
  while (!(REG(FC0_STATUS) & 1u << 4)) {
  }
  return REG(FC0_RESULT) >> 5;
}

void main(void) {
  check_rom();
  check_floats();
  check_locks();
  put_number("clk_sys kHz", count_khz(9));
  put_number("clk_usb kHz", count_khz(11));
  check_alarms();
  sleep_until_alarm();
  uint32_t random = 0;
  for (uint32_t n = 0; n < 32; n++) random = random << 1 | REG(ROSC_RANDOMBIT);
  put_check("random", random != 0 && random != 0xffffffffu);
  put_text("done\n");
}
