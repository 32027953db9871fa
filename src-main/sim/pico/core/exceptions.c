/*
 * Exceptions, priorities and special registers: ARMv6-M ARM B1.5, B3.4 (NVIC). Not modelled: an exception
 * that arrives while another's return unstacks is taken after the return, not tail-chained.
 */
#include "state.h"

enum {
  EXCEPTION_NMI = 2,
  EXCEPTION_HARDFAULT = 3,
  EXCEPTION_SVCALL = 11,
  EXCEPTION_PENDSV = 14,
  EXCEPTION_SYSTICK = 15,
  FIRST_IRQ = 16,
};
enum { PRIORITY_NMI = -2, PRIORITY_HARDFAULT = -1, PRIORITY_NONE = 4 };

/*
 * RP2040 data sheet 2.4.5 (at most 15 cycles to the first handler instruction with zero wait states). Return
 * and tail-chaining are not published for r0p1; 13 and 6 follow from the stacking of 8 words.
 */
enum { ENTRY_CYCLES = 15, RETURN_CYCLES = 13, TAIL_CHAIN_CYCLES = 6 };

static void charge(int32_t cycles) {
  if (mj_state.compatible) return;
  mj_state.left -= cycles;
  mj_state.exception_cycles += (uint32_t)cycles;
}

/* A vector or a word of a stack frame: what the read takes beyond the entry's cycles belongs to no
 * instruction. */
static uint32_t read_word(uint32_t address) {
  uint32_t profiling = mj_state.profiling;
  int32_t before = mj_state.left;
  uint64_t stalls = mj_state.stall_cycles;
  mj_state.profiling = 0;
  uint32_t value = mj_load_word(address);
  mj_state.profiling = profiling;
  if (mj_state.stall_cycles != stalls) mj_state.exception_cycles += (uint32_t)(before - mj_state.left);
  return value;
}

static int32_t priority_of(uint32_t exception) {
  switch (exception) {
    case EXCEPTION_NMI:
      return PRIORITY_NMI;
    case EXCEPTION_HARDFAULT:
      return PRIORITY_HARDFAULT;
    case EXCEPTION_SVCALL:
      return (int32_t)(mj_state.shpr2 >> 30);
    case EXCEPTION_PENDSV:
      return (int32_t)(mj_state.shpr3 >> 22 & 3u);
    case EXCEPTION_SYSTICK:
      return (int32_t)(mj_state.shpr3 >> 30);
    default: {
      uint32_t irq = exception - FIRST_IRQ;
      return (int32_t)(mj_state.irq_priority[irq >> 2] >> (8u * (irq & 3u) + 6u) & 3u);
    }
  }
}

static uint32_t lowest_bit(uint32_t bits) {
  return (uint32_t)__builtin_ctz(bits);
}

/* The priority code runs at: the most urgent active exception, PRIMASK aside. */
static int32_t active_priority(void) {
  int32_t best = PRIORITY_NONE;
  for (uint32_t left = mj_state.system_active; left; left &= left - 1u) {
    int32_t p = priority_of(lowest_bit(left));
    if (p < best) best = p;
  }
  for (uint32_t left = mj_state.irq_active; left; left &= left - 1u) {
    int32_t p = priority_of(FIRST_IRQ + lowest_bit(left));
    if (p < best) best = p;
  }
  return best;
}

static int32_t execution_priority(void) {
  int32_t p = active_priority();
  return mj_state.primask && p > 0 ? 0 : p;
}

static uint32_t irqs_waiting(void) {
  return (mj_state.irq_pending | (mj_state.irq_level & ~mj_state.irq_active)) & mj_state.irq_enabled;
}

