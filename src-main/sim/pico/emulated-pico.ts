import { fail, type FactValue, type Failure } from '../../base/errors.ts';
import { Diagnoses } from '../diagnoses.ts';
import type { ActivitySink, DutActivity } from '../parts.ts';
import type { SerialLine, SerialReceiver } from '../serial-line.ts';
import {
  BOOT_CYCLES,
  BOOT_TRIES,
  leaveBootRom,
  romImage,
  setWatchdogVector,
  VECTOR_MAGIC,
  type BootOutcome,
} from './boot-rom.ts';
import { Bus } from './bus.ts';
import { hex, type Chip } from './chip.ts';
import { ChipDmaBus } from './dma-bus.ts';
import { Blocks } from './blocks.ts';
import { M0Core, ROM_BYTES } from './core/core.ts';
import { CPU, EXIT } from './core/cpu-state.ts';
import type { ProfileSlots } from './core/profile.ts';
import { EventSlots, type EventSlot } from './events.ts';
import { FaultWatch } from './fault-watch.ts';
import { Flash } from './flash.ts';
import { frequency } from './frequency.ts';
import { ROSC_HZ } from './peripherals/rosc.ts';
import { Surroundings } from './surroundings.ts';
import type { XipCache } from './peripherals/xip-ctrl.ts';
import { Timeline } from './timeline.ts';
import type { RamPage, Uf2Page } from './uf2.ts';

const SRAM_START = 0x2000_0000;
const SRAM_END = 0x2004_2000;
/** A slice of the interpreter: short enough that the engine compiles it early, long enough to cost nothing. */
const SLICE_CYCLES = 200_000;

/** Sums over everything, clk_sys cycles; accesses are those of CTR_ACC and CTR_HIT (data sheet 2.6.3.6). */
export interface PicoTotals {
  readonly cycles: number;
  /** In WFI or WFE. */
  readonly asleepCycles: number;
  /** Exception entries, returns and tail-chains. */
  readonly exceptionCycles: number;
  /** The boot ROM, which is modelled in one step, and a core that stands still. */
  readonly romCycles: number;
  readonly xipAccesses: number;
  readonly xipHits: number;
  /** The core waited for flash or for another master at a port; part of the cycles of instructions and exceptions. */
  readonly stallCycles: number;
}

export interface PicoProfile extends PicoTotals {
  readonly slots: ProfileSlots;
}

const NO_TOTALS: PicoTotals = {
  cycles: 0,
  asleepCycles: 0,
  exceptionCycles: 0,
  romCycles: 0,
  xipAccesses: 0,
  xipHits: 0,
  stallCycles: 0,
};

const NMI_EXCEPTION = 2;
/** The core's counts are 32-bit: collected before they can overflow. */
const COLLECT_CYCLES = 2 ** 31;

export interface PicoOptions {
  readonly activity?: ActivitySink;
  /** For tests: how many cycles the interpreter runs at once. Never changes a result. */
  readonly sliceCycles?: number;
  /** For comparisons with rp2040js: its departures from the architecture. */
  readonly compatible?: boolean;
  /** No waiting for flash: for comparisons. Implied by `compatible`. */
  readonly zeroWait?: boolean;
  /** The flash's unique id, and what a write leaves when the power goes on the way. */
  readonly seed?: number;
}

/**
 * Of one word from the flash chip beyond the clocks on its wires: CS# gap and synchronisers, from an observed 400 ns
 * a word with EBh at clk_sys/2 and 125 MHz, where the wires take 320.
 */
const XIP_OVERHEAD_CYCLES = 10;

export type PicoMode = 'off' | 'rom' | 'running' | 'bootsel' | 'stopped';

/**
 * A Raspberry Pi Pico without back doors: power, RUN pin, flash contents, GPIO pins and UART lines. Time is virtual
 * µs from outside, clk_sys cycles inside.
 */
