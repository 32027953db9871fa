#include "crc.h"

/* Remainders of the 16 low nibbles, polynomial 0xedb88320 reflected. */
static const uint32_t nibble_remainders[16] = {
    0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
    0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
};

uint32_t mj_crc32(uint32_t seed, const uint8_t *bytes, uint32_t count) {
  uint32_t crc = ~seed;
  for (uint32_t i = 0; i < count; i++) {
    crc ^= bytes[i];
    crc = crc >> 4 ^ nibble_remainders[crc & 0xfu];
    crc = crc >> 4 ^ nibble_remainders[crc & 0xfu];
  }
  return ~crc;
}

uint16_t mj_crc16(uint16_t seed, const uint8_t *bytes, uint32_t count) {
  uint32_t crc = seed;
  for (uint32_t i = 0; i < count; i++) {
    crc ^= (uint32_t)bytes[i] << 8;
    for (uint32_t bit = 0; bit < 8; bit++) crc = (crc & 0x8000u) != 0 ? crc << 1 ^ 0x1021u : crc << 1;
    crc &= 0xffffu;
  }
  return (uint16_t)crc;
}
