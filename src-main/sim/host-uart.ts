import type { FrameSender, SerialReceiver } from './serial-line.ts';

const FRAME_BITS = 10;
const DEFAULT_BAUD = 115_200;

export interface HostUartWiring {
  readonly toBoard: () => FrameSender | null;
  /** A byte is through. Called in virtual time. */
  readonly arrived: (byte: number) => void;
}

/** The computer's end of the board's UART, 8N1: what a USB-serial adapter does. Framing errors are delivered as bytes. */
export class HostUart implements SerialReceiver {
  readonly listening = true;
  readonly #wiring: HostUartWiring;
  #baud = DEFAULT_BAUD;
  /** When the last queued frame ends, µs. */
  #freeUs = 0;

  constructor(wiring: HostUartWiring) {
    this.#wiring = wiring;
  }

  get bitUs(): number {
    return 1e6 / this.#baud;
  }

  setBaud(baud: number): void {
    this.#baud = baud;
  }

  /** Queues bytes written at `nowUs`: they go out back to back after what is queued already. */
  write(bytes: Uint8Array, nowUs: number): void {
    const line = this.#wiring.toBoard();
    const { bitUs } = this;
    for (const byte of bytes) {
      const startUs = Math.max(nowUs, this.#freeUs);
      this.#freeUs = startUs + FRAME_BITS * bitUs;
      line?.send({ startUs, bitUs, byte });
    }
  }

  receive(byte: number): void {
    this.#wiring.arrived(byte);
  }
}
