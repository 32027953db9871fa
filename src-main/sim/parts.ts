/**
 * How the parts of the simulated world are wired. All times are virtual µs since the world began, derived from
 * cycle stamps; every stream of events is in time order. Nothing here is known outside sim/.
 */

/** The state of the DUT from `timeUs` on, until the next one. */
export interface DutActivity {
  readonly timeUs: number;
  readonly powered: boolean;
  readonly clkSysHz: number;
  /** In WFI/WFE. */
  readonly asleep: boolean;
  /** Levels of GPIO 0–29 as the outside sees them, bit n = GPIO n. */
  readonly pins: number;
}

export interface ActivitySink {
  activity(a: DutActivity): void;
}

/** The current the DUT draws and the logic inputs of the monitor, from `timeUs` on, until the next call. */
export interface CurrentSink {
  current(timeUs: number, currentA: number, logic: number): void;
}

/** A part with a wire to the product (UART, USB CDC, TCP): bytes in, bytes out. */
export interface WirePart {
  receive(bytes: Uint8Array): void;
  /** Everything sent since the last call, or undefined. */
  takeOutput(): Uint8Array | undefined;
}

/** A part that lives in virtual time. The world calls it with non-decreasing times before it hands out output. */
export interface TimedPart {
  advanceTo(timeUs: number): void;
}

/** What a source meter does to the board. */
export interface BoardPower {
  setPower(on: boolean, volts: number): void;
}

/** A monitor twin: eats current steps, speaks wire bytes, may power the board. */
export interface MonitorTwin extends CurrentSink, WirePart, TimedPart {
  /** Its plug was pulled: what it was doing ends, and what it supplied is without power. */
  unplug(): void;
}

/** Turns what the DUT does into current steps. Hidden from everything that analyses. */
export interface CurrentModel extends ActivitySink {
  connect(sink: CurrentSink): void;
}
