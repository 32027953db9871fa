import type { Rng } from '../../base/rng.ts';
import { deviceTable, rangeLimitsA } from './ppk2-device-table.ts';

/** Reference of the converter over its counts of 4·adc, V. Source: PPK2 wire description. */
const REFERENCE_V = 1.8;
const COUNTS = 163_840;
const ADC_MAX = 16_383;
/** The device goes down a range only this far below the limit, so that noise at the limit does not make it hunt. */
const DOWN_SHARE = 0.9;

/**
 * Mean current of one sample period → ADC count and range, as the device's analogue side would: chooses the range,
 * inverts I = s·(g2·s + g1) + v·V + o for the shunt current s, adds noise, quantises.
 */
export class Ppk2Encoder {
  readonly #rng: Rng;
  readonly #noiseLsb: number;
  readonly #gainError: readonly number[];
  #volts: number;
  /** What the present count was computed for. */
  #meanA = NaN;
  #steps = 0;
  range = 0;

  constructor(rng: Rng, noiseLsb: number, volts: number, gainError: readonly number[]) {
    this.#rng = rng;
    this.#noiseLsb = noiseLsb;
    this.#volts = volts;
    this.#gainError = gainError;
  }

  setVolts(volts: number): void {
    this.#volts = volts;
    this.#meanA = NaN;
  }

  /** Bits 0–16 of the word. Hot: allocates nothing, and computes anew only when the current changes. */
  encode(meanA: number): number {
    if (meanA !== this.#meanA) this.#convert(meanA);
    const adc = Math.round(this.#steps + this.#noise());
    return (this.range << 14) | (adc < 0 ? 0 : adc > ADC_MAX ? ADC_MAX : adc);
  }

  #convert(meanA: number): void {
    let range = this.range;
    while (range < 4 && meanA > rangeLimitsA[range]!) range++;
    while (range > 0 && meanA < rangeLimitsA[range - 1]! * DOWN_SHARE) range--;
    this.range = range;
    this.#meanA = meanA;
    const target =
      meanA * (1 + this.#gainError[range]!) -
      deviceTable.supplySlope[range]! * this.#volts -
      deviceTable.offsetA[range]!;
    const g1 = deviceTable.gain[range]!;
    const g2 = deviceTable.gainSlope[range]!;
    // g2·s² + g1·s = target, in the form that also holds for g2 = 0
    const root = g1 * g1 + 4 * g2 * target;
    const s = root > 0 ? (2 * target) / (g1 + Math.sqrt(root)) : -g1 / (2 * g2);
    this.#steps =
      ((s * deviceTable.shuntOhm[range]! * COUNTS) / REFERENCE_V + deviceTable.zeroCount[range]!) / 4;
  }

  /** Triangular, ± 1 × `noiseLsb` steps: enough to make the mean of the rounded values that of the currents. */
  #noise(): number {
    if (this.#noiseLsb === 0) return 0;
    const bits = this.#rng.u32();
    return (((bits & 0xffff) + (bits >>> 16)) / 65_536 - 1) * this.#noiseLsb;
  }
}
