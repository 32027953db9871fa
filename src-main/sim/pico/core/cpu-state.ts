/** Word offsets in the core's state; the order is that of `mj_cpu` in state.h, checked against its size. */
const FIELDS = [
  ['r', 16],
  ['n', 1],
  ['z', 1],
  ['c', 1],
  ['v', 1],
  ['left', 1],
  ['accessPc', 1],
  ['primask', 1],
  ['control', 1],
  ['bankedSp', 1],
  ['ipsr', 1],
  ['vtor', 1],
  ['irqEnabled', 1],
  ['irqPending', 1],
  ['irqLevel', 1],
  ['irqActive', 1],
  ['systemPending', 1],
  ['systemActive', 1],
  ['irqPriority', 8],
  ['shpr2', 1],
  ['shpr3', 1],
  ['scr', 1],
  ['event', 1],
  ['sleeping', 1],
  ['trap', 1],
  ['trapAddress', 1],
  ['faultKind', 1],
  ['faultPc', 1],
  ['faultAddress', 1],
  ['faultCount', 1],
  ['entering', 1],
  ['enteringFor', 1],
  ['seenPending', 1],
  ['seenSystem', 1],
  ['spent', 1],
  ['spare', 1],
  ['fetched', 1],
  ['xipBytes', 1],
  ['haltOnBkpt', 1],
  ['compatible', 1],
  ['cacheOn', 1],
  ['missCycles', 1],
  ['profiling', 1],
  ['cachePowerDown', 1],
  ['sliceEnd', 2],
  ['xipBusyUntil', 2],
  ['contendedUntil', 2],
  ['cacheHits', 2],
  ['cacheMisses', 2],
  ['stallCycles', 2],
  ['exceptionCycles', 2],
] as const;

export type CpuField = (typeof FIELDS)[number][0];

function offsets(): { at: Record<CpuField, number>; words: number } {
  const at = {} as Record<CpuField, number>;
  let words = 0;
  for (const [name, count] of FIELDS) {
    at[name] = words;
    words += count;
  }
  return { at, words };
}

const layout = offsets();
/** Index of each field's first word in `M0Core.state`. */
export const CPU: Readonly<Record<CpuField, number>> = layout.at;
export const CPU_WORDS = layout.words;

/** `mj_exit` of state.h. */
export const EXIT = { slice: 0, asleep: 1, lockup: 2, breakpoint: 3 } as const;

/** `mj_fault` of state.h, for diagnoses. */
export const FAULT_NAMES = [
  'none',
  'unaligned access',
  'bus error: nothing answers at this address',
  'instruction fetch from where there is no code',
  'undefined instruction',
  'branch to an address with bit 0 clear',
  'BKPT without a debugger',
  'SVC where SVCall cannot preempt',
  'malformed exception return',
] as const;

export const FAULT_BUS = 2;
export const FAULT_FETCH = 3;
export const FAULT_THUMB = 5;
