/**
 * DMA: RP2040 data sheet 2.5. Twelve channels; two bus masters that make one read and one write a cycle in all. A
 * transfer's read holds its port as long as the bus needs for it (1 cycle, 3 on APB, more on an XIP miss), its write
 * follows (1 cycle, 4 on APB); the next read starts with the cycle of this write. Between memories, transfers are made
 * up to 8 cycles ahead of their time; all others in their cycle. Not modelled: the FIFO's depth, RP2040-E12.
 */
import type { Chip, RegisterBlock } from '../chip.ts';
import type { DmaBus } from '../dma-bus.ts';
import type { EventSlot } from '../events.ts';
import {
  AHB_ERROR,
  ALIASES,
  BSWAP,
  BUSY,
  CONTROL_KEPT,
  COUNT,
  DMA_CHANNELS,
  EN,
  HIGH_PRIORITY,
  INCR_READ,
  INCR_WRITE,
  IRQ_QUIET,
  READ,
  READ_ERROR,
  RING_WRITE,
  SNIFF_EN,
  WRITE,
  WRITE_ERROR,
  bytesOf,
  channel,
  moved,
  requestOf,
  type Channel,
} from './dma-channel.ts';
import { DmaSniffer, swapped } from './dma-sniffer.ts';
import { DmaTimers, FIRST_TIMER_DREQ, UNPACED } from './dma-timers.ts';

export interface DmaWiring {
  readonly bus: DmaBus;
  /** How many transfers request line `n` (2.5.3.1) allows now; null for a peripheral that is not modelled. */
  readonly dreq: (n: number) => number | null;
}

const FIRST_IRQ = 11;
const ALL_CHANNELS = 0xfff;
/** From a trigger or a request to the first read; not published. */
const START_CYCLES = 2;
const AHEAD_CYCLES = 8;
/** Until what was under way at an abort has come out. */
const ABORT_CYCLES = 4;
const MAX_CREDITS = 63;

export class Dma implements RegisterBlock {
  readonly #chip: Chip;
  readonly #wiring: DmaWiring;
  readonly #slot: EventSlot;
  readonly #channels: Channel[] = [];
  readonly #timers = new DmaTimers();
  readonly #sniffer = new DmaSniffer();
  #dueAt = Infinity;
  /** From these cycles on the masters may start their next access. */
  #readFree = 0;
  #writeFree = 0;
  #lastServed = DMA_CHANNELS - 1;
  #running = false;
  /** Channels that are busy, one bit each. */
  #busy = 0;
  /** The earliest `doneAt` of all channels, or an earlier cycle. */
  #soonestEnd = Infinity;
  #raw = 0;
  /** The two interrupt lines as they stand. */
  #driven = 0;
  readonly #enabled = [0, 0];
  readonly #forced = [0, 0];

  constructor(chip: Chip, wiring: DmaWiring) {
    this.#chip = chip;
    this.#wiring = wiring;
    this.#slot = chip.events.slot((cycle) => this.#run(cycle));
    for (let n = 0; n < DMA_CHANNELS; n++) this.#channels.push(channel(n));
  }