/* The pending, enabled exception of the highest priority (lowest number on a tie), or 0. */
static uint32_t most_urgent(int32_t *priority) {
  uint32_t best = 0;
  *priority = PRIORITY_NONE;
  for (uint32_t left = mj_state.system_pending; left; left &= left - 1u) {
    uint32_t exception = lowest_bit(left);
    int32_t p = priority_of(exception);
    if (p < *priority) {
      *priority = p;
      best = exception;
    }
  }
  for (uint32_t left = irqs_waiting(); left; left &= left - 1u) {
    uint32_t exception = FIRST_IRQ + lowest_bit(left);
    int32_t p = priority_of(exception);
    if (p < *priority) {
      *priority = p;
      best = exception;
    }
  }
  return best;
}

static void activate(uint32_t exception) {
  if (exception < FIRST_IRQ) {
    mj_state.system_pending &= ~(1u << exception);
    mj_state.system_active |= 1u << exception;
  } else {
    mj_state.irq_pending &= ~(1u << (exception - FIRST_IRQ));
    mj_state.irq_active |= 1u << (exception - FIRST_IRQ);
  }
}

static void deactivate(uint32_t exception) {
  if (exception < FIRST_IRQ) {
    mj_state.system_active &= ~(1u << exception);
  } else {
    mj_state.irq_active &= ~(1u << (exception - FIRST_IRQ));
  }
}

static uint32_t flags(void) {
  return (mj_state.n & 0x80000000u) | (mj_state.z == 0 ? 0x40000000u : 0u) | (mj_state.c & 1u) << 29 |
         (mj_state.v >> 31) << 28;
}

static void set_flags(uint32_t psr) {
  mj_state.n = psr & 0x80000000u;
  mj_state.z = psr & 0x40000000u ? 0u : 1u;
  /* N and Z together: a value whose N bit is kept apart from its being zero */
  mj_state.c = psr >> 29 & 1u;
  mj_state.v = psr << 3 & 0x80000000u;
}

static void use_stack(uint32_t process) {
  uint32_t now = mj_state.control >> 1 & 1u;
  if (now == process) return;
  uint32_t sp = mj_state.r[13];
  mj_state.r[13] = mj_state.banked_sp;
  mj_state.banked_sp = sp;
  mj_state.control = (mj_state.control & 1u) | process << 1;
}

/* Branches to the handler; false when the vector cannot be read while a HardFault is being entered. */
static bool enter_handler(uint32_t exception, uint32_t exc_return) {
  mj_state.r[14] = exc_return;
  mj_state.ipsr = exception;
  use_stack(0);
  activate(exception);
  uint32_t vector_at = mj_state.vtor + 4u * exception;
  uint32_t vector = read_word(vector_at);
  mj_state.fetched = 0;
  bool readable = mj_state.trap == MJ_FAULT_NONE;
  mj_state.trap = MJ_FAULT_NONE;
  mj_state.r[15] = vector & ~1u;
  if (readable && (vector & 1u)) return true;
  if (exception == EXCEPTION_HARDFAULT || exception == EXCEPTION_NMI) return false;
  return mj_raise_fault(readable ? MJ_FAULT_THUMB : MJ_FAULT_BUS, readable ? vector : vector_at);
}

/* B1.5.6 PushStack. `return_address` is what PC is restored to. Gives EXC_RETURN; 0 when the stack was
 * unwritable. */
static uint32_t push_stack(uint32_t return_address) {
  uint32_t thread = mj_state.ipsr == 0;
  uint32_t exc_return = !thread ? 0xfffffff1u : mj_state.control & 2u ? 0xfffffffdu : 0xfffffff9u;
  uint32_t sp = mj_state.r[13], pad = sp >> 2 & 1u;
  uint32_t frame = (sp - 32u) & ~4u;
  const uint32_t *r = mj_state.r;
  const uint32_t words[8] = {r[0],  r[1],  r[2],           r[3],
                             r[12], r[14], return_address, flags() | 1u << 24 | pad << 9 | mj_state.ipsr};
  for (uint32_t i = 0; i < 8; i++) mj_store_word(frame + 4u * i, words[i]);
  mj_state.r[13] = frame;
  mj_state.spent = 0; /* a register list that was under way starts over after the handler */
  charge(ENTRY_CYCLES);
  return exc_return;
}

