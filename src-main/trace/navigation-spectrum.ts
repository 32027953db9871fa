import FFT from 'fft.js';
import { fail, ok, type Result } from '../base/errors.ts';
import { wholeSpan } from './navigation-envelope.ts';
import { eachRaw } from './navigation-histogram.ts';
import type { Trace } from './trace.ts';

/** Segments that one call transforms at most; of a longer span evenly spread ones are taken, and it is said. */
export const MAX_SEGMENTS = 2000;

/**
 * One-sided power spectral density after Welch 1967: segments of `segmentSamples` that overlap by half, each without its
 * mean, under a Hann window; A²/Hz.
 */
export interface Spectrum {
  readonly frequencyHz: Float64Array;
  readonly densityA2PerHz: Float64Array;
  readonly resolutionHz: number;
  readonly segmentsUsed: number;
  /** Left out because samples of them are missing. */
  readonly segmentsWithGaps: number;
  /** Of the whole span; more than were used where the span is long. */
  readonly segmentsInSpan: number;
}

/** `trace.bad-span`, `trace.bad-segment`, `trace.window-empty` where every segment has a gap, `trace.damaged`. */
export function spectrum(trace: Trace, from: number, to: number, segmentSamples = 4096): Result<Spectrum> {
  const span = wholeSpan(trace, from, to);
  if (!span.ok) return span;
  const n = segmentSamples;
  if (!(Number.isInteger(n) && n >= 16 && n <= 65_536 && (n & (n - 1)) === 0 && n <= to - from))
    return fail(
      'trace.bad-segment',
      { segmentSamples: n, spanSamples: to - from },
      'A segment is a power of two from 16 to 65536 and no longer than the span.',
      'Choose a shorter segment or a longer span.',
    );
  const inSpan = Math.floor((to - from - n) / (n / 2)) + 1;
  const used = Math.min(inSpan, MAX_SEGMENTS);
  const welch = new Welch(n, trace.header.sampleRateHz);
  let withGaps = 0;
  for (let k = 0; k < used; k++) {
    // all of them, or as many spread evenly over the span
    const segment = used === inSpan ? k : Math.floor((k * (inSpan - 1)) / (used - 1));
    const first = from + segment * (n / 2);
    const read = eachRaw(trace, first, first + n, (amperes, a, b, sample) =>
      welch.samples.set(amperes.subarray(a, b), sample - first),
    );
    if (!read.ok) return read;
    if (!welch.add()) withGaps++;
  }
  if (withGaps === used)
    return fail(
      'trace.window-empty',
      { startSample: from, endSample: to },
      'Samples are missing in every segment of this span.',
      'Choose a span without gaps, or shorter segments.',
    );
  return ok({
    ...welch.mean(used - withGaps),
    resolutionHz: trace.header.sampleRateHz / n,
    segmentsUsed: used - withGaps,
    segmentsWithGaps: withGaps,
    segmentsInSpan: inSpan,
  });
}

class Welch {
  readonly samples: Float64Array;
  readonly #fft: FFT;
  readonly #window: Float64Array;
  readonly #scale: number;
  readonly #rateHz: number;
  readonly #out: number[];
  readonly #sum: Float64Array;

  constructor(n: number, rateHz: number) {
    this.samples = new Float64Array(n);
    this.#fft = new FFT(n);
    // periodic, as for spectra: the sample after the last would be the first again
    this.#window = Float64Array.from({ length: n }, (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / n));
    this.#scale = 1 / (rateHz * this.#window.reduce((sum, w) => sum + w * w, 0));
    this.#rateHz = rateHz;
    this.#out = this.#fft.createComplexArray() as number[];
    this.#sum = new Float64Array(n / 2 + 1);
  }

  /** Adds the spectrum of `samples`; false where one is missing. */
  add(): boolean {
    const n = this.samples.length;
    let sum = 0;
    for (let i = 0; i < n; i++) sum += this.samples[i]!;
    if (Number.isNaN(sum)) return false;
    const mean = sum / n;
    for (let i = 0; i < n; i++) this.samples[i] = (this.samples[i]! - mean) * this.#window[i]!;
    this.#fft.realTransform(this.#out, this.samples);
    for (let k = 0; k <= n / 2; k++) {
      const re = this.#out[2 * k]!;
      const im = this.#out[2 * k + 1]!;
      const sides = k === 0 || k === n / 2 ? 1 : 2;
      this.#sum[k]! += sides * this.#scale * (re * re + im * im);
    }
    return true;
  }

  mean(segments: number): Pick<Spectrum, 'frequencyHz' | 'densityA2PerHz'> {
    const n = this.samples.length;
    return {
      frequencyHz: this.#sum.map((_, k) => (k * this.#rateHz) / n),
      densityA2PerHz: this.#sum.map((s) => s / segments),
    };
  }
}
