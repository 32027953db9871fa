/**
 * UART0/1, an ARM PL011 (r1p5): RP2040 data sheet 4.2. Clocked by clk_peri; 8 data bits, no parity, 1 stop bit are
 * what this model carries (other formats, loop-back and hardware flow control stop the emulation). Not modelled: the wait
 * of up to 1/16 bit for the next Baud16 pulse before a start bit, modem lines, DMAONERR.
 */
import type { Chip, RegisterBlock } from '../chip.ts';
import type { EventSlot } from '../events.ts';
import { hertz, type Frequency } from '../frequency.ts';
import type { FrameSender, SerialFrame, SerialReceiver } from '../../serial-line.ts';

const FIFO_DEPTH = 32;
const INT_RX = 1 << 4;
const INT_TX = 1 << 5;
const INT_RT = 1 << 6;
const INT_FE = 1 << 7;
const INT_BE = 1 << 9;
const INT_OE = 1 << 10;
const CR_UARTEN = 1;
const CR_TXE = 1 << 8;
const CR_RXE = 1 << 9;
const LCR_FEN = 1 << 4;
const LCR_8N1 = 0x60;
const DMA_RX = 1;
const DMA_TX = 2;
const DR_FE = 1 << 8;
const DR_BE = 1 << 10;
const DR_OE = 1 << 11;
/** IFLS: fill level for 1/8, 1/4, 1/2, 3/4, 7/8 of 32. */
const LEVELS = [4, 8, 16, 24, 28];

export interface UartWiring {
  readonly name: string;
  readonly irq: number;
  /** Where frames go while TX is routed to a pin; null while it is not. */
  readonly transmitter: () => FrameSender | null;
  /** One of the two requests to the DMA may have changed. */
  readonly dreqChanged?: () => void;
}

export class Uart implements RegisterBlock, SerialReceiver {
  readonly #chip: Chip;
  readonly #wiring: UartWiring;
  readonly #sentAt: EventSlot;
  readonly #timeoutAt: EventSlot;
  readonly #tx = new Uint8Array(FIFO_DEPTH);
  readonly #rx = new Uint16Array(FIFO_DEPTH);
  #txHead = 0;
  #txCount = 0;
  #rxHead = 0;
  #rxCount = 0;
  #sending = false;
  /** End of the frame being sent, fractional µs: the next one starts there, not at a rounded cycle. */
  #sentUs = 0;
  #peri: Frequency | null = null;
  #integerDivisor = 0;
  #fractionDivisor = 0;
  /** Divisor × 64 as latched by the last LCR_H write. */
  #divisor64 = 0;
  #lineControl = 0;
  #control = 0x300;
  #levels = 0x12;
  #mask = 0;
  /** RXDMAE, TXDMAE, DMAONERR: start-up code sets them whether it uses DMA or not. */
  #dmaControl = 0;
  #raw = 0;
  #receiveStatus = 0;
  #overrun = false;