/* What the stacking trapped on, cleared; false when it went well. */
static bool stacking_failed(uint32_t *address) {
  bool failed = mj_state.trap != MJ_FAULT_NONE;
  *address = mj_state.trap_address;
  mj_state.trap = MJ_FAULT_NONE;
  return failed;
}

bool mj_raise_fault(mj_fault kind, uint32_t address) {
  mj_state.fault_count++;
  /* A second fault inside HardFault does not hide the first */
  if (!(mj_state.system_active >> EXCEPTION_HARDFAULT & 1u)) {
    mj_state.fault_kind = kind;
    mj_state.fault_pc = mj_state.r[15];
    mj_state.fault_address = address;
  }
  /* B1.5.15: a fault at HardFault's priority or above locks the core up */
  if (active_priority() <= PRIORITY_HARDFAULT) return false;
  uint32_t exc_return = push_stack(mj_state.r[15]), bad;
  if (stacking_failed(&bad)) return false;
  return enter_handler(EXCEPTION_HARDFAULT, exc_return);
}

bool mj_supervisor_call(uint32_t return_address) {
  if (priority_of(EXCEPTION_SVCALL) >= execution_priority()) return mj_raise_fault(MJ_FAULT_SVC, 0);
  mj_state.r[15] = return_address;
  mj_state.system_pending |= 1u << EXCEPTION_SVCALL;
  return true;
}

/* SEVONPEND (B3.2.7): an interrupt that becomes pending, enabled or not, is an event. */
static void note_pending(void) {
  uint32_t irqs = mj_state.irq_pending | (mj_state.irq_level & ~mj_state.irq_active);
  bool fresh = (irqs & ~mj_state.seen_pending) || (mj_state.system_pending & ~mj_state.seen_system);
  mj_state.seen_pending = irqs;
  mj_state.seen_system = mj_state.system_pending;
  if (fresh && (mj_state.scr & 0x10u)) mj_state.event = 1;
}

/* The handler is chosen at the end of the entry: a more urgent exception that came meanwhile goes first
 * (B1.5.10). */
static bool finish_entry(void) {
  int32_t priority;
  uint32_t exception = most_urgent(&priority), exc_return = mj_state.entering;
  if (exception == 0 || priority >= execution_priority()) exception = mj_state.entering_for;
  mj_state.entering = 0;
  return enter_handler(exception, exc_return);
}

static bool begin_entry(uint32_t exception, uint32_t exc_return) {
  mj_state.entering = exc_return;
  mj_state.entering_for = exception;
  /* In what is left of the slice nothing can arrive; at its end the pending state is looked at again. */
  return mj_state.left > 0 || mj_state.compatible ? finish_entry() : true;
}

/* Takes at most one exception, whose entry may end beyond this slice. */
bool mj_take_pending(void) {
  note_pending();
  if (mj_state.entering) return finish_entry();
  if ((mj_state.system_pending | irqs_waiting()) == 0) return true;
  int32_t priority;
  uint32_t exception = most_urgent(&priority);
  if (exception == 0 || priority >= execution_priority()) return true;
  uint32_t exc_return = push_stack(mj_state.r[15]), bad;
  /* B1.5.7: a bus fault while stacking is a HardFault taken at once */
  if (stacking_failed(&bad)) return enter_handler(exception, exc_return) && mj_raise_fault(MJ_FAULT_BUS, bad);
  return begin_entry(exception, exc_return);
}

/* B1.5.17-19: does the pending state end WFI or WFE? Clears the event register when it does. */
bool mj_wakes(void) {
  int32_t priority;
  uint32_t exception = most_urgent(&priority);
  if (mj_state.sleeping == MJ_SLEEP_WFI) return exception && priority < active_priority();
  note_pending();
  bool wakes = mj_state.event != 0 || (exception && priority < execution_priority());
  if (wakes) mj_state.event = 0;
  return wakes;
}

