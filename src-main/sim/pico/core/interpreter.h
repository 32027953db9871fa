/*
 * The interpreter loop, included once for silicon and once (MJ_COMPATIBLE 1)
 * with the departures of rp2040js 1.4.1, so that tests can compare in lockstep.
 * Cycles: Cortex-M0+ TRM r0p1 table 3-1, RP2040 data sheet 2.4.
 *
 * Departures kept behind MJ_COMPATIBLE (the architecture's rule is the other
 * branch):
 *  - C after LSLS by more than 32, and after LSRS, ASRS by register 0 or RORS
 * by register 0 (must be unchanged)
 *  - V of ADCS and SBCS where operand + carry wraps
 *  - STM with the base in the list does not write back
 *  - PUSH charges nothing for LR, POP {..., PC} is one cycle short
 *  - BX, BLX and POP {PC} accept a target with bit 0 clear
 *  - exception entry and return take no cycles (exceptions.c), atomic aliases
 * of slow blocks cost no more and the SSI costs what memories cost (memory.c)
 *
 * MJ_CODE says where the code is that an instance runs (MJ_IN_RAM: SRAM or ROM,
 * MJ_IN_FLASH, MJ_ANYWHERE), so that code in RAM pays nothing for the XIP
 * cache. Code in flash is fetched in words: one access through the cache when
 * execution enters a word, in sequence or by a branch. Whoever stands at the
 * second half of a word has fetched it. MJ_PROFILE counts executions;
 * MJ_CONTEND looks at each access for another master at the same port.
 */

#define SAVE()                                                                           \
  (mj_state.n = n, mj_state.z = z, mj_state.c = c, mj_state.v = v, mj_state.left = left, \
   mj_state.cache_hits = hits)
#define LOAD()                                                                           \
  (n = mj_state.n, z = mj_state.z, c = mj_state.c, v = mj_state.v, left = mj_state.left, \
   xip = mj_state.xip_bytes, hits = mj_state.cache_hits)

#define FLASH_CODE (mj_table + MJ_FLASH_ENTRY)
#define SECOND_HALF(at) (((uintptr_t)(at) & sizeof(mj_instruction)) != 0)
#define IS_FLASH_CODE(at) \
  (MJ_CODE == MJ_IN_FLASH || (MJ_CODE == MJ_ANYWHERE && (uint32_t)((at) - (FLASH_CODE)) < MJ_FLASH_BYTES / 2))
/* The word of the instruction at `at` comes through the cache; `ip` is charged.
 */
#define FETCH(at)                                          \
  {                                                        \
    uint32_t word_ = (uint32_t)((at) - (FLASH_CODE)) * 2u; \
    if (__builtin_expect(mj_cache_holds(word_), 1)) {      \
      hits++;                                              \
    } else {                                               \
      SLOW_BEGIN();                                        \
      mj_xip_miss(word_);                                  \
      left = mj_state.left;                                \
      hits = mj_state.cache_hits;                          \
    }                                                      \
  }
/* The same where execution enters a word in sequence. */
#define FETCH_NEXT()                             \
  ({                                             \
    if (IS_FLASH_CODE(ip) && !SECOND_HALF(ip)) { \
      FETCH(ip)                                  \
      if (left <= 0) goto waited;                \
    }                                            \
    1;                                           \
  })
/* After a change of flow, and before the second half of a wide instruction. */
#define FETCH_SECOND_HALF(at) \
  if (IS_FLASH_CODE(at) && SECOND_HALF(at)) FETCH(at)
#define FETCH_REST_OF_WIDE() \
  if (IS_FLASH_CODE(ip) && SECOND_HALF(ip)) FETCH(ip + 1)
/* What mj_state.fetched is when execution pauses before `at`, reached in
 * sequence. */
#define FETCHED(at) ((IS_FLASH_CODE(at) && SECOND_HALF(at)) ? 1u : 0u)
#define PROFILED(array, by) \
  if (MJ_PROFILE) mj_##array[ip - mj_table] += (by)
/* Another master at the port in this cycle: the core waits one. */
#define CONTEND(address, cycles_from_now)                                                \
  if (MJ_CONTEND && mj_contended((address), MJ_NOW(left) + (double)(cycles_from_now))) { \
    left--;                                                                              \
    mj_state.stall_cycles++;                                                             \
    PROFILED(extra, 1);                                                                  \
    PROFILED(stalls, 1);                                                                 \
  }
