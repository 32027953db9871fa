import { M0Core, type CoreBus } from '../../../../src-main/sim/pico/core/core.ts';
import { CPU, EXIT } from '../../../../src-main/sim/pico/core/cpu-state.ts';

export const SRAM = 0x2000_0000;
export const CODE = 0x2000_1000;
export const STACK = 0x2003_0000;

export const BKPT = 0xbe00;
export const NOP = 0xbf00;

const silentBus: CoreBus = {
  read: () => 0,
  write: () => undefined,
  refuseFetch: () => undefined,
  staleCache: () => undefined,
};

/** The core alone, without the chip around it: code in SRAM, BKPT ends the run. */
export class BareCore {
  readonly core: M0Core;
  readonly state: Uint32Array;
  /** Cycles of all runs so far. */
  cycles = 0;

  constructor(options: { bus?: CoreBus; compatible?: boolean } = {}) {
    this.core = new M0Core(options.bus ?? silentBus);
    this.state = this.core.state;
    this.state[CPU.haltOnBkpt] = 1;
    this.state[CPU.compatible] = options.compatible ? 1 : 0;
    this.state[13] = STACK;
    this.state[15] = CODE;
  }

  /** Halfwords at `address` in SRAM. */
  put(halfwords: readonly number[], address = CODE): this {
    const bytes = new Uint8Array(Uint16Array.from(halfwords).buffer);
    this.core.sram.set(bytes, address - SRAM);
    this.core.forgetSram(address - SRAM, bytes.length);
    return this;
  }

  putWord(address: number, value: number): this {
    return this.put([value & 0xffff, value >>> 16], address);
  }

  word(address: number): number {
    return new DataView(this.core.sram.buffer, this.core.sram.byteOffset).getUint32(address - SRAM, true);
  }

  /** Runs at most `cycles`; returns one of EXIT. */
  run(cycles = 10_000): number {
    this.core.signedState[CPU.left] = cycles;
    const exit = this.core.run();
    this.cycles += cycles - this.core.signedState[CPU.left]!;
    return exit;
  }

  /** Runs to BKPT; its own cycle is not counted. */
  runToBkpt(cycles = 10_000): this {
    const exit = this.run(cycles);
    if (exit !== EXIT.breakpoint) throw new Error(`the core ended with ${exit}, not at BKPT`);
    this.cycles--;
    return this;
  }

  r(n: number): number {
    return this.state[n]!;
  }

  /** N Z C V as one string of those that are set. */
  flags(): string {
    const s = this.state;
    return (
      (s[CPU.n]! >>> 31 ? 'N' : '') +
      (s[CPU.z] === 0 ? 'Z' : '') +
      (s[CPU.c]! & 1 ? 'C' : '') +
      (s[CPU.v]! >>> 31 ? 'V' : '')
    );
  }

  setFlags(flags: string): this {
    const s = this.state;
    s[CPU.n] = flags.includes('N') ? 0x8000_0000 : 0;
    s[CPU.z] = flags.includes('Z') ? 0 : 1;
    s[CPU.c] = flags.includes('C') ? 1 : 0;
    s[CPU.v] = flags.includes('V') ? 0x8000_0000 : 0;
    return this;
  }
}
