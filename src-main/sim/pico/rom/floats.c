/* The float and double functions of the ROM's tables: RP2040 data sheet 2.8.3.2. Values travel in core
 * registers. */
#include "number.h"

/* Width of the fraction and of the exponent. */
typedef struct {
  uint32_t fraction_bits;
  uint32_t exponent_bits;
} mj_format;

static const mj_format single_format = {23, 8};
static const mj_format double_format = {52, 11};

static mj_number unpack(uint64_t bits, const mj_format *f) {
  uint32_t largest = (1u << f->exponent_bits) - 1u;
  uint32_t field = (uint32_t)(bits >> f->fraction_bits) & largest;
  uint32_t negative = (uint32_t)(bits >> (f->fraction_bits + f->exponent_bits)) & 1u;
  if (field == 0) return (mj_number){0, 0, negative};
  if (field == largest) return (mj_number){0x8000000000000000u, MJ_INFINITE, negative};
  uint64_t significand = 0x8000000000000000u | bits << (63u - f->fraction_bits);
  return (mj_number){significand, (int32_t)field - (int32_t)(largest >> 1), negative};
}

static uint64_t pack(mj_number a, const mj_format *f) {
  uint32_t drop = 63u - f->fraction_bits;
  int32_t bias = (1 << (f->exponent_bits - 1u)) - 1, largest = 2 * bias + 1;
  uint64_t sign = (uint64_t)a.negative << (f->fraction_bits + f->exponent_bits);
  if (a.significand == 0) return sign;
  uint64_t infinite = sign | (uint64_t)largest << f->fraction_bits;
  if (a.exponent >= MJ_INFINITE) return infinite;
  uint64_t kept = a.significand >> drop, rest = a.significand << (64u - drop);
  if (rest > 0x8000000000000000u || (rest == 0x8000000000000000u && (kept & 1u))) kept++;
  int32_t field = a.exponent + bias;
  if (kept >> (f->fraction_bits + 1u)) {
    kept >>= 1;
    field++;
  }
  if (field >= largest) return infinite;
  if (field <= 0) return sign;
  return sign | (uint64_t)field << f->fraction_bits | (kept & ((1ull << f->fraction_bits) - 1u));
}

static mj_number from_fixed(uint64_t value, bool is_signed, int32_t scale) {
  bool negative = is_signed && value >> 63;
  return mj_normal(negative ? 0u - value : value, 63 - scale, negative);
}

static uint64_t extended(int32_t value) {
  return (uint64_t)(int64_t)value;
}