export class EmulatedPico implements Chip {
  readonly timeline = new Timeline();
  readonly events: EventSlots;
  readonly core: M0Core;
  readonly flash: Flash;
  readonly blocks: Blocks;
  /** Levels from outside and the parts beside the chip. */
  readonly surroundings: Surroundings;
  /** What silicon would let pass in silence, since the emulation began. */
  readonly diagnoses = new Diagnoses();
  readonly #activity: ActivitySink | undefined;
  readonly #sliceCycles: number;
  readonly #zeroWait: boolean;
  readonly #bus: Bus;
  readonly #faults: FaultWatch;
  readonly #bootAt: EventSlot;
  /** XIP can read again: a write of the flash is over. */
  readonly #flashReadyAt: EventSlot;
  #nmiMask = 0;
  #nmiLevel = false;
  #asleepCycles = 0;
  #romCycles = 0;
  #profileFrom = NO_TOTALS;
  #profileTo = NO_TOTALS;
  #collectedAt = 0;
  #mode: PicoMode = 'off';
  #failure: Failure | null = null;
  /** Cycle at which the running slice ends; now = this − left. */
  #sliceEnd = 0;
  #bootTries = 0;
  #asleep = false;
  #pauseRequested = false;
  #resetRequested: 'watchdog' | 'core' | null = null;
  #lastActivity: DutActivity | null = null;

  constructor(options: PicoOptions = {}) {
    this.#activity = options.activity;
    this.#sliceCycles = options.sliceCycles ?? SLICE_CYCLES;
    this.#zeroWait = options.zeroWait ?? false;
    this.events = new EventSlots(this.timeline, (cycle) => this.#limit(cycle));
    this.#bootAt = this.events.slot(() => this.#leaveRom());
    this.#flashReadyAt = this.events.slot(() => this.#xipChanged());
    this.core = new M0Core({
      read: (address, bytes) => this.#bus.read(address, bytes),
      write: (address, value, bytes) => this.#bus.write(address, value, bytes),
      refuseFetch: (address) => this.#bus.refuseFetch(address),
      staleCache: (address) => this.#bus.staleCache(address),
    });
    this.#faults = new FaultWatch(this.core.state, (exception) => this.#vector(exception));
    this.core.rom.set(romImage(ROM_BYTES));
    this.core.flash.fill(0xff);
    this.core.forgetAll();
    this.core.state[CPU.compatible] = options.compatible ? 1 : 0;
    this.flash = this.#createFlash(options.seed ?? 0);
    this.timeline.restart(0, 0, frequency(ROSC_HZ));
    this.blocks = new Blocks(this, this.flash, {
      state: this.core.state,
      clockChanged: () => this.#clockChanged(),
      xipChanged: () => this.#xipChanged(),
      xipCache: this.#xipCache(),
      nmiMaskChanged: (mask) => this.#setNmiMask(mask),
      pinsChanged: () => this.#report(),
      reconsider: () => this.#limit(0),
      watchdogReset: () => this.#requestReset('watchdog'),
      coreReset: () => this.#requestReset('core'),
      dmaBus: new ChipDmaBus(this.core, () => this.#bus),
    });
    this.surroundings = new Surroundings({
      events: this.events,
      timeline: this.timeline,
      now: () => this.now(),
      drive: (pin, level) => this.blocks.io.drive(pin, level),
    });
    this.#bus = new Bus(this.blocks.map, {
      state: this.core.state,
      isHeld: (bit) => this.blocks.resets.isHeld(bit),
      stop: (id, facts, cause, next) => this.stop(id, facts, cause, next),
      note: (id, facts, cause, next) => this.note(id, facts, cause, next),
      xipProblem: () => this.#xipProblem(),
      badXipWriteIsError: () => this.blocks.xipCtrl.badWriteIsError,
    });
  }

  /** clk_sys cycles since the world began (they stand still while the power is off). */
  now(): number {
    return this.#sliceEnd - this.core.signedState[CPU.left]!;
  }

  get timeUs(): number {
    return this.timeline.usAt(this.now());
  }

  /** Off, in the boot ROM, running firmware, waiting for a UF2 in the ROM, or stopped by `failure`. */
  get mode(): PicoMode {
    return this.#mode;
  }

  get powered(): boolean {
    return this.#mode !== 'off';
  }

  /** In WFI or WFE. */
  get asleep(): boolean {
    return this.#asleep;
  }

  /** When the event happened that asked for the last pause, µs. */
  get pausedUs(): number {
    return this.timeline.usAt(this.events.lastCycle);
  }

  /** Why the emulation stopped; null while it goes on. */
  get failure(): Failure | null {
    return this.#failure;
  }

  /** UART `n`'s receive line, for frames the world sends to the pin its RX is on. */
  uartInput(n: 0 | 1): SerialLine {
    return this.blocks.uartPorts[n].input;
  }

