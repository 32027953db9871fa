/**
 * I2C0/1, a DW_apb_i2c: RP2040 data sheet 4.3, as a controller with 7-bit addresses, on clk_sys. Bits take
 * LCNT + 1 cycles low and HCNT + SPKLEN + 7 high (4.3.14.1); a device may stretch the clock after a byte. The wires
 * are not seen on pins. Not modelled, and named on first touch: the target (slave) side, 10-bit addresses, general
 * call and START byte; high-speed mode does not exist on this chip. SDA_HOLD and SDA_SETUP are kept.
 */
import type { Chip, RegisterBlock } from '../chip.ts';
import type { EventSlot } from '../events.ts';
import type { I2cBus } from '../i2c-bus.ts';
import {
  ABRT_ADDRESS_NOACK,
  ABRT_DATA_NOACK,
  ABRT_MASTER_DISABLED,
  ABRT_USER,
  ACTIVITY,
  CLEARED_BY,
  CMD_READ,
  CMD_RESTART,
  CMD_STOP,
  CON,
  CON_10BIT,
  CON_HOLD_WHEN_FULL,
  CON_MASTER,
  CON_RESTART_EN,
  CON_SLAVE_DISABLE,
  CON_TX_EMPTY_CTRL,
  DMA_CR,
  DMA_TDLR,
  FIFO_DEPTH,
  FS_HCNT,
  FS_LCNT,
  KEPT,
  MASK,
  RESTART_DET,
  RX_FULL,
  RX_OVER,
  RX_TL,
  RX_UNDER,
  SPEED_STANDARD,
  SPKLEN,
  SS_HCNT,
  SS_LCNT,
  START_DET,
  STOP_DET,
  TAR,
  TX_ABRT,
  TX_EMPTY,
  TX_OVER,
  TX_TL,
} from './i2c-fields.ts';

export interface I2cWiring {
  readonly name: string;
  readonly irq: number;
  readonly bus: I2cBus;
  /** Both wires reach pins and are pulled up; else why they stay low or nobody is heard. */
  readonly lines: () => 'ready' | 'not-routed' | 'no-pull-up';
  readonly dreqChanged: () => void;
}

/** What the wires do until the slot fires. */
type Phase = 'idle' | 'held' | 'address' | 'write' | 'read' | 'stop' | 'stuck';

export class I2c implements RegisterBlock {
  readonly #chip: Chip;
  readonly #wiring: I2cWiring;
  readonly #slot: EventSlot;
  readonly #kept = new Uint32Array(64);
  readonly #mask = new Uint32Array(64);
  readonly #tx = new Uint16Array(FIFO_DEPTH);
  #txHead = 0;
  #txCount = 0;
  readonly #rx = new Uint8Array(FIFO_DEPTH);
  #rxHead = 0;
  #rxCount = 0;
  #enabled = false;
  #driven = false;
  #raw = 0;
  #abortSource = 0;
  #phase: Phase = 'idle';
  /** The direction of the transfer under way. */
  #reading = false;
  /** The command whose byte is on the wires. */
  #command = 0;
  /** ENABLE was cleared in the middle of a transfer. */
  #disabling = false;
  /** The cycle the wires' last phase ended: the next one starts there, however late the core lets us know. */
  #wiresAt = 0;

  constructor(chip: Chip, wiring: I2cWiring) {
    this.#chip = chip;
    this.#wiring = wiring;
    this.#slot = chip.events.slot((cycle) => this.#phaseOver(cycle));
    for (const [offset, reset, mask] of KEPT) {
      this.#kept[offset >> 2] = reset;
      this.#mask[offset >> 2] = mask;
    }
  }

