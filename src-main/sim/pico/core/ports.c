/*
 * Ports of the bus fabric that another master (DMA) uses, cycle by cycle.
 * RP2040 data sheet 2.1.1: two masters at one port in one cycle, and one of
 * them waits a cycle; here it is always the core.
 */
#include "state.h"

enum { WINDOW = 1024 };
/* Low 32 bits of the cycle, and the ports used in it. */
static struct { uint32_t cycle, ports; } used[WINDOW];

enum {
  PORT_ROM,
  PORT_XIP,
  PORT_SRAM0,
  PORT_SRAM4 = PORT_SRAM0 + 4,
  PORT_SRAM5,
  PORT_FAST,
  PORT_APB,
  PORT_NONE
};

static uint32_t port_of(uint32_t address) {
  switch (address >> 28) {
    case 0:
      return PORT_ROM;
    case 1:
      return PORT_XIP;
    case 2:
      if (address - MJ_SRAM_BASE < 0x40000u) return PORT_SRAM0 + (address >> 2 & 3u); /* striped by words */
      if (address - MJ_SRAM_BASE < MJ_SRAM_BYTES) return address & 0x1000u ? PORT_SRAM5 : PORT_SRAM4;
      return PORT_SRAM0 + (address >> 16 & 3u);
    case 4:
      return PORT_APB;
    case 5:
      return PORT_FAST;
    default:
      return PORT_NONE;
  }
}

/* Another master uses the port of `address` in `cycle`, which is at most 1023
 * cycles away from the next. */
MJ_EXPORT(mj_contend) void mj_contend(uint32_t address, double cycle) {
  uint32_t low = (uint32_t)(int64_t)cycle, port = port_of(address);
  if (port == PORT_NONE) return;
  if (used[low % WINDOW].cycle != low) used[low % WINDOW].ports = 0;
  used[low % WINDOW].cycle = low;
  used[low % WINDOW].ports |= 1u << port;
  /* a fetch uses the cycle before its instruction */
  if (cycle + 2.0 > mj_state.contended_until) mj_state.contended_until = cycle + 2.0;
}

bool mj_contended(uint32_t address, double cycle) {
  uint32_t low = (uint32_t)(int64_t)cycle, port = port_of(address);
  if (used[low % WINDOW].cycle != low || port == PORT_NONE) return false;
  uint32_t was = used[low % WINDOW].ports;
  used[low % WINDOW].ports = was & ~(1u << port);
  return (was >> port & 1u) != 0;
}
