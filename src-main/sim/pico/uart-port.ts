/** A UART's way to the outside: whichever GPIO its TX and RX are routed to (data sheet 2.19.2, table of functions). */
import { SerialLine, type Alarm, type SerialReceiver } from '../serial-line.ts';
import { FUNCTION_UART, type IoBank0 } from './peripherals/io-bank0.ts';
import { PAD_IE, type Pads } from './peripherals/pads.ts';
import type { Uart } from './peripherals/uart.ts';

/** GPIOs that carry TX; RX is one pin higher. */
const TX_PINS = [
  [0, 12, 16, 28],
  [4, 8, 20, 24],
] as const;

export interface UartPortWiring {
  readonly number: 0 | 1;
  readonly uart: () => Uart;
  readonly io: () => IoBank0;
  readonly pads: () => Pads;
  readonly alarm: (fire: () => void) => Alarm;
}

export class UartPort {
  /** For frames the world sends. Heard while an RX pin is routed to the UART with its input on. */
  readonly input: SerialLine;
  readonly #wiring: UartPortWiring;
  readonly #txPins: readonly number[];
  #output: SerialLine | null = null;

  constructor(wiring: UartPortWiring) {
    this.#wiring = wiring;
    this.#txPins = TX_PINS[wiring.number];
    this.input = new SerialLine(this.#receiver(), wiring.alarm);
  }

  /** Connects what listens. Once, before power-on. */
  connect(receiver: SerialReceiver): void {
    this.#output = new SerialLine(receiver, this.#wiring.alarm);
  }

  /** Where frames of the UART go: null while no TX pin is routed to it, or nobody listens. */
  transmitter(): SerialLine | null {
    const { io } = this.#wiring;
    return this.#txPins.some((pin) => io().functionOf(pin) === FUNCTION_UART) ? this.#output : null;
  }

  /** Frames under way are lost. */
  clear(): void {
    this.input.clear();
    this.#output?.clear();
  }

  #receiver(): SerialReceiver {
    const { uart, io, pads } = this.#wiring;
    const txPins = this.#txPins;
    return {
      get bitUs() {
        return uart().bitUs;
      },
      get listening() {
        const heard = (pin: number) =>
          io().functionOf(pin) === FUNCTION_UART && (pads().pad(pin) & PAD_IE) !== 0;
        return uart().listening && txPins.some((pin) => heard(pin + 1));
      },
      receive: (byte, framing) => uart().receive(byte, framing),
    };
  }
}
