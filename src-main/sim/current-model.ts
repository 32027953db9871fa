import { Rng } from '../base/rng.ts';
import type { BoardDescriptor } from '../board/board.ts';
import { pico } from '../board/pico.ts';
import { OperatorPins } from './operator-pins.ts';
import type { CurrentModel, CurrentSink, DutActivity } from './parts.ts';

/**
 * What the emulated Pico draws from 3.3 V, A and A/MHz. The RP2040 data sheet (5.7) prints averages at 48 MHz, of
 * which these are a split:
 * - `staticA`: its sleep current, 0.39 mA DVDD;
 * - `ioA`: 1.2 mA IOVDD, as in BOOTSEL;
 * - `treePerMhzA`: clock tree of the blocks our firmware leaves on, µA/MHz: XIP 37.6, IO and pads 23.6, UART 3.5,
 *   SIO 1.9, timer 1.2, watchdog 1.0, PLL and bus taken as 3.2 = 72;
 * - `corePerMhzA`: what is left of 0.19–0.23 mA/MHz in all, for the core, SRAM and bus: 125 µA/MHz.
 */
const STATES = { staticA: 0.39e-3, ioA: 1.2e-3, treePerMhzA: 72e-6, corePerMhzA: 125e-6 } as const;

/** Distinct factors kept; an operator's position wraps there. */
const FACTORS = 256;

export interface PicoCurrentOptions {
  readonly seed: number;
  /**
   * Operators of one inference, where the world knows it. The pins show a counter that runs through the whole window
   * modulo 8; with this number an operator keeps its factor from one inference to the next. Without it the factor goes by
   * the counter modulo 8, so that operators eight apart share one and, unless 8 divides into the count, an operator's
   * factor changes between inferences.
   */
  readonly operatorsPerInference?: number;
  readonly board?: Pick<BoardDescriptor, 'pins'>;
}

/**
 * The emulated Pico's current: by clock, by WFI, and while it computes by operator, times a factor of 0.5–2 that the
 * seed draws for each. Nothing that analyses may import this file (DESIGN §5). At 125 MHz 10.6 mA asleep and 18–42 mA
 * awake, so that everything lies below the PPK2's 60 mA limit.
 */
export function createPicoCurrentModel(options: PicoCurrentOptions): CurrentModel {
  return new PicoCurrentModel(options);
}

class PicoCurrentModel implements CurrentModel {
  readonly #factors: readonly number[];
  readonly #period: number;
  readonly #pins: BoardDescriptor['pins'];
  readonly #operators: OperatorPins;
  readonly #sinks: CurrentSink[] = [];

  constructor(options: PicoCurrentOptions) {
    const rng = new Rng(options.seed);
    // log-uniform: as many operators below 1 as above
    this.#factors = Array.from({ length: FACTORS }, () => 2 ** (2 * rng.float() - 1));
    this.#period = Math.min(FACTORS, options.operatorsPerInference ?? 8);
    this.#pins = (options.board ?? pico).pins;
    this.#operators = new OperatorPins(this.#pins);
  }

  connect(sink: CurrentSink): void {
    this.#sinks.push(sink);
  }

  activity(a: DutActivity): void {
    this.#operators.update(a.pins);
    const logic = this.#logic(a);
    const currentA = this.#currentA(a);
    for (const sink of this.#sinks) sink.current(a.timeUs, currentA, logic);
  }

  #currentA(a: DutActivity): number {
    if (!a.powered) return 0;
    const mhz = a.clkSysHz / 1e6;
    const asleep = STATES.staticA + STATES.ioA + STATES.treePerMhzA * mhz;
    if (a.asleep) return asleep;
    const { inWindow, counter } = this.#operators;
    const factor = inWindow ? this.#factors[counter % this.#period]! : 1;
    return asleep + STATES.corePerMhzA * mhz * factor;
  }

  /** What the monitor's logic inputs see; an unpowered board pulls them low. */
  #logic(a: DutActivity): number {
    if (!a.powered) return 0;
    const { window, operator, timestamp } = this.#pins;
    let logic = 0;
    for (const pin of [window, ...operator, timestamp]) logic |= ((a.pins >>> pin.gpio) & 1) << pin.channel;
    return logic;
  }
}