#define FUNCTIONS(kind, bits, format)                                      \
  bits mj_rom_##kind##_add(bits a, bits b);                                \
  bits mj_rom_##kind##_sub(bits a, bits b);                                \
  bits mj_rom_##kind##_mul(bits a, bits b);                                \
  bits mj_rom_##kind##_div(bits a, bits b);                                \
  int32_t mj_rom_##kind##_compare(bits a, bits b);                         \
  bits mj_rom_##kind##_sqrt(bits a);                                       \
  bits mj_rom_##kind##_sin(bits a);                                        \
  bits mj_rom_##kind##_cos(bits a);                                        \
  bits mj_rom_##kind##_tan(bits a);                                        \
  bits mj_rom_##kind##_exp(bits a);                                        \
  bits mj_rom_##kind##_ln(bits a);                                         \
  bits mj_rom_##kind##_atan2(bits y, bits x);                              \
  uint32_t mj_rom_##kind##_to_fix(bits a, int32_t scale);                  \
  uint32_t mj_rom_##kind##_to_ufix(bits a, int32_t scale);                 \
  uint32_t mj_rom_##kind##_to_int(bits a);                                 \
  uint32_t mj_rom_##kind##_to_uint(bits a);                                \
  uint64_t mj_rom_##kind##_to_fix64(bits a, int32_t scale);                \
  uint64_t mj_rom_##kind##_to_ufix64(bits a, int32_t scale);               \
  uint64_t mj_rom_##kind##_to_int64(bits a);                               \
  uint64_t mj_rom_##kind##_to_uint64(bits a);                              \
  bits mj_rom_fix_to_##kind(int32_t a, int32_t scale);                     \
  bits mj_rom_ufix_to_##kind(uint32_t a, int32_t scale);                   \
  bits mj_rom_int_to_##kind(int32_t a);                                    \
  bits mj_rom_uint_to_##kind(uint32_t a);                                  \
  bits mj_rom_fix64_to_##kind(uint64_t a, int32_t scale);                  \
  bits mj_rom_ufix64_to_##kind(uint64_t a, int32_t scale);                 \
  bits mj_rom_int64_to_##kind(uint64_t a);                                 \
  bits mj_rom_uint64_to_##kind(uint64_t a);                                \
  static mj_number kind##_in(bits a) {                                     \
    return unpack(a, &format);                                             \
  }                                                                        \
  static bits kind##_out(mj_number a) {                                    \
    return (bits)pack(a, &format);                                         \
  }                                                                        \
  bits mj_rom_##kind##_add(bits a, bits b) {                               \
    return kind##_out(mj_add(kind##_in(a), kind##_in(b)));                 \
  }                                                                        \
  bits mj_rom_##kind##_sub(bits a, bits b) {                               \
    return kind##_out(mj_add(kind##_in(a), mj_negated(kind##_in(b))));     \
  }                                                                        \
  bits mj_rom_##kind##_mul(bits a, bits b) {                               \
    return kind##_out(mj_mul(kind##_in(a), kind##_in(b)));                 \
  }                                                                        \
  bits mj_rom_##kind##_div(bits a, bits b) {                               \
    return kind##_out(mj_div(kind##_in(a), kind##_in(b)));                 \
  }                                                                        \
  int32_t mj_rom_##kind##_compare(bits a, bits b) {                        \
    return mj_compare(kind##_in(a), kind##_in(b));                         \
  }                                                                        \
  bits mj_rom_##kind##_sqrt(bits a) {                                      \
    return kind##_out(mj_sqrt(kind##_in(a)));                              \
  }                                                                        \
  bits mj_rom_##kind##_sin(bits a) {                                       \
    return kind##_out(mj_sin(kind##_in(a)));                               \
  }                                                                        \
  bits mj_rom_##kind##_cos(bits a) {                                       \
    return kind##_out(mj_cos(kind##_in(a)));                               \
  }                                                                        \
  bits mj_rom_##kind##_tan(bits a) {                                       \
    return kind##_out(mj_div(mj_sin(kind##_in(a)), mj_cos(kind##_in(a)))); \
  }                                                                        \
  bits mj_rom_##kind##_exp(bits a) {                                       \
    return kind##_out(mj_exp(kind##_in(a)));                               \
  }                                                                        \
  bits mj_rom_##kind##_ln(bits a) {                                        \
    return kind##_out(mj_ln(kind##_in(a)));                                \
  }                                                                        \
  bits mj_rom_##kind##_atan2(bits y, bits x) {                             \
    return kind##_out(mj_atan2(kind##_in(y), kind##_in(x)));               \
  }                                                                        \
  uint32_t mj_rom_##kind##_to_fix(bits a, int32_t scale) {                 \
    return (uint32_t)mj_to_fixed(kind##_in(a), scale, 32, true);           \
  }                                                                        \
  uint32_t mj_rom_##kind##_to_ufix(bits a, int32_t scale) {                \
    return (uint32_t)mj_to_fixed(kind##_in(a), scale, 32, false);          \
  }                                                                        \
  uint32_t mj_rom_##kind##_to_int(bits a) {                                \
    return mj_rom_##kind##_to_fix(a, 0);                                   \
  }                                                                        \
  uint32_t mj_rom_##kind##_to_uint(bits a) {                               \
    return mj_rom_##kind##_to_ufix(a, 0);                                  \
  }                                                                        \
  uint64_t mj_rom_##kind##_to_fix64(bits a, int32_t scale) {               \
    return mj_to_fixed(kind##_in(a), scale, 64, true);                     \
  }                                                                        \
  uint64_t mj_rom_##kind##_to_ufix64(bits a, int32_t scale) {              \
    return mj_to_fixed(kind##_in(a), scale, 64, false);                    \
  }                                                                        \
  uint64_t mj_rom_##kind##_to_int64(bits a) {                              \
    return mj_rom_##kind##_to_fix64(a, 0);                                 \
  }                                                                        \
  uint64_t mj_rom_##kind##_to_uint64(bits a) {                             \
    return mj_rom_##kind##_to_ufix64(a, 0);                                \
  }                                                                        \
  bits mj_rom_fix_to_##kind(int32_t a, int32_t scale) {                    \
    return kind##_out(from_fixed(extended(a), true, scale));               \
  }                                                                        \
  bits mj_rom_ufix_to_##kind(uint32_t a, int32_t scale) {                  \
    return kind##_out(from_fixed(a, false, scale));                        \
  }                                                                        \
  bits mj_rom_int_to_##kind(int32_t a) {                                   \
    return mj_rom_fix_to_##kind(a, 0);                                     \
  }                                                                        \
  bits mj_rom_uint_to_##kind(uint32_t a) {                                 \
    return mj_rom_ufix_to_##kind(a, 0);                                    \
  }                                                                        \
  bits mj_rom_fix64_to_##kind(uint64_t a, int32_t scale) {                 \
    return kind##_out(from_fixed(a, true, scale));                         \
  }                                                                        \
  bits mj_rom_ufix64_to_##kind(uint64_t a, int32_t scale) {                \
    return kind##_out(from_fixed(a, false, scale));                        \
  }                                                                        \
  bits mj_rom_int64_to_##kind(uint64_t a) {                                \
    return mj_rom_fix64_to_##kind(a, 0);                                   \
  }                                                                        \
  bits mj_rom_uint64_to_##kind(uint64_t a) {                               \
    return mj_rom_ufix64_to_##kind(a, 0);                                  \
  }

FUNCTIONS(float, uint32_t, single_format)
FUNCTIONS(double, uint64_t, double_format)

uint64_t mj_rom_float_to_double(uint32_t a);
uint32_t mj_rom_double_to_float(uint64_t a);

uint64_t mj_rom_float_to_double(uint32_t a) {
  return double_out(float_in(a));
}

uint32_t mj_rom_double_to_float(uint64_t a) {
  return float_out(double_in(a));
}
