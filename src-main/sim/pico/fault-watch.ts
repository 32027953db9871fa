/**
 * Names what goes wrong inside the core: HardFaults that firmware's own handler swallows, lockups, interrupts that
 * return for ever. Looks on between slices of the interpreter and never changes a result.
 */
import type { FactValue } from '../../base/errors.ts';
import { hex } from './chip.ts';
import { CPU, FAULT_BUS, FAULT_FETCH, FAULT_NAMES, FAULT_THUMB } from './core/cpu-state.ts';

/** What `Chip.stop` and `Chip.note` take. */
export interface Finding {
  readonly id: string;
  readonly facts: Readonly<Record<string, FactValue>>;
  readonly cause: string;
  readonly next: string;
}

const SP = CPU.r + 13;
const PC = CPU.r + 15;
const EXC_RETURN = 0xffff_fff0;
const SRAM_START = 0x2000_0000;
/** What lies this far below SRAM was meant for a stack at its start. */
const BELOW_SRAM = 0x1_0000;
const FIRST_IRQ = 16;
/** In one interrupt's handler, with its line high, at every look for so many cycles: worth a closer look. */
const SUSPICIOUS_CYCLES = 1_000_000;
/** Instructions of the closer look, and entries in them without a return to anything else. */
const PROBE_STEPS = 20_000;
const STORM_ENTRIES = 3;

export class FaultWatch {
  readonly #state: Uint32Array;
  readonly #vector: (exception: number) => number;
  #faults = 0;
  #suspect = 0;
  #sinceCycle = 0;
  #patience = SUSPICIOUS_CYCLES;
  #probeLeft = 0;
  #entries = 0;

  /** `vector` reads a handler's address from the vector table. */
  constructor(state: Uint32Array, vector: (exception: number) => number) {
    this.#state = state;
    this.#vector = vector;
  }

  /** The core started over. */
  reset(): void {
    this.#faults = this.#suspect = this.#probeLeft = 0;
    this.#patience = SUSPICIOUS_CYCLES;
  }

  /** The next slice is to be a single instruction. */
  get probing(): boolean {
    return this.#probeLeft > 0;
  }

  /** After a slice that ended at `cycle`. */
  look(cycle: number): Finding | null {
    const s = this.#state;
    if (s[CPU.faultCount] !== this.#faults) {
      this.#faults = s[CPU.faultCount]!;
      return this.#hardFault();
    }
    if (this.#probeLeft > 0) return this.#probe(cycle);
    const exception = s[CPU.ipsr]!;
    const storming = exception >= FIRST_IRQ && (s[CPU.irqLevel]! >>> (exception - FIRST_IRQ)) & 1;
    if (!storming || exception !== this.#suspect) {
      this.#suspect = storming ? exception : 0;
      this.#sinceCycle = cycle;
    } else if (cycle - this.#sinceCycle > this.#patience) {
      this.#probeLeft = PROBE_STEPS;
      this.#entries = 0;
    }
    return null;
  }

  /** The core locked up: the fault that began it. */
  lockup(): Finding {
    const s = this.#state;
    const facts = { ...this.#faultFacts(), sp: hex(s[SP]!), faults: s[CPU.faultCount]! };
    if (this.#ranOffSram())
      return {
        id: 'sim.fault.stack-overflow',
        facts,
        cause:
          'The stack grew off the start of SRAM; the fault could not be handled without a stack, and the core locked up.',
        next: 'Give it more room, or look for recursion at faultPc.',
      };
    if (this.#jumpedToZero())
      return {
        id: 'sim.fault.jump-to-zero',
        facts,
        cause: 'A branch went to address 0, and its HardFault was not handled.',
        next: 'Look for a function pointer that was never set, near the link register.',
      };
    return {
      id: 'sim.fault.lockup',
      facts,
      cause: 'The core faulted inside HardFault or NMI and locked up.',
      next: 'Look at what runs at faultPc; a HardFault handler in the vector table would tell more.',
    };
  }

  #faultFacts(): Record<string, FactValue> {
    const s = this.#state;
    return {
      fault: FAULT_NAMES[s[CPU.faultKind]!] ?? 'unknown',
      faultPc: hex(s[CPU.faultPc]!),
      faultAddress: hex(s[CPU.faultAddress]!),
    };
  }

  #hardFault(): Finding {
    const pc = hex(this.#state[CPU.faultPc]!);
    if (this.#jumpedToZero())
      return {
        id: 'sim.diagnosis.jump-to-zero',
        facts: { ...this.#faultFacts(), lr: hex(this.#state[CPU.r + 14]!), pc },
        cause: 'A branch went to address 0, which is a HardFault.',
        next: 'Look for a function pointer that was never set.',
      };
    return {
      id: 'sim.diagnosis.hard-fault',
      facts: { ...this.#faultFacts(), pc },
      cause: 'The core took a HardFault; the firmware has a handler of its own.',
      next: 'Look at the instruction at faultPc.',
    };
  }

  #jumpedToZero(): boolean {
    const kind = this.#state[CPU.faultKind];
    const at = this.#state[CPU.faultAddress]! & ~1;
    return (kind === FAULT_THUMB || kind === FAULT_FETCH) && at === 0;
  }

  #ranOffSram(): boolean {
    const s = this.#state;
    const below = (address: number) => address < SRAM_START && address >= SRAM_START - BELOW_SRAM;
    return s[CPU.faultKind] === FAULT_BUS && below(s[CPU.faultAddress]!) && s[SP]! < SRAM_START + 64;
  }

  /** Single steps: does the handler begin again and again without anything else getting its turn? */
  #probe(cycle: number): Finding | null {
    const s = this.#state;
    const exception = s[CPU.ipsr]!;
    this.#probeLeft--;
    // A step that ends at the exception return was the handler's last; what follows without one back is tail-chained
    if (exception === this.#suspect && s[PC]! >= EXC_RETURN) this.#entries++;
    const over = exception !== this.#suspect || this.#probeLeft === 0;
    if (this.#entries < STORM_ENTRIES) {
      if (over) this.#lookAgainLater(cycle);
      return null;
    }
    const irq = exception - FIRST_IRQ;
    this.#lookAgainLater(cycle);
    return {
      id: 'sim.diagnosis.interrupt-storm',
      facts: { irq, handler: hex(this.#vector(exception)), pc: hex(this.#vector(exception)) },
      cause: 'An interrupt is taken again as soon as its handler returns; nothing else runs.',
      next: 'Clear what asserts it in the peripheral before the handler returns.',
    };
  }

  #lookAgainLater(cycle: number): void {
    this.#probeLeft = 0;
    this.#sinceCycle = cycle;
    this.#patience *= 4;
  }
}