  constructor(chip: Chip, wiring: UartWiring) {
    this.#chip = chip;
    this.#wiring = wiring;
    this.#sentAt = chip.events.slot(() => this.#frameSent());
    this.#timeoutAt = chip.events.slot(() => {
      if (this.#rxCount > 0) this.#raise(INT_RT);
    });
  }

  /** Characters the DMA may take from the receive FIFO (4.2.5.2). */
  get receiveDreq(): number {
    return this.#dmaControl & DMA_RX ? this.#rxCount : 0;
  }

  /** Characters the DMA may put into the transmit FIFO. */
  get transmitDreq(): number {
    if (!(this.#dmaControl & DMA_TX) || !(this.#control & CR_UARTEN)) return 0;
    return this.#depth() - this.#txCount;
  }

  setClock(peri: Frequency | null): void {
    this.#peri = peri;
  }

  /** µs a bit at the latched divisor; 0 when the baud generator cannot run. 4.2.3.2.1: 16 · divisor clocks a bit. */
  get bitUs(): number {
    if (!this.#peri || this.#divisor64 < 64) return 0;
    return (this.#divisor64 * 1e6) / (4 * hertz(this.#peri));
  }

  get listening(): boolean {
    return (this.#control & (CR_UARTEN | CR_RXE)) === (CR_UARTEN | CR_RXE) && this.bitUs > 0;
  }

  read(offset: number): number | undefined {
    switch (offset) {
      case 0x00:
        return this.#readData();
      case 0x04:
        return this.#receiveStatus;
      case 0x18:
        return this.#flags();
      case 0x24:
        return this.#integerDivisor;
      case 0x28:
        return this.#fractionDivisor;
      case 0x2c:
        return this.#lineControl;
      case 0x30:
        return this.#control;
      case 0x34:
        return this.#levels;
      case 0x38:
        return this.#mask;
      case 0x3c:
        return this.#raw;
      case 0x40:
        return this.#raw & this.#mask;
      case 0x48:
        return this.#dmaControl;
      // PL011 identification: part 0x011, designer ARM, revision 3
      case 0xfe0:
        return 0x11;
      case 0xfe4:
        return 0x10;
      case 0xfe8:
        return 0x34;
      default:
        return undefined;
    }
  }

  write(offset: number, value: number): boolean {
    switch (offset) {
      case 0x00:
        this.#writeData(value & 0xff);
        return true;
      case 0x04:
        this.#receiveStatus = 0;
        return true;
      case 0x24:
        this.#integerDivisor = value & 0xffff;
        return true;
      case 0x28:
        this.#fractionDivisor = value & 0x3f;
        return true;
      case 0x2c:
        return this.#writeLineControl(value & 0xff);
      case 0x30:
        this.#control = value & 0xff87;
        this.#startNext();
        if (this.#dmaControl & DMA_TX) this.#wiring.dreqChanged?.();
        return (value & 0xc080) === 0; // CTSEN, RTSEN, loop-back
      case 0x34:
        this.#levels = value & 0x3f;
        this.#checkReceiveLevel();
        return true;
      case 0x38:
        this.#mask = value & 0x7ff;
        this.#drive();
        return true;
      case 0x44:
        this.#raw &= ~value;
        this.#drive();
        return true;
      case 0x48:
        this.#dmaControl = value & 7;
        this.#wiring.dreqChanged?.();
        return true;
      default:
        return false;
    }
  }

  reset(): void {
    this.#sentAt.clear();
    this.#timeoutAt.clear();
    this.#txHead = this.#txCount = this.#rxHead = this.#rxCount = 0;
    this.#sending = this.#overrun = false;
    this.#integerDivisor = this.#fractionDivisor = this.#divisor64 = this.#lineControl = 0;
    this.#control = 0x300;
    this.#levels = 0x12;
    this.#mask = this.#raw = this.#receiveStatus = this.#dmaControl = 0;
    this.#drive();
  }

  /** A character came in on the pin: `framing` when its stop bit was low. */
  receive(byte: number, framing: boolean): void {
    if (!this.listening) return;
    const broken = framing && byte === 0;
    const flags = (framing ? DR_FE : 0) | (broken ? DR_BE : 0);
    if (this.#rxCount >= this.#depth()) {
      // 4.2.3.4: the new character is lost, the FIFO is kept, the next stored one carries OE
      this.#overrun = true;
      this.#receiveStatus |= 8;
      this.#raise(INT_OE);
      return;
    }
    this.#rx[(this.#rxHead + this.#rxCount) % FIFO_DEPTH] = byte | flags | (this.#overrun ? DR_OE : 0);
    this.#rxCount++;
    this.#overrun = false;
    this.#raw |= (framing ? INT_FE : 0) | (broken ? INT_BE : 0);
    this.#checkReceiveLevel();
    this.#restartTimeout();
    if (this.#dmaControl & DMA_RX) this.#wiring.dreqChanged?.();
  }

  #depth(): number {
    return this.#lineControl & LCR_FEN ? FIFO_DEPTH : 1;
  }

  #flags(): number {
    const busy = this.#sending || this.#txCount > 0;
    return (
      (busy ? 1 << 3 : 0) |
      (this.#rxCount === 0 ? 1 << 4 : 0) |
      (this.#txCount >= this.#depth() ? 1 << 5 : 0) |
      (this.#rxCount >= this.#depth() ? 1 << 6 : 0) |
      (this.#txCount === 0 ? 1 << 7 : 0)
    );
  }

  #readData(): number {
    if (this.#rxCount === 0) return 0;
    const value = this.#rx[this.#rxHead]!;
    this.#rxHead = (this.#rxHead + 1) % FIFO_DEPTH;
    this.#rxCount--;
    this.#receiveStatus = (value >> 8) & 15;
    if (this.#rxCount < this.#receiveLevel()) this.#raw &= ~INT_RX;
    if (this.#rxCount === 0) {
      this.#raw &= ~INT_RT;
      this.#timeoutAt.clear();
    } else this.#restartTimeout();
    this.#drive();
    return value;
  }

  #writeData(byte: number): void {
    if (this.#txCount >= this.#depth()) return; // lost, as on silicon
    this.#tx[(this.#txHead + this.#txCount) % FIFO_DEPTH] = byte;
    this.#txCount++;
    if (this.#txCount > this.#transmitLevel()) this.#raw &= ~INT_TX;
    this.#drive();
    this.#startNext();
  }

  #writeLineControl(value: number): boolean {
    if (!(value & LCR_FEN) && this.#lineControl & LCR_FEN) this.#txCount = this.#rxCount = 0;
    this.#lineControl = value;
    this.#divisor64 = this.#integerDivisor * 64 + this.#fractionDivisor;
    const format = value & 0xef;
    return format === LCR_8N1 || format === 0;
  }

  #receiveLevel(): number {
    return this.#lineControl & LCR_FEN ? (LEVELS[(this.#levels >> 3) & 7] ?? 16) : 1;
  }

  #transmitLevel(): number {
    return this.#lineControl & LCR_FEN ? (LEVELS[this.#levels & 7] ?? 16) : 0;
  }

  #checkReceiveLevel(): void {
    if (this.#rxCount >= this.#receiveLevel()) this.#raw |= INT_RX;
    else this.#raw &= ~INT_RX;
    this.#drive();
  }

  /** 4.2.5: RT after 32 bit times without a character while the FIFO is not empty. */
  #restartTimeout(): void {
    const timeline = this.#chip.timeline;
    this.#timeoutAt.atUs(timeline.usAt(this.#chip.now()) + 32 * this.bitUs);
  }

  #startNext(): void {
    if (this.#sending || this.#txCount === 0) return;
    if ((this.#control & (CR_UARTEN | CR_TXE)) !== (CR_UARTEN | CR_TXE)) return;
    const bitUs = this.bitUs;
    if (bitUs === 0) {
      this.#chip.stop(
        'sim.fault.uart-no-baud',
        { block: this.#wiring.name, divisor64: this.#divisor64 },
        'A character was sent with a divisor below 1: the baud generator does not run.',
        'Write IBRD and FBRD, then LCR_H, before enabling the UART.',
      );
      return;
    }
    const timeline = this.#chip.timeline;
    const startUs = Math.max(this.#sentUs, timeline.usAt(this.#chip.now()));
    const frame: SerialFrame = { startUs, bitUs, byte: this.#tx[this.#txHead]! };
    this.#txHead = (this.#txHead + 1) % FIFO_DEPTH;
    this.#txCount--;
    this.#sending = true;
    this.#sentUs = startUs + 10 * bitUs;
    this.#sentAt.atUs(this.#sentUs);
    this.#wiring.transmitter()?.send(frame);
    // TX is a transition: only falling through the level raises it
    if (this.#txCount === this.#transmitLevel()) this.#raise(INT_TX);
    if (this.#dmaControl & DMA_TX) this.#wiring.dreqChanged?.();
  }

  #frameSent(): void {
    this.#sending = false;
    this.#startNext();
  }

  #raise(bits: number): void {
    this.#raw |= bits;
    this.#drive();
  }

  #drive(): void {
    this.#chip.setInterrupt(this.#wiring.irq, (this.#raw & this.#mask) !== 0);
  }
}
