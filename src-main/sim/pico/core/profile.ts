import { CPU } from './cpu-state.ts';

/** What the core offers for profiles: profile.c. */
export interface ProfileExports {
  mj_profile_array(n: number): number;
  mj_table_entries(): number;
  mj_entry_address(entry: number): number;
  mj_base_cycles(entry: number): number;
}

/**
 * What each instruction cost since `start` or `reset`; one slot an address that was executed, in ascending order of
 * addresses. All arrays have the same length; counts are exact to 2^53. The cycles of a slot include its stalls and
 * its waits for peripherals; exception entries and returns and sleep belong to no instruction and are in none.
 */
export interface ProfileSlots {
  /** Address of the instruction: flash, SRAM or ROM. */
  readonly address: Uint32Array;
  readonly executions: Float64Array;
  readonly cycles: Float64Array;
  /** Of the cycles: waiting for the flash chip, or for another master at a port. */
  readonly stallCycles: Float64Array;
  /** Data reads from flash through 0x10 (a register list counts none). */
  readonly flashReads: Float64Array;
  /** Loads and stores that went to a peripheral. */
  readonly registerAccesses: Float64Array;
}

const FIELDS = 5;
const PAGE = 128;

/**
 * Collects the 32-bit counts of the core into doubles. Counting costs one increment an instruction; the base cost of
 * an instruction is multiplied in when counts are collected, which must happen before its decoded form is forgotten.
 */
export class CoreProfile {
  readonly #state: Uint32Array;
  readonly #exports: ProfileExports;
  readonly #executions: Uint32Array;
  readonly #extra: Int32Array;
  readonly #stalls: Uint32Array;
  readonly #flashReads: Uint32Array;
  readonly #busAccesses: Uint32Array;
  /** 1 where a page of entries was ever decoded. */
  readonly #decodedPages: Uint8Array;
  /**
   * By bucket, then by page of 128 table entries: executions, cycles, stalls, flash reads, register accesses of each
   * entry.
   */
  readonly #buckets = new Map<number, Map<number, Float64Array>>();
  #totals = this.#bucket(0);

  constructor(state: Uint32Array, buffer: ArrayBuffer, exports: ProfileExports) {
    this.#state = state;
    this.#exports = exports;
    const entries = exports.mj_table_entries();
    this.#executions = new Uint32Array(buffer, exports.mj_profile_array(0), entries);
    this.#extra = new Int32Array(buffer, exports.mj_profile_array(1), entries);
    this.#stalls = new Uint32Array(buffer, exports.mj_profile_array(2), entries);
    this.#flashReads = new Uint32Array(buffer, exports.mj_profile_array(3), entries);
    this.#busAccesses = new Uint32Array(buffer, exports.mj_profile_array(4), entries);
    this.#decodedPages = new Uint8Array(buffer, exports.mj_profile_array(5), Math.ceil(entries / PAGE));
  }

  get running(): boolean {
    return this.#state[CPU.profiling] === 1;
  }

  /** Counts from now on, in addition to what was counted before. */
  start(): void {
    this.#state[CPU.profiling] = 1;
  }

  stop(): void {
    this.collectAll();
    this.#state[CPU.profiling] = 0;
  }

  /** Forgets all counts; what comes next goes into bucket 0. */
  reset(): void {
    this.collectAll();
    this.#buckets.clear();
    this.#totals = this.#bucket(0);
  }

  /** What is counted from here on goes into this bucket. */
  switchTo(bucket: number): void {
    this.collectAll();
    this.#totals = this.#bucket(bucket);
  }

  /** Buckets that something was counted in, in ascending order. */
  buckets(): number[] {
    this.collectAll();
    return [...this.#buckets]
      .filter(([, pages]) => pages.size > 0)
      .map(([n]) => n)
      .sort((a, b) => a - b);
  }

  /** To be called at least once every 2^31 cycles, or a count could overflow. */
  collectAll(): void {
    for (let page = 0; page < this.#decodedPages.length; page++)
      if (this.#decodedPages[page] !== 0) this.collect(page * PAGE, PAGE);
  }

  /** Moves the counts of these entries into the totals. */
  collect(first: number, count: number): void {
    const end = Math.min(first + count, this.#executions.length);
    for (let entry = Math.max(0, first); entry < end; entry++)
      if (this.#executions[entry] !== 0 || this.#extra[entry] !== 0) this.#collectOne(entry);
  }

  /** Of one bucket, or of all together. */
  slots(bucket?: number): ProfileSlots {
    this.collectAll();
    const used: { address: number; page: Float64Array; at: number }[] = [];
    for (const [number, page] of bucket === undefined ? this.#merged() : this.#bucket(bucket))
      for (let i = 0; i < PAGE; i++)
        if (page[i * FIELDS] !== 0)
          used.push({
            address: this.#exports.mj_entry_address(number * PAGE + i) >>> 0,
            page,
            at: i * FIELDS,
          });
    used.sort((a, b) => a.address - b.address);
    const field = (n: number): Float64Array => Float64Array.from(used, (u) => u.page[u.at + n]!);
    return {
      address: Uint32Array.from(used, (u) => u.address),
      executions: field(0),
      cycles: field(1),
      stallCycles: field(2),
      flashReads: field(3),
      registerAccesses: field(4),
    };
  }

  #bucket(n: number): Map<number, Float64Array> {
    let pages = this.#buckets.get(n);
    if (!pages) this.#buckets.set(n, (pages = new Map<number, Float64Array>()));
    return pages;
  }

  #merged(): Map<number, Float64Array> {
    const merged = new Map<number, Float64Array>();
    for (const pages of this.#buckets.values())
      for (const [number, page] of pages) {
        const sum = merged.get(number);
        if (sum) for (let i = 0; i < page.length; i++) sum[i]! += page[i]!;
        else merged.set(number, page.slice());
      }
    return merged;
  }

  #collectOne(entry: number): void {
    const number = Math.floor(entry / PAGE);
    let page = this.#totals.get(number);
    if (!page) this.#totals.set(number, (page = new Float64Array(PAGE * FIELDS)));
    const at = (entry % PAGE) * FIELDS;
    const executions = this.#executions[entry]!;
    page[at]! += executions;
    page[at + 1]! += executions * this.#exports.mj_base_cycles(entry) + this.#extra[entry]!;
    page[at + 2]! += this.#stalls[entry]!;
    page[at + 3]! += this.#flashReads[entry]!;
    page[at + 4]! += this.#busAccesses[entry]!;
    this.#executions[entry] = this.#extra[entry] = this.#stalls[entry] = 0;
    this.#flashReads[entry] = this.#busAccesses[entry] = 0;
  }
}
