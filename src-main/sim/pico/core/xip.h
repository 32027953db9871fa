/*
 * The XIP cache (RP2040 data sheet 2.6.3.1): 16 KiB, two ways, 8-byte lines, a
 * valid bit for each word. Only tags are kept; the data are those of the flash
 * array. A word of the cache holds two entries, one a way, so that a look-up is
 * one load and two comparisons.
 */
#ifndef MJ_SIM_XIP_H
#define MJ_SIM_XIP_H

#include "state.h"

#define MJ_CACHE_WORDS 2048u
#define MJ_CACHE_SETS 1024u
#define MJ_CACHE_BYTES 0x4000u

enum {
  MJ_TAG = 0x7ff,      /* address bits 23:13 */
  MJ_STALE = 0x4000,   /* flash has changed since; never matches a look-up */
  MJ_PRESENT = 0x8000, /* the valid bit of this word */
};

/* Entries of word n of the cache: way 0 in the low half, way 1 in the high
 * half. */
extern uint32_t mj_cache[MJ_CACHE_WORDS];
/* The way of each set that was used less recently. The chip's policy is not
 * published: LRU is assumed. */
extern uint8_t mj_victim[MJ_CACHE_SETS];

/*
 * The same by address, for the look-up that has to be fast: 0 where the word of flash is not in the cache or
 * not to be believed, else 1 + its way.
 */
#define MJ_FLASH_WORDS (MJ_FLASH_BYTES / 4u)
extern uint8_t mj_resident[MJ_FLASH_WORDS];

/* Is the word at `offset` into flash in the cache? Counts nothing. */
static inline bool mj_cache_holds(uint32_t offset) {
  uint32_t where = mj_resident[offset >> 2 & (MJ_FLASH_WORDS - 1u)];
  if (where == 0) return false;
  mj_victim[offset >> 3 & (MJ_CACHE_SETS - 1u)] = (uint8_t)(2u - where);
  return true;
}

/* The core reads a word through the cached, allocating window and it was not
 * there: fills it, charges `left`. */
void mj_xip_miss(uint32_t offset);
/* The same, whether it is there or not: the look-up of a core that starts somewhere. */
void mj_xip_fetch(uint32_t offset);
/* The core reads a word through any of the four windows at 0x10 to 0x13;
 * charges `left`. */
void mj_xip_read(uint32_t address);
/* Charges what is left of a flush or a streamed word. */
void mj_xip_wait(void);
/* A store to the cached, allocating window: a matching word is dropped with its
 * line (2.6.3.2). */
void mj_xip_drop(uint32_t address);
/* The core's stores and loads of cache RAM at 0x15; false: bus error. */
bool mj_cache_ram_load(uint32_t address, uint32_t bytes, uint32_t *value);
bool mj_cache_ram_store(uint32_t address, uint32_t value, uint32_t bytes);

#endif
