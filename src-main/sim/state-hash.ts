import { crc32c } from '../base/crc.ts';
import { CPU } from './pico/core/cpu-state.ts';
import type { EmulatedPico } from './pico/emulated-pico.ts';

/** What the emulated board was at one virtual time, in 16 hex digits. */
export interface StateHash {
  readonly atUs: number;
  /** clk_sys cycles since the world began. */
  readonly cycles: number;
  readonly hash: string;
}

/** Fields of the core's state; not those that only tell where a slice of the interpreter ended. */
const HASHED: readonly (readonly [first: number, words: number])[] = [
  [CPU.r, 16],
  ...[CPU.n, CPU.z, CPU.c, CPU.v, CPU.primask, CPU.control, CPU.bankedSp, CPU.ipsr, CPU.vtor].map(one),
  ...[CPU.irqEnabled, CPU.irqPending, CPU.irqLevel, CPU.irqActive, CPU.systemPending].map(one),
  ...[CPU.systemActive, CPU.shpr2, CPU.shpr3, CPU.scr, CPU.event, CPU.sleeping, CPU.faultCount].map(one),
  [CPU.irqPriority, 8],
  ...[CPU.cacheOn, CPU.missCycles].map(one),
  ...[CPU.cacheHits, CPU.cacheMisses, CPU.stallCycles, CPU.exceptionCycles].map((f) => [f, 2] as const),
];
const HASHED_WORDS = HASHED.reduce((sum, [, words]) => sum + words, 0);

function one(field: number): readonly [number, number] {
  return [field, 1];
}

/**
 * Hash of the core's registers, flags, interrupt and cache state, of SRAM and of the cycle counter, chained with the
 * bytes that came out of board and monitor so far. Peripherals are in it by what they did: interrupts, time, output.
 * The flash chip's 2 MiB are not; what is read from them is, as soon as it reaches a register.
 */
export class StateHasher {
  readonly #pico: EmulatedPico;
  readonly #words = new Uint32Array(HASHED_WORDS);
  readonly #byte = new Uint8Array(1);
  #output = 0;
  #outputBytes = 0;

  constructor(pico: EmulatedPico) {
    this.#pico = pico;
  }

  /** Bytes that left the board or the monitor, in order. */
  sent(bytes: Uint8Array): void {
    this.#output = crc32c(bytes, this.#output);
    this.#outputBytes += bytes.length;
  }

  sentByte(byte: number): void {
    this.#byte[0] = byte;
    this.sent(this.#byte);
  }

  at(atUs: number): StateHash {
    const { core } = this.#pico;
    const cycles = this.#pico.now();
    const facts = new Float64Array([cycles, this.#output, this.#outputBytes, this.#pico.powered ? 1 : 0]);
    const registers = crc32c(bytesOf(this.#architecture()), crc32c(bytesOf(facts)));
    const memory = crc32c(core.sram, registers);
    return { atUs, cycles, hash: hex(registers) + hex(memory) };
  }

  #architecture(): Uint32Array {
    const { state } = this.#pico.core;
    let at = 0;
    for (const [first, count] of HASHED)
      for (let i = 0; i < count; i++) this.#words[at++] = state[first + i]!;
    return this.#words;
  }
}

function bytesOf(words: Float64Array | Uint32Array): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
}

function hex(word: number): string {
  return (word >>> 0).toString(16).padStart(8, '0');
}
