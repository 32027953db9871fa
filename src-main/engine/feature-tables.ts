import type { AudioRecipe } from './feature-recipe.ts';

/** The constant tables of an audio recipe in the fixed-point formats of firmware/engine/frontend/mj_frontend.h. */
export interface FeatureTables {
  readonly windowQ15: Uint16Array;
  readonly twiddlesQ15: Int16Array;
  readonly melFirst: Uint16Array;
  readonly melBins: Uint8Array;
  readonly melWeightQ15: Uint16Array;
  /** log2 of each filter's weight, Q16; empty where all are 1. */
  readonly melNormQ16: Int32Array;
  readonly dctQ17: Int16Array;
  /** floor · 2^floorShift is the recipe's floor in the scale of a frame shifted left by 15. */
  readonly floor: number;
  readonly floorShift: number;
}

interface MelScale {
  readonly ofHz: (hz: number) => number;
  readonly toHz: (mel: number) => number;
}

/** O'Shaughnessy's, as HTK and TensorFlow have it. */
const htk: MelScale = {
  ofHz: (hz) => 1127 * Math.log(1 + hz / 700),
  toHz: (mel) => 700 * (Math.exp(mel / 1127) - 1),
};

/** Slaney's Auditory Toolbox: linear to 1 kHz, then logarithmic with 27 steps for a factor of 6.4. */
const slaney: MelScale = {
  ofHz: (hz) => (hz < 1000 ? (3 * hz) / 200 : 15 + (27 * Math.log(hz / 1000)) / Math.log(6.4)),
  toHz: (mel) => (mel < 15 ? (200 * mel) / 3 : 1000 * Math.exp((Math.log(6.4) * (mel - 15)) / 27)),
};

interface MelFilter {
  readonly first: number;
  readonly weights: readonly number[];
  /** Twice the reciprocal of its width in Hz for Slaney's, else 1. */
  readonly norm: number;
}

/** HTK's triangles are straight over mel, Slaney's over Hz. Bins 1 … fft/2 − 1: the two ends weigh nothing. */
function melFilters(recipe: AudioRecipe): MelFilter[] {
  const scale = recipe.melScale === 'htk' ? htk : slaney;
  const low = scale.ofHz(recipe.lowHz);
  const step = (scale.ofHz(recipe.highHz) - low) / (recipe.melCount + 1);
  const axis = recipe.melScale === 'htk' ? scale.ofHz : (hz: number) => hz;
  const edge = (m: number) => (recipe.melScale === 'htk' ? low + m * step : scale.toHz(low + m * step));
  return Array.from({ length: recipe.melCount }, (_, m) => {
    const [a, b, c] = [edge(m), edge(m + 1), edge(m + 2)];
    const weights: number[] = [];
    let first = 0;
    for (let bin = 1; bin < recipe.fftPoints / 2; bin++) {
      const at = axis((bin * recipe.sampleRateHz) / recipe.fftPoints);
      const weight = Math.round(32768 * Math.max(0, Math.min((at - a) / (b - a), (c - at) / (c - b))));
      if (weight === 0) continue;
      if (weights.length === 0) first = bin;
      weights.push(weight);
    }
    return { first, weights, norm: recipe.melScale === 'slaney' ? 2 / (c - a) : 1 };
  });
}

/** A filter narrower than a bin may catch none: the nearest bin then weighs nothing, and the band is the floor. */
function withoutHoles(filters: readonly MelFilter[], recipe: AudioRecipe): MelFilter[] {
  let last = 1;
  return filters.map((filter) => {
    const whole = filter.weights.length > 0 ? filter : { ...filter, first: last, weights: [0] };
    last = Math.min(recipe.fftPoints / 2 - 1, whole.first + whole.weights.length - 1);
    return whole;
  });
}

function dct(recipe: AudioRecipe): Int16Array {
  const count = recipe.kind === 'mfcc' ? (recipe.coefficientCount ?? recipe.melCount) : 0;
  const scale = Math.LN2 * Math.sqrt(2 / recipe.melCount) * 131072;
  return Int16Array.from({ length: count * recipe.melCount }, (_, i) => {
    const k = Math.floor(i / recipe.melCount);
    return Math.round(scale * Math.cos((Math.PI * k * ((i % recipe.melCount) + 0.5)) / recipe.melCount));
  });
}

/**
 * Samples as fractions of 32768 are scaled by 2^(21 + 15) at full headroom; powers by its square, shifted by 18 and
 * weighted in Q15 (mj_power_mel.c).
 */
function scaledFloor(recipe: AudioRecipe): { floor: number; floorShift: number } {
  let floor = recipe.floor * 2 ** (recipe.spectrum === 'power' ? 2 * 36 - 18 + 15 : 36);
  let floorShift = 0;
  while (floor >= 2 ** 32) {
    floor /= 2;
    floorShift++;
  }
  return { floor: Math.floor(floor), floorShift };
}

export function featureTables(recipe: AudioRecipe): FeatureTables {
  const filters = withoutHoles(melFilters(recipe), recipe);
  const half = recipe.frameSamples / 2;
  const turn = (2 * Math.PI) / recipe.fftPoints;
  const twiddles = Array.from({ length: recipe.fftPoints / 2 }, (_, k) => [
    Math.min(32767, Math.round(32768 * Math.cos(turn * k))),
    Math.round(-32768 * Math.sin(turn * k)),
  ]);
  return {
    windowQ15: Uint16Array.from({ length: half + 1 }, (_, i) =>
      Math.round(32768 * (0.5 - 0.5 * Math.cos((2 * Math.PI * i) / recipe.frameSamples))),
    ),
    twiddlesQ15: Int16Array.from(twiddles.flat()),
    melFirst: Uint16Array.from(filters, (f) => f.first),
    melBins: Uint8Array.from(filters, (f) => f.weights.length),
    melWeightQ15: Uint16Array.from(filters.flatMap((f) => f.weights)),
    melNormQ16:
      recipe.melScale === 'slaney'
        ? Int32Array.from(filters, (f) => Math.round(65536 * Math.log2(f.norm)))
        : new Int32Array(0),
    dctQ17: dct(recipe),
    ...scaledFloor(recipe),
  };
}
