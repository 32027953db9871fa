#ifndef MJ_PICO_START_H
#define MJ_PICO_START_H

#include <stdint.h>

#include "../../engine/mj_abi.h"

/* 'MJFW', in reserved word 8 of the vector table; word 7 is the firmware's length in flash, word 9 the ABI
 * version. */
#define MJ_FIRMWARE_MAGIC 0x57464a4du

/* Stores the fault in the watchdog's scratch registers and sleeps for ever. */
_Noreturn void mj_pico_safe_stop(uint32_t fault, uint32_t detail);

/* XOSC 12 MHz -> PLL_SYS 125 MHz -> clk_sys, clk_peri; 1 us tick; releases the blocks the port uses. */
void mj_pico_clocks_start(void);

void mj_pico_on_timer(void);
void mj_pico_on_uart(void);

#endif
