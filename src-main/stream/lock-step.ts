import { crc32 } from '../base/crc.ts';
import type { Result } from '../base/errors.ts';
import type { LineEvent, LineGap } from '../device/stream-line.ts';
import type { FeatureStream } from '../engine/feature-stream.ts';
import type { Twin } from '../engine/twin.ts';
import type { LinePiece } from './feeder.ts';

export type Verdict = 'equal' | 'differs' | 'unknown';

export interface LockStepVerdict {
  readonly window: Verdict;
  readonly detection: Verdict;
}

interface TwinWindow {
  readonly index: number;
  readonly lastSample: number;
  readonly features: Int8Array;
}

const UNKNOWN: LockStepVerdict = { window: 'unknown', detection: 'unknown' };

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((x, i) => x === b[i]);
}

/**
 * The host twin beside a stream: the device's own front end, engine and detector on this computer, fed with exactly the
 * samples that the device took. Indices are the line's.
 */
export class LockStep {
  readonly #features: FeatureStream;
  readonly #twin: Twin;
  readonly #detects: boolean;
  readonly #classes: number;
  readonly #gaps: readonly LineGap[];
  #pieces: LinePiece[] = [];
  #windows: TwinWindow[] = [];
  #position = 0;
  #gapsPassed = 0;
  #made = 0;
  /** A report is missing: what the device's detector has seen is not known. */
  #detectorUnsure = false;

  /** `gaps`: the line's list, which grows. */
  constructor(
    features: FeatureStream,
    twin: Twin,
    options: { readonly detects: boolean; readonly gaps: readonly LineGap[] },
  ) {
    this.#features = features;
    this.#twin = twin;
    this.#detects = options.detects;
    this.#gaps = options.gaps;
    this.#classes = twin.outputs[0]?.bytes ?? 0;
    // the device resets the states of the model when a stream begins
    twin.reset();
    features.resetDetector(this.#classes);
  }

  /** What was sent and waits for its turn. */
  sent(piece: LinePiece): void {
    this.#pieces.push(piece);
  }

  /** Only when all gaps that the device knew of are in the list. */
  check(event: Extract<LineEvent, { kind: 'window' | 'dropped' }>): Result<LockStepVerdict> | null {
    this.#advance(event.lastSample + 1);
    const window = this.#windowOf(event.record.index, event.lastSample);
    if (event.kind === 'dropped') return null;
    if (!window) return { ok: true, value: UNKNOWN };
    const outputs = this.#twin.inferNext([new Uint8Array(window.features)]);
    if (!outputs.ok) return outputs;
    const output = outputs.value[0]!;
    const equal = this.#featuresEqual(event, window) && sameBytes(output, event.output);
    return {
      ok: true,
      value: { window: equal ? 'equal' : 'differs', detection: this.#checkDetection(event, output) },
    };
  }

  #featuresEqual(event: Extract<LineEvent, { kind: 'window' | 'dropped' }>, window: TwinWindow): boolean {
    const bytes = new Uint8Array(window.features);
    if (event.features.length > 0 && !sameBytes(bytes, event.features)) return false;
    return crc32(bytes) === event.record.featuresCrc32;
  }

  #checkDetection(event: Extract<LineEvent, { kind: 'window' | 'dropped' }>, output: Uint8Array): Verdict {
    if (!this.#detects) return 'unknown';
    const { classIndex, score } = this.#features.detect(new Int8Array(output), event.lastSample);
    if (this.#detectorUnsure) return 'unknown';
    const { detectedClass } = event.record;
    return classIndex === detectedClass && (classIndex < 0 || score === event.record.score)
      ? 'equal'
      : 'differs';
  }

  /** The twin's window of this number; the ones before it, whose reports were lost, are forgotten. */
  #windowOf(index: number, lastSample: number): TwinWindow | null {
    while (this.#windows.length > 0 && this.#windows[0]!.index < index) {
      this.#windows.shift();
      this.#detectorUnsure = true;
    }
    const first = this.#windows[0];
    if (first?.index !== index || first.lastSample !== lastSample) return null;
    this.#windows.shift();
    return first;
  }

  #advance(end: number): void {
    while (this.#position < end) {
      const gap = this.#gaps[this.#gapsPassed];
      if (gap && gap.firstSample <= this.#position) {
        this.#passGap(gap);
        continue;
      }
      const stop = Math.min(end, gap?.firstSample ?? Infinity);
      if (!this.#feed(stop)) return;
    }
  }

  #passGap(gap: LineGap): void {
    this.#gapsPassed++;
    this.#position = gap.firstSample + gap.sampleCount;
    this.#features.restart();
    this.#features.resetDetector(this.#classes);
    this.#detectorUnsure = false;
    this.#pieces = this.#pieces.filter((p) => p.first + p.count > this.#position);
  }

  /** Up to `stop`; false when the samples are not there. */
  #feed(stop: number): boolean {
    const piece = this.#pieces[0];
    if (!piece || piece.first > this.#position) return false;
    const width = this.#features.width;
    const from = this.#position - piece.first;
    const to = Math.min(piece.count, stop - piece.first);
    const start = this.#position;
    this.#features.push(piece.values.subarray(from * width, to * width), (features, taken) =>
      this.#windows.push({
        index: this.#made++,
        lastSample: start + taken - 1,
        features: features.slice(),
      }),
    );
    this.#position = piece.first + to;
    if (to === piece.count) this.#pieces.shift();
    return true;
  }
}
