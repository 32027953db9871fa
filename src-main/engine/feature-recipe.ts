/**
 * What a front end computes, as plain values: the same for the device (which gets them as tables, docs/stream-format.md)
 * and the host twin. Sizes are in samples at the recipe's rate.
 */
export interface AudioRecipe {
  readonly kind: 'mfcc' | 'log-mel';
  readonly sampleRateHz: number;
  readonly frameSamples: number;
  readonly hopSamples: number;
  /** A power of two, 64 … 1024, at least frameSamples. */
  readonly fftPoints: number;
  readonly melCount: number;
  readonly lowHz: number;
  readonly highHz: number;
  /** TensorFlow's mel scale is HTK's; librosa's is Slaney's, with filters of equal area. */
  readonly melScale: 'htk' | 'slaney';
  /** What the mel filters weigh. */
  readonly spectrum: 'magnitude' | 'power';
  /** Added to a mel energy before the logarithm, samples read as fractions of 32768. */
  readonly floor: number;
  /** Unit of the features: `ln`, or `decibel` (10 log10 of the filtered spectrum). */
  readonly unit: 'ln' | 'decibel';
  /** DCT-II coefficients kept (mfcc only). */
  readonly coefficientCount?: number;
}

/** Second-order section, a0 = 1. Coefficients within ±2. */
export interface Biquad {
  readonly b: readonly [number, number, number];
  readonly a: readonly [number, number];
}

export interface ImuRecipe {
  readonly kind: 'imu';
  readonly sampleRateHz: number;
  readonly channels: number;
  /** Sections of the filter every channel passes, one after the other; none is allowed. At most 4. */
  readonly filters: readonly Biquad[];
  /** Takes the window's own mean off each channel. */
  readonly removeMean: boolean;
  /** Real value of a count of each channel (g, rad/s over the model's scale). */
  readonly unitsPerCount: readonly number[];
}

export type FeatureRecipe = AudioRecipe | ImuRecipe;

/** Rows the model takes at once, and rows from one inference to the next. A row is a frame's features, or an IMU sample. */
export interface WindowShape {
  readonly rows: number;
  readonly hopRows: number;
}

/** 49 frames of 10 MFCCs: the recipe of MLPerf Tiny's keyword spotting and of our own model. */
export const kwsFeatures: AudioRecipe = {
  kind: 'mfcc',
  sampleRateHz: 16000,
  frameSamples: 480,
  hopSamples: 320,
  fftPoints: 512,
  melCount: 40,
  lowHz: 20,
  highHz: 4000,
  melScale: 'htk',
  spectrum: 'magnitude',
  floor: 1e-6,
  unit: 'ln',
  coefficientCount: 10,
};

/** 40 log-mel energies of 32 ms every 20 ms: streaming wake words. */
export const wakeWordFeatures: AudioRecipe = {
  kind: 'log-mel',
  sampleRateHz: 16000,
  frameSamples: 512,
  hopSamples: 320,
  fftPoints: 512,
  melCount: 40,
  lowHz: 60,
  highHz: 7600,
  melScale: 'htk',
  spectrum: 'power',
  floor: 1e-10,
  unit: 'ln',
};

/** 128 log-mel energies of 64 ms every 32 ms, five frames a window: machine anomaly detection. */
export const anomalyFeatures: AudioRecipe = {
  kind: 'log-mel',
  sampleRateHz: 16000,
  frameSamples: 1024,
  hopSamples: 512,
  fftPoints: 1024,
  melCount: 128,
  lowHz: 0,
  highHz: 8000,
  melScale: 'slaney',
  spectrum: 'power',
  floor: 1e-12,
  unit: 'decibel',
};