#define CONTEND_BLOCK(address, words) \
  if (MJ_CONTEND)                     \
    for (uint32_t k_ = 0; k_ < (words); k_++) CONTEND((address) + 4u * k_, k_)
#define NEXT(cycles)  \
  {                   \
    left -= (cycles); \
    ip++;             \
    continue;         \
  }
#define IP_IN_FLASH(pc) (FLASH_CODE + (((pc)-MJ_FLASH_BASE) >> 1))
#define IP_IN_SRAM(pc) (mj_table + MJ_SRAM_ENTRY + (((pc)-MJ_SRAM_BASE) >> 1))
#define GO(target)                                                      \
  {                                                                     \
    uint32_t to_ = (target) & ~1u;                                      \
    if (MJ_CODE != MJ_IN_FLASH && to_ - MJ_SRAM_BASE < MJ_SRAM_BYTES) { \
      ip = IP_IN_SRAM(to_);                                             \
    } else if (MJ_CODE != MJ_IN_RAM && to_ - MJ_FLASH_BASE < xip) {     \
      ip = IP_IN_FLASH(to_);                                            \
      if (SECOND_HALF(ip)) FETCH(ip)                                    \
    } else {                                                            \
      r[15] = to_;                                                      \
      mj_state.fetched = 0;                                             \
      goto elsewhere;                                                   \
    }                                                                   \
    continue;                                                           \
  }
#define BRANCH()                                                       \
  {                                                                    \
    left -= 2;                                                         \
    ip = (mj_instruction *)(void *)((uint8_t *)ip + (int32_t)ip->imm); \
    FETCH_SECOND_HALF(ip)                                              \
    continue;                                                          \
  }
#define BRANCH_IF(condition) \
  {                          \
    if (condition) {         \
      PROFILED(extra, 1);    \
      BRANCH()               \
    }                        \
    NEXT(1)                  \
  }
#define FAULT(kind, address)           \
  {                                    \
    mj_state.trap = (kind);            \
    mj_state.trap_address = (address); \
    goto trapped;                      \
  }
#define SET_NZ(value) (n = z = (value))
#define SUBTRACT(left_operand, right_operand)         \
  uint32_t a_ = (left_operand), b_ = (right_operand); \
  uint32_t result = a_ - b_;                          \
  SET_NZ(result);                                     \
  c = a_ >= b_;                                       \
  v = (a_ ^ b_) & (a_ ^ result)
#define ADD(left_operand, right_operand)              \
  uint32_t a_ = (left_operand), b_ = (right_operand); \
  uint32_t result = a_ + b_;                          \
  SET_NZ(result);                                     \
  c = result < a_;                                    \
  v = ~(a_ ^ b_) & (a_ ^ result)
/*
 * A register list that this slice cannot finish: its cycles are spent one slice after the other, and its
 * registers and memory change at the end of the last. An interrupt in between abandons it, and it starts over
 * (RP2040 1.3.4).
 */
#define SPEND_LIST(cycles)                                       \
  if (!MJ_COMPATIBLE) {                                          \
    int32_t rest_ = (int32_t)(cycles) - (int32_t)mj_state.spent; \
    if (__builtin_expect(left < rest_, 0)) {                     \
      mj_state.spent += (uint32_t)left;                          \
      PROFILED(executions, -1u);                                 \
      PROFILED(extra, left);                                     \
      left = 0;                                                  \
      r[15] = mj_address_of(ip);                                 \
      mj_state.fetched = IS_FLASH_CODE(ip);                      \
      SAVE();                                                    \
      return MJ_EXIT_SLICE;                                      \
    }                                                            \
    if (mj_state.spent) {                                        \
      left += (int32_t)mj_state.spent;                           \
      PROFILED(extra, -(int32_t)mj_state.spent);                 \
      mj_state.spent = 0;                                        \
    }                                                            \
  }
#define D (ip->d)
#define N (ip->n)
#define IMM (ip->imm)

/* The rotation turns misaligned offsets into huge ones: one comparison checks range and alignment. */
#define IN_SRAM(at, shift) (mj_rotate_right((at)-MJ_SRAM_BASE, shift) < (MJ_SRAM_BYTES >> (shift)))
#define IN_FLASH(at, shift) (mj_rotate_right((at)-MJ_FLASH_BASE, shift) < (xip >> (shift)))
#define IN_SRAM_BYTE(at) ((at)-MJ_SRAM_BASE < MJ_SRAM_BYTES)
#define IN_FLASH_BYTE(at) ((at)-MJ_FLASH_BASE < xip)
#define AT_SRAM(type, at) (*(type *)(void *)(mj_sram + ((at)-MJ_SRAM_BASE)))
#define AT_FLASH(type, at) (*(type *)(void *)(mj_flash + ((at)-MJ_FLASH_BASE)))