static bool valid_return(uint32_t exc_return) {
  uint32_t nested = (uint32_t)__builtin_popcount(mj_state.system_active) +
                    (uint32_t)__builtin_popcount(mj_state.irq_active);
  if (exc_return == 0xfffffff1u) return nested > 1;
  return (exc_return == 0xfffffff9u || exc_return == 0xfffffffdu) && nested == 1;
}

/* B1.5.8: PopStack, or the next pending exception without unstacking (tail-chaining). */
bool mj_exception_return(uint32_t exc_return) {
  if (!valid_return(exc_return)) return mj_raise_fault(MJ_FAULT_RETURN, exc_return);
  deactivate(mj_state.ipsr);
  mj_state.event = 1;
  int32_t priority;
  uint32_t next = most_urgent(&priority);
  if (next && priority < execution_priority() && !mj_state.compatible) {
    charge(TAIL_CHAIN_CYCLES);
    return begin_entry(next, exc_return);
  }
  charge(RETURN_CYCLES);
  use_stack(exc_return == 0xfffffffdu);
  uint32_t frame = mj_state.r[13], words[8];
  for (uint32_t i = 0; i < 8; i++) words[i] = read_word(frame + 4u * i);
  mj_state.fetched = 0;
  uint32_t *r = mj_state.r;
  r[0] = words[0];
  r[1] = words[1];
  r[2] = words[2];
  r[3] = words[3];
  r[12] = words[4];
  r[14] = words[5];
  r[15] = words[6] & ~1u;
  r[13] = (frame + 32u) | (words[7] >> 9 & 1u) << 2;
  set_flags(words[7]);
  mj_state.ipsr = exc_return == 0xfffffff1u ? words[7] & 0x3fu : 0u;
  if (mj_state.trap) {
    mj_state.trap = MJ_FAULT_NONE;
    return mj_raise_fault(MJ_FAULT_BUS, frame);
  }
  if (!(words[7] & 1u << 24)) return mj_raise_fault(MJ_FAULT_THUMB, r[15]);
  bool to_thread = mj_state.ipsr == 0;
  if (to_thread && (mj_state.scr & 2u)) mj_state.sleeping = MJ_SLEEP_WFI; /* SLEEPONEXIT */
  return true;
}

/* SYSm numbers: B5.2.2. */
uint32_t mj_read_special(uint32_t sysm) {
  uint32_t value = 0;
  switch (sysm) {
    case 8:
      return mj_state.control & 2u ? mj_state.banked_sp : mj_state.r[13];
    case 9:
      return mj_state.control & 2u ? mj_state.r[13] : mj_state.banked_sp;
    case 16:
      return mj_state.primask;
    case 20:
      return mj_state.control;
    default:
      if (sysm > 7) return 0;
      if (sysm & 1u) value |= mj_state.ipsr; /* IAPSR, XPSR, IPSR, IEPSR */
      if (!(sysm & 4u)) value |= flags();
      if (mj_state.compatible && sysm == 3) value |= 1u << 24;
      return value; /* EPSR reads as 0 */
  }
}

static void set_stack(bool process, uint32_t value) {
  bool process_now = (mj_state.control & 2u) != 0;
  if (process == process_now) {
    mj_state.r[13] = value & ~3u;
  } else {
    mj_state.banked_sp = value & ~3u;
  }
}

void mj_write_special(uint32_t sysm, uint32_t value) {
  switch (sysm) {
    case 0:
    case 1:
    case 2:
    case 3:
      set_flags(value);
      break;
    case 8:
      set_stack(false, value);
      break;
    case 9:
      set_stack(true, value);
      break;
    case 16:
      mj_state.primask = value & 1u;
      break;
    case 20:
      /* SPSEL can be changed in thread mode only */
      if (mj_state.ipsr == 0) use_stack(value >> 1 & 1u);
      mj_state.control = (mj_state.control & 2u) | (value & 1u);
      break;
    default:
      break;
  }
}
