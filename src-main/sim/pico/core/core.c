/* The state itself, the two interpreters and what the host side may call. */
#include "handlers.h"
#include "state.h"

mj_cpu mj_state __attribute__((aligned(64)));
uint8_t mj_rom[MJ_ROM_BYTES + 8] __attribute__((aligned(64)));
uint8_t mj_flash[MJ_FLASH_BYTES + 8] __attribute__((aligned(64)));
uint8_t mj_sram[MJ_SRAM_BYTES + 8] __attribute__((aligned(64)));
mj_instruction mj_table[MJ_ENTRIES] __attribute__((aligned(64)));
uint8_t mj_code_page[MJ_SRAM_BYTES / 256 + 1];

#define MJ_RUN run_silicon
#define MJ_COMPATIBLE 0
#include "interpreter.h"
#undef MJ_RUN
#undef MJ_COMPATIBLE

#define MJ_RUN run_compatible
#define MJ_COMPATIBLE 1
#include "interpreter.h"

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

/* Runs until `left` is used up (the last instruction may overdraw it), the core sleeps or locks up. */
MJ_EXPORT(mj_run) uint32_t mj_run(void) {
  if (mj_asleep()) return MJ_EXIT_ASLEEP;
  mj_take_pending();
  return mj_state.compatible ? run_compatible() : run_silicon();
}