#define SLOW_BEGIN() (mj_state.access_pc = mj_address_of(ip), SAVE())
#define SLOW_END()                   \
  {                                  \
    left = mj_state.left;            \
    xip = mj_state.xip_bytes;        \
    hits = mj_state.cache_hits;      \
    if (mj_state.trap) goto trapped; \
  }

/* `left` must come back before a trap is taken: the bus may have lowered it. */
#define SLOW_CHECK()            \
  if (mj_state.trap) {          \
    left = mj_state.left;       \
    hits = mj_state.cache_hits; \
    goto trapped;               \
  }

/* A data access of the core to flash. */
#define READ_FLASH(address)                                             \
  {                                                                     \
    PROFILED(flash_reads, 1);                                           \
    if (__builtin_expect(mj_cache_holds((address)-MJ_FLASH_BASE), 1)) { \
      hits++;                                                           \
    } else {                                                            \
      SLOW_BEGIN();                                                     \
      mj_xip_miss((address)-MJ_FLASH_BASE);                             \
      left = mj_state.left;                                             \
      hits = mj_state.cache_hits;                                       \
    }                                                                   \
  }

#define LOAD_AS(type, extend, bytes, in_sram, in_flash, address, into) \
  {                                                                    \
    uint32_t at_ = (address), value_;                                  \
    CONTEND(at_, 0)                                                    \
    if (in_sram) {                                                     \
      value_ = (uint32_t)(extend)AT_SRAM(type, at_);                   \
    } else if (in_flash) {                                             \
      READ_FLASH(at_)                                                  \
      value_ = (uint32_t)(extend)AT_FLASH(type, at_);                  \
    } else {                                                           \
      SLOW_BEGIN();                                                    \
      value_ = (uint32_t)(extend)(type)mj_slow_load(at_, bytes);       \
      SLOW_END()                                                       \
    }                                                                  \
    r[into] = value_;                                                  \
    NEXT(2)                                                            \
  }
#define LOAD_WORD(address, into) \
  LOAD_AS(uint32_t, uint32_t, 4, IN_SRAM(at_, 2), IN_FLASH(at_, 2), address, into)
#define LOAD_HALF(type, extend, address, into) \
  LOAD_AS(type, extend, 2, IN_SRAM(at_, 1), IN_FLASH(at_, 1), address, into)
#define LOAD_BYTE(type, extend, address, into) \
  LOAD_AS(type, extend, 1, IN_SRAM_BYTE(at_), IN_FLASH_BYTE(at_), address, into)

#define STORE_AS(type, bytes, in_sram, address, value)                                                      \
  {                                                                                                         \
    uint32_t at_ = (address);                                                                               \
    CONTEND(at_, 0)                                                                                         \
    if (in_sram) {                                                                                          \
      AT_SRAM(type, at_) = (type)(value);                                                                   \
      if (__builtin_expect(mj_code_page[(at_ - MJ_SRAM_BASE) >> 8], 0)) mj_forget_page(at_ - MJ_SRAM_BASE); \
    } else {                                                                                                \
      SLOW_BEGIN();                                                                                         \
      mj_slow_store(at_, (value), bytes);                                                                   \
      SLOW_END()                                                                                            \
    }                                                                                                       \
    NEXT(2)                                                                                                 \
  }
#define STORE_WORD(address, value) STORE_AS(uint32_t, 4, IN_SRAM(at_, 2), address, value)
#define STORE_HALF(address, value) STORE_AS(uint16_t, 2, IN_SRAM(at_, 1), address, value)
#define STORE_BYTE(address, value) STORE_AS(uint8_t, 1, IN_SRAM_BYTE(at_), address, value)

/* Register lists: `count` words from `at` all in SRAM? (count <= 9, so at most two code pages) */
#define BLOCK_IN_SRAM(at, count) (mj_rotate_right((at)-MJ_SRAM_BASE, 2) <= MJ_SRAM_BYTES / 4 - (count))
#define FORGET_BLOCK(at, count)                                                 \
  {                                                                             \
    uint32_t first_ = (at)-MJ_SRAM_BASE, last_ = first_ + 4u * (count)-1u;      \
    if (__builtin_expect(mj_code_page[first_ >> 8], 0)) mj_forget_page(first_); \
    if (__builtin_expect(mj_code_page[last_ >> 8], 0)) mj_forget_page(last_);   \
  }
