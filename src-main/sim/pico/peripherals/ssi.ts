/**
 * SSI (DW_apb_ssi) with the flash behind it, and whether XIP can read: RP2040 data sheet 4.10, 2.6.3. Serial
 * transfers take their time (frame bits × SCKDV clk_sys cycles). CS# falls with the first frame and rises when the
 * transmit FIFO runs dry, unless IO_QSPI's override holds it.
 */
import type { Chip, RegisterBlock } from '../chip.ts';
import type { EventSlot } from '../events.ts';
import type { Flash } from '../flash.ts';

const FIFO_DEPTH = 16;
const SR_TFNF = 2;
const SR_TFE = 4;
const SR_RFNE = 8;
const SR_RFF = 16;
const TMOD_EEPROM = 3;
/** 03h is specified to 50 MHz, EBh to 133 MHz (W25Q16JV). */
const MAX_HZ = { slow: 50e6, quad: 133e6 };

export class Ssi implements RegisterBlock {
  readonly #chip: Chip;
  readonly #flash: Flash;
  readonly #xipChanged: () => void;
  readonly #frameAt: EventSlot;
  readonly #registers = new Map<number, number>();
  #tx: number[] = [];
  #rx: number[] = [];
  #enabled = false;
  #busy = false;
  #shifting = 0;
  /** IO_QSPI's OUTOVER of the SS pin: 0 as the SSI drives it, 1 inverted, 2 low, 3 high (2.19.2). */
  #chipSelectOverride = 0;
  #selected = false;
  /** The level the pads hold SD1 at while nobody drives it. */
  #io1 = true;

  constructor(chip: Chip, flash: Flash, xipChanged: () => void) {
    this.#chip = chip;
    this.#flash = flash;
    this.#xipChanged = xipChanged;
    this.#frameAt = chip.events.slot((cycle) => this.#frameDone(cycle));
    this.#setDefaults();
  }

  read(offset: number): number | undefined {
    switch (offset) {
      case 0x08:
        return this.#enabled ? 1 : 0;
      case 0x20:
        return this.#tx.length;
      case 0x24:
        return this.#rx.length;
      case 0x28:
        return this.#status();
      case 0x30: // ISR, RISR: no interrupts modelled, none pending
      case 0x34:
      case 0x48:
        return 0;
      case 0x58:
        return 0x5153_5049;
      case 0x5c:
        return 0x3430_312a;
      case 0x60:
        return this.#rx.shift() ?? 0;
      default:
        return this.#registers.get(offset);
    }
  }

  write(offset: number, value: number): boolean {
    if (offset === 0x08) {
      this.#enable((value & 1) === 1);
      return true;
    }
    if (offset === 0x60) {
      this.#push(value);
      return true;
    }
    if (!this.#registers.has(offset)) return false;
    if (this.#enabled && offset !== 0x10 && offset !== 0x2c) {
      this.#chip.stop(
        'sim.fault.ssi-enabled',
        { block: 'SSI', offset },
        'An SSI register was written while SSIENR is 1; silicon ignores that.',
        'Clear SSIENR, write, set it again.',
      );
      return true;
    }
    this.#registers.set(offset, value);
    return true;
  }

  reset(): void {
    this.#setDefaults();
    this.#frameAt.clear();
    this.#chipSelect();
    this.#xipChanged();
  }

  overrideChipSelect(override: number): void {
    this.#chipSelectOverride = override;
    this.#chipSelect();
  }

  setIo1(level: boolean): void {
    this.#io1 = level;
  }

  /** The flash's CS# pin: a rising edge lets writes take effect. */
  #chipSelect(): void {
    const asDriven = this.#busy;
    const override = this.#chipSelectOverride;
    const selected = override === 0 ? asDriven : override === 1 ? !asDriven : override === 2;
    if (selected === this.#selected) return;
    this.#selected = selected;
    if (!selected) this.#deselect();
  }

