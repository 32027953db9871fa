/** One emulated Pico that runs a UF2 of somebody's own, with what it says on both UARTs. */
import { orThrow } from '../../src-main/base/errors.ts';
import { FLASH_BYTES } from '../../src-main/sim/pico/core/core.ts';
import { EmulatedPico, type PicoOptions } from '../../src-main/sim/pico/emulated-pico.ts';
import { readUf2Image } from '../../src-main/sim/pico/uf2.ts';
import { HostUart } from '../../src-main/sim/host-uart.ts';

export class ImageBench {
  readonly pico: EmulatedPico;
  /** What came out of UART0 and UART1, read at the board's own rate. */
  readonly said: [string, string] = ['', ''];
  #us = 0;

  constructor(uf2: Uint8Array, options: PicoOptions = {}) {
    this.pico = new EmulatedPico(options);
    for (const n of [0, 1] as const) {
      const uart = () => this.pico.blocks.uartPorts[n];
      const host = new HostUart({
        toBoard: () => uart().input,
        arrived: (byte) => void (this.said[n] += String.fromCharCode(byte)),
        boardBitUs: () => (n === 0 ? this.pico.blocks.uart0 : this.pico.blocks.uart1).bitUs,
      });
      host.follow();
      this.pico.connectUart(n, host);
    }
    const image = orThrow(readUf2Image(uf2, FLASH_BYTES));
    if (image.kind === 'flash') this.pico.program(image.pages);
    this.pico.setPower(true, 0);
    if (image.kind === 'ram') this.pico.loadRam(image.pages);
  }

  advance(byUs: number): this {
    this.#us += byUs;
    this.pico.advanceTo(this.#us);
    return this;
  }

  get nowUs(): number {
    return this.#us;
  }

  powerCycle(): this {
    this.pico.setPower(false, this.#us);
    this.#us += 10_000;
    this.pico.setPower(true, this.#us);
    return this;
  }

  /** Lines of UART0. */
  get lines(): string[] {
    return this.said[0].split('\n').filter((l) => l !== '');
  }

  /** Ids of what was diagnosed, the failure last. */
  get diagnosed(): string[] {
    const ids = this.pico.diagnoses.list.map((d) => d.id);
    return this.pico.failure ? [...ids, this.pico.failure.id] : ids;
  }
}
