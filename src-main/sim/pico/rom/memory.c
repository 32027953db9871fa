/* Look-up, memory and bit functions: RP2040 data sheet 2.8.3.1.1, 2.8.3.1.2. */
#include "rom.h"

typedef struct {
  uint16_t code;
  uint16_t value;
} mj_rom_entry;

uintptr_t mj_rom_lookup(const mj_rom_entry *table, uint32_t code);
uint8_t *mj_rom_memset(uint8_t *to, uint32_t value, uint32_t count);
uint32_t *mj_rom_memset4(uint32_t *to, uint32_t value, uint32_t count);
uint8_t *mj_rom_memcpy(uint8_t *to, const uint8_t *from, uint32_t count);
uint32_t *mj_rom_memcpy4(uint32_t *to, const uint32_t *from, uint32_t count);
uint32_t mj_rom_popcount(uint32_t value);
uint32_t mj_rom_reverse(uint32_t value);
uint32_t mj_rom_clz(uint32_t value);
uint32_t mj_rom_ctz(uint32_t value);

/* The value of `code` in a table of pairs ended by 0; 0 when it is not there. */
uintptr_t mj_rom_lookup(const mj_rom_entry *table, uint32_t code) {
  for (; table->code; table++)
    if (table->code == code) return table->value;
  return 0;
}

uint8_t *mj_rom_memset(uint8_t *to, uint32_t value, uint32_t count) {
  uint8_t *t = to, byte = (uint8_t)value;
  for (; count > 0 && ((uintptr_t)t & 3u); count--) *t++ = byte;
  uint32_t word = byte * 0x01010101u;
  for (; count >= 4; count -= 4, t += 4) *(uint32_t *)(void *)t = word;
  for (; count > 0; count--) *t++ = byte;
  return to;
}

uint32_t *mj_rom_memset4(uint32_t *to, uint32_t value, uint32_t count) {
  (void)mj_rom_memset((uint8_t *)to, value, count);
  return to;
}

uint8_t *mj_rom_memcpy(uint8_t *to, const uint8_t *from, uint32_t count) {
  uint8_t *t = to;
  if ((((uintptr_t)t | (uintptr_t)from) & 3u) == 0)
    for (; count >= 4; count -= 4, t += 4, from += 4)
      *(uint32_t *)(void *)t = *(const uint32_t *)(const void *)from;
  for (; count > 0; count--) *t++ = *from++;
  return to;
}

uint32_t *mj_rom_memcpy4(uint32_t *to, const uint32_t *from, uint32_t count) {
  (void)mj_rom_memcpy((uint8_t *)to, (const uint8_t *)from, count);
  return to;
}

uint32_t mj_rom_popcount(uint32_t value) {
  uint32_t count = 0;
  for (; value; value &= value - 1u) count++;
  return count;
}

uint32_t mj_rom_reverse(uint32_t value) {
  value = (value & 0x55555555u) << 1 | (value >> 1 & 0x55555555u);
  value = (value & 0x33333333u) << 2 | (value >> 2 & 0x33333333u);
  value = (value & 0x0f0f0f0fu) << 4 | (value >> 4 & 0x0f0f0f0fu);
  return __builtin_bswap32(value);
}

/* 32 for 0. */
uint32_t mj_rom_clz(uint32_t value) {
  uint32_t count = 0;
  if (value == 0) return 32;
  for (uint32_t step = 16; step; step >>= 1)
    if (value >> (32u - step) == 0) {
      count += step;
      value <<= step;
    }
  return count;
}

/* 32 for 0. */
uint32_t mj_rom_ctz(uint32_t value) {
  return value ? 31u - mj_rom_clz(value & (0u - value)) : 32u;
}
