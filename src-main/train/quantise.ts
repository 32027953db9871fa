/** Post-training int8 quantisation as the .tflite quantisation specification has it (real = scale · (q − zeroPoint)). */

export interface AffineRange {
  readonly scale: number;
  readonly zeroPoint: number;
}

/** Asymmetric int8 over [low, high], widened to contain 0, which is then exact. The scale is a float32. */
export function affineRange(low: number, high: number): AffineRange {
  const lo = Math.min(0, low);
  const hi = Math.max(0, high);
  const scale = Math.fround(hi > lo ? (hi - lo) / 255 : 1);
  const zeroPoint = Math.max(-128, Math.min(127, Math.round(-128 - lo / scale)));
  return { scale, zeroPoint };
}

export function quantiseValue(real: number, to: AffineRange): number {
  return Math.max(-128, Math.min(127, Math.round(real / to.scale) + to.zeroPoint));
}

export interface QuantisedWeights {
  readonly data: Int8Array;
  readonly scales: readonly number[];
}

/**
 * Symmetric int8 in −127…127. `channelOf` gives the channel of an element; one channel for all = per tensor.
 * A channel of zeros gets the smallest scale that keeps its bias exact enough, 1.
 */
export function quantiseWeights(
  weights: Float32Array,
  channels: number,
  channelOf: (i: number) => number,
): QuantisedWeights {
  const peaks = new Float64Array(channels);
  weights.forEach((w, i) => {
    const c = channelOf(i);
    peaks[c] = Math.max(peaks[c]!, Math.abs(w));
  });
  const scales = Array.from(peaks, (p) => Math.fround(p > 0 ? p / 127 : 1));
  const data = Int8Array.from(weights, (w, i) =>
    Math.max(-127, Math.min(127, Math.round(w / scales[channelOf(i)]!))),
  );
  return { data, scales };
}

/** int32 with scale = input scale · weight scale of its channel. */
export function quantiseBias(
  bias: Float32Array,
  inputScale: number,
  weightScales: readonly number[],
): Int32Array {
  return Int32Array.from(bias, (b, c) => {
    const q = Math.round(b / (inputScale * weightScales[weightScales.length === 1 ? 0 : c]!));
    return Math.max(-2147483648, Math.min(2147483647, q));
  });
}

/** The value below which `fraction` of the sample lies (nearest rank). */
export function quantile(sample: Float32Array, fraction: number): number {
  const sorted = Float32Array.from(sample).sort();
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(fraction * sorted.length) - 1))]!;
}
