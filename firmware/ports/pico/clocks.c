/* Clock tree and resets: RP2040 data sheet 2.14-2.16, 2.18, 4.7. Every poll is bounded; a miss is a safe
 * stop. */
#include "rp2040.h"
#include "start.h"

/* Polls of about 5 cycles or more: at least 40 ms on the fastest ring oscillator, 3 ms at 125 MHz. */
#define POLLS 100000u

#define BLOCKS (RESETS_IO_BANK0 | RESETS_PADS_BANK0 | RESETS_TIMER | RESETS_UART0)

static void wait_for(uint32_t address, uint32_t mask, uint32_t fault) {
  for (uint32_t polls = POLLS; polls > 0; polls--)
    if ((MJ_REG(address) & mask) == mask) return;
  mj_pico_safe_stop(fault, address);
}

static void release(uint32_t blocks) {
  MJ_REG_CLEAR(RESETS_RESET) = blocks;
  wait_for(RESETS_RESET_DONE, blocks, MJ_FAULT_RESETS);
}

/* After a debugger's reset the old tree still runs: step off the PLL before it is put into reset. */
static void fall_back_to_ring_oscillator(void) {
  MJ_REG_CLEAR(CLOCKS_SYS_CTRL) = 1u;
  wait_for(CLOCKS_SYS_SELECTED, 1u << CLOCKS_SYS_SRC_REF, MJ_FAULT_CLK_SYS);
  MJ_REG_CLEAR(CLOCKS_REF_CTRL) = 3u;
  wait_for(CLOCKS_REF_SELECTED, 1u << CLOCKS_REF_SRC_ROSC, MJ_FAULT_CLK_REF);
}

static void start_crystal(void) {
  MJ_REG(XOSC_STARTUP) = 47; /* x 256 crystal cycles: 1 ms at 12 MHz */
#ifndef MJ_VARIANT_NO_CRYSTAL
  MJ_REG(XOSC_CTRL) = XOSC_CTRL_ENABLE_1_15MHZ;
#endif
  wait_for(XOSC_STATUS, XOSC_STATUS_STABLE, MJ_FAULT_XOSC);
}

/* 12 MHz x 125 = 1500 MHz, / 6 / 2 = 125 MHz. */
static void start_pll(void) {
#ifndef MJ_VARIANT_NO_PLL
  release(RESETS_PLL_SYS);
  MJ_REG(PLL_SYS_CS) = 1;
  MJ_REG(PLL_SYS_FBDIV_INT) = 125;
  MJ_REG_CLEAR(PLL_SYS_PWR) = PLL_PWR_PD | PLL_PWR_VCOPD;
  wait_for(PLL_SYS_CS, PLL_CS_LOCK, MJ_FAULT_PLL);
  MJ_REG(PLL_SYS_PRIM) = 6u << 16 | 2u << 12;
  MJ_REG_CLEAR(PLL_SYS_PWR) = PLL_PWR_POSTDIVPD;
#endif
}

/* MJ_VARIANT_… builds are broken on purpose: an emulator that runs them is too kind. */
void mj_pico_clocks_start(void) {
  fall_back_to_ring_oscillator();
  /* The flash's pads stay: code runs from there. */
  MJ_REG_SET(RESETS_RESET) = RESETS_ALL & ~(RESETS_IO_QSPI | RESETS_PADS_QSPI);
  start_crystal();
  start_pll();
  MJ_REG(CLOCKS_REF_DIV) = CLOCKS_DIV_ONE;
  MJ_REG(CLOCKS_REF_CTRL) = CLOCKS_REF_SRC_XOSC;
  wait_for(CLOCKS_REF_SELECTED, 1u << CLOCKS_REF_SRC_XOSC, MJ_FAULT_CLK_REF);
  MJ_REG(CLOCKS_SYS_DIV) = CLOCKS_DIV_ONE;
  MJ_REG(CLOCKS_SYS_CTRL) = CLOCKS_SYS_SRC_REF; /* AUXSRC may change only while SRC is not aux */
  MJ_REG(CLOCKS_SYS_CTRL) = CLOCKS_SYS_SRC_AUX;
  wait_for(CLOCKS_SYS_SELECTED, 1u << CLOCKS_SYS_SRC_AUX, MJ_FAULT_CLK_SYS);
  MJ_REG(CLOCKS_PERI_CTRL) = CLOCKS_PERI_ENABLE; /* from clk_sys; before UART0 leaves reset */
  MJ_REG(WATCHDOG_TICK) = WATCHDOG_TICK_ENABLE | 12u;
#ifdef MJ_VARIANT_NO_RESET_RELEASE
  release(BLOCKS & ~RESETS_UART0);
#else
  release(BLOCKS);
#endif
}
