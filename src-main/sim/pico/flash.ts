/**
 * The Pico's flash, a W25Q16JV of 2 MiB, as its pins see it: commands on the single-bit bus, status registers, write
 * enable, erase and program with their times, suspend, power-down, reset. Cells keep their contents without power; what
 * a write leaves when the power goes on the way follows from the seed. While a write goes on only status reads and
 * suspend are taken. The array itself is the core's memory. Its data sheet's chapters: 7 (status), 8 (commands), 9.6 (times).
 */
import type { FactValue } from '../../base/errors.ts';
import { Rng } from '../../base/rng.ts';
import type { CellWrite } from './flash-cells.ts';
import {
  DEVICE_ID,
  ERASES,
  FLASH_US,
  JEDEC_ID,
  MANUFACTURER_ID,
  PAGE_BYTES,
  protectedRange,
  sfdpTable,
} from './flash-facts.ts';
import { FlashWork, type FlashWorkWiring } from './flash-work.ts';

const BUSY = 1;
const WEL = 2;
const QE = 2;
const SUS = 0x80;
/** Bits of status 1 and 2 that a status write sets; status 2's lock bits LB1–3 stay 0 here. */
const WRITABLE = [0xfc, 0x43] as const;

export interface FlashWiring extends FlashWorkWiring {
  readonly note?: (
    id: string,
    facts: Readonly<Record<string, FactValue>>,
    cause: string,
    next: string,
  ) => void;
}

const KNOWN = new Set([
  0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0b, 0x11, 0x15, 0x20, 0x31, 0x35, 0x4b, 0x50, 0x52, 0x5a, 0x60, 0x66, 0x75,
  0x7a, 0x90, 0x99, 0x9f, 0xab, 0xb9, 0xc7, 0xd8, 0xff,
]); // prettier-ignore
const TAKEN_WHILE_BUSY = new Set([0x05, 0x15, 0x35, 0x75, 0xff]);
const NONE = -1;

export class Flash {
  readonly #array: Uint8Array;
  readonly #wiring: FlashWiring;
  readonly #sfdp: Uint8Array;
  readonly #uniqueId: readonly number[];
  /** Status 1 and 2 as kept without power, and as in force (50h writes only these). */
  readonly #kept = [0, 0];
  /** QE starts clear, so that boot2 must set it; the -IQ parts have it set from the factory. */
  readonly #status = [0, 0];
  #writeEnabled = false;
  #volatileWrite = false;
  readonly #work: FlashWork;
  #notReadyUntilUs = 0;
  #poweredDown = false;
  #resetEnabled = false;
  #continuous = false;
  #command = NONE;
  #sent = 0;
  #address = 0;
  readonly #argument: number[] = [];
  #unknown: number | null = null;

  constructor(array: Uint8Array, wiring: FlashWiring) {
    this.#array = array;
    this.#wiring = wiring;
    this.#sfdp = sfdpTable(array.length);
    this.#work = new FlashWork(array, wiring, () => (this.#writeEnabled = false));
    const rng = new Rng((wiring.seed ?? 0) ^ 0x1d);
    this.#uniqueId = Array.from({ length: 8 }, () => rng.u32() & 0xff);
  }

