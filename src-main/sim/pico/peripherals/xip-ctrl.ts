/**
 * XIP_CTRL and the stream FIFO: RP2040 data sheet 2.6.3. The cache itself is in the core (core/xip.c); here are its
 * switches, the counters and the transfers that go past it into a FIFO.
 */
import type { Chip, RegisterBlock } from '../chip.ts';
import type { EventSlot } from '../events.ts';

/** The cache as XIP_CTRL commands it. */
export interface XipCache {
  /** Accesses through the port since the world began. */
  accesses(): { readonly all: number; readonly hits: number };
  flush(): void;
  enable(on: boolean): void;
  powerDown(on: boolean): void;
  /** The port serves nobody before `cycle`. */
  keepBusyUntil(cycle: number): void;
  /** A word of the flash, past the cache; null while XIP cannot read (the emulation has been stopped then). */
  streamWord(address: number): number | null;
  /** Cycles the flash chip takes for one word. */
  wordCycles(): number;
}

const EN = 1;
const POWER_DOWN = 8;
/** 2.6.3.1: just over 1024 cycles, one a set. */
const FLUSH_CYCLES = 1024;
const FIFO_DEPTH = 2;
const STREAM_WORDS = 0x3f_ffff;
const COUNTER_MAX = 0xffff_ffff;

export class XipCtrl implements RegisterBlock {
  readonly #chip: Chip;
  readonly #cache: XipCache;
  readonly #wordAt: EventSlot;
  readonly #dreqChanged: () => void;
  #control = 3;
  #flushedAt = 0;
  #hitsFrom = 0;
  #accessesFrom = 0;
  #streamAddress = 0;
  #streamLeft = 0;
  #streaming = false;
  #fifo: number[] = [];
  /** The FIFO as XIP_AUX shows it at 0x5040_0000. */
  readonly aux: RegisterBlock = {
    read: () => this.#pop(),
    write: () => true,
    reset: () => undefined,
  };

  /** `dreqChanged` is told of each word that came into the stream's FIFO. */
  constructor(chip: Chip, cache: XipCache, dreqChanged: () => void = () => undefined) {
    this.#dreqChanged = dreqChanged;
    this.#chip = chip;
    this.#cache = cache;
    this.#wordAt = chip.events.slot((cycle) => this.#wordArrived(cycle));
  }

  /** CTRL.ERR_BADWRITE: writes to the no-allocate and uncached aliases are bus errors. */
  get badWriteIsError(): boolean {
    return (this.#control & 2) !== 0;
  }

  /** Words that wait in the stream's FIFO: DREQ_XIP_STREAM. */
  get streamDreq(): number {
    return this.#fifo.length;
  }

  read(offset: number): number | undefined {
    switch (offset) {
      case 0x00:
        return this.#control;
      case 0x04:
        return 0; // the core has waited for the flush to end: core/memory.c
      case 0x08:
        return this.#status();
      case 0x0c:
        return Math.min(COUNTER_MAX, this.#cache.accesses().hits - this.#hitsFrom);
      case 0x10:
        return Math.min(COUNTER_MAX, this.#cache.accesses().all - this.#accessesFrom);
      case 0x14:
        return this.#streamAddress;
      case 0x18:
        return this.#streamLeft;
      case 0x1c:
        return this.#pop();
      default:
        return undefined;
    }
  }

  write(offset: number, value: number): boolean {
    if (offset === 0x00) this.#setControl(value & 0xb);
    else if (offset === 0x04) this.#flush();
    else if (offset === 0x0c) this.#hitsFrom = this.#cache.accesses().hits;
    else if (offset === 0x10) this.#accessesFrom = this.#cache.accesses().all;
    else if (offset === 0x14) this.#streamAddress = (value & ~3) >>> 0;
    else if (offset === 0x18) this.#stream(value & STREAM_WORDS);
    else return false;
    return true;
  }

  /** XIP leaves reset with a flush. */
  reset(): void {
    this.#setControl(3);
    this.#cache.flush();
    this.#flushedAt = 0;
    this.#stream(0);
    this.#fifo = [];
    this.#streamAddress = 0;
    this.#hitsFrom = this.#cache.accesses().hits;
    this.#accessesFrom = this.#cache.accesses().all;
  }

  /** Powered down the cache cannot be on. */
  #setControl(value: number): void {
    this.#control = value & POWER_DOWN ? value & ~EN : value;
    this.#cache.powerDown((value & POWER_DOWN) !== 0);
    this.#cache.enable((this.#control & EN) !== 0);
  }

  #flush(): void {
    this.#cache.flush();
    this.#flushedAt = this.#chip.now() + FLUSH_CYCLES;
    this.#cache.keepBusyUntil(this.#flushedAt);
  }

  #status(): number {
    const flushed = this.#chip.now() >= this.#flushedAt;
    return (flushed ? 1 : 0) | (this.#fifo.length === 0 ? 2 : 0) | (this.#fifo.length === FIFO_DEPTH ? 4 : 0);
  }

  /** A write of 0 halts the stream. */
  #stream(words: number): void {
    this.#streamLeft = words;
    this.#streaming = false;
    this.#wordAt.clear();
    this.#next(this.#chip.now());
  }

  #next(cycle: number): void {
    if (this.#streaming || this.#streamLeft === 0 || this.#fifo.length === FIFO_DEPTH) return;
    this.#streaming = true;
    const ready = Math.max(cycle, this.#flushedAt) + Math.max(1, this.#cache.wordCycles());
    this.#cache.keepBusyUntil(ready);
    this.#wordAt.at(ready);
  }

  #wordArrived(cycle: number): void {
    this.#streaming = false;
    const word = this.#cache.streamWord(this.#streamAddress);
    if (word === null) return;
    this.#fifo.push(word);
    this.#streamAddress = (this.#streamAddress + 4) >>> 0;
    this.#streamLeft--;
    this.#dreqChanged();
    this.#next(cycle);
  }

  #pop(): number {
    const word = this.#fifo.shift();
    if (word === undefined) {
      this.#chip.stop(
        'sim.fault.xip-stream-empty',
        { wordsLeft: this.#streamLeft },
        'The XIP stream’s FIFO was read while empty; on silicon the value is undefined.',
        'Poll XIP_CTRL.STAT.FIFO_EMPTY, or pace DMA by DREQ 37.',
      );
      return 0;
    }
    this.#next(this.#chip.now());
    return word;
  }
}