  /** Connects what listens to UART `n`, whichever pin its TX is on. Once, before power-on. */
  connectUart(n: 0 | 1, receiver: SerialReceiver): void {
    this.blocks.connectUart(n, receiver);
  }

  /** Replaces the whole contents of flash: what is not in `pages` is erased. The board should be off or reset next. */
  program(pages: readonly Uf2Page[]): void {
    this.core.flash.fill(0xff);
    for (const page of pages) this.core.flash.set(page.bytes, page.offset);
    this.core.forgetAll();
    this.flash.replaced();
  }

  /**
   * Counts what each instruction costs from here on, from zero. May be called at any time; never changes a result, and
   * takes about a quarter of the speed. Replaces a profile that runs.
   */
  startProfile(): void {
    this.core.profile.reset();
    this.core.profile.start();
    this.#profileFrom = this.#totals();
    this.#collectedAt = this.now();
  }

  /** Ends counting; `profile` keeps what was counted. */
  stopProfile(): void {
    this.#profileTo = this.#totals();
    this.core.profile.stop();
  }

  /** What was counted since `startProfile`: Σ slots.cycles + exceptionCycles + asleepCycles + romCycles = cycles. */
  profile(): PicoProfile {
    const from = this.#profileFrom;
    const to = this.core.profile.running ? this.#totals() : this.#profileTo;
    return {
      slots: this.core.profile.slots(),
      cycles: to.cycles - from.cycles,
      asleepCycles: to.asleepCycles - from.asleepCycles,
      exceptionCycles: to.exceptionCycles - from.exceptionCycles,
      romCycles: to.romCycles - from.romCycles,
      xipAccesses: to.xipAccesses - from.xipAccesses,
      xipHits: to.xipHits - from.xipHits,
      stallCycles: to.stallCycles - from.stallCycles,
    };
  }

