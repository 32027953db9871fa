import { BugError } from '../base/errors.ts';
import type { DetectionRule } from './stream-session.ts';

/** Outputs are multiples of a float32 scale: their mean may miss a threshold that it equals. */
const ROUNDING = 1e-9;

export interface DetectedEvent {
  readonly classIndex: number;
  /** Mean of the smoothed outputs. */
  readonly score: number;
  /** Sample index of the last sample of the window that completed it. */
  readonly lastSample: number;
}

/**
 * Moving average of the outputs, threshold, refractory time (smoothing after Sainath & Parada 2015, suppression after
 * Warden 2018, § 5): the rule that the device applies (firmware/engine/frontend/mj_detect.h). Here it serves to ask what
 * other settings would have found. Ignored classes do not compete: of the others the largest counts, however sure the
 * model is of an ignored one. A gap in the stream empties the average and ends the pause after a detection: windows on
 * both sides of it are no neighbours.
 */
export class Detector {
  readonly #rule: DetectionRule;
  readonly #classes: number;
  readonly #ignored: readonly boolean[];
  /** The last outputs, a ring of rows of one value a class. */
  readonly #rows: Float64Array;
  readonly #sums: Float64Array;
  #lastDetection = -Infinity;
  #count = 0;

  constructor(classes: number, rule: DetectionRule) {
    const { smoothingWindows } = rule;
    if (!Number.isInteger(smoothingWindows) || smoothingWindows < 1 || classes < 1)
      throw new BugError(`a detector of ${classes} classes over ${smoothingWindows} windows`);
    this.#rule = rule;
    this.#classes = classes;
    this.#ignored = Array.from({ length: classes }, (_, c) => rule.ignoredClasses.includes(c));
    this.#rows = new Float64Array(classes * smoothingWindows);
    this.#sums = new Float64Array(classes);
  }

  /** Outputs of the next window as real numbers, one a class. */
  push(lastSample: number, outputs: ArrayLike<number>): DetectedEvent | null {
    const n = this.#classes;
    const { smoothingWindows, threshold, refractorySamples } = this.#rule;
    if (outputs.length !== n) throw new BugError(`${outputs.length} outputs of ${n} classes`);
    const row = (this.#count % smoothingWindows) * n;
    for (let c = 0; c < n; c++) this.#rows[row + c] = outputs[c]!;
    this.#count++;
    if (this.#count < smoothingWindows) return null;
    const top = this.#top();
    if (top === null) return null;
    const score = this.#sums[top]! / smoothingWindows;
    if (score < threshold - ROUNDING) return null;
    if (lastSample - this.#lastDetection < refractorySamples) return null;
    this.#lastDetection = lastSample;
    return { classIndex: top, score, lastSample };
  }

  /** Samples were lost before the next window. */
  gap(): void {
    this.#count = 0;
    this.#lastDetection = -Infinity;
    this.#rows.fill(0);
  }

  /** The class with the largest sum of those not ignored, the first of equals. Summed anew: no rounding error stays. */
  #top(): number | null {
    const n = this.#classes;
    this.#sums.fill(0);
    for (let i = 0; i < this.#rows.length; i++) this.#sums[i % n]! += this.#rows[i]!;
    let top: number | null = null;
    for (let c = 0; c < n; c++)
      if (!this.#ignored[c] && (top === null || this.#sums[c]! > this.#sums[top]!)) top = c;
    return top;
  }
}

export interface OutputWindow {
  readonly lastSample: number;
  /** As real numbers, one a class. */
  readonly outputs: ArrayLike<number>;
  /** Samples were lost between the window before and this one. */
  readonly afterGap?: boolean;
}

/** All detections in a recorded sequence of windows. */
export function detect(windows: readonly OutputWindow[], rule: DetectionRule): DetectedEvent[] {
  if (windows.length === 0) return [];
  const detector = new Detector(windows[0]!.outputs.length, rule);
  const found: DetectedEvent[] = [];
  for (const w of windows) {
    if (w.afterGap) detector.gap();
    const event = detector.push(w.lastSample, w.outputs);
    if (event) found.push(event);
  }
  return found;
}
