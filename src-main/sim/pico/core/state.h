/*
 * The whole state of the emulated Cortex-M0+ and of the memories it reaches without a call.
 * References: ARMv6-M Architecture Reference Manual (DDI 0419), Cortex-M0+ TRM r0p1 (DDI 0484),
 * RP2040 data sheet 2.1-2.4. Everything that lives longer than one instruction is in `mj_cpu`, so that
 * cutting time into slices can never change a result.
 */
#ifndef MJ_SIM_STATE_H
#define MJ_SIM_STATE_H

#include <stdbool.h>
#include <stdint.h>

#define MJ_ROM_BYTES 0x4000u
#define MJ_FLASH_BASE 0x10000000u
#define MJ_FLASH_BYTES (2u << 20)
#define MJ_SRAM_BASE 0x20000000u
#define MJ_SRAM_BYTES (264u << 10)

#define MJ_EXPORT(name) __attribute__((export_name(#name)))
#define MJ_IMPORT(name) __attribute__((import_module("bus"), import_name(#name)))
#define MJ_COLD __attribute__((noinline, cold))

typedef enum {
  MJ_EXIT_SLICE = 0,  /* `left` is used up */
  MJ_EXIT_ASLEEP = 1, /* WFI or WFE waits; `left` untouched beyond the instruction itself */
  MJ_EXIT_LOCKUP = 2,
  MJ_EXIT_BREAKPOINT = 3, /* only with `halt_on_bkpt` */
  MJ_EXIT_MOVED = 4,      /* inside the core only: the code goes on in another memory */
} mj_exit;

/* Why a HardFault was raised; the numbers are repeated in fault-names.ts. */
typedef enum {
  MJ_FAULT_NONE = 0,
  MJ_FAULT_UNALIGNED = 1,
  MJ_FAULT_BUS = 2,       /* no device answers at the address */
  MJ_FAULT_FETCH = 3,     /* instruction fetch from where there is no code */
  MJ_FAULT_UNDEFINED = 4, /* undefined instruction */
  MJ_FAULT_THUMB = 5,     /* branch to an address with bit 0 clear */
  MJ_FAULT_BKPT = 6,      /* BKPT without a debugger */
  MJ_FAULT_SVC = 7,       /* SVC where SVCall cannot preempt */
  MJ_FAULT_RETURN = 8,    /* malformed exception return */
} mj_fault;

enum { MJ_AWAKE = 0, MJ_SLEEP_WFI = 1, MJ_SLEEP_WFE = 2 };

/* Field order is repeated in cpu-state.ts, which checks it against mj_cpu_bytes(). */
typedef struct {
  uint32_t r[16];      /* r[13] is the active stack pointer, r[15] the next instruction's address */
  uint32_t n, z, c, v; /* N = n >> 31, Z = (z == 0), C = c (0 or 1), V = v >> 31 */
  int32_t left;        /* cycles until the next event; the bus lowers it */
  uint32_t access_pc;  /* address of the instruction that made the current bus access */
  uint32_t primask;    /* 0 or 1 */
  uint32_t control;    /* bit 0 nPRIV (stored, not enforced), bit 1 SPSEL */
  uint32_t banked_sp;  /* the stack pointer not in use */
  uint32_t ipsr;       /* exception number, 0 in thread mode */
  uint32_t vtor;
  uint32_t irq_enabled, irq_pending, irq_level, irq_active;
  uint32_t system_pending, system_active; /* bit n = exception n, 2..15 */
  uint32_t irq_priority[8];               /* as IPR0..7 */
  uint32_t shpr2, shpr3, scr;
  uint32_t event;                                            /* the WFE event register */
  uint32_t sleeping;                                         /* MJ_AWAKE, MJ_SLEEP_WFI, MJ_SLEEP_WFE */
  uint32_t trap, trap_address;                               /* set by a slow access that must fault */
  uint32_t fault_kind, fault_pc, fault_address, fault_count; /* the last HardFault raised */
  uint32_t entering;     /* EXC_RETURN of an entry that has stacked and not yet chosen its handler, or 0 */
  uint32_t entering_for; /* the exception that began it */
  uint32_t seen_pending; /* interrupts that were pending at the last look, for SEVONPEND */
  uint32_t seen_system;  /* likewise of system_pending */
  uint32_t spent;        /* cycles spent on the register list at r[15]; an interrupt abandons it */
  uint32_t spare;
  uint32_t fetched; /* the word of the instruction at r[15] was already fetched from flash */
  /* What follows survives a reset of the core. */
  uint32_t xip_bytes; /* flash readable from MJ_FLASH_BASE; 0 while XIP is off */
  uint32_t halt_on_bkpt;
  uint32_t compatible;       /* 1: the departures of rp2040js, see interpreter.h */
  uint32_t cache_on;         /* XIP_CTRL.CTRL.EN */
  uint32_t miss_cycles;      /* stall of a core that reads one word from the flash chip */
  uint32_t profiling;        /* 1: the counts below are kept */
  uint32_t cache_power_down; /* XIP_CTRL.CTRL.POWER_DOWN */
  /* Times are clk_sys cycles since the world began; doubles are exact and JavaScript can read them. */
  double slice_end;                  /* the cycle at which `left` is 0 */
  double xip_busy_until;             /* a flush or a streamed word keeps the XIP port busy */
  double contended_until;            /* from here on no other master is on the bus, as far as is known */
  uint64_t cache_hits, cache_misses; /* of all accesses through the XIP port, by any master */
  uint64_t stall_cycles;             /* the core waited for flash or for another master */
  uint64_t exception_cycles;         /* entries, returns, tail-chains */
} mj_cpu;

