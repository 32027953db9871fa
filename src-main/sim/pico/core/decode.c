/* One instruction to one table entry; ARMv6-M ARM A5-A6. Done on first execution, undone by stores to code.
 */
#include "handlers.h"
#include "state.h"

typedef enum {
  FORMAT_IMM5,
  FORMAT_IMM5_WORD,
  FORMAT_IMM5_HALF,
  FORMAT_REG3,
  FORMAT_IMM8,
  FORMAT_IMM8_WORD,
  FORMAT_IMM7_WORD,
  FORMAT_HIGH,
  FORMAT_LITERAL,
  FORMAT_LIST,
  FORMAT_WHOLE,
  FORMAT_BRANCH8,
  FORMAT_BRANCH11,
  FORMAT_WIDE,
} mj_format;

static uint32_t halfword(uint32_t entry) {
  const uint8_t *p = entry >= MJ_ROM_ENTRY    ? mj_rom + (entry - MJ_ROM_ENTRY) * 2u
                     : entry >= MJ_SRAM_ENTRY ? mj_sram + (entry - MJ_SRAM_ENTRY) * 2u
                                              : mj_flash + (entry - MJ_FLASH_ENTRY) * 2u;
  return (uint32_t)p[0] | (uint32_t)p[1] << 8;
}

/* BL, MSR, MRS and barriers: the only 32-bit instructions of ARMv6-M (A5.3). */
static void decode_wide(mj_instruction *at, uint32_t first, uint32_t second, uint32_t pc) {
  if ((second & 0xd000u) == 0xd000u) {
    uint32_t s = first >> 10 & 1u, j1 = second >> 13 & 1u, j2 = second >> 11 & 1u;
    uint32_t offset = (s ? 0xff000000u : 0u) | ((1u ^ s ^ j1) << 23) | ((1u ^ s ^ j2) << 22) |
                      (first & 0x3ffu) << 12 | (second & 0x7ffu) << 1;
    at->handler = MJ_H_BL;
    at->imm = pc + 4u + offset;
  } else if ((first & 0xfff0u) == 0xf380u && (second & 0xff00u) == 0x8800u) {
    at->handler = MJ_H_MSR;
    at->n = (uint8_t)(first & 15u);
    at->imm = second & 0xffu;
  } else if (first == 0xf3efu && (second & 0xf000u) == 0x8000u) {
    at->handler = MJ_H_MRS;
    at->d = (uint8_t)(second >> 8 & 15u);
    at->imm = second & 0xffu;
  } else if (first == 0xf3bfu && (second & 0xff00u) == 0x8f00u && (second >> 4 & 15u) - 4u < 3u) {
    at->handler = MJ_H_BARRIER;
  } else {
    at->handler = MJ_H_UNDEFINED;
  }
}

static void fill(mj_instruction *at, mj_handler handler, mj_format format, uint32_t op, uint32_t pc) {
  uint32_t entry = (uint32_t)(at - mj_table);
  at->handler = (uint16_t)handler;
  at->d = (uint8_t)(op & 7u);
  at->n = (uint8_t)(op >> 3 & 7u);
  switch (format) {
    case FORMAT_IMM5:
      at->imm = op >> 6 & 31u;
      break;
    case FORMAT_IMM5_WORD:
      at->imm = (op >> 6 & 31u) * 4u;
      break;
    case FORMAT_IMM5_HALF:
      at->imm = (op >> 6 & 31u) * 2u;
      break;
    case FORMAT_REG3:
      at->imm = op >> 6 & 7u;
      break;
    case FORMAT_IMM8:
      at->d = (uint8_t)(op >> 8 & 7u);
      at->imm = op & 255u;
      break;
    case FORMAT_IMM8_WORD:
      at->d = (uint8_t)(op >> 8 & 7u);
      at->imm = (op & 255u) * 4u;
      break;
    case FORMAT_IMM7_WORD:
      at->imm = (op & 127u) * 4u;
      break;
    case FORMAT_HIGH:
      at->d = (uint8_t)((op >> 4 & 8u) | (op & 7u));
      at->n = (uint8_t)(op >> 3 & 15u);
      at->imm = pc + 4u;
      break;
    case FORMAT_LITERAL:
      at->d = (uint8_t)(op >> 8 & 7u);
      at->imm = ((pc + 4u) & ~3u) + (op & 255u) * 4u;
      break;
    case FORMAT_LIST:
      at->d = (uint8_t)(op >> 8 & 7u);
      at->n = (uint8_t)__builtin_popcount(op & 0x1ffu);
      at->imm = op & 0x1ffu;
      if (handler == MJ_H_LDM || handler == MJ_H_STM) {
        at->n = (uint8_t)__builtin_popcount(op & 0xffu);
        at->imm = op & 0xffu;
      }
      break;
    case FORMAT_WHOLE:
      at->imm = op;
      break;
    case FORMAT_BRANCH8:
      at->imm = (uint32_t)(((int32_t)(int8_t)(op & 255u) + 2) * (int32_t)sizeof(mj_instruction));
      break;
    case FORMAT_BRANCH11:
      at->imm = (uint32_t)((((int32_t)(op << 21) >> 21) + 2) * (int32_t)sizeof(mj_instruction));
      break;
    case FORMAT_WIDE:
      decode_wide(at, op, halfword(entry + 1u), pc);
      break;
  }
}

