/* Our own boot ROM for the emulated Pico: what its C files share. No RAM but the caller's stack. */
#ifndef MJ_ROM_H
#define MJ_ROM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MJ_REG(address) (*(volatile uint32_t *)(uintptr_t)(address))
#define MJ_REG_SET(address) MJ_REG((address) + 0x2000u)
#define MJ_REG_CLEAR(address) MJ_REG((address) + 0x3000u)

#define RESETS_RESET 0x4000c000u
#define RESETS_RESET_DONE 0x4000c008u
#define RESETS_IO_QSPI (1u << 6)
#define RESETS_PADS_QSPI (1u << 9)

#endif