  get quadEnabled(): boolean {
    return (this.#status[1]! & QE) !== 0;
  }

  /** In EBh continuous read: the next CS low starts with an address. */
  get continuousRead(): boolean {
    return this.#continuous;
  }

  /** Why array reads give nothing now, or null. */
  get unreadable(): string | null {
    this.#work.settle();
    if (this.#work.busy) return 'the flash is busy with an erase, program or status write';
    if (this.#poweredDown) return 'the flash is powered down (B9h)';
    return this.#wiring.nowUs() < this.#notReadyUntilUs ? 'the flash is not ready yet' : null;
  }

  /** The first command this model does not know, once. */
  takeUnknownCommand(): number | null {
    const c = this.#unknown;
    this.#unknown = null;
    return c;
  }

  powerOn(): void {
    this.#status[0] = this.#kept[0]!;
    this.#status[1] = this.#kept[1]!;
    this.#writeEnabled =
      this.#volatileWrite =
      this.#poweredDown =
      this.#resetEnabled =
      this.#continuous =
        false;
    this.#work.forget();
    this.#notReadyUntilUs = 0;
    this.#unknown = null;
    this.#endCommand();
  }

  /** The power goes: a write under way or suspended leaves its cells half done. */
  powerOff(): void {
    this.#work.settle();
    this.#work.tear();
    this.#endCommand();
  }

  /** The contents were replaced from outside: a write under way is forgotten. */
  replaced(): void {
    this.#work.forget();
    this.#wiring.busyChanged?.(null);
  }

  /** When the write under way ends; for whoever lost the alarm. */
  get busyUntilUs(): number | null {
    return this.#work.untilUs;
  }

  /** The ROM's exit sequence frees a chip left in continuous read. */
  exitContinuousRead(): void {
    this.#continuous = false;
  }

  /** EBh with its mode byte over four lines. */
  quadRead(mode: number): void {
    this.#continuous = (mode & 0x30) === 0x20;
  }

  /** One byte each way on the single-bit bus while CS# is low. `io1`: the level the pads hold the second line at. */
  transfer(byte: number, io1 = true): number {
    if (this.#continuous) {
      // Its 7th clock carries M5:4 on IO1 and IO0; anything but 10 ends the mode
      const mode = (io1 ? 2 : 0) | ((byte >> 1) & 1);
      if (mode !== 2) this.#continuous = false;
      this.#command = 0xff;
      return 0xff;
    }
    if (this.#command === NONE) {
      this.#select(byte);
      return 0xff;
    }
    this.#sent++;
    return this.#answer(byte);
  }

  /** CS# rises: writes take effect. */
  deselect(): void {
    this.#work.settle();
    const command = this.#command;
    const { length } = this.#argument;
    if (command === 0x06) this.#writeEnabled = true;
    else if (command === 0x04) this.#writeEnabled = false;
    else if (command === 0x50) this.#volatileWrite = true;
    else if (command === 0x01 || command === 0x31) this.#writeStatus(command);
    else if (command === 0x02 && length > 0) this.#program();
    else if (ERASES.has(command)) this.#erase(command);
    else if (command === 0x75) this.#suspend();
    else if (command === 0x7a) this.#work.resume();
    else if (command === 0xb9) this.#setPowerDown(true);
    else if (command === 0xab) this.#setPowerDown(false);
    else if (command === 0x99 && this.#resetEnabled) this.#reset();
    if (command !== NONE) this.#resetEnabled = command === 0x66;
    this.#endCommand();
  }

  #endCommand(): void {
    this.#command = NONE;
    this.#sent = this.#address = 0;
    this.#argument.length = 0;
  }

  #select(command: number): void {
    this.#work.settle();
    if (!KNOWN.has(command)) this.#unknown = command;
    const busy = this.#work.busy || this.#wiring.nowUs() < this.#notReadyUntilUs;
    const ignored =
      (busy && !TAKEN_WHILE_BUSY.has(command)) || (this.#poweredDown && command !== 0xab && command !== 0xff);
    if (ignored)
      this.#wiring.note?.(
        'sim.diagnosis.flash-command-ignored',
        { command: `${command.toString(16).padStart(2, '0')}h`, why: busy ? 'busy' : 'powered down' },
        'The flash takes no such command while it is busy or powered down.',
        'Poll BUSY (05h) to 0 first; ABh ends power-down.',
      );
    this.#command = ignored ? 0xff : command;
    this.#sent = this.#address = 0;
  }

  #answer(byte: number): number {
    switch (this.#command) {
      case 0x05:
        return this.#status1();
      case 0x35:
        return this.#status[1]! | (this.#work.suspended ? SUS : 0);
      case 0x15:
        return 0x60; // DRV: 25 %, as shipped; no other bit modelled
      case 0x9f:
        return JEDEC_ID[(this.#sent - 1) % 3]!;
      case 0x90:
        if (this.#sent <= 3) return this.#takeAddress(byte);
        return (this.#sent + this.#address) & 1 ? DEVICE_ID : MANUFACTURER_ID;
      case 0xab:
        return this.#sent <= 3 ? 0xff : DEVICE_ID;
      case 0x4b:
        return this.#sent <= 4 ? 0xff : this.#uniqueId[(this.#sent - 5) & 7]!;
      case 0x5a:
        if (this.#sent <= 3) return this.#takeAddress(byte);
        return this.#sent === 4 ? 0xff : this.#sfdp[this.#address++ & 0xff]!;
      default:
        return this.#takeOrRead(byte);
    }
  }

  #takeOrRead(byte: number): number {
    const command = this.#command;
    if (command === 0x01 || command === 0x31 || command === 0x11) this.#argument.push(byte);
    const addressed = command === 0x02 || command === 0x03 || command === 0x0b || ERASES.has(command);
    if (!addressed) return 0xff;
    if (this.#sent <= 3) return this.#takeAddress(byte);
    if (command === 0x03) return this.#array[this.#address++ % this.#array.length]!;
    if (command === 0x0b) return this.#sent === 4 ? 0xff : this.#array[this.#address++ % this.#array.length]!;
    if (command === 0x02) this.#argument.push(byte);
    return 0xff;
  }

  #takeAddress(byte: number): number {
    this.#address = ((this.#address << 8) | byte) & 0xff_ffff;
    return 0xff;
  }

  #status1(): number {
    const busy = this.#work.busy || this.#wiring.nowUs() < this.#notReadyUntilUs;
    return this.#status[0]! | (this.#writeEnabled ? WEL : 0) | (busy ? BUSY : 0);
  }

  #writeStatus(command: number): void {
    const [first, second] = this.#argument;
    if (first === undefined) return;
    const wanted = command === 0x31 ? [this.#status[0]!, first] : [first, second ?? this.#status[1]!];
    const registers = wanted.map((value, i) => value & WRITABLE[i]!);
    if (this.#volatileWrite && !this.#writeEnabled) {
      this.#volatileWrite = false;
      this.#status.splice(0, 2, ...registers);
    } else if (this.#mayWrite(command)) {
      // The register changes at once, not at the end of its time: nobody can look in between
      this.#status.splice(0, 2, ...registers);
      this.#kept.splice(0, 2, ...registers);
      this.#work.start(null, FLASH_US.statusWrite);
    }
  }

  #program(): void {
    if (!this.#mayWrite(0x02)) return;
    const page = this.#address & ~(PAGE_BYTES - 1) & (this.#array.length - 1);
    // 8.2.15: beyond the end of the page it goes on at its start; of more than 256 bytes the last count
    const bytes = new Uint8Array(PAGE_BYTES).fill(0xff);
    this.#argument.forEach((b, i) => (bytes[(this.#address + i) & (PAGE_BYTES - 1)] = b));
    const cells: CellWrite = { kind: 'program', offset: page, bytes };
    if (!this.#mayTouch(cells)) return;
    if (bytes.some((b, i) => (this.#array[page + i]! & b) !== b))
      this.#wiring.note?.(
        'sim.diagnosis.flash-not-erased',
        { flashOffset: page },
        'A page was programmed that is not erased: bits that are 0 stay 0.',
        'Erase the sector first.',
      );
    this.#work.start(cells, FLASH_US.pageProgram);
  }

  #erase(command: number): void {
    const { bytes, us } = ERASES.get(command)!;
    const all = bytes === Infinity;
    if ((!all && this.#sent < 3) || !this.#mayWrite(command)) return;
    const length = all ? this.#array.length : bytes;
    const offset = all ? 0 : this.#address & ~(length - 1) & (this.#array.length - 1);
    const cells: CellWrite = { kind: 'erase', offset, bytes: new Uint8Array(length) };
    if (this.#mayTouch(cells)) this.#work.start(cells, us);
  }

  #mayWrite(command: number): boolean {
    if (this.#writeEnabled) return true;
    this.#wiring.note?.(
      'sim.diagnosis.flash-write-disabled',
      { command: `${command.toString(16).padStart(2, '0')}h` },
      'The flash ignores erase, program and status writes without a write enable before each.',
      'Send 06h in a transfer of its own first.',
    );
    return false;
  }

  /** Not into a protected range, and during a suspend not into what is suspended. */
  #mayTouch(cells: CellWrite): boolean {
    const [from, to] = protectedRange(this.#status[0]!, this.#status[1]!, this.#array.length);
    const end = cells.offset + cells.bytes.length;
    const refused =
      cells.offset < to && end > from
        ? 'protected by BP, TB, SEC and CMP'
        : !this.#work.allows(cells)
          ? 'an erase is suspended'
          : null;
    if (refused === null) return true;
    this.#writeEnabled = false;
    this.#wiring.note?.(
      'sim.diagnosis.flash-protected',
      { flashOffset: cells.offset, why: refused },
      'The flash ignored an erase or program of this range.',
      'Read the status registers; clear the protection or resume first.',
    );
    return false;
  }

  #suspend(): void {
    if (!this.#work.suspend()) return;
    this.#notReadyUntilUs = this.#wiring.nowUs() + FLASH_US.suspend;
    this.#wiring.busyChanged?.(this.#notReadyUntilUs);
  }

  #setPowerDown(down: boolean): void {
    if (down === this.#poweredDown) return;
    this.#poweredDown = down;
    if (!down) this.#notReadyUntilUs = this.#wiring.nowUs() + FLASH_US.release;
    this.#wiring.busyChanged?.(down ? null : this.#notReadyUntilUs);
  }

  /** 66h and 99h: as power-on; a write under way is torn. */
  #reset(): void {
    this.powerOff();
    this.powerOn();
    this.#notReadyUntilUs = this.#wiring.nowUs() + FLASH_US.reset;
    this.#wiring.busyChanged?.(this.#notReadyUntilUs);
  }
}