  #totals(): PicoTotals {
    const { all, hits } = this.core.xipAccesses;
    return {
      cycles: this.now(),
      asleepCycles: this.#asleepCycles,
      exceptionCycles: this.core.exceptionCycles,
      romCycles: this.#romCycles,
      xipAccesses: all,
      xipHits: hits,
      stallCycles: this.core.stallCycles,
    };
  }

  /**
   * Starts a RAM image as the ROM's loader does (data sheet 2.8.4.2): a reboot of all but the oscillators by the watchdog
   * vector, with SP at the end of SRAM and the lowest address as code. The board must have power.
   */
  loadRam(pages: readonly RamPage[]): void {
    this.reset();
    for (const page of pages) {
      this.core.sram.set(page.bytes, page.address - SRAM_START);
      this.core.forgetSram(page.address - SRAM_START, page.bytes.length);
    }
    const entry = pages.reduce((lowest, p) => Math.min(lowest, p.address), SRAM_END) | 1;
    setWatchdogVector(this.blocks.watchdog.scratch, entry, SRAM_END);
  }

  /** Power at `us`, which must not lie before what was already simulated. Power-off forgets SRAM and all registers. */
  setPower(on: boolean, us: number): void {
    if (on === this.powered) return;
    if (on) this.#powerOn(us);
    else this.#powerOff(us);
  }

  /** The RUN pin pulsed low: as power-on, but SRAM keeps its contents. */
  reset(): void {
    if (!this.powered) return;
    this.events.clearAll();
    this.surroundings.resume();
    this.blocks.powerOn();
    this.#start();
    this.#awaitFlash(this.flash.busyUntilUs);
  }

  /**
   * A level put on GPIO `pin` from outside at `us`, or the pin let go (null). Where the chip drives the pin too, the
   * chip wins. What the chip sees follows after its synchroniser's two cycles (data sheet 2.19.4).
   */
  driveInput(pin: number, level: boolean | null, us: number): void {
    this.surroundings.driveInput(pin, level, us);
  }

  /** The BOOTSEL button, as firmware reads it: SS of the flash with its output disabled. */
  pressBootsel(pressed: boolean): void {
    this.blocks.ioQspi.bootselPressed = pressed;
  }

  /** Ends the current `advanceTo` after the event being fired. */
  requestPause(): void {
    this.#pauseRequested = true;
    this.#limit(0);
  }

  /**
   * Runs to virtual time `us` (the last instruction may reach beyond) or to a requested pause. True when `us` was
   * reached, false when paused earlier.
   */
  advanceTo(us: number): boolean {
    this.#pauseRequested = false;
    while (this.#mode !== 'off' && this.#mode !== 'stopped') {
      if (this.#failure) {
        this.#mode = 'stopped';
        break;
      }
      if (this.#resetRequested) this.#doReset();
      if (this.events.fireDue(this.now())) {
        if (this.#pauseRequested) return false;
        continue;
      }
      const target = this.timeline.cycleFrom(us);
      const now = this.now();
      if (now >= target) return true;
      const until = Math.min(target, this.events.next);
      if (this.#mode === 'running') this.#runSlice(now, until);
      else {
        this.#romCycles += until - now;
        this.#jumpTo(until);
      }
      if (this.#pauseRequested) return false;
    }
    return true;
  }

  setInterrupt(irq: number, asserted: boolean): void {
    const s = this.core.state;
    const bit = (1 << irq) >>> 0;
    const was = (s[CPU.irqLevel]! & bit) !== 0;
    if (was === asserted) return;
    if (asserted) {
      s[CPU.irqLevel]! |= bit;
      s[CPU.irqPending]! |= bit;
      this.#driveNmi();
      this.#limit(0);
    } else {
      s[CPU.irqLevel]! &= ~bit;
      this.#driveNmi();
    }
  }

  #setNmiMask(mask: number): void {
    this.#nmiMask = mask;
    this.#driveNmi();
  }

  /** 2.4.5: NMI is the OR of the interrupt lines in SYSCFG's mask; its rise makes it pending. */
  #driveNmi(): void {
    const s = this.core.state;
    const level = (s[CPU.irqLevel]! & this.#nmiMask) !== 0;
    if (level && !this.#nmiLevel) {
      s[CPU.systemPending]! |= 1 << NMI_EXCEPTION;
      this.#limit(0);
    }
    this.#nmiLevel = level;
  }

  contend(address: number, cycle: number): void {
    this.core.contend(address, cycle);
    this.#limit(0); // the interpreter that looks for contention takes over
  }

  stop(id: string, facts: Readonly<Record<string, FactValue>>, cause: string, next: string): void {
    if (this.#failure) return;
    const pc = this.core.state[CPU.accessPc]!;
    this.#failure = fail(
      id,
      { ...facts, pc: hex(pc), timeUs: Math.round(this.timeUs * 1000) / 1000 },
      cause,
      next,
    );
    this.#limit(0);
  }

  note(id: string, facts: Readonly<Record<string, FactValue>>, cause: string, next: string): void {
    const pc = hex(this.core.state[CPU.accessPc]!);
    const timeUs = Math.round(this.timeUs * 1000) / 1000;
    const all = { pc, timeUs, ...facts };
    this.diagnoses.note({ id, facts: all, cause, next, firstUs: timeUs }, String(all.pc));
  }

  #powerOn(us: number): void {
    this.core.sram.fill(0);
    this.core.forgetSram(0, this.core.sram.length);
    this.flash.powerOn();
    this.blocks.powerOn();
    this.timeline.restart(us, this.now(), this.blocks.clocks.tree.sys!);
    this.#start();
    this.surroundings.powerOn(us);
  }

  #createFlash(seed: number): Flash {
    return new Flash(this.core.flash, {
      nowUs: () => this.timeUs,
      changed: (offset, bytes) => this.core.flashChanged(offset, bytes),
      busyChanged: (atUs) => this.#awaitFlash(atUs),
      note: (id, facts, cause, next) => this.note(id, facts, cause, next),
      seed,
    });
  }

  /** XIP cannot read while the flash writes; the flash goes on by itself when the chip is reset. */
  #awaitFlash(atUs: number | null): void {
    if (atUs === null) this.#flashReadyAt.clear();
    else this.#flashReadyAt.atUs(atUs);
    this.#xipChanged();
  }

  #powerOff(us: number): void {
    this.flash.powerOff();
    this.events.clearAll();
    this.surroundings.powerOff(us);
    this.blocks.clearLines();
    // The pull-up on D+ goes with the power
    this.blocks.usb.reset();
    this.#mode = 'off';
    this.#failure = null;
    this.#asleep = false;
    this.#emit({ timeUs: us, powered: false, clkSysHz: 0, asleep: false, pins: 0 });
  }

  /** From reset: the ring oscillator runs, the ROM has the core. */
  #start(): void {
    this.#failure = null;
    this.#resetRequested = null;
    this.#bootTries = 0;
    this.#faults.reset();
    this.#jumpTo(this.now());
    this.#resetCore();
    this.#mode = 'rom';
    this.#asleep = false;
    this.blocks.clocks.update();
    this.#bootAt.at(this.now() + BOOT_CYCLES);
    this.#report();
  }

  /** Blocks that were not reset go on asserting their lines: the NVIC sees them at once. */
  #resetCore(): void {
    const asserted = this.core.state[CPU.irqLevel]!;
    this.core.resetRegisters();
    this.core.state[CPU.irqLevel] = this.core.state[CPU.irqPending] = asserted;
  }

  /** The end of the ROM's part: what it found decides how it goes on. */
  #leaveRom(): void {
    // 2.8.1: 128 tries of about 4 ms each; the flash may still be at a write it began before the reset
    if (this.flash.unreadable && ++this.#bootTries < BOOT_TRIES) {
      this.#bootAt.at(this.now() + BOOT_CYCLES);
      return;
    }
    const outcome = leaveBootRom(this.core, this.blocks, this.flash);
    if (outcome.kind === 'entered') this.#mode = 'running';
    else if (outcome.kind === 'usb-boot') this.#enterBootsel(outcome);
    else
      this.stop(
        'sim.fault.boot2-crc',
        { stored: hex(outcome.stored), computed: hex(outcome.computed) },
        'The CRC-32 of the first 252 bytes of flash is wrong: the ROM would fall back to USB boot.',
        'Store CRC-32/MPEG-2 of boot2 at offset 252 of the image.',
      );
  }

  #enterBootsel(outcome: BootOutcome & { kind: 'usb-boot' }): void {
    this.#mode = 'bootsel';
    if (outcome.why === 'flash-erased') return;
    const { kind: _, why, ...facts } = outcome;
    this.note(
      'sim.diagnosis.usb-boot',
      { why, ...facts },
      'The board is in BOOTSEL mode: the ROM waits for a UF2 over USB and runs nothing.',
      'Program it again, or reset it.',
    );
  }

  #runSlice(now: number, until: number): void {
    if (this.core.asleep()) {
      this.#setAsleep(true);
      this.#asleepCycles += until - now;
      this.#jumpTo(until);
      return;
    }
    this.#setAsleep(false);
    const cycles = Math.min(until - now, this.#faults.probing ? 1 : this.#sliceCycles);
    this.#setSliceEnd(now + cycles);
    this.core.signedState[CPU.left] = cycles;
    const exit = this.core.run();
    this.#jumpTo(this.now());
    if (this.core.profile.running && now - this.#collectedAt > COLLECT_CYCLES) {
      this.core.profile.collectAll();
      this.#collectedAt = now;
    }
    const found = exit === EXIT.lockup ? this.#faults.lockup() : this.#faults.look(this.now());
    if (!found) return;
    const { id, facts, cause, next } = found;
    if (exit === EXIT.lockup) this.stop(id, facts, cause, next);
    else this.note(id, facts, cause, next);
  }

  /** A handler's first instruction, from the vector table. */
  #vector(exception: number): number {
    const at = this.core.state[CPU.vtor]! + 4 * exception;
    const memory = at >>> 24 === 0x10 ? this.core.flash : at >>> 24 === 0x20 ? this.core.sram : this.core.rom;
    const offset = at & 0xff_ffff;
    if (offset + 4 > memory.length) return 0;
    return new DataView(memory.buffer, memory.byteOffset).getUint32(offset, true) & ~1;
  }

  /** Time passes without an instruction. */
  #jumpTo(cycle: number): void {
    this.#setSliceEnd(cycle);
    this.core.signedState[CPU.left] = 0;
  }

  /** The running slice must end at `cycle`, or at once when that is past. */
  #limit(cycle: number): void {
    const end = Math.max(cycle, this.now());
    if (end >= this.#sliceEnd) return;
    this.core.signedState[CPU.left]! -= this.#sliceEnd - end;
    this.#setSliceEnd(end);
  }

  #setSliceEnd(cycle: number): void {
    this.#sliceEnd = cycle;
    this.core.sliceEnd = cycle;
  }

  #clockChanged(): void {
    const { tree } = this.blocks.clocks;
    if (tree.sys) {
      this.timeline.change(this.now(), tree.sys);
      this.events.retime();
      this.surroundings.resume();
      this.#limit(0);
    }
    this.blocks.clocksChanged();
    this.#xipChanged();
    this.#report();
  }

  #xipProblem(): string | null {
    return this.blocks.ssi.xipProblem(this.timeline.hz);
  }

  #xipCache(): XipCache {
    const { core } = this;
    return {
      accesses: () => core.xipAccesses,
      flush: () => core.flushCache(),
      enable: (on) => core.enableCache(on),
      powerDown: (on) => (core.state[CPU.cachePowerDown] = on ? 1 : 0),
      keepBusyUntil: (cycle) => core.keepXipBusyUntil(cycle),
      streamWord: (address) => this.#streamWord(address),
      wordCycles: () => core.state[CPU.missCycles]!,
    };
  }

  #streamWord(address: number): number | null {
    const problem = this.#xipProblem();
    if (problem === null) return this.core.flashWord(address);
    this.stop(
      'sim.fault.xip-not-set-up',
      { address: hex(address), problem },
      'The XIP stream read flash before boot2 set the SSI up, or after it was turned off.',
      'Wait for STREAM_CTR to reach 0 before touching the SSI.',
    );
    return null;
  }

  #xipChanged(): void {
    const s = this.core.state;
    const free = this.#zeroWait || s[CPU.compatible] === 1;
    s[CPU.missCycles] = free ? 0 : this.blocks.ssi.xipWordCycles() + XIP_OVERHEAD_CYCLES;
    const readable = this.#xipProblem() === null ? this.core.flash.length : 0;
    if (this.core.state[CPU.xipBytes] === readable) return;
    this.core.state[CPU.xipBytes] = readable;
    this.#limit(0);
  }

  #requestReset(kind: 'watchdog' | 'core'): void {
    this.#resetRequested = kind;
    this.#limit(0);
  }

  #doReset(): void {
    const kind = this.#resetRequested;
    this.#resetRequested = null;
    if (kind === 'watchdog') this.#noteBite();
    const restarts = kind === 'core' || this.blocks.watchdogReset();
    if (!restarts) return;
    // Blocks that were not reset go on: their deadlines and the frames on their lines stay
    if (kind === 'core') this.blocks.coreReset();
    else this.blocks.clearLines();
    this.#start();
    this.#awaitFlash(this.flash.busyUntilUs);
  }

  /** A bite by time that no reboot was prepared for (a vector in scratch 4). */
  #noteBite(): void {
    const { watchdog } = this.blocks;
    if (!watchdog.bitByTime || watchdog.scratch[4] === VECTOR_MAGIC) return;
    const firstUs = Math.round(this.timeUs * 1000) / 1000;
    const diagnosis = {
      id: 'sim.diagnosis.watchdog-bite',
      facts: {
        pc: hex(this.core.state[CPU.r + 15]!),
        exception: this.core.state[CPU.ipsr]!,
        timeUs: firstUs,
      },
      cause: 'The watchdog was not fed in time and reset the chip.',
      next: 'Write LOAD more often, or look at what runs at pc; a reboot that was meant is no fault.',
      firstUs,
    };
    // One entry with its count, wherever the loop stood
    this.diagnoses.note(diagnosis, 'watchdog');
  }

  #setAsleep(asleep: boolean): void {
    if (asleep === this.#asleep) return;
    this.#asleep = asleep;
    this.#report();
  }

  /** Tells the world what it could see from outside, when that changed. */
  #report(): void {
    if (this.#mode === 'off') return;
    const clkSysHz = this.blocks.clocks.tree.sys ? this.timeline.hz : 0;
    const { levels } = this.blocks.io;
    this.#emit({ timeUs: this.timeUs, powered: true, clkSysHz, asleep: this.#asleep, pins: levels });
  }

  #emit(a: DutActivity): void {
    const last = this.#lastActivity;
    if (
      last &&
      last.powered === a.powered &&
      last.clkSysHz === a.clkSysHz &&
      last.asleep === a.asleep &&
      last.pins === a.pins
    )
      return;
    // The core may have been an instruction ahead of the world when the world acted
    const inOrder = last && last.timeUs > a.timeUs ? { ...a, timeUs: last.timeUs } : a;
    this.#lastActivity = inOrder;
    this.#activity?.activity(inOrder);
  }
}
