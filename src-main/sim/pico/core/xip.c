/* XIP beyond a hit in the cache: misses, the four windows, flush, cache as
 * SRAM. RP2040 data sheet 2.6.3. */
#include "xip.h"

MJ_IMPORT(staleCache) void bus_stale_cache(uint32_t address);

uint32_t mj_cache[MJ_CACHE_WORDS] __attribute__((aligned(64)));
uint8_t mj_victim[MJ_CACHE_SETS] __attribute__((aligned(64)));
uint8_t mj_resident[MJ_FLASH_WORDS] __attribute__((aligned(64)));
/* The entries while CTRL.EN is 0: the tags keep their contents, and no access
 * looks at them. */
static uint32_t parked[MJ_CACHE_WORDS];
static uint8_t cache_ram[MJ_CACHE_BYTES] __attribute__((aligned(8)));
static double written_at;

static uint32_t entry_of(uint32_t pair, uint32_t way) {
  return way ? pair >> 16 : pair & 0xffffu;
}

/* Says in mj_resident whether the fast look-up may find this entry. Mirrors of flash beyond its end are not
 * found. */
static void show(uint32_t word, uint32_t way, uint32_t entry, bool shown) {
  uint32_t offset = (entry & MJ_TAG) << 13 | word << 2;
  if (!(entry & MJ_PRESENT) || offset >= MJ_FLASH_BYTES) return;
  mj_resident[offset >> 2] = shown && !(entry & MJ_STALE) ? (uint8_t)(1u + way) : 0;
}

static void show_all(bool shown) {
  for (uint32_t word = 0; word < MJ_CACHE_WORDS; word++)
    for (uint32_t way = 0; way < 2; way++) show(word, way, entry_of(mj_cache[word], way), shown);
}

static void set_entry(uint32_t word, uint32_t way, uint32_t entry) {
  show(word, way, entry_of(mj_cache[word], way), false);
  show(word, way, entry, true);
  uint32_t keep = way ? 0x0000ffffu : 0xffff0000u;
  mj_cache[word] = (mj_cache[word] & keep) | entry << 16 * way;
}

static bool has_tag(uint32_t entry, uint32_t tag) {
  return (entry & MJ_PRESENT) && (entry & MJ_TAG) == tag;
}

/* The way whose line has this tag, or 2. */
static uint32_t way_of(uint32_t line, uint32_t tag) {
  for (uint32_t way = 0; way < 2; way++)
    if (has_tag(entry_of(mj_cache[line], way), tag) || has_tag(entry_of(mj_cache[line + 1u], way), tag))
      return way;
  return 2;
}

static uint32_t way_to_replace(uint32_t line) {
  for (uint32_t way = 0; way < 2; way++)
    if (!((entry_of(mj_cache[line], way) | entry_of(mj_cache[line + 1u], way)) & MJ_PRESENT)) return way;
  return mj_victim[line >> 1];
}

/* One word into the cache. A line with this tag keeps its other word, one with
 * another tag is replaced whole. */
static void allocate(uint32_t offset) {
  uint32_t word = offset >> 2 & (MJ_CACHE_WORDS - 1u), line = word & ~1u, tag = offset >> 13;
  uint32_t way = way_of(line, tag);
  if (way == 2) {
    way = way_to_replace(line);
    set_entry(line, way, 0);
    set_entry(line + 1u, way, 0);
  }
  set_entry(word, way, tag | MJ_PRESENT);
  mj_victim[line >> 1] = (uint8_t)(1u - way);
}

static bool is_stale(uint32_t offset) {
  uint32_t pair = mj_cache[offset >> 2 & (MJ_CACHE_WORDS - 1u)];
  uint32_t entry = offset >> 13 | MJ_PRESENT | MJ_STALE;
  return (pair & 0xffffu) == entry || pair >> 16 == entry;
}

/* Cycles until the flash chip has delivered one word to a master that asks at
 * `now`. */
static uint32_t word_time(double now) {
  uint32_t wait = mj_state.xip_busy_until > now ? (uint32_t)(mj_state.xip_busy_until - now) : 0u;
  return wait + mj_state.miss_cycles;
}

static void charge(uint32_t cycles) {
  mj_state.left -= (int32_t)cycles;
  mj_state.stall_cycles += cycles;
  if (mj_state.profiling) mj_profile_extra(mj_state.access_pc, (int32_t)cycles, true);
}

MJ_COLD void mj_xip_miss(uint32_t offset) {
  if (offset >= MJ_FLASH_BYTES) return; /* beyond the end of a memory: the instruction there is MJ_H_END */
  if (is_stale(offset)) bus_stale_cache(MJ_FLASH_BASE + offset);
  mj_state.cache_misses++;
  charge(word_time(MJ_NOW(mj_state.left)));
  if (mj_state.cache_on) allocate(offset);
}

MJ_COLD void mj_xip_fetch(uint32_t offset) {
  if (mj_cache_holds(offset))
    mj_state.cache_hits++;
  else
    mj_xip_miss(offset);
}

