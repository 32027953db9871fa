/**
 * The Pico's flash (W25Q16JV, 2 MiB) as the SSI sees it: status registers, write enable, reads. Erase and program
 * commands stop the emulation with their name until the model has them. The array itself is the core's memory.
 */
export const JEDEC_ID = [0xef, 0x40, 0x15] as const;

/** Status writes take 10 ms typically (15 at most). */
const STATUS_WRITE_US = 10_000;
const WEL = 2;
const BUSY = 1;
const QE = 2;

export class Flash {
  readonly #array: Uint8Array;
  readonly #nowUs: () => number;
  #status1 = 0;
  /** A blank chip has QE set from the factory in the -IQ parts; the model starts without, so that boot2 must set it. */
  #status2 = 0;
  #busyUntilUs = 0;
  #command = -1;
  #sent = 0;
  #address = 0;
  #argument: number[] = [];
  #continuous = false;
  #unknown: number | null = null;

  constructor(array: Uint8Array, nowUs: () => number) {
    this.#array = array;
    this.#nowUs = nowUs;
  }

  get quadEnabled(): boolean {
    return (this.#status2 & QE) !== 0;
  }

  /** In EBh continuous read: the next CS low starts with an address. */
  get continuousRead(): boolean {
    return this.#continuous;
  }

  /** The first command this model does not know, once. */
  takeUnknownCommand(): number | null {
    const c = this.#unknown;
    this.#unknown = null;
    return c;
  }

  /** Power-on: non-volatile QE stays. */
  powerOn(): void {
    this.#status1 = 0;
    this.#busyUntilUs = 0;
    this.#continuous = false;
    this.deselect();
  }

  /** The ROM's exit sequence frees a chip left in continuous read. */
  exitContinuousRead(): void {
    this.#continuous = false;
  }

  /** CS# rises: writes take effect. */
  deselect(): void {
    const [first, second] = this.#argument;
    if ((this.#command === 0x01 || this.#command === 0x31) && this.#status1 & WEL && first !== undefined) {
      if (this.#command === 0x31) this.#status2 = first;
      else if (second !== undefined) this.#status2 = second;
      this.#status1 &= ~WEL;
      this.#busyUntilUs = this.#nowUs() + STATUS_WRITE_US;
    } else if (this.#command === 0x06) this.#status1 |= WEL;
    else if (this.#command === 0x04) this.#status1 &= ~WEL;
    this.#command = -1;
    this.#sent = 0;
    this.#argument = [];
  }

  /** One byte each way on the single-bit bus. */
  transfer(byte: number): number {
    if (this.#command < 0) {
      this.#select(byte);
      return 0xff;
    }
    this.#sent++;
    switch (this.#command) {
      case 0x05:
        return this.#status1 | (this.#nowUs() < this.#busyUntilUs ? BUSY : 0);
      case 0x35:
        return this.#status2;
      case 0x15:
        return 0;
      case 0x9f:
        return JEDEC_ID[(this.#sent - 1) % 3]!;
      case 0x03:
        return this.#readByte(byte);
      case 0x01:
      case 0x31:
        this.#argument.push(byte);
        return 0xff;
      default:
        return 0xff;
    }
  }

  /** EBh with its mode byte over four lines. */
  quadRead(mode: number): void {
    this.#continuous = (mode & 0x30) === 0x20;
  }

  #select(command: number): void {
    const known = [0x01, 0x03, 0x04, 0x05, 0x06, 0x15, 0x31, 0x35, 0x9f, 0xff];
    if (!known.includes(command)) this.#unknown = command;
    const busy = this.#nowUs() < this.#busyUntilUs;
    // While BUSY only status reads are taken
    this.#command = busy && command !== 0x05 && command !== 0x35 ? 0xff : command;
    this.#sent = 0;
    this.#address = 0;
  }

  #readByte(byte: number): number {
    if (this.#sent <= 3) {
      this.#address = ((this.#address << 8) | byte) & 0xff_ffff;
      return 0xff;
    }
    return this.#array[this.#address++ % this.#array.length]!;
  }
}