/* Nothing was decoded since the table was as new. */
static bool fresh = true;

MJ_COLD void mj_decode(mj_instruction *at) {
  fresh = false;
  mj_decoded_pages[(uint32_t)(at - mj_table) / 128u] = 1;
  uint32_t entry = (uint32_t)(at - mj_table);
  uint32_t pc = mj_address_of(at);
  uint32_t op = halfword(entry);
  if (entry >= MJ_SRAM_ENTRY && entry < MJ_SRAM_ENTRY + MJ_SRAM_BYTES / 2) {
    mj_code_page[(pc - MJ_SRAM_BASE) >> 8] = 1;
    /* a wide instruction's second half may lie in the next page */
    mj_code_page[(pc + 2u - MJ_SRAM_BASE) >> 8] = 1;
  }
  switch (op >> 6) {
#define MJ_OP(name, first, last, format)            \
  case first ... last:                              \
    fill(at, MJ_H_##name, FORMAT_##format, op, pc); \
    break;
#include "instructions.h"
#undef MJ_OP
    default:
      fill(at, MJ_H_UNDEFINED, FORMAT_WHOLE, op, pc);
  }
  /* A5.2.5: of the CPS space only CPSIE i and CPSID i exist in ARMv6-M. */
  if (at->handler == MJ_H_CPS && (op & 0xffefu) != 0xb662u) at->handler = MJ_H_UNDEFINED;
  /* Bits 2:0 of BX and BLX are not checked, as the core does not (should-be-zero). */
}

static void close_range(uint32_t from, uint32_t to) {
  for (uint32_t i = from; i < to; i++) mj_table[i].handler = MJ_H_END;
}

static void open_range(uint32_t from, uint32_t count) {
  __builtin_memset(mj_table + from, 0, count * sizeof(mj_instruction));
}

static bool guarded;

static void set_guards(void) {
  close_range(0, MJ_FLASH_ENTRY);
  close_range(MJ_FLASH_ENTRY + MJ_FLASH_BYTES / 2, MJ_SRAM_ENTRY);
  close_range(MJ_SRAM_ENTRY + MJ_SRAM_BYTES / 2, MJ_ROM_ENTRY);
  close_range(MJ_ROM_ENTRY + MJ_ROM_BYTES / 2, MJ_ENTRIES);
  guarded = true;
}

/* Forgets everything decoded; sets the guards the first time. */
void mj_prepare_table(void) {
  if (!guarded) set_guards();
  if (fresh) return;
  if (mj_state.profiling) mj_profile_forget(0, MJ_ENTRIES);
  open_range(MJ_FLASH_ENTRY, MJ_FLASH_BYTES / 2);
  open_range(MJ_SRAM_ENTRY, MJ_SRAM_BYTES / 2);
  open_range(MJ_ROM_ENTRY, MJ_ROM_BYTES / 2);
  __builtin_memset(mj_code_page, 0, sizeof mj_code_page);
  fresh = true;
}