  /** A request line may allow more than before. Cheap while no channel waits. */
  dreqChanged(): void {
    if (this.#busy !== 0) this.#wake(this.#chip.now() + START_CYCLES);
  }

  read(offset: number): number | undefined {
    if (offset < DMA_CHANNELS * 0x40) return this.#readChannel(offset);
    if (offset >= 0x404 && offset <= 0x41c && (offset & 0xc) !== 0) return this.#readInterrupt(offset);
    if (offset >= 0x420 && offset <= 0x42c) return this.#timers.read((offset - 0x420) >> 2);
    switch (offset) {
      case 0x400:
        return this.#raw;
      case 0x430:
      case 0x440:
      case 0x444: // RP2040-E13: reads 0 before what was under way is over
        return 0;
      case 0x434:
        return this.#sniffer.control;
      case 0x438:
        return this.#sniffer.result;
      case 0x448:
        return DMA_CHANNELS;
      default:
        return this.#readDebug(offset);
    }
  }

  write(offset: number, value: number): boolean {
    if (offset < DMA_CHANNELS * 0x40) {
      this.#writeChannel(offset, value);
      return true;
    }
    if (offset === 0x400 || offset === 0x40c || offset === 0x41c) this.#raw &= ~value;
    else if (offset >= 0x404 && offset <= 0x418 && (offset & 0xc) !== 0) this.#writeInterrupt(offset, value);
    else if (offset >= 0x420 && offset <= 0x42c) {
      this.#writeTimer((offset - 0x420) >> 2, value);
    } else if (offset === 0x430) this.#triggerAll(value & ALL_CHANNELS);
    else if (offset === 0x434) this.#sniffer.control = value & 0xfff;
    else if (offset === 0x438) this.#sniffer.value = value;
    else if (offset === 0x444) this.#abort(value & ALL_CHANNELS);
    else if (offset !== 0x440 && offset !== 0x448) return this.#readDebug(offset) !== undefined;
    this.#drive();
    return true;
  }

  reset(): void {
    this.#slot.clear();
    this.#dueAt = Infinity;
    this.#busy = 0;
    for (const c of this.#channels) Object.assign(c, channel(c.n));
    this.#timers.reset();
    this.#sniffer.reset();
    this.#readFree = this.#writeFree = 0;
    this.#soonestEnd = Infinity;
    this.#lastServed = DMA_CHANNELS - 1;
    this.#raw = this.#enabled[0] = this.#enabled[1] = this.#forced[0] = this.#forced[1] = 0;
    this.#drive();
  }

  #readChannel(offset: number): number {
    const c = this.#channels[offset >> 6]!;
    switch (ALIASES[(offset >> 2) & 15]!) {
      case READ:
        return c.read;
      case WRITE:
        return c.write;
      case COUNT:
        return c.count;
      default:
        return (c.control | c.errors | (c.errors ? AHB_ERROR : 0) | (c.busy ? BUSY : 0)) >>> 0;
    }
  }

  #writeChannel(offset: number, value: number): void {
    const c = this.#channels[offset >> 6]!;
    const register = ALIASES[(offset >> 2) & 15]!;
    if (register === READ) c.read = value;
    else if (register === WRITE) c.write = value;
    else if (register === COUNT) c.reload = value;
    else {
      c.errors &= ~value;
      c.control = value & CONTROL_KEPT;
      // A channel that was paused goes on
      if (c.busy) this.#wake(this.#chip.now() + START_CYCLES);
    }
    if ((offset & 0xc) !== 0xc) return;
    if (value !== 0) this.#trigger(c);
    else if (c.control & IRQ_QUIET) {
      // 2.5.6: a null trigger ends a list of control blocks
      this.#raw |= 1 << c.n;
      this.#drive();
    }
  }

