/* The state itself, the interpreters and what the host side may call. */
#include "handlers.h"
#include "state.h"
#include "xip.h"

mj_cpu mj_state __attribute__((aligned(64)));
uint8_t mj_rom[MJ_ROM_BYTES + 8] __attribute__((aligned(64)));
uint8_t mj_flash[MJ_FLASH_BYTES + 8] __attribute__((aligned(64)));
uint8_t mj_sram[MJ_SRAM_BYTES + 8] __attribute__((aligned(64)));
mj_instruction mj_table[MJ_ENTRIES] __attribute__((aligned(64)));
uint8_t mj_code_page[MJ_SRAM_BYTES / 256 + 1];

enum { MJ_IN_RAM, MJ_IN_FLASH, MJ_ANYWHERE };

/* ROM, SRAM, or flash while XIP is on */
static bool mj_is_code(uint32_t pc) {
  return pc < MJ_ROM_BYTES || pc - MJ_SRAM_BASE < MJ_SRAM_BYTES || pc - MJ_FLASH_BASE < mj_state.xip_bytes;
}

#define MJ_COMPATIBLE 0
#define MJ_CONTEND 0

#define MJ_RUN run_ram
#define MJ_CODE MJ_IN_RAM
#define MJ_PROFILE 0
#include "interpreter.h"
#undef MJ_RUN
#undef MJ_PROFILE

#define MJ_RUN run_ram_profiled
#define MJ_PROFILE 1
#include "interpreter.h"
#undef MJ_RUN
#undef MJ_CODE
#undef MJ_PROFILE

#define MJ_RUN run_flash
#define MJ_CODE MJ_IN_FLASH
#define MJ_PROFILE 0
#include "interpreter.h"
#undef MJ_RUN
#undef MJ_PROFILE

#define MJ_RUN run_flash_profiled
#define MJ_PROFILE 1
#include "interpreter.h"
#undef MJ_RUN
#undef MJ_CODE
#undef MJ_PROFILE
#undef MJ_COMPATIBLE
#undef MJ_CONTEND

/* While another master is on the bus, and for comparisons with rp2040js: everything is decided while running.
 */
#define MJ_RUN run_anything
#define MJ_CODE MJ_ANYWHERE
#define MJ_PROFILE (mj_state.profiling)
#define MJ_COMPATIBLE ((int32_t)mj_state.compatible)
#define MJ_CONTEND (mj_state.contended_until > MJ_NOW(left))
#include "interpreter.h"
#undef MJ_RUN

MJ_EXPORT(mj_cpu_address) mj_cpu *mj_cpu_address(void) {
  return &mj_state;
}
MJ_EXPORT(mj_cpu_bytes) uint32_t mj_cpu_bytes(void) {
  return sizeof mj_state;
}
MJ_EXPORT(mj_rom_address) uint8_t *mj_rom_address(void) {
  return mj_rom;
}
MJ_EXPORT(mj_flash_address) uint8_t *mj_flash_address(void) {
  return mj_flash;
}
MJ_EXPORT(mj_sram_address) uint8_t *mj_sram_address(void) {
  return mj_sram;
}

/* Forgets all decoded instructions; to be called after flash or ROM was written from outside. */
MJ_EXPORT(mj_forget_all) void mj_forget_all(void) {
  mj_prepare_table();
}

/* True while WFI or WFE goes on; wakes the core, without running it, when what is pending ends the sleep. */
MJ_EXPORT(mj_asleep) uint32_t mj_asleep(void) {
  if (mj_state.sleeping && mj_wakes()) mj_state.sleeping = MJ_AWAKE;
  return mj_state.sleeping;
}

static mj_exit run_once(void) {
  if (mj_state.compatible || mj_state.contended_until > MJ_NOW(mj_state.left)) return run_anything();
  if (mj_state.r[15] - MJ_FLASH_BASE < mj_state.xip_bytes)
    return mj_state.profiling ? run_flash_profiled() : run_flash();
  return mj_state.profiling ? run_ram_profiled() : run_ram();
}

/* Runs until `left` is used up (the last instruction may overdraw it), the core sleeps or locks up. */
MJ_EXPORT(mj_run) uint32_t mj_run(void) {
  if (mj_asleep()) return MJ_EXIT_ASLEEP;
  if (!mj_take_pending()) return MJ_EXIT_LOCKUP;
  if (mj_state.entering) return MJ_EXIT_SLICE;
  mj_exit exit;
  do {
    exit = run_once();
  } while (exit == MJ_EXIT_MOVED);
  return exit;
}