  #deselect(): void {
    this.#flash.deselect();
    const unknown = this.#flash.takeUnknownCommand();
    if (unknown !== null)
      this.#chip.stop(
        'sim.fault.flash-command',
        { command: unknown },
        'The flash got a command this model does not have.',
        'See docs/emulated-pico.md for the commands it has.',
      );
  }

  #setDefaults(): void {
    this.#registers.clear();
    for (const offset of [0x00, 0x04, 0x0c, 0x10, 0x14, 0x18, 0x1c, 0x2c, 0x4c, 0x50, 0xf0, 0xf8])
      this.#registers.set(offset, 0);
    this.#registers.set(0x54, 4);
    this.#registers.set(0xf4, 0x0300_0000);
    this.#enabled = this.#busy = false;
    this.#tx = [];
    this.#rx = [];
  }

  /** What the boot ROM leaves behind before it enters boot2 (data sheet 2.8.1; values of ROM V3). */
  setAfterBootRom(): void {
    this.reset();
    this.#registers.set(0x00, 0x0007_0000);
    this.#registers.set(0x14, 6);
    this.#registers.set(0x10, 1);
    this.#enabled = true;
    this.#xipChanged();
  }

  /** Why XIP cannot read now, or null when it can. `sysHz` decides whether the flash is clocked too fast. */
  xipProblem(sysHz: number): string | null {
    const [control, spi] = [this.#registers.get(0x00)!, this.#registers.get(0xf4)!];
    if (!this.#enabled) return 'SSIENR is 0';
    if ((this.#registers.get(0x10)! & 1) === 0) return 'SER selects no flash';
    if (((control >> 8) & 3) !== TMOD_EEPROM) return 'CTRLR0.TMOD is not EEPROM read';
    if (((control >> 16) & 31) !== 31) return 'CTRLR0.DFS_32 is not 32-bit frames';
    if (this.#flash.unreadable) return this.#flash.unreadable;
    const quad = ((control >> 21) & 3) === 2;
    if (!quad && this.#flash.continuousRead) return 'the flash is still in continuous read (EBh), not at 03h';
    const sckHz = sysHz / this.#divider();
    const limitHz = quad || spi >>> 24 === 0x0b ? MAX_HZ.quad : MAX_HZ.slow;
    if (sckHz > limitHz) return `the flash is clocked at ${sckHz / 1e6} MHz, above ${limitHz / 1e6} MHz`;
    // 03h, or 0Bh with its 8 clocks of wait
    const single = spi === 0x0300_0218 || spi === 0x0b00_4218;
    return quad ? this.#quadProblem(spi) : single ? null : 'SPI_CTRLR0 is not an 03h or 0Bh read';
  }

  /**
   * Cycles of clk_sys that the wires are busy with one word in XIP: instruction and address on one line or on all as
   * SPI_CTRLR0.TRANS_TYPE says, wait cycles, one 32-bit frame; SCK is clk_sys/SCKDV (4.10.13, SPI_CTRLR0).
   */
  xipWordCycles(): number {
    const [control, spi] = [this.#registers.get(0x00)!, this.#registers.get(0xf4)!];
    const lines = 1 << ((control >> 21) & 3);
    const transType = spi & 3;
    const instruction = [0, 4, 8, 16][(spi >> 8) & 3]! / (transType === 2 ? lines : 1);
    const address = (((spi >> 2) & 15) * 4) / (transType === 0 ? 1 : lines);
    const wait = (spi >> 11) & 31;
    const frame = (((control >> 16) & 31) + 1) / lines;
    return Math.ceil(instruction + address + wait + frame) * this.#divider();
  }

  #quadProblem(spi: number): string | null {
    if (!this.#flash.quadEnabled) return 'the flash has QE clear: IO2 and IO3 are not data lines';
    // No instruction, address and mode byte quad, 4 wait cycles; mode bits 5:4 are 10 (A0h here, 20h elsewhere)
    if ((spi & 0x30ff_ffff) === 0x2000_2022)
      return this.#flash.continuousRead ? null : 'the flash is not in continuous read';
    // EBh sent each time: instruction single, address and mode quad, 4 wait cycles
    return spi === 0xeb00_2221 ? null : 'SPI_CTRLR0 is none of the reads this flash knows';
  }

  #divider(): number {
    return Math.max(2, this.#registers.get(0x14)! & 0xfffe);
  }

  #status(): number {
    return (
      (this.#busy ? 1 : 0) |
      (this.#tx.length < FIFO_DEPTH ? SR_TFNF : 0) |
      (this.#tx.length === 0 ? SR_TFE : 0) |
      (this.#rx.length > 0 ? SR_RFNE : 0) |
      (this.#rx.length >= FIFO_DEPTH ? SR_RFF : 0)
    );
  }

  #enable(on: boolean): void {
    if (on === this.#enabled) return;
    this.#enabled = on;
    if (!on) {
      this.#tx = [];
      this.#rx = [];
      this.#busy = false;
      this.#frameAt.clear();
      this.#chipSelect();
    }
    this.#xipChanged();
  }

  #push(value: number): void {
    if (!this.#enabled || this.#tx.length >= FIFO_DEPTH) {
      this.#lost(this.#enabled ? 'the transmit FIFO is full' : 'SSIENR is 0');
      return;
    }
    this.#tx.push(value);
    if (!this.#busy) this.#startFrame(this.#chip.now());
  }

  #lost(why: string): void {
    this.#chip.note(
      'sim.diagnosis.ssi-lost',
      { block: 'SSI', why },
      'A frame of the SSI was lost in silence.',
      'Keep at most 14 frames under way and read DR0 as often as it is written.',
    );
  }

  #startFrame(cycle: number): void {
    this.#busy = true;
    this.#chipSelect();
    this.#shifting = this.#tx.shift()!;
    const bits = ((this.#registers.get(0x00)! >> 16) & 31) + 1;
    this.#frameAt.at(cycle + bits * this.#divider());
  }

  #frameDone(cycle: number): void {
    const control = this.#registers.get(0x00)!;
    if (((control >> 21) & 3) === 2) this.#quadFrame();
    else if (((control >> 16) & 31) === 7 && ((control >> 8) & 3) === 0) {
      const answer = this.#selected ? this.#flash.transfer(this.#shifting & 0xff, this.#io1) : 0xff;
      if (this.#rx.length < FIFO_DEPTH) this.#rx.push(answer);
      else this.#lost('the receive FIFO is full');
    } else this.#unmodelled(control);
    if (this.#tx.length > 0) {
      this.#startFrame(cycle);
      return;
    }
    this.#busy = false;
    this.#chipSelect();
  }

  /** boot2's entry into continuous read: EBh, then address and mode bits in one 32-bit word. */
  #quadFrame(): void {
    if (this.#shifting === 0xeb) return;
    this.#flash.quadRead(this.#shifting & 0xff);
    if (this.#rx.length < FIFO_DEPTH) this.#rx.push(0);
  }

  #unmodelled(control: number): void {
    this.#chip.stop(
      'sim.fault.unmodelled-register',
      { block: 'SSI', ctrlr0: control },
      'The SSI is used in a frame format this model does not have.',
      'Use 8-bit frames with TMOD 0, or boot2’s quad sequence.',
    );
  }
}