  #readInterrupt(offset: number): number {
    const line = offset >= 0x414 ? 1 : 0;
    const register = (offset >> 2) & 3;
    if (register === 1) return this.#enabled[line]!;
    return register === 2 ? this.#forced[line]! : this.#status(line);
  }

  #writeInterrupt(offset: number, value: number): void {
    const line = offset >= 0x414 ? 1 : 0;
    const words = ((offset >> 2) & 3) === 1 ? this.#enabled : this.#forced;
    words[line] = value & ALL_CHANNELS;
  }

  /** CTDREQ and TCR of each channel: 2.5.7. */
  #readDebug(offset: number): number | undefined {
    const c = this.#channels[(offset - 0x800) >> 6];
    if (offset < 0x800 || !c) return undefined;
    if ((offset & 0x3f) === 0) return Math.min(MAX_CREDITS, this.#credits(c, this.#chip.now()));
    return (offset & 0x3f) === 4 ? c.reload : undefined;
  }

  #writeTimer(n: number, value: number): void {
    this.#timers.write(n, value, this.#chip.now());
    for (const c of this.#channels) if (requestOf(c) === FIRST_TIMER_DREQ + n) c.usedTicks = 0;
    this.#plan(this.#chip.now() + START_CYCLES);
  }

  #triggerAll(mask: number): void {
    for (const c of this.#channels) if ((mask >> c.n) & 1) this.#trigger(c);
  }

  /** A channel that is busy, or not enabled, takes no trigger (2.5.2.1). */
  #trigger(c: Channel): void {
    if (c.busy || !(c.control & EN)) return;
    c.busy = true;
    this.#busy |= 1 << c.n;
    c.count = c.reload;
    c.doneAt = Infinity;
    const now = this.#chip.now();
    const request = requestOf(c);
    if (request >= FIRST_TIMER_DREQ && request < UNPACED)
      c.usedTicks = this.#timers.ticksAt(request - FIRST_TIMER_DREQ, now);
    else if (request !== UNPACED && this.#wiring.dreq(request) === null)
      this.#unmodelledRequest(c.n, request);
    if (c.count === 0) this.#endsAt(c, now + START_CYCLES);
    this.#checkAlignment(c);
    this.#wake(now + START_CYCLES);
  }

  #unmodelledRequest(n: number, request: number): void {
    this.#chip.stop(
      'sim.fault.unmodelled-dreq',
      { channel: n, treqSel: request },
      `DMA channel ${n} waits for the request line of a peripheral that is not in this model.`,
      'See docs/emulated-pico.md for what is modelled.',
    );
  }

  #checkAlignment(c: Channel): void {
    const bytes = bytesOf(c);
    if (((c.read | c.write) & (bytes - 1)) === 0) return;
    this.#chip.note(
      'sim.diagnosis.dma-unaligned',
      { channel: c.n, readAddress: c.read, writeAddress: c.write, bytes },
      'A DMA address is no multiple of the size of its transfers; the bus ignores the low bits.',
      'Align READ_ADDR and WRITE_ADDR to DATA_SIZE.',
    );
  }

  /** RP2040-E13: what is under way comes out, and its end raises the interrupt though the channel was aborted. */
  #abort(mask: number): void {
    for (const c of this.#channels) {
      if (!((mask >> c.n) & 1) || !c.busy) continue;
      c.count = 0;
      c.control &= ~(15 << 11);
      c.control |= c.n << 11; // no chain
      this.#endsAt(c, Math.min(c.doneAt, this.#chip.now() + ABORT_CYCLES));
      this.#wake(c.doneAt);
    }
  }

  /** What the request line grants the channel at `cycle`. */
  #credits(c: Channel, cycle: number): number {
    const request = requestOf(c);
    if (request === UNPACED) return MAX_CREDITS;
    if (request < FIRST_TIMER_DREQ) return this.#wiring.dreq(request) ?? 0;
    const ticks = this.#timers.ticksAt(request - FIRST_TIMER_DREQ, cycle);
    if (ticks - c.usedTicks > MAX_CREDITS) c.usedTicks = ticks - MAX_CREDITS;
    return ticks - c.usedTicks;
  }

  /** High priority first, then round robin from the channel after the last one served (2.5.3). */
  #next(cycle: number): Channel | null {
    if (this.#busy === 0) return null;
    let found: Channel | null = null;
    for (let i = 1; i <= DMA_CHANNELS; i++) {
      const n = this.#lastServed + i;
      const c = this.#channels[n < DMA_CHANNELS ? n : n - DMA_CHANNELS]!;
      if (!c.busy || c.count === 0 || !(c.control & EN) || this.#credits(c, cycle) <= 0) continue;
      if (c.control & HIGH_PRIORITY) return c;
      found ??= c;
    }
    return found;
  }

  /** Something may be possible from `cycle` on: the engine looks then, unless it looks earlier anyway. */
  #wake(cycle: number): void {
    if (!this.#running && this.#dueAt > cycle) this.#plan(cycle);
  }

  /** Sets the slot for what can be done from `cycle` on. */
  #plan(cycle: number): void {
    const at = Math.max(cycle, this.#readFree);
    const next = this.#next(at);
    if (next) this.#claim(next, at);
    let due = next ? at : Infinity;
    for (const c of this.#channels) {
      if (!c.busy) continue;
      if (c.doneAt < due) due = c.doneAt;
      if (c.count === 0 || !(c.control & EN)) continue;
      const request = requestOf(c);
      if (request < FIRST_TIMER_DREQ || request >= UNPACED) continue;
      const tick = this.#timers.cycleOf(request - FIRST_TIMER_DREQ, c.usedTicks + 1);
      due = Math.min(due, Math.max(tick, this.#readFree));
    }
    this.#dueAt = due;
    if (due === Infinity) this.#slot.clear();
    else this.#slot.at(Math.max(due, this.#chip.now()));
  }

  /** Transfers whose time has come, and those between memories for the next few cycles. */
  #run(cycle: number): void {
    this.#running = true;
    const now = this.#chip.now();
    let at = Math.max(cycle, this.#readFree);
    for (;;) {
      this.#finish(at);
      const c = this.#next(at);
      if (!c) break;
      const memories = this.#wiring.bus.isMemory(c.read) && this.#wiring.bus.isMemory(c.write);
      if (at > now && (!memories || at >= cycle + AHEAD_CYCLES)) break;
      this.#transfer(c, at);
      at = this.#readFree;
    }
    this.#running = false;
    this.#plan(at);
  }

  /** Tells the core ahead which ports a transfer at `cycle` will use; its time may lie before the core's by then. */
  #claim(c: Channel, cycle: number): void {
    const { bus } = this.#wiring;
    const readFor = bus.isMemory(c.read) ? 1 : bus.readCycles(c.read, cycle);
    bus.claim(c.read, cycle, readFor);
    bus.claim(c.write, Math.max(cycle + readFor, this.#writeFree), bus.writeCycles(c.write));
  }

  #transfer(c: Channel, at: number): void {
    const { bus } = this.#wiring;
    const bytes = bytesOf(c);
    this.#lastServed = c.n;
    const request = requestOf(c);
    if (request >= FIRST_TIMER_DREQ && request < UNPACED) c.usedTicks++;
    const from = (c.read & ~(bytes - 1)) >>> 0;
    const to = (c.write & ~(bytes - 1)) >>> 0;
    const readEnd = at + bus.readCycles(from, at);
    const writeStart = Math.max(readEnd, this.#writeFree);
    const writeEnd = writeStart + bus.writeCycles(to);
    this.#readFree = Math.max(readEnd, writeStart);
    this.#writeFree = writeEnd;
    const value = bus.read(from, bytes);
    if (value === null) return this.#halt(c, READ_ERROR);
    const mask = bytes === 4 ? 0xffff_ffff : bytes === 2 ? 0xffff : 0xff;
    let out = (value & mask) >>> 0;
    if (c.control & BSWAP) out = swapped(out, bytes);
    if (c.control & SNIFF_EN && this.#sniffer.watches(c.n)) this.#sniffer.see(out, bytes);
    this.#claimAhead(from, at, to, writeStart);
    this.#advance(c, bytes);
    if (c.count === 0) this.#endsAt(c, writeEnd);
    if (!bus.write(to, out, bytes)) this.#halt(c, WRITE_ERROR);
  }

  #claimAhead(from: number, readAt: number, to: number, writeAt: number): void {
    const now = this.#chip.now();
    const { bus } = this.#wiring;
    if (readAt >= now) bus.claim(from, readAt, 1);
    if (writeAt >= now) bus.claim(to, writeAt, bus.writeCycles(to));
  }

  #advance(c: Channel, bytes: number): void {
    const ring = (c.control >> 6) & 15;
    const onWrite = (c.control & RING_WRITE) !== 0;
    if (c.control & INCR_READ) c.read = moved(c.read, bytes, onWrite ? 0 : ring);
    if (c.control & INCR_WRITE) c.write = moved(c.write, bytes, onWrite ? ring : 0);
    c.count--;
  }

  /** 2.5.7, AHB_ERROR: the channel halts and always raises its interrupt. */
  #halt(c: Channel, error: number): void {
    c.errors |= error;
    c.busy = false;
    this.#busy &= ~(1 << c.n);
    c.doneAt = Infinity;
    this.#raw |= 1 << c.n;
    this.#drive();
  }

  /** Channels whose last write is over by `cycle`: interrupt, chain. */
  #finish(cycle: number): void {
    const by = Math.min(cycle, this.#chip.now());
    if (this.#soonestEnd > by) return;
    for (const c of this.#channels) {
      if (c.doneAt > by) continue;
      c.doneAt = Infinity;
      c.busy = false;
      this.#busy &= ~(1 << c.n);
      if (!(c.control & IRQ_QUIET)) {
        this.#raw |= 1 << c.n;
        this.#drive();
      }
      const chained = (c.control >> 11) & 15;
      if (chained !== c.n && chained < DMA_CHANNELS) this.#trigger(this.#channels[chained]!);
    }
    this.#soonestEnd = Infinity;
    for (const c of this.#channels) this.#endsAt(c, c.doneAt);
  }

  /** The last write of a channel is over at `cycle`. */
  #endsAt(c: Channel, cycle: number): void {
    c.doneAt = cycle;
    if (cycle < this.#soonestEnd) this.#soonestEnd = cycle;
  }

  #status(line: number): number {
    return (this.#raw & this.#enabled[line]!) | this.#forced[line]!;
  }

  #drive(): void {
    const lines = (this.#status(0) !== 0 ? 1 : 0) | (this.#status(1) !== 0 ? 2 : 0);
    if (lines === this.#driven) return;
    this.#driven = lines;
    this.#chip.setInterrupt(FIRST_IRQ, (lines & 1) !== 0);
    this.#chip.setInterrupt(FIRST_IRQ + 1, (lines & 2) !== 0);
  }
}