/* A look-up by tag: also of mirrors of flash beyond its end. */
static bool holds(uint32_t offset) {
  if (offset < MJ_FLASH_BYTES) return mj_cache_holds(offset);
  uint32_t pair = mj_cache[offset >> 2 & (MJ_CACHE_WORDS - 1u)], entry = offset >> 13 | MJ_PRESENT;
  uint8_t *victim = mj_victim + (offset >> 3 & (MJ_CACHE_SETS - 1u));
  for (uint32_t way = 0; way < 2; way++)
    if (entry_of(pair, way) == entry) {
      *victim = (uint8_t)(1u - way);
      return true;
    }
  return false;
}

/* Window 0 looks up and allocates, 1 looks up, 2 allocates, 3 does neither.
 * True: a hit. */
static bool through_window(uint32_t address) {
  uint32_t window = address >> 24 & 3u, offset = address & 0xffffffu;
  if (window < 2u) {
    if (holds(offset)) {
      mj_state.cache_hits++;
      return true;
    }
    if (is_stale(offset)) bus_stale_cache(address);
  }
  mj_state.cache_misses++;
  if (mj_state.cache_on && !(window & 1u)) allocate(offset);
  return false;
}

void mj_xip_read(uint32_t address) {
  double now = MJ_NOW(mj_state.left);
  if (!through_window(address)) charge(word_time(now));
}

void mj_xip_wait(void) {
  double now = MJ_NOW(mj_state.left);
  if (mj_state.xip_busy_until > now) charge((uint32_t)(mj_state.xip_busy_until - now));
}

/* Another master's read of a word at `now`: its cycles beyond those of a hit.
 */
MJ_EXPORT(mj_xip_by_other)
uint32_t mj_xip_by_other(uint32_t address, double now) {
  return through_window(address) ? 0u : word_time(now);
}

void mj_xip_drop(uint32_t address) {
  uint32_t line = address >> 2 & (MJ_CACHE_WORDS - 1u) & ~1u, tag = address >> 13 & MJ_TAG;
  uint32_t way = way_of(line, tag);
  if (way == 2) return;
  set_entry(line, way, 0);
  set_entry(line + 1u, way, 0);
}

/* 2.6.3.1: clears the tags; the data memory keeps its contents. */
MJ_EXPORT(mj_xip_flush) void mj_xip_flush(void) {
  show_all(false);
  for (uint32_t i = 0; i < MJ_CACHE_WORDS; i++) mj_cache[i] = parked[i] = 0;
  for (uint32_t i = 0; i < MJ_CACHE_SETS; i++) mj_victim[i] = 0;
}

/* CTRL.EN */
MJ_EXPORT(mj_xip_enable) void mj_xip_enable(uint32_t on) {
  if (mj_state.cache_on == on) return;
  mj_state.cache_on = on;
  show_all(false);
  for (uint32_t i = 0; i < MJ_CACHE_WORDS; i++) {
    uint32_t kept = on ? parked[i] : mj_cache[i];
    parked[i] = on ? 0u : kept;
    mj_cache[i] = on ? kept : 0u;
  }
  show_all(true);
}

/* Flash in [from, from + count) was erased or programmed: what the cache holds
 * of it is no longer true. */
MJ_EXPORT(mj_xip_outdate) void mj_xip_outdate(uint32_t from, uint32_t count) {
  uint32_t *entries = mj_state.cache_on ? mj_cache : parked;
  for (uint32_t word = 0; word < MJ_CACHE_WORDS; word++)
    for (uint32_t way = 0; way < 2; way++) {
      uint32_t entry = entry_of(entries[word], way);
      uint32_t offset = ((entry & MJ_TAG) << 13 | word << 2) & (MJ_FLASH_BYTES - 1u);
      if ((entry & MJ_PRESENT) && offset - (from & ~3u) < count + (from & 3u))
        entries[word] |= (uint32_t)MJ_STALE << 16 * way;
    }
  show_all(true);
}

/* 2.6.3.3: a bus error unless the cache is off and powered. A line whose data
 * are overwritten is lost. */
bool mj_cache_ram_load(uint32_t address, uint32_t bytes, uint32_t *value) {
  if (mj_state.cache_on || mj_state.cache_power_down) return false;
  const uint8_t *p = cache_ram + (address & (MJ_CACHE_BYTES - 1u));
  *value = 0;
  for (uint32_t i = 0; i < bytes; i++) *value |= (uint32_t)p[i] << 8 * i;
  /* one wait state on a read right after a write: a store takes two cycles, and
   * then comes the load */
  if (MJ_NOW(mj_state.left) - written_at <= 2.0) charge(1);
  return true;
}

bool mj_cache_ram_store(uint32_t address, uint32_t value, uint32_t bytes) {
  if (mj_state.cache_on || mj_state.cache_power_down) return false;
  uint32_t offset = address & (MJ_CACHE_BYTES - 1u);
  for (uint32_t i = 0; i < bytes; i++) cache_ram[offset + i] = (uint8_t)(value >> 8 * i);
  written_at = MJ_NOW(mj_state.left);
  uint32_t *pair = parked + (offset >> 2 & (MJ_CACHE_WORDS - 1u));
  for (uint32_t way = 0; way < 2; way++)
    if (entry_of(*pair, way) & MJ_PRESENT) *pair |= (uint32_t)MJ_STALE << 16 * way;
  return true;
}

MJ_EXPORT(mj_cache_ram_address) uint8_t *mj_cache_ram_address(void) {
  return cache_ram;
}
