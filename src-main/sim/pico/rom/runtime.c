/* 64-bit helpers the compiler calls on this core (run-time ABI for the Arm architecture, 4.2). */
#include "rom.h"

typedef struct {
  uint32_t low, high;
} mj_pair;

uint64_t __aeabi_lmul(uint64_t a, uint64_t b);
uint64_t __aeabi_llsl(uint64_t value, uint32_t by);
uint64_t __aeabi_llsr(uint64_t value, uint32_t by);
void *memcpy(void *restrict to, const void *restrict from, size_t count);
void *memset(void *to, int value, size_t count);
void __aeabi_memcpy4(void *restrict to, const void *restrict from, size_t count);
uint8_t *mj_rom_memcpy(uint8_t *to, const uint8_t *from, uint32_t count);
uint8_t *mj_rom_memset(uint8_t *to, uint32_t value, uint32_t count);

static mj_pair split(uint64_t value) {
  union {
    uint64_t whole;
    mj_pair parts;
  } u = {.whole = value};
  return u.parts;
}

static uint64_t joined(uint32_t low, uint32_t high) {
  union {
    mj_pair parts;
    uint64_t whole;
  } u = {.parts = {low, high}};
  return u.whole;
}

uint64_t __aeabi_lmul(uint64_t a, uint64_t b) {
  mj_pair x = split(a), y = split(b);
  uint32_t x0 = x.low & 0xffffu, x1 = x.low >> 16, y0 = y.low & 0xffffu, y1 = y.low >> 16;
  uint32_t low = x0 * y0, mid = x1 * y0 + (low >> 16), other = x0 * y1 + (mid & 0xffffu);
  uint32_t high = x1 * y1 + (mid >> 16) + (other >> 16) + x.low * y.high + x.high * y.low;
  return joined(other << 16 | (low & 0xffffu), high);
}

uint64_t __aeabi_llsl(uint64_t value, uint32_t by) {
  mj_pair v = split(value);
  if (by == 0) return value;
  if (by >= 32) return joined(0, by < 64 ? v.low << (by - 32u) : 0);
  return joined(v.low << by, v.high << by | v.low >> (32u - by));
}

uint64_t __aeabi_llsr(uint64_t value, uint32_t by) {
  mj_pair v = split(value);
  if (by == 0) return value;
  if (by >= 32) return joined(by < 64 ? v.high >> (by - 32u) : 0, 0);
  return joined(v.low >> by | v.high << (32u - by), v.high >> by);
}

void *memcpy(void *restrict to, const void *restrict from, size_t count) {
  return mj_rom_memcpy(to, from, count);
}

void *memset(void *to, int value, size_t count) {
  return mj_rom_memset(to, (uint32_t)value, count);
}

void __aeabi_memcpy4(void *restrict to, const void *restrict from, size_t count) {
  (void)mj_rom_memcpy(to, from, count);
}
