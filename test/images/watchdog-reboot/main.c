/* Reboots by the watchdog, counts in scratch, once by the watchdog vector into RAM, and ends in the ROM's USB
 * boot. */
#include "../startup/startup.h"

#define MARK 0x600dc0deu
enum { PASSES = 3 };

static uint32_t returned[4] __attribute__((aligned(4)));

static void reboot(void) {
  REG(PSM_WDSEL) = 0x1fffc;
  REG(WATCHDOG_LOAD) = 2u * 2000u;
  REG_SET(WATCHDOG_CTRL) = 1u << 30;
  for (;;) {
  }
}

/* bx lr, left by the ROM to be entered and come back: the boot must then go on from flash. */
static void reboot_through_ram(void) {
  returned[0] = 0x46c04770u;
  uint32_t entry = (uint32_t)(uintptr_t)returned | 1u;
  REG(WATCHDOG_SCRATCH(4)) = 0xb007c0d3u;
  REG(WATCHDOG_SCRATCH(5)) = entry ^ 0x4ff83f2du;
  REG(WATCHDOG_SCRATCH(6)) = 0x20041000u;
  REG(WATCHDOG_SCRATCH(7)) = entry;
  reboot();
}

void main(void) {
  uint32_t pass = REG(WATCHDOG_SCRATCH(0)) == MARK ? REG(WATCHDOG_SCRATCH(1)) : 0;
  put_number("reason", REG(WATCHDOG_REASON));
  put_number("pass", pass);
  REG(WATCHDOG_SCRATCH(0)) = MARK;
  REG(WATCHDOG_SCRATCH(1)) = pass + 1u;
  uint64_t until = now_us() + 3000u; /* the last characters leave the FIFO */
  while (now_us() < until) {
  }
  if (pass == 0) reboot_through_ram();
  if (pass < PASSES) reboot();
  ((void (*)(uint32_t, uint32_t))(uintptr_t)rom_function('U', 'B'))(1u << 25, 2);
}