/* The cycle the running instruction is at. */
#define MJ_NOW(left) (mj_state.slice_end - (double)(left))

extern mj_cpu mj_state;
extern uint8_t mj_rom[MJ_ROM_BYTES + 8];
extern uint8_t mj_flash[MJ_FLASH_BYTES + 8];
extern uint8_t mj_sram[MJ_SRAM_BYTES + 8];

/* One decoded instruction for each halfword of memory. `handler` 0 means not decoded yet. */
typedef struct {
  uint16_t handler;
  uint8_t d, n;
  uint32_t imm;
} mj_instruction;

/*
 * The table: flash, SRAM, ROM, each between guards wide enough for the longest relative branch (B: +-1024
 * halfwords), so that a branch or straight-line code that leaves its memory lands on MJ_H_END.
 */
#define MJ_GUARD 1100u
#define MJ_FLASH_ENTRY MJ_GUARD
#define MJ_SRAM_ENTRY (MJ_FLASH_ENTRY + MJ_FLASH_BYTES / 2 + 2 * MJ_GUARD)
#define MJ_ROM_ENTRY (MJ_SRAM_ENTRY + MJ_SRAM_BYTES / 2 + 2 * MJ_GUARD)
#define MJ_ENTRIES (MJ_ROM_ENTRY + MJ_ROM_BYTES / 2 + MJ_GUARD)
extern mj_instruction mj_table[MJ_ENTRIES];

/* 1 where a 256-byte page of SRAM holds decoded instructions. */
extern uint8_t mj_code_page[MJ_SRAM_BYTES / 256 + 1];

static inline uint32_t mj_rotate_right(uint32_t v, uint32_t by) {
  return (v >> by) | (v << (32u - by));
}

static inline uint32_t mj_address_of(const mj_instruction *at) {
  uint32_t entry = (uint32_t)(at - mj_table);
  if (entry >= MJ_ROM_ENTRY - MJ_GUARD) return (entry - MJ_ROM_ENTRY) * 2u;
  if (entry >= MJ_SRAM_ENTRY - MJ_GUARD) return MJ_SRAM_BASE + (entry - MJ_SRAM_ENTRY) * 2u;
  return MJ_FLASH_BASE + (entry - MJ_FLASH_ENTRY) * 2u;
}

/*
 * Per-PC counts, an entry of each array for each of the table. `extra` are cycles beyond mj_base_cycles,
 * signed because SIO accesses take one less; stalls are part of them.
 */
extern uint32_t mj_executions[MJ_ENTRIES], mj_stalls[MJ_ENTRIES];
extern uint32_t mj_flash_reads[MJ_ENTRIES], mj_bus_accesses[MJ_ENTRIES];
extern int32_t mj_extra[MJ_ENTRIES];
/* 1 where something was ever decoded in 128 entries: only there can anything have been counted. */
extern uint8_t mj_decoded_pages[MJ_ENTRIES / 128u + 1u];

/* profile.c */
int32_t mj_base_cycles(uint32_t entry);
void mj_profile_forget(uint32_t first_entry, uint32_t count);
/* Cycles beyond the base cost for the instruction at `pc`; `stalled` when it waited for flash or a port. */
void mj_profile_extra(uint32_t pc, int32_t cycles, bool stalled);
void mj_profile_bus_access(uint32_t pc);

/* ports.c: did another master use the port of `address` at `cycle`? Forgets that it did. */
bool mj_contended(uint32_t address, double cycle);

/* `pc` is in flash, SRAM or ROM, where code can run. */
static inline uint32_t mj_entry_of(uint32_t pc) {
  if (pc - MJ_FLASH_BASE < MJ_FLASH_BYTES) return MJ_FLASH_ENTRY + ((pc - MJ_FLASH_BASE) >> 1);
  if (pc - MJ_SRAM_BASE < MJ_SRAM_BYTES) return MJ_SRAM_ENTRY + ((pc - MJ_SRAM_BASE) >> 1);
  return MJ_ROM_ENTRY + (pc < MJ_ROM_BYTES ? pc >> 1 : 0u);
}

/* memory.c: everything that is not plain SRAM or flash. They charge the cycles beyond 2 to `left`. */
uint32_t mj_slow_load(uint32_t address, uint32_t bytes);
void mj_slow_store(uint32_t address, uint32_t value, uint32_t bytes);
/* Word accesses of LDM, STM, PUSH, POP and stacking: no cost charged for memories. */
uint32_t mj_load_word(uint32_t address);
void mj_store_word(uint32_t address, uint32_t value);
void mj_forget_page(uint32_t sram_offset);
/* True where the address is code the model does not execute; the bus has stopped the emulation then. */
bool mj_fetch_refused(uint32_t address);

/* decode.c */
void mj_decode(mj_instruction *at);
void mj_prepare_table(void);

/* exceptions.c. The functions that change the flow of control return with r[15] set. */
bool mj_take_pending(void); /* false: lockup */
bool mj_wakes(void);
bool mj_raise_fault(mj_fault kind, uint32_t address); /* false: lockup */
bool mj_supervisor_call(uint32_t return_address);     /* false: lockup */
bool mj_exception_return(uint32_t exc_return);        /* false: lockup */
uint32_t mj_read_special(uint32_t sysm);
void mj_write_special(uint32_t sysm, uint32_t value);

#endif
