import type { CurrentSink } from './parts.ts';

/**
 * The truth about the emulated current: every step as the current model gave it, and exact integrals over it. It is what
 * measurements are held against, so it shares nothing with the twins that encode the same steps.
 */
export class WorldIntegral implements CurrentSink {
  #timeUs = new Float64Array(1024);
  #currentA = new Float64Array(1024);
  #count = 0;

  current(timeUs: number, currentA: number, _logic: number): void {
    const last = this.#count - 1;
    if (last >= 0 && this.#currentA[last] === currentA) return;
    if (last >= 0 && this.#timeUs[last] === timeUs) {
      this.#currentA[last] = currentA;
      return;
    }
    if (this.#count === this.#timeUs.length) this.#grow();
    this.#timeUs[this.#count] = timeUs;
    this.#currentA[this.#count] = currentA;
    this.#count++;
  }

  get steps(): number {
    return this.#count;
  }

  /** Current from `timeUs` on, A; 0 before the first step. */
  currentAt(timeUs: number): number {
    const step = this.#stepAt(timeUs);
    return step < 0 ? 0 : this.#currentA[step]!;
  }

  /** ∫ I dt over [fromUs, toUs], C. Neumaier's compensated sum over the steps inside, each counted once. */
  chargeC(fromUs: number, toUs: number): number {
    let sum = 0;
    let lost = 0;
    for (let s = Math.max(0, this.#stepAt(fromUs)); s < this.#count && this.#timeUs[s]! < toUs; s++) {
      const begin = Math.max(fromUs, this.#timeUs[s]!);
      const end = s + 1 < this.#count ? Math.min(toUs, this.#timeUs[s + 1]!) : toUs;
      if (end <= begin) continue;
      const part = this.#currentA[s]! * (end - begin);
      const next = sum + part;
      lost += Math.abs(sum) >= Math.abs(part) ? sum - next + part : part - next + sum;
      sum = next;
    }
    return (sum + lost) * 1e-6;
  }

  /** Mean current over [fromUs, toUs], A. */
  meanA(fromUs: number, toUs: number): number {
    return (this.chargeC(fromUs, toUs) / (toUs - fromUs)) * 1e6;
  }

  /** Gives up steps that end before `timeUs`, so that a long run does not keep them all. */
  forgetBefore(timeUs: number): void {
    const keepFrom = this.#stepAt(timeUs);
    if (keepFrom <= 0) return;
    this.#timeUs.copyWithin(0, keepFrom, this.#count);
    this.#currentA.copyWithin(0, keepFrom, this.#count);
    this.#count -= keepFrom;
  }

  /** Index of the step in force at `timeUs`, −1 before the first. */
  #stepAt(timeUs: number): number {
    let lo = 0;
    let hi = this.#count;
    while (lo < hi) {
      const mid = (lo + hi) >> 1;
      if (this.#timeUs[mid]! <= timeUs) lo = mid + 1;
      else hi = mid;
    }
    return lo - 1;
  }

  #grow(): void {
    const timeUs = new Float64Array(this.#count * 2);
    const currentA = new Float64Array(this.#count * 2);
    timeUs.set(this.#timeUs);
    currentA.set(this.#currentA);
    this.#timeUs = timeUs;
    this.#currentA = currentA;
  }
}
