/**
 * One I2C bus outside the chip: devices on two open-drain wires (NXP UM10204). A transfer is carried byte by byte; what
 * the bits cost is the controller's to say, how long a device holds SCL low after a byte is the device's.
 */
export interface I2cDevice {
  /** 7 bits. */
  readonly address: number;
  /** START or repeated START with this device's address. True: acknowledged. */
  start(read: boolean, timeUs: number): boolean;
  /** A byte from the controller; true: acknowledged. */
  write(byte: number, timeUs: number): boolean;
  /** The next byte to the controller; its bits begin at `timeUs`. */
  read(timeUs: number): number;
  stop(timeUs: number): void;
  /** Clock stretching: how long the device holds SCL low after the byte that ended at `timeUs`, µs. */
  stretchUs?(timeUs: number): number;
}

export class I2cBus {
  readonly #devices: I2cDevice[] = [];
  /** Those that answered the last address. Two of one address answer together, as wires do. */
  #addressed: I2cDevice[] = [];
  /** Resistors on the board pull both wires up: the chip's own pulls are not needed. */
  pulledUp = false;

  attach(device: I2cDevice): void {
    this.#devices.push(device);
  }

  start(address: number, read: boolean, timeUs: number): boolean {
    const called = this.#devices.filter((d) => d.address === address);
    for (const d of this.#addressed) if (!called.includes(d)) d.stop(timeUs);
    this.#addressed = called.filter((d) => d.start(read, timeUs));
    return this.#addressed.length > 0;
  }

  write(byte: number, timeUs: number): boolean {
    let acknowledged = false;
    for (const d of this.#addressed) if (d.write(byte, timeUs)) acknowledged = true;
    return acknowledged;
  }

  /** The wired AND of what the devices send. */
  read(timeUs: number): number {
    let byte = 0xff;
    for (const d of this.#addressed) byte &= d.read(timeUs);
    return byte;
  }

  stop(timeUs: number): void {
    for (const d of this.#addressed) d.stop(timeUs);
    this.#addressed = [];
  }

  stretchUs(timeUs: number): number {
    let longest = 0;
    for (const d of this.#addressed) longest = Math.max(longest, d.stretchUs?.(timeUs) ?? 0);
    return longest;
  }
}
