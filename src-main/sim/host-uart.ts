import type { FrameSender, SerialReceiver } from './serial-line.ts';

const FRAME_BITS = 10;
const DEFAULT_BAUD = 115_200;

export interface HostUartWiring {
  readonly toBoard: () => FrameSender | null;
  /** A byte is through. Called in virtual time. */
  readonly arrived: (byte: number) => void;
  /** A stop bit was low: the two ends run at different rates. */
  readonly framingError?: () => void;
  /** The board's bit time, µs, 0 while it has none: for `follow`. */
  readonly boardBitUs?: () => number;
}

/** The computer's end of the board's UART, 8N1: what a USB-serial adapter does. Framing errors are delivered as bytes. */
export class HostUart implements SerialReceiver {
  readonly listening = true;
  readonly #wiring: HostUartWiring;
  #baud: number | 'board' = DEFAULT_BAUD;
  /** When the last queued frame ends, µs. */
  #freeUs = 0;

  constructor(wiring: HostUartWiring) {
    this.#wiring = wiring;
  }

  get bitUs(): number {
    if (this.#baud !== 'board') return 1e6 / this.#baud;
    return this.#wiring.boardBitUs?.() || 1e6 / DEFAULT_BAUD;
  }

  setBaud(baud: number): void {
    this.#baud = baud;
  }

  /** Takes the board's rate as it is, whenever it changes: what a person does who does not know it. */
  follow(): void {
    this.#baud = 'board';
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

  receive(byte: number, framing: boolean): void {
    if (framing) this.#wiring.framingError?.();
    this.#wiring.arrived(byte);
  }
}
