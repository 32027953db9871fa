/** Samples that the 6-bit counter cannot tell from none, and the time they take. */
const BLOCK_SAMPLES = 64;
const PERIOD_US = 10;
const BLOCK_US = BLOCK_SAMPLES * PERIOD_US;

/** The least lag of so much time, and of at least so many deliveries, counts as one reading of the two clocks. */
const SLOT_US = 500_000;
const SLOT_DELIVERIES = 20;
/** Where deliveries are rare a slot lasts so long at most; with fewer than the least it says nothing. */
const SLOT_LIMIT_US = 2_500_000;
const LEAST_DELIVERIES = 3;
/** A reading may be off by a quarter of a block. */
const TOLERANCE_US = BLOCK_US / 4;
/** Readings in a row that must agree before a step is believed. */
const AGREEING = 3;
/** So many that agree on something that is no multiple of 64 samples: the host's clock or the device was paused. */
const OTHER_STEP = 6;
/** A host that is behind for longer gives no reading at all. */
const LONGEST_DOUBT = 12;
const HISTORY = 40;
/** Prior of the difference between two crystals, and the spread of one reading: weigh the slope of a young history. */
const PRIOR_DRIFT = 50e-6;
const READING_US = 30;
const RIDGE = (READING_US / PRIOR_DRIFT) ** 2;

/**
 * Finds losses of multiples of 64 samples, which leave no trace in the counter: after one, every delivery is 640 µs
 * later than the sample count says, for good. Deliveries are late by a random time that is never negative, so the least
 * lag of half a second is a sharp reading of device clock against host clock; a straight line through the past ones
 * (the crystals differ) predicts the next. A step is believed when three readings in a row stand above the line by the
 * same k × 640 µs, each within a quarter of a block. A stall of the host ends in readings on the line again, and is no
 * step; a lag that comes down means that the history was late, and starts it anew. A stream that no steady clock paces
 * never gives three readings that agree.
 */
export class LossClock {
  readonly #timeUs = new Float64Array(HISTORY);
  readonly #lagUs = new Float64Array(HISTORY);
  #known = 0;
  readonly #steps = new Float64Array(LONGEST_DOUBT);
  #doubts = 0;
  #slotFromUs = NaN;
  #slotDeliveries = 0;
  #leastLagUs = Infinity;
  #leastAtUs = 0;
  #lastSoundSample = 0;
  #soundSample = 0;

  /** The loss that `arrived` told of last lies behind this sample. */
  get lossAfterSample(): number {
    return this.#soundSample;
  }

  /**
   * A delivery after which `samples` have arrived or are known to be missing. Returns how many times 64 samples more
   * must be missing; the caller counts them from now on. 0 nearly always. Nothing is allocated.
   */
  arrived(nowUs: number, samples: number): number {
    if (Number.isNaN(this.#slotFromUs)) this.#slotFromUs = nowUs;
    const lagUs = nowUs - samples * PERIOD_US;
    if (lagUs < this.#leastLagUs) {
      this.#leastLagUs = lagUs;
      this.#leastAtUs = nowUs;
    }
    this.#slotDeliveries++;
    const lasted = nowUs - this.#slotFromUs;
    if (lasted < SLOT_US || (this.#slotDeliveries < SLOT_DELIVERIES && lasted < SLOT_LIMIT_US)) return 0;
    const blocks = this.#slotDeliveries >= LEAST_DELIVERIES ? this.#read(samples) : 0;
    this.#slotFromUs = nowUs;
    this.#slotDeliveries = 0;
    this.#leastLagUs = Infinity;
    return blocks;
  }

  #read(samples: number): number {
    if (this.#known === 0) return this.#accept(samples);
    const stepUs = this.#leastLagUs - this.#predictUs(this.#leastAtUs);
    if (stepUs < -TOLERANCE_US) {
      this.#known = 0;
      return this.#accept(samples);
    }
    if (stepUs <= TOLERANCE_US) return this.#accept(samples);
    this.#steps[this.#doubts++] = stepUs;
    return this.#judge(samples);
  }

  #accept(samples: number): 0 {
    if (this.#known === HISTORY) {
      this.#timeUs.copyWithin(0, 1);
      this.#lagUs.copyWithin(0, 1);
      this.#known--;
    }
    this.#timeUs[this.#known] = this.#leastAtUs;
    this.#lagUs[this.#known++] = this.#leastLagUs;
    this.#doubts = 0;
    // the least lag may have been that of the slot's first delivery: the slot itself is not sound
    this.#soundSample = this.#lastSoundSample;
    this.#lastSoundSample = samples;
    return 0;
  }

  #judge(samples: number): number {
    const agreed = this.#agreed(AGREEING);
    const blocks = Math.round(agreed / BLOCK_US);
    if (blocks >= 1 && Math.abs(agreed - blocks * BLOCK_US) <= TOLERANCE_US) {
      this.#doubts = 0;
      return blocks;
    }
    if (this.#doubts === LONGEST_DOUBT || !Number.isNaN(this.#agreed(OTHER_STEP))) {
      this.#known = 0;
      this.#accept(samples);
    }
    return 0;
  }

  /** Mean of the last steps where they agree, else NaN. */
  #agreed(count: number): number {
    if (this.#doubts < count) return NaN;
    let sum = 0;
    let low = Infinity;
    let high = -Infinity;
    for (let i = this.#doubts - count; i < this.#doubts; i++) {
      const step = this.#steps[i]!;
      sum += step;
      low = Math.min(low, step);
      high = Math.max(high, step);
    }
    return high - low <= TOLERANCE_US ? sum / count : NaN;
  }

  /** Ridge regression on the history: the slope is drawn to 0 while little is known of it. */
  #predictUs(atUs: number): number {
    const n = this.#known;
    let t = 0;
    let lag = 0;
    for (let i = 0; i < n; i++) {
      t += this.#timeUs[i]! / n;
      lag += this.#lagUs[i]! / n;
    }
    let along = 0;
    let across = RIDGE;
    for (let i = 0; i < n; i++) {
      const dt = this.#timeUs[i]! - t;
      along += dt * (this.#lagUs[i]! - lag);
      across += dt * dt;
    }
    return lag + (along / across) * (atUs - t);
  }
}