  /** Words the DMA may put into the transmit FIFO: 4.3.13. */
  get transmitDreq(): number {
    if (!(this.#value(DMA_CR) & 2) || !this.#enabled) return 0;
    return Math.max(0, this.#value(DMA_TDLR) - this.#txCount + 1);
  }

  get receiveDreq(): number {
    return this.#value(DMA_CR) & 1 ? this.#rxCount : 0;
  }

  read(offset: number): number | undefined {
    if (this.#mask[offset >> 2]! !== 0 && offset <= 0xa0) return this.#kept[offset >> 2];
    const clears = CLEARED_BY[offset];
    if (clears !== undefined) return this.#clear(clears);
    switch (offset) {
      case 0x10:
        return this.#pop();
      case 0x2c:
        return this.#rawNow() & this.#value(MASK);
      case 0x34:
        return this.#rawNow();
      case 0x40:
        return this.#clear(0x1fff & ~(RX_FULL | TX_EMPTY));
      case 0x6c:
        return this.#enabled && !this.#disabling ? 1 : 0;
      case 0x70:
        return this.#status();
      case 0x74:
        return this.#txCount;
      case 0x78:
        return this.#rxCount;
      case 0x80:
        return this.#abortSource;
      case 0x9c:
        return this.#enabled ? 1 : 0;
      case 0xf4:
        return 0;
      case 0xf8:
        return 0x3230_312a;
      case 0xfc:
        return 0x4457_0140;
      default:
        return undefined;
    }
  }

  write(offset: number, value: number): boolean {
    if (this.#mask[offset >> 2]! !== 0 && offset <= 0xa0) return this.#writeKept(offset, value);
    if (offset === 0x10) this.#push(value & 0x7ff);
    else if (offset === 0x6c) this.#writeEnable(value);
    else return offset === 0x2c || offset === 0x34; // read-only
    return true;
  }

  reset(): void {
    this.#slot.clear();
    if (this.#phase !== 'idle') this.#wiring.bus.stop(this.#timeUs(this.#chip.now()));
    for (const [offset, reset] of KEPT) this.#kept[offset >> 2] = reset;
    this.#txHead = this.#txCount = this.#rxHead = this.#rxCount = 0;
    this.#raw = this.#abortSource = this.#command = 0;
    this.#enabled = this.#disabling = this.#reading = false;
    this.#phase = 'idle';
    this.#drive();
  }

  #value(offset: number): number {
    return this.#kept[offset >> 2]!;
  }

  #timeUs(cycle: number): number {
    return this.#chip.timeline.usAt(cycle);
  }

  /** 4.3.17: address, mode and timing change only while the block is disabled. */
  #writeKept(offset: number, value: number): boolean {
    const whileDisabled = offset <= 0x20 || offset === 0x94 || offset === 0x98 || offset === SPKLEN;
    if (whileDisabled && this.#enabled) {
      this.#chip.note(
        'sim.diagnosis.i2c-enabled',
        { block: this.#wiring.name, register: `0x${offset.toString(16)}` },
        'An I2C register was written while ENABLE is 1; silicon ignores that.',
        'Clear ENABLE, poll ENABLE_STATUS, write, set it again.',
      );
      return true;
    }
    this.#kept[offset >> 2] = value & this.#mask[offset >> 2]!;
    if (offset === DMA_CR || offset === DMA_TDLR) this.#wiring.dreqChanged();
    this.#drive();
    // General call, START byte and the target side are not modelled
    if (offset === TAR) return (value & 0xc00) === 0;
    return offset !== CON || ((value & CON_SLAVE_DISABLE) !== 0 && (value & CON_10BIT) === 0);
  }

  #writeEnable(value: number): void {
    if (value & 2 && this.#enabled) this.#userAbort();
    if (value & 1) {
      this.#enabled = true;
      this.#disabling = false;
      this.#wiring.dreqChanged();
    } else if (this.#enabled) {
      // 4.3.10.3: the byte under way is finished, then a STOP
      if (this.#phase === 'idle' || this.#phase === 'stuck') this.#disable();
      else this.#disabling = true;
      if (this.#phase === 'held') this.#sendStop(Math.max(this.#wiresAt, this.#chip.now()));
    }
    this.#drive();
  }

  #disable(): void {
    this.#slot.clear();
    this.#enabled = this.#disabling = false;
    this.#txCount = this.#rxCount = 0;
    this.#phase = 'idle';
    this.#raw &= ~(ACTIVITY | STOP_DET | START_DET | RX_UNDER | TX_OVER | RX_OVER);
  }

  #userAbort(): void {
    if (this.#phase === 'idle') return;
    const held = this.#phase === 'held';
    this.#abort(ABRT_USER);
    if (held) this.#sendStop(Math.max(this.#wiresAt, this.#chip.now()));
  }

  #push(word: number): void {
    if (!this.#enabled) return this.#lost('ENABLE is 0');
    if (this.#raw & TX_ABRT) return this.#lost('TX_ABRT is not cleared: the FIFO is kept flushed');
    if (this.#txCount >= FIFO_DEPTH) {
      this.#raw |= TX_OVER;
      this.#drive();
      return;
    }
    this.#tx[(this.#txHead + this.#txCount) % FIFO_DEPTH] = word;
    this.#txCount++;
    this.#drive();
    if (this.#phase === 'idle' || this.#phase === 'held') this.#nextCommand(this.#chip.now());
  }

  #lost(why: string): void {
    this.#chip.note(
      'sim.diagnosis.i2c-lost',
      { block: this.#wiring.name, why },
      'A command written to I2C DATA_CMD was lost in silence.',
      'Enable the block first; after TX_ABRT read CLR_TX_ABRT before the next command.',
    );
  }

  #pop(): number {
    if (this.#rxCount === 0) {
      this.#raw |= RX_UNDER;
      this.#drive();
      return 0;
    }
    const byte = this.#rx[this.#rxHead]!;
    this.#rxHead = (this.#rxHead + 1) % FIFO_DEPTH;
    this.#rxCount--;
    this.#drive();
    if (this.#phase === 'held') this.#nextCommand(this.#chip.now());
    return byte;
  }

  /** SCL low and high of the chosen speed, clk_sys cycles. */
  #low(): number {
    const standard = ((this.#value(CON) >> 1) & 3) === SPEED_STANDARD;
    return this.#value(standard ? SS_LCNT : FS_LCNT) + 1;
  }

  #high(): number {
    const standard = ((this.#value(CON) >> 1) & 3) === SPEED_STANDARD;
    return this.#value(standard ? SS_HCNT : FS_HCNT) + this.#value(SPKLEN) + 7;
  }

  #byteCycles(): number {
    return 9 * (this.#low() + this.#high());
  }

  /** Idle, or SCL held low after a byte: what the FIFO says next. */
  #nextCommand(cycle: number): void {
    const at = Math.max(cycle, this.#wiresAt);
    if (this.#txCount === 0) {
      if (this.#phase !== 'idle') this.#phase = 'held';
      return;
    }
    const command = this.#tx[this.#txHead]!;
    const reads = (command & CMD_READ) !== 0;
    const full = this.#rxCount >= FIFO_DEPTH && (this.#value(CON) & CON_HOLD_WHEN_FULL) !== 0;
    if (reads && full && this.#phase !== 'idle') {
      this.#phase = 'held';
      return;
    }
    if (this.#phase === 'idle') {
      this.#begin(at, reads, false);
      return;
    }
    if (command & CMD_RESTART || reads !== this.#reading) this.#begin(at, reads, true);
    else this.#sendByte(at);
  }

  /** START or repeated START, then the address. */
  #begin(cycle: number, reads: boolean, repeated: boolean): void {
    if (!(this.#value(CON) & CON_MASTER)) return this.#abort(ABRT_MASTER_DISABLED);
    if (repeated && !(this.#value(CON) & CON_RESTART_EN)) {
      // 4.3.17, IC_RESTART_EN: a change of direction or a RESTART becomes a STOP and a START
      this.#sendStop(cycle);
      return;
    }
    const lines = this.#wiring.lines();
    if (lines === 'no-pull-up') return this.#stick();
    this.#reading = reads;
    this.#phase = 'address';
    this.#raw |= ACTIVITY | (repeated ? RESTART_DET : START_DET);
    // Hold of a START: one high time; a repeated one has its set-up before that (UM10204, 3.1.4)
    const lead = repeated ? this.#low() + 2 * this.#high() : this.#high();
    this.#wiresAt = cycle + lead + this.#byteCycles();
    this.#slot.at(this.#wiresAt);
    this.#drive();
  }

  #stick(): void {
    this.#phase = 'stuck';
    this.#chip.note(
      'sim.diagnosis.i2c-no-pull-up',
      { block: this.#wiring.name },
      'SCL or SDA is pulled up by nothing: the wires stay low and the transfer never ends.',
      'Set PUE on both pads, or put resistors on the bus.',
    );
  }

  #sendByte(cycle: number): void {
    this.#command = this.#takeCommand();
    this.#phase = this.#reading ? 'read' : 'write';
    this.#wiresAt = cycle + this.#byteCycles();
    this.#slot.at(this.#wiresAt);
  }

  #takeCommand(): number {
    const command = this.#tx[this.#txHead]!;
    this.#txHead = (this.#txHead + 1) % FIFO_DEPTH;
    this.#txCount--;
    this.#drive();
    this.#wiring.dreqChanged();
    return command;
  }

  #sendStop(cycle: number): void {
    this.#phase = 'stop';
    // SCL low, set-up of one high time, then one low time of free bus before the next START
    this.#wiresAt = cycle + 2 * this.#low() + this.#high();
    this.#slot.at(this.#wiresAt - this.#low());
  }

  #phaseOver(cycle: number): void {
    switch (this.#phase) {
      case 'address':
        return this.#addressed(cycle);
      case 'write':
        return this.#written(cycle);
      case 'read':
        return this.#received(cycle);
      default:
        return this.#stopped(cycle);
    }
  }

  #addressed(cycle: number): void {
    const routed = this.#wiring.lines() === 'ready';
    const address = this.#value(TAR) & 0x7f;
    const acknowledged = routed && this.#wiring.bus.start(address, this.#reading, this.#timeUs(cycle));
    if (!acknowledged) {
      this.#abort(ABRT_ADDRESS_NOACK);
      this.#sendStop(cycle);
      return;
    }
    this.#stretch(cycle);
    if (this.#disabling || this.#txCount === 0) this.#sendStop(this.#wiresAt);
    else this.#sendByte(this.#wiresAt);
  }

  #written(cycle: number): void {
    if (!this.#wiring.bus.write(this.#command & 0xff, this.#timeUs(cycle))) {
      this.#abort(ABRT_DATA_NOACK);
      this.#sendStop(cycle);
      return;
    }
    this.#stretch(cycle);
    this.#afterByte();
  }

  #received(cycle: number): void {
    const byte = this.#wiring.bus.read(this.#timeUs(cycle - this.#byteCycles()));
    if (this.#rxCount >= FIFO_DEPTH) this.#raw |= RX_OVER;
    else {
      this.#rx[(this.#rxHead + this.#rxCount) % FIFO_DEPTH] = byte;
      this.#rxCount++;
    }
    this.#stretch(cycle);
    this.#drive();
    if (this.#value(DMA_CR) & 1) this.#wiring.dreqChanged();
    this.#afterByte();
  }

  #stretch(cycle: number): void {
    const us = this.#wiring.bus.stretchUs(this.#timeUs(cycle));
    this.#wiresAt = us > 0 ? this.#chip.timeline.cycleFrom(this.#timeUs(cycle) + us) : cycle;
  }

  #afterByte(): void {
    if (this.#command & CMD_STOP || this.#disabling || this.#abortSource & ABRT_USER) {
      this.#sendStop(this.#wiresAt);
      return;
    }
    this.#phase = 'held';
    this.#nextCommand(this.#wiresAt);
    this.#drive();
  }

  #stopped(cycle: number): void {
    this.#wiring.bus.stop(this.#timeUs(cycle));
    this.#phase = 'idle';
    this.#raw |= STOP_DET;
    this.#raw &= ~ACTIVITY;
    if (this.#disabling) this.#disable();
    this.#drive();
    if (this.#txCount > 0) this.#nextCommand(cycle);
  }

  /** 4.3.10.4: the FIFO is flushed and stays so until CLR_TX_ABRT is read; the count goes to TX_FLUSH_CNT. */
  #abort(source: number): void {
    this.#abortSource = (source | (this.#txCount << 23)) >>> 0;
    this.#txCount = 0;
    this.#raw |= TX_ABRT;
    this.#drive();
    this.#wiring.dreqChanged();
  }

  #clear(bits: number): number {
    const was = this.#rawNow() & bits;
    this.#raw &= ~bits;
    if (bits & TX_ABRT) {
      this.#abortSource = 0;
      this.#wiring.dreqChanged();
    }
    this.#drive();
    return was !== 0 ? 1 : 0;
  }

  /** RX_FULL and TX_EMPTY follow the FIFOs; TX_EMPTY waits for the wires when TX_EMPTY_CTRL says so. */
  #rawNow(): number {
    let raw = this.#raw;
    if (!this.#enabled) return raw;
    if (this.#rxCount > this.#value(RX_TL)) raw |= RX_FULL;
    const waits = (this.#value(CON) & CON_TX_EMPTY_CTRL) !== 0 && this.#transferring();
    if (this.#txCount <= this.#value(TX_TL) && !waits) raw |= TX_EMPTY;
    return raw;
  }

  #transferring(): boolean {
    return this.#phase === 'address' || this.#phase === 'write' || this.#phase === 'read';
  }

  #status(): number {
    const active = this.#phase !== 'idle' ? (1 << 5) | 1 : 0;
    return (
      active |
      (this.#txCount < FIFO_DEPTH ? 1 << 1 : 0) |
      (this.#txCount === 0 ? 1 << 2 : 0) |
      (this.#rxCount > 0 ? 1 << 3 : 0) |
      (this.#rxCount === FIFO_DEPTH ? 1 << 4 : 0)
    );
  }

  #drive(): void {
    const asserted = (this.#rawNow() & this.#value(MASK)) !== 0;
    if (asserted === this.#driven) return;
    this.#driven = asserted;
    this.#chip.setInterrupt(this.#wiring.irq, asserted);
  }
}
