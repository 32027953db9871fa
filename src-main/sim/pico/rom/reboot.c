/* reset_to_usb_boot: RP2040 data sheet 2.8.3.1.4, by the watchdog vector of 2.8.1.1. */
#include "rom.h"

#define PSM_WDSEL 0x40010008u
#define PSM_ALL_BUT_OSCILLATORS 0x0001fffcu
#define WATCHDOG_CTRL 0x40058000u
#define WATCHDOG_LOAD 0x40058004u
#define WATCHDOG_SCRATCH(n) (0x4005800cu + 4u * (n))
#define WATCHDOG_TICK 0x4005802cu
#define CTRL_TRIGGER (1u << 31)
#define CTRL_ENABLE (1u << 30)
#define TICK_RUNNING (1u << 10)

extern char mj_rom_usb_boot[];
void mj_rom_reset_to_usb_boot(uint32_t activity_pins, uint32_t disabled_interfaces);

void mj_rom_reset_to_usb_boot(uint32_t activity_pins, uint32_t disabled_interfaces) {
  uint32_t entry = (uint32_t)(uintptr_t)mj_rom_usb_boot | 1u;
  MJ_REG(WATCHDOG_CTRL) = 0;
  MJ_REG(WATCHDOG_SCRATCH(0)) = activity_pins;
  MJ_REG(WATCHDOG_SCRATCH(1)) = disabled_interfaces;
  MJ_REG(WATCHDOG_SCRATCH(4)) = 0xb007c0d3u;
  MJ_REG(WATCHDOG_SCRATCH(5)) = entry ^ 0x4ff83f2du;
  MJ_REG(WATCHDOG_SCRATCH(6)) = 0x20042000u;
  MJ_REG(WATCHDOG_SCRATCH(7)) = entry;
  MJ_REG(PSM_WDSEL) = PSM_ALL_BUT_OSCILLATORS;
  if (MJ_REG(WATCHDOG_TICK) & TICK_RUNNING) {
    MJ_REG(WATCHDOG_LOAD) = 2u * 10000u; /* RP2040-E1: two a tick */
    MJ_REG_SET(WATCHDOG_CTRL) = CTRL_ENABLE;
  } else {
    MJ_REG_SET(WATCHDOG_CTRL) = CTRL_TRIGGER;
  }
  for (;;) __asm volatile("wfi");
}
