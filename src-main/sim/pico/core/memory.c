/*
 * Accesses beyond plain SRAM and flash: ROM, SRAM and XIP aliases, the bus. Address map: RP2040 data
 * sheet 2.2. Cost of a load or store as a whole instruction (RP2040 data sheet 2.1.3, Cortex-M0+ TRM table
 * 3-1): I/O port (SIO) 1; memories, AHB and core-private 2; APB 4 read, 5 written; +2 for an atomic alias of
 * UART, SPI, I2C or SSI (data sheet 2.1.2).
 */
#include "xip.h"

/* A read of XIP_CTRL.FLUSH holds the bus until the flush is over (2.6.3.6). */
#define MJ_XIP_FLUSH 0x14000004u

MJ_IMPORT(read) uint32_t bus_read(uint32_t address, uint32_t bytes);
MJ_IMPORT(write) void bus_write(uint32_t address, uint32_t value, uint32_t bytes);
MJ_IMPORT(refuseFetch) void bus_refuse_fetch(uint32_t address);

static uint32_t bytes_at(const uint8_t *p, uint32_t bytes) {
  if (bytes == 1) return p[0];
  if (bytes == 2) return (uint32_t)p[0] | (uint32_t)p[1] << 8;
  return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static void trap(mj_fault kind, uint32_t address) {
  mj_state.trap = kind;
  mj_state.trap_address = address;
}

/* Unstriped view: bank b at 0x210b0000; the striped word index is offset[15:2] * 4 + bank (2.6.2). */
static uint32_t striped(uint32_t address) {
  uint32_t bank = address >> 16 & 3u;
  return (address & 0xfffcu) << 2 | bank << 2 | (address & 3u);
}

static bool in_sram_alias(uint32_t address) {
  return address - 0x21000000u < 0x40000u;
}
static bool in_xip_alias(uint32_t address) {
  return (address >> 24) - 0x10u < 4u;
}

static bool is_slow_alias(uint32_t address) {
  if ((address & 0x3000u) == 0) return false;
  uint32_t block = address >> 14;
  return (block >= 0x1000du && block <= 0x10012u) || (address >> 24) == 0x18u;
}

static bool is_apb_like(uint32_t address) {
  uint32_t top = address >> 24;
  /* rp2040js charges the SSI as a memory */
  return (address >> 28) == 4u || (!mj_state.compatible && (top == 0x14u || top == 0x18u));
}

static int32_t extra_cycles(uint32_t address, bool store) {
  if ((address >> 28) == 0xdu) return -1;
  if (!is_apb_like(address)) return 0;
  if (!store) return 2;
  return !mj_state.compatible && is_slow_alias(address) ? 5 : 3;
}

static void charge(int32_t cycles) {
  mj_state.left -= cycles;
  if (!mj_state.profiling) return;
  mj_profile_extra(mj_state.access_pc, cycles, false);
  mj_profile_bus_access(mj_state.access_pc);
}

/* 1 where the bus of the host side is asked: everything but memories. */
static bool on_bus(uint32_t address) {
  uint32_t top = address >> 28;
  return top == 4u || top == 5u || (top == 0xdu && address - 0xd0000000u < 0x200u) ||
         address - 0xe000e000u < 0x1000u || (address >> 24) == 0x14u || (address >> 24) == 0x18u;
}

MJ_COLD uint32_t mj_slow_load(uint32_t address, uint32_t bytes) {
  if (address & (bytes - 1u)) {
    trap(MJ_FAULT_UNALIGNED, address);
    return 0;
  }
  if (address - MJ_SRAM_BASE < MJ_SRAM_BYTES) return bytes_at(mj_sram + (address - MJ_SRAM_BASE), bytes);
  if (address < MJ_ROM_BYTES) return bytes_at(mj_rom + address, bytes);
  if (in_xip_alias(address) && mj_state.xip_bytes) {
    mj_xip_read(address);
    return bytes_at(mj_flash + (address & (MJ_FLASH_BYTES - 1u)), bytes);
  }
  if (in_sram_alias(address)) return bytes_at(mj_sram + striped(address), bytes);
  if (on_bus(address) || in_xip_alias(address)) {
    if (address == MJ_XIP_FLUSH) mj_xip_wait();
    uint32_t value = bus_read(address, bytes);
    charge(extra_cycles(address, false));
    return value;
  }
  uint32_t value = 0;
  if ((address >> 24) == 0x15u && mj_cache_ram_load(address, bytes, &value)) return value;
  trap(MJ_FAULT_BUS, address);
  return 0;
}

MJ_COLD static void put(uint32_t sram_offset, uint32_t value, uint32_t bytes) {
  for (uint32_t i = 0; i < bytes; i++) mj_sram[sram_offset + i] = (uint8_t)(value >> 8 * i);
  if (mj_code_page[sram_offset >> 8]) mj_forget_page(sram_offset);
}

MJ_COLD void mj_slow_store(uint32_t address, uint32_t value, uint32_t bytes) {
  if (address & (bytes - 1u)) {
    trap(MJ_FAULT_UNALIGNED, address);
  } else if (address - MJ_SRAM_BASE < MJ_SRAM_BYTES) {
    put(address - MJ_SRAM_BASE, value, bytes);
  } else if (in_sram_alias(address)) {
    put(striped(address), value, bytes);
  } else if (address < MJ_ROM_BYTES) {
    return; /* data sheet 2.6.1: writes to ROM are ignored */
  } else if (on_bus(address) || in_xip_alias(address)) {
    if ((address >> 24) == 0x10u) mj_xip_drop(address);
    bus_write(address, value, bytes);
    charge(extra_cycles(address, true));
  } else if ((address >> 24) != 0x15u || !mj_cache_ram_store(address, value, bytes)) {
    trap(MJ_FAULT_BUS, address);
  }
}

/* Where silicon could run code but this model does not: XIP while off or through an alias, SRAM aliases. */
MJ_COLD bool mj_fetch_refused(uint32_t address) {
  bool refused = (address >> 24) - 0x10u < 6u || in_sram_alias(address);
  if (refused) bus_refuse_fetch(address);
  return refused;
}

uint32_t mj_load_word(uint32_t address) {
  if (mj_rotate_right(address - MJ_SRAM_BASE, 2) < MJ_SRAM_BYTES / 4)
    return *(const uint32_t *)(const void *)(mj_sram + (address - MJ_SRAM_BASE));
  return mj_slow_load(address, 4);
}

void mj_store_word(uint32_t address, uint32_t value) {
  if (mj_rotate_right(address - MJ_SRAM_BASE, 2) >= MJ_SRAM_BYTES / 4) {
    mj_slow_store(address, value, 4);
    return;
  }
  uint32_t offset = address - MJ_SRAM_BASE;
  *(uint32_t *)(void *)(mj_sram + offset) = value;
  if (mj_code_page[offset >> 8]) mj_forget_page(offset);
}

/* The halfword before the page may be the first half of a wide instruction. */
MJ_COLD void mj_forget_page(uint32_t sram_offset) {
  uint32_t page = sram_offset >> 8;
  mj_code_page[page] = 0;
  mj_instruction *first = mj_table + MJ_SRAM_ENTRY + page * 128u;
  if (mj_state.profiling) mj_profile_forget(MJ_SRAM_ENTRY + page * 128u - 1u, 129u);
  if (page > 0) first[-1].handler = 0;
  for (uint32_t i = 0; i < 128u; i++) first[i].handler = 0;
}

/* Flash in [offset, offset + count) was erased or programmed; `count` is at least 1. */
MJ_EXPORT(mj_forget_flash) void mj_forget_flash(uint32_t offset, uint32_t count) {
  uint32_t from = offset >> 1, end = (offset + count + 1u) >> 1;
  if (from > 0) from--;
  if (mj_state.profiling) mj_profile_forget(MJ_FLASH_ENTRY + from, end - from);
  for (uint32_t i = from; i < end && i < MJ_FLASH_BYTES / 2; i++) mj_table[MJ_FLASH_ENTRY + i].handler = 0;
}

/* For the loader: `count` bytes of SRAM from `sram_offset` were changed from outside. */
MJ_EXPORT(mj_forget_sram) void mj_forget_sram(uint32_t sram_offset, uint32_t count) {
  for (uint32_t at = sram_offset & ~255u; at < sram_offset + count && at < MJ_SRAM_BYTES; at += 256u)
    if (mj_code_page[at >> 8]) mj_forget_page(at);
}
