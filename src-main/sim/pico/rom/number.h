/*
 * Unpacked binary numbers with 64 bits of significand: what the float and double functions of the ROM compute
 * with. Value = significand / 2^63 * 2^exponent, significand normalised (bit 63 set) or 0. As in the chip's
 * ROM (RP2040 data sheet 2.8.3.2.1) denormals are zero and a NaN is an infinity; results are rounded to
 * nearest, ties to even.
 */
#ifndef MJ_ROM_NUMBER_H
#define MJ_ROM_NUMBER_H

#include "rom.h"

enum { MJ_INFINITE = 0x4000 };

typedef struct {
  uint64_t significand;
  int32_t exponent; /* MJ_INFINITE and more: infinity */
  uint32_t negative;
} mj_number;

extern const mj_number mj_one;

mj_number mj_normal(uint64_t significand, int32_t exponent, uint32_t negative);
mj_number mj_add(mj_number a, mj_number b);
mj_number mj_negated(mj_number a);
mj_number mj_mul(mj_number a, mj_number b);
mj_number mj_div(mj_number a, mj_number b);
mj_number mj_sqrt(mj_number a);
int32_t mj_compare(mj_number a, mj_number b);
/* Floor of a * 2^scale, clamped to `bits` bits (32 or 64), two's complement when `is_signed`. */
uint64_t mj_to_fixed(mj_number a, int32_t scale, uint32_t bits, bool is_signed);

mj_number mj_sin(mj_number a);
mj_number mj_cos(mj_number a);
mj_number mj_exp(mj_number a);
mj_number mj_ln(mj_number a);
mj_number mj_atan2(mj_number y, mj_number x);

#endif