#define EACH(list) for (uint32_t l_ = (list), i; l_ && (i = (uint32_t)__builtin_ctz(l_), 1); l_ &= l_ - 1u)

static mj_exit MJ_RUN(void) {
  uint32_t *const r = mj_state.r;
  uint32_t n, z, c, v, xip;
  uint64_t hits;
  int32_t left;
  mj_instruction *ip;
  LOAD();

resume:
  if (left <= 0) {
    SAVE();
    return MJ_EXIT_SLICE;
  }
  if (MJ_CODE != MJ_IN_FLASH && r[15] - MJ_SRAM_BASE < MJ_SRAM_BYTES) {
    ip = IP_IN_SRAM(r[15]);
  } else if (MJ_CODE != MJ_IN_RAM && r[15] - MJ_FLASH_BASE < xip) {
    ip = IP_IN_FLASH(r[15]);
    if (!mj_state.fetched) {
      SLOW_BEGIN();
      mj_xip_fetch((uint32_t)(ip - FLASH_CODE) * 2u);
      left = mj_state.left;
      hits = mj_state.cache_hits;
      if (left <= 0 && !SECOND_HALF(ip)) goto waited;
    }
  } else {
    ip = mj_table;
    goto elsewhere;
  }

dispatch:
  if (left <= 0) goto out_of_time;
  /* Nothing jumps into this loop past its head: WebAssembly has no such loops, and every turn would pay for
   * it. */
  do {
    if (!SECOND_HALF(ip)) CONTEND(mj_address_of(ip), -1)
    PROFILED(executions, 1);
  decoded:
    switch ((mj_handler)ip->handler) {
      case MJ_H_NOT_DECODED:
        mj_decode(ip);
        goto decoded;
      case MJ_H_LSL_IMM: {
        uint32_t value = r[N], by = IMM;
        if (by) c = value >> (32u - by) & 1u;
        r[D] = SET_NZ(value << by);
        NEXT(1);
      }
      case MJ_H_LSR_IMM: {
        uint32_t value = r[N], by = IMM ? IMM : 32u;
        c = value >> (by - 1u) & 1u;
        r[D] = SET_NZ(value >> (by - 1u) >> 1);
        NEXT(1);
      }
      case MJ_H_ASR_IMM: {
        int32_t value = (int32_t)r[N];
        uint32_t by = IMM ? IMM : 32u;
        c = (uint32_t)(value >> (by - 1u)) & 1u;
        r[D] = SET_NZ((uint32_t)(value >> (by - 1u) >> 1));
        NEXT(1);
      }
      case MJ_H_ADD_REG: {
        ADD(r[N], r[IMM]);
        r[D] = result;
        NEXT(1);
      }
      case MJ_H_SUB_REG: {
        SUBTRACT(r[N], r[IMM]);
        r[D] = result;
        NEXT(1);
      }
      case MJ_H_ADD_IMM3: {
        ADD(r[N], IMM);
        r[D] = result;
        NEXT(1);
      }
      case MJ_H_SUB_IMM3: {
        SUBTRACT(r[N], IMM);
        r[D] = result;
        NEXT(1);
      }
      case MJ_H_MOV_IMM:
        r[D] = SET_NZ(IMM);
        NEXT(1);

      case MJ_H_CMP_IMM: {
        SUBTRACT(r[D], IMM);
        NEXT(1);
      }
      case MJ_H_ADD_IMM8: {
        ADD(r[D], IMM);
        r[D] = result;
        NEXT(1);
      }
      case MJ_H_SUB_IMM8: {
        SUBTRACT(r[D], IMM);
        r[D] = result;
        NEXT(1);
      }
      case MJ_H_AND:
        r[D] = SET_NZ(r[D] & r[N]);
        NEXT(1);

      case MJ_H_EOR:
        r[D] = SET_NZ(r[D] ^ r[N]);
        NEXT(1);

      case MJ_H_LSL_REG: {
        uint32_t by = r[N] & 255u, value = r[D];
        if (MJ_COMPATIBLE) {
          if (by) c = value >> ((32u - by) & 31u) & 1u;
        } else if (by) {
          c = by <= 32u ? value >> (32u - by) & 1u : 0u;
        }
        r[D] = SET_NZ(by >= 32u ? 0u : value << by);
        NEXT(1);
      }
      case MJ_H_LSR_REG: {
        uint32_t by = r[N] & 255u, value = r[D];
        if (by || MJ_COMPATIBLE) c = by <= 32u ? value >> ((by - 1u) & 31u) & 1u : 0u;
        r[D] = SET_NZ(by >= 32u ? 0u : value >> by);
        NEXT(1);
      }
      case MJ_H_ASR_REG: {
        uint32_t by = r[N] & 255u;
        int32_t value = (int32_t)r[D];
        if (by > 32u) by = 32u;
        if (by || MJ_COMPATIBLE) c = (uint32_t)(value >> ((by - 1u) & 31u)) & 1u;
        r[D] = SET_NZ((uint32_t)(by >= 32u ? value >> 31 : value >> by));
        NEXT(1);
      }
      case MJ_H_ADC: {
        uint32_t a = r[N], b = r[D], carry = c;
        uint64_t wide = (uint64_t)a + b + carry;
        uint32_t result = (uint32_t)wide;
        if (MJ_COMPATIBLE) b += carry;
        c = (uint32_t)(wide >> 32);
        v = ~(a ^ b) & (a ^ result);
        r[D] = SET_NZ(result);
        NEXT(1);
      }
      case MJ_H_SBC: {
        uint32_t a = r[D], b = r[N], borrow = 1u - c;
        uint32_t result = a - b - borrow;
        c = (uint64_t)a >= (uint64_t)b + borrow;
        if (MJ_COMPATIBLE) b += borrow;
        v = (a ^ b) & (a ^ result);
        r[D] = SET_NZ(result);
        NEXT(1);
      }
      case MJ_H_ROR: {
        uint32_t by = r[N] & 255u, value = r[D];
        value = value >> (by & 31u) | value << ((32u - by) & 31u);
        if (by || MJ_COMPATIBLE) c = value >> 31;
        r[D] = SET_NZ(value);
        NEXT(1);
      }
      case MJ_H_TST:
        SET_NZ(r[D] & r[N]);
        NEXT(1);

      case MJ_H_RSB: {
        SUBTRACT(0u, r[N]);
        r[D] = result;
        NEXT(1);
      }
      case MJ_H_CMP_REG: {
        SUBTRACT(r[D], r[N]);
        NEXT(1);
      }
      case MJ_H_CMN: {
        ADD(r[D], r[N]);
        NEXT(1);
      }
      case MJ_H_ORR:
        r[D] = SET_NZ(r[D] | r[N]);
        NEXT(1);

      case MJ_H_MUL:
        r[D] = SET_NZ(r[D] * r[N]);
        NEXT(1);

      case MJ_H_BIC:
        r[D] = SET_NZ(r[D] & ~r[N]);
        NEXT(1);

      case MJ_H_MVN:
        r[D] = SET_NZ(~r[N]);
        NEXT(1);
      /* IMM is the value PC reads as (A2.3.1: address + 4). */
      case MJ_H_ADD_HIGH: {
        uint32_t result = (D == 15 ? IMM : r[D]) + (N == 15 ? IMM : r[N]);
        if (D == 15) {
          left -= 2;
          GO(result);
        }
        r[D] = D == 13 ? result & ~3u : result;
        NEXT(1);
      }
      case MJ_H_CMP_HIGH: { /* rp2040js reads PC as address + 2 here */
        uint32_t pc = MJ_COMPATIBLE ? IMM - 2u : IMM;
        SUBTRACT(D == 15 ? pc : r[D], N == 15 ? pc : r[N]);
        NEXT(1);
      }
      case MJ_H_MOV_HIGH: {
        uint32_t value = N == 15 ? IMM : r[N];
        if (D == 15) {
          left -= 2;
          GO(value);
        }
        r[D] = D == 13 ? value & ~3u : value;
        NEXT(1);
      }
      case MJ_H_BX: {
        uint32_t target = N == 15 ? IMM - (MJ_COMPATIBLE ? 2u : 0u) : r[N];
        left -= 2;
        if (target >= 0xf0000000u && mj_state.ipsr) {
          r[15] = target;
          goto exception_return;
        }
        if (!MJ_COMPATIBLE && !(target & 1u)) goto not_thumb;
        GO(target);
      }
      case MJ_H_BLX: {
        uint32_t target = r[N];
        left -= 2;
        r[14] = (IMM - 2u) | 1u;
        if (!MJ_COMPATIBLE && !(target & 1u)) {
          r[15] = target;
          goto not_thumb_at_target;
        }
        GO(target);
      }
      case MJ_H_LDR_LITERAL:
        LOAD_WORD(IMM, D);

      case MJ_H_STR_REG:
        STORE_WORD(r[N] + r[IMM], r[D]);

      case MJ_H_STRH_REG:
        STORE_HALF(r[N] + r[IMM], r[D]);

      case MJ_H_STRB_REG:
        STORE_BYTE(r[N] + r[IMM], r[D]);

      case MJ_H_LDRSB_REG:
        LOAD_BYTE(int8_t, int32_t, r[N] + r[IMM], D);

      case MJ_H_LDR_REG:
        LOAD_WORD(r[N] + r[IMM], D);

      case MJ_H_LDRH_REG:
        LOAD_HALF(uint16_t, uint32_t, r[N] + r[IMM], D);

      case MJ_H_LDRB_REG:
        LOAD_BYTE(uint8_t, uint32_t, r[N] + r[IMM], D);

      case MJ_H_LDRSH_REG:
        LOAD_HALF(int16_t, int32_t, r[N] + r[IMM], D);

      case MJ_H_STR_IMM:
        STORE_WORD(r[N] + IMM, r[D]);

      case MJ_H_LDR_IMM:
        LOAD_WORD(r[N] + IMM, D);

      case MJ_H_STRB_IMM:
        STORE_BYTE(r[N] + IMM, r[D]);

      case MJ_H_LDRB_IMM:
        LOAD_BYTE(uint8_t, uint32_t, r[N] + IMM, D);

      case MJ_H_STRH_IMM:
        STORE_HALF(r[N] + IMM, r[D]);

      case MJ_H_LDRH_IMM:
        LOAD_HALF(uint16_t, uint32_t, r[N] + IMM, D);

      case MJ_H_STR_SP:
        STORE_WORD(r[13] + IMM, r[D]);

      case MJ_H_LDR_SP:
        LOAD_WORD(r[13] + IMM, D);

      case MJ_H_ADR:
        r[D] = IMM;
        NEXT(1);

      case MJ_H_ADD_RD_SP:
        r[D] = r[13] + IMM;
        NEXT(1);

      case MJ_H_ADD_SP:
        r[13] += IMM;
        NEXT(1);

      case MJ_H_SUB_SP:
        r[13] -= IMM;
        NEXT(1);

      case MJ_H_SXTH:
        r[D] = (uint32_t)(int32_t)(int16_t)r[N];
        NEXT(1);

      case MJ_H_SXTB:
        r[D] = (uint32_t)(int32_t)(int8_t)r[N];
        NEXT(1);

      case MJ_H_UXTH:
        r[D] = r[N] & 0xffffu;
        NEXT(1);

      case MJ_H_UXTB:
        r[D] = r[N] & 0xffu;
        NEXT(1);

      case MJ_H_REV:
        r[D] = __builtin_bswap32(r[N]);
        NEXT(1);

      case MJ_H_REV16: {
        uint32_t value = r[N];
        r[D] = (value >> 8 & 0x00ff00ffu) | (value & 0x00ff00ffu) << 8;
        NEXT(1);
      }
      case MJ_H_REVSH: {
        uint32_t value = r[N];
        r[D] = (uint32_t)(int32_t)(int16_t)((value >> 8 & 0xffu) | (value & 0xffu) << 8);
        NEXT(1);
      }
      case MJ_H_PUSH: {
        uint32_t count = N, at = r[13] - 4u * count, list = IMM;
        SPEND_LIST(1 + count)
        CONTEND_BLOCK(at, count)
        if (BLOCK_IN_SRAM(at, count)) {
          uint32_t to = at;
          EACH(list & 0xffu) {
            AT_SRAM(uint32_t, to) = r[i];
            to += 4u;
          }
          if (list & 0x100u) AT_SRAM(uint32_t, to) = r[14];
          FORGET_BLOCK(at, count);
        } else {
          uint32_t to = at;
          SLOW_BEGIN();
          EACH(list) {
            mj_store_word(to, r[i == 8 ? 14 : i]);
            SLOW_CHECK();
            to += 4u;
          }
          SLOW_END();
        }
        r[13] = at;
        NEXT(1 + (int32_t)count - (MJ_COMPATIBLE && (list & 0x100u) ? 1 : 0));
      }
      case MJ_H_POP: {
        uint32_t count = N, at = r[13], list = IMM, target = 1u;
        SPEND_LIST((list & 0x100u ? 3 : 1) + count)
        CONTEND_BLOCK(at, count)
        if (BLOCK_IN_SRAM(at, count)) {
          EACH(list & 0xffu) {
            r[i] = AT_SRAM(uint32_t, at);
            at += 4u;
          }
          if (list & 0x100u) target = AT_SRAM(uint32_t, at);
        } else {
          SLOW_BEGIN();
          EACH(list) {
            uint32_t value = mj_load_word(at);
            SLOW_CHECK();
            if (i == 8) {
              target = value;
            } else {
              r[i] = value;
            }
            at += 4u;
          }
          SLOW_END();
        }
        r[13] += 4u * count;
        if (!(list & 0x100u)) NEXT(1 + (int32_t)count);
        left -= 3 + (int32_t)count - MJ_COMPATIBLE;
        if (target >= 0xf0000000u && mj_state.ipsr) {
          r[15] = target;
          goto exception_return;
        }
        if (!MJ_COMPATIBLE && !(target & 1u)) {
          r[15] = target;
          goto not_thumb_at_target;
        }
        GO(target);
      }
      case MJ_H_STM: {
        uint32_t count = N, base = D, at = r[base], to = at;
        SPEND_LIST(1 + count)
        CONTEND_BLOCK(at, count)
        if (BLOCK_IN_SRAM(at, count)) {
          EACH(IMM) {
            AT_SRAM(uint32_t, to) = r[i];
            to += 4u;
          }
          FORGET_BLOCK(at, count);
        } else {
          SLOW_BEGIN();
          EACH(IMM) {
            mj_store_word(to, r[i]);
            SLOW_CHECK();
            to += 4u;
          }
          SLOW_END();
        }
        if (!MJ_COMPATIBLE || !(IMM >> base & 1u)) r[base] = to;
        NEXT(1 + (int32_t)count);
      }
      case MJ_H_LDM: {
        uint32_t count = N, base = D, at = r[base];
        SPEND_LIST(1 + count)
        CONTEND_BLOCK(at, count)
        if (BLOCK_IN_SRAM(at, count)) {
          EACH(IMM) {
            r[i] = AT_SRAM(uint32_t, at);
            at += 4u;
          }
        } else {
          SLOW_BEGIN();
          EACH(IMM) {
            uint32_t value = mj_load_word(at);
            SLOW_CHECK();
            r[i] = value;
            at += 4u;
          }
          SLOW_END();
        }
        if (!(IMM >> base & 1u)) r[base] = at;
        NEXT(1 + (int32_t)count);
      }
      case MJ_H_BEQ:
        BRANCH_IF(!z);

      case MJ_H_BNE:
        BRANCH_IF(z);

      case MJ_H_BCS:
        BRANCH_IF(c);

      case MJ_H_BCC:
        BRANCH_IF(!c);

      case MJ_H_BMI:
        BRANCH_IF((int32_t)n < 0);

      case MJ_H_BPL:
        BRANCH_IF((int32_t)n >= 0);

      case MJ_H_BVS:
        BRANCH_IF((int32_t)v < 0);

      case MJ_H_BVC:
        BRANCH_IF((int32_t)v >= 0);

      case MJ_H_BHI:
        BRANCH_IF(c && z);

      case MJ_H_BLS:
        BRANCH_IF(!c || !z);

      case MJ_H_BGE:
        BRANCH_IF((int32_t)(n ^ v) >= 0);

      case MJ_H_BLT:
        BRANCH_IF((int32_t)(n ^ v) < 0);

      case MJ_H_BGT:
        BRANCH_IF(z && (int32_t)(n ^ v) >= 0);

      case MJ_H_BLE:
        BRANCH_IF(!z || (int32_t)(n ^ v) < 0);

      case MJ_H_B:
        BRANCH();

      case MJ_H_BL: {
        uint32_t target = IMM;
        FETCH_REST_OF_WIDE()
        r[14] = mj_address_of(ip) + 5u;
        left -= 3;
        GO(target);
      }
      case MJ_H_BARRIER:
        FETCH_REST_OF_WIDE()
        left -= 3;
        ip += 2;
        continue;
      case MJ_H_MRS: {
        if (D == 13 || D == 15) FAULT(MJ_FAULT_UNDEFINED, 0);
        FETCH_REST_OF_WIDE()
        SAVE();
        r[D] = mj_read_special(IMM);
        left -= 3;
        ip += 2;
        continue;
      }
      case MJ_H_MSR: {
        uint32_t value = r[N];
        FETCH_REST_OF_WIDE()
        left -= 3;
        SAVE();
        mj_write_special(IMM, value);
        r[15] = mj_address_of(ip) + 4u;
        mj_state.fetched = FETCHED(ip + 2);
        goto reconsider;
      }
      case MJ_H_CPS:
        left -= 1;
        mj_state.primask = IMM >> 4 & 1u;
        r[15] = mj_address_of(ip) + 2u;
        mj_state.fetched = FETCHED(ip + 1);
        SAVE();
        goto reconsider;
      case MJ_H_SVC:
        left -= 1;
        SAVE();
        r[15] = mj_address_of(ip);
        if (!mj_supervisor_call(r[15] + 2u)) return MJ_EXIT_LOCKUP;
        goto reconsider;
      case MJ_H_BKPT:
        if (mj_state.halt_on_bkpt) {
          left -= 1;
          r[15] = mj_address_of(ip) + 2u;
          mj_state.fetched = FETCHED(ip + 1);
          SAVE();
          return MJ_EXIT_BREAKPOINT;
        }
        FAULT(MJ_FAULT_BKPT, 0);

      case MJ_H_HINT: {
        uint32_t hint = IMM & 0xffu;
        if (hint == 0x40u) mj_state.event = 1; /* SEV: ARMv6-M B1.5.18 sets the sender's register too */
        if (hint != 0x20u && hint != 0x30u) NEXT(1);
        left -= 2;
        r[15] = mj_address_of(ip) + 2u;
        mj_state.fetched = FETCHED(ip + 1);
        SAVE();
        mj_state.sleeping = hint == 0x30u ? MJ_SLEEP_WFI : MJ_SLEEP_WFE;
        goto sleep;
      }
      case MJ_H_WIDE:
      case MJ_H_UNDEFINED:
        FAULT(MJ_FAULT_UNDEFINED, 0);

      case MJ_H_END:
        PROFILED(executions, -1u);
        r[15] = mj_address_of(ip);
        goto elsewhere;
      default:
        __builtin_unreachable();
    }
  } while (left > 0 && FETCH_NEXT());
out_of_time:
  r[15] = mj_address_of(ip);
  mj_state.fetched = FETCHED(ip);
  SAVE();
  return MJ_EXIT_SLICE;

waited: /* whatever was due while the core waited comes before the instruction */
  r[15] = mj_address_of(ip);
  mj_state.fetched = 1;
  SAVE();
  return MJ_EXIT_SLICE;

elsewhere: /* r[15] is in none of the memories of this instance */
  if (r[15] < MJ_ROM_BYTES && MJ_CODE != MJ_IN_FLASH) {
    ip = mj_table + MJ_ROM_ENTRY + (r[15] >> 1);
    goto dispatch;
  }
  SAVE();
  if (MJ_CODE != MJ_ANYWHERE && mj_is_code(r[15])) return MJ_EXIT_MOVED;
  if (mj_fetch_refused(r[15])) return MJ_EXIT_SLICE;
  if (!mj_raise_fault(MJ_FAULT_FETCH, r[15])) return MJ_EXIT_LOCKUP;
  LOAD();
  goto resume;

trapped:
  PROFILED(executions, -1u);
  r[15] = mj_address_of(ip);
  {
    mj_fault kind = (mj_fault)mj_state.trap;
    mj_state.trap = MJ_FAULT_NONE;
    SAVE();
    if (!mj_raise_fault(kind, mj_state.trap_address)) return MJ_EXIT_LOCKUP;
  }
  LOAD();
  goto resume;

not_thumb:
  r[15] = r[N];
not_thumb_at_target: /* A2.3.1: EPSR.T becomes 0 and the next instruction faults */
  SAVE();
  if (!mj_raise_fault(MJ_FAULT_THUMB, r[15])) return MJ_EXIT_LOCKUP;
  LOAD();
  goto resume;

exception_return:
  SAVE();
  if (!mj_exception_return(r[15])) return MJ_EXIT_LOCKUP;
  if (mj_state.entering) return MJ_EXIT_SLICE;
  if (mj_state.sleeping) goto sleep;
reconsider:
  if (!mj_take_pending()) return MJ_EXIT_LOCKUP;
  if (mj_state.entering) return MJ_EXIT_SLICE;
  LOAD();
  goto resume;

sleep:
  if (!mj_wakes()) return MJ_EXIT_ASLEEP;
  mj_state.sleeping = MJ_AWAKE;
  goto reconsider;
}
