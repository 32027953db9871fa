#ifndef MJ_CRC_H
#define MJ_CRC_H

#include <stdint.h>

/* CRC-32/ISO-HDLC; `seed` continues a running one, 0 begins. */
uint32_t mj_crc32(uint32_t seed, const uint8_t *bytes, uint32_t count);

/* CRC-16/CCITT-FALSE; begin with 0xffff. */
uint16_t mj_crc16(uint16_t seed, const uint8_t *bytes, uint32_t count);

#endif
