/*
 * What each instruction cost: executions and the cycles beyond its base cost
 * are counted while running, the base cost follows from the instruction. Counts
 * are 32-bit; the host side collects them before they can overflow.
 */
#include "handlers.h"
#include "state.h"

MJ_IMPORT(forgetting) void bus_forgetting(uint32_t first_entry, uint32_t count);

/* Untouched pages of these cost no memory of the host. */
uint32_t mj_executions[MJ_ENTRIES], mj_stalls[MJ_ENTRIES];
uint32_t mj_flash_reads[MJ_ENTRIES], mj_bus_accesses[MJ_ENTRIES];
int32_t mj_extra[MJ_ENTRIES];
uint8_t mj_decoded_pages[MJ_ENTRIES / 128u + 1u];

/* In the order profile.ts takes them. */
MJ_EXPORT(mj_profile_array) const void *mj_profile_array(uint32_t n) {
  const void *arrays[] = {mj_executions,  mj_extra,        mj_stalls,
                          mj_flash_reads, mj_bus_accesses, mj_decoded_pages};
  return arrays[n];
}

MJ_EXPORT(mj_table_entries) uint32_t mj_table_entries(void) {
  return MJ_ENTRIES;
}

MJ_EXPORT(mj_entry_address) uint32_t mj_entry_address(uint32_t entry) {
  return mj_address_of(mj_table + entry);
}

void mj_profile_extra(uint32_t pc, int32_t cycles, bool stalled) {
  uint32_t entry = mj_entry_of(pc);
  mj_extra[entry] += cycles;
  if (stalled) mj_stalls[entry] += (uint32_t)cycles;
}

void mj_profile_bus_access(uint32_t pc) {
  mj_bus_accesses[mj_entry_of(pc)]++;
}

/* The decoded instructions at these entries are about to go: their base cost
 * must be charged now. */
MJ_COLD void mj_profile_forget(uint32_t first_entry, uint32_t count) {
  bus_forgetting(first_entry, count);
}

/* Cycles of one execution that stalls nowhere and branches nowhere: Cortex-M0+
 * TRM r0p1 table 3-1. */
MJ_EXPORT(mj_base_cycles) int32_t mj_base_cycles(uint32_t entry) {
  const mj_instruction *at = mj_table + entry;
  switch ((mj_handler)at->handler) {
    case MJ_H_LDR_LITERAL ... MJ_H_LDR_SP:
    case MJ_H_B:
    case MJ_H_BX:
    case MJ_H_BLX:
      return 2;
    case MJ_H_ADD_HIGH:
    case MJ_H_MOV_HIGH:
      return at->d == 15 ? 2 : 1;
    case MJ_H_PUSH:
    case MJ_H_STM:
    case MJ_H_LDM:
      return 1 + at->n;
    case MJ_H_POP:
      return at->imm & 0x100u ? 3 + at->n : 1 + at->n;
    case MJ_H_HINT: {
      uint32_t hint = at->imm & 0xffu;
      return hint == 0x20u || hint == 0x30u ? 2 : 1;
    }
    case MJ_H_BL:
    case MJ_H_MRS:
    case MJ_H_MSR:
    case MJ_H_BARRIER:
      return 3;
    default:
      return 1;
  }
}
