import {
  BiquadRecordBytes,
  FrontEnd,
  RowQuantisationBytes,
  SampleEncoding,
  STREAM_MAGIC,
  StreamFlag,
  StreamSetupBytes,
  writeBiquadRecord,
  writeRowQuantisation,
  writeStreamSetup,
  type StreamSetup,
} from '../abi/generated.ts';
import { crc32 } from '../base/crc.ts';
import { fail, ok, type Result } from '../base/errors.ts';
import type { AudioRecipe, Biquad, FeatureRecipe, ImuRecipe, WindowShape } from './feature-recipe.ts';
import { featureTables } from './feature-tables.ts';

/** Quantisation of the model's input and what of the output can be detected. */
export interface StreamModel {
  readonly inputScale: number;
  readonly inputZeroPoint: number;
}

export interface SetupDetection {
  readonly smoothingWindows: number;
  /** Least mean output in 1/256 of an int8 step. */
  readonly threshold: number;
  readonly refractorySamples: number;
  readonly ignoredClasses: readonly number[];
}

export interface SetupOptions {
  readonly features: FeatureRecipe;
  readonly window: WindowShape;
  readonly model: StreamModel;
  /** `features`: rows of int8 come from the host; the recipe then only says their size. */
  readonly encoding: 'int16' | 'mu-law' | 'features';
  readonly blockBytes: number;
  readonly detection: SetupDetection | null;
  readonly sendFeatures: boolean;
  readonly silenceUs: number;
  readonly dropBacklogBytes: number;
}

const NEXT = 'Correct the front end of the stream.';
const MOST_COEFFICIENT = 2;

export function rowElements(features: FeatureRecipe): number {
  if (features.kind === 'imu') return features.channels;
  return features.kind === 'mfcc' ? (features.coefficientCount ?? features.melCount) : features.melCount;
}

/** Sample frames from the first to the last of a window, and from one window to the next. */
export function windowSamples(features: FeatureRecipe, window: WindowShape): { length: number; hop: number } {
  if (features.kind === 'imu') return { length: window.rows, hop: window.hopRows };
  return {
    length: (window.rows - 1) * features.hopSamples + features.frameSamples,
    hop: window.hopRows * features.hopSamples,
  };
}

/** Rows a second. */
export function rowRateHz(features: FeatureRecipe): number {
  return features.kind === 'imu' ? features.sampleRateHz : features.sampleRateHz / features.hopSamples;
}

/** q = (x · multiplier) >> shift, 15 bits of multiplier: what `mj_row_quantisation` takes. */
function fixedMultiplier(factor: number): { multiplier: number; shift: number } | null {
  let multiplier = factor;
  let shift = 0;
  while (Math.abs(multiplier) < 16384 && shift < 30) {
    multiplier *= 2;
    shift++;
  }
  const rounded = Math.round(multiplier);
  if (rounded === 32768) return shift > 1 ? { multiplier: 16384, shift: shift - 1 } : null;
  return shift >= 1 && Math.abs(rounded) <= 32767 ? { multiplier: rounded, shift } : null;
}

/** Real value of one step of a row's int16. */
function rowStep(recipe: AudioRecipe): number {
  if (recipe.kind === 'mfcc') return 1 / 256;
  return (recipe.unit === 'decibel' ? 10 * Math.log10(2) : Math.LN2) / 256;
}

/** Sections grow as they are added; every one begins at a multiple of 4. */
class Sections {
  readonly #parts: Uint8Array[] = [];
  #at = StreamSetupBytes;

  add(bytes: ArrayBufferView): number {
    const offset = this.#at;
    const copy = new Uint8Array(Math.ceil(bytes.byteLength / 4) * 4);
    copy.set(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    this.#parts.push(copy);
    this.#at += copy.length;
    return offset;
  }

  get bytes(): Uint8Array {
    const out = new Uint8Array(this.#at);
    let at = StreamSetupBytes;
    for (const part of this.#parts) {
      out.set(part, at);
      at += part.length;
    }
    return out;
  }
}

type Layout = Partial<StreamSetup>;

function quantisation(
  sections: Sections,
  steps: readonly number[],
  model: StreamModel,
): Result<{ quantOffset: number }> {
  const bytes = new Uint8Array(steps.length * RowQuantisationBytes);
  const view = new DataView(bytes.buffer);
  for (const [i, step] of steps.entries()) {
    const fixed = fixedMultiplier(step / model.inputScale);
    if (!fixed)
      return fail(
        'engine.feature-scale',
        { step, inputScale: model.inputScale },
        "The features' unit and the model's input scale are too far apart for int8.",
        'Check that the front end belongs to the model.',
      );
    writeRowQuantisation(view, i * RowQuantisationBytes, { ...fixed, pad: 0, offset: model.inputZeroPoint });
  }
  return ok({ quantOffset: sections.add(bytes) });
}

function audioLayout(recipe: AudioRecipe, sections: Sections): Layout {
  const t = featureTables(recipe);
  return {
    frontEnd: recipe.kind === 'mfcc' ? FrontEnd.Mfcc : FrontEnd.LogMel,
    frameSamples: recipe.frameSamples,
    hopSamples: recipe.hopSamples,
    fftPoints: recipe.fftPoints,
    melCount: recipe.melCount,
    floor: t.floor,
    floorShift: t.floorShift,
    windowOffset: sections.add(t.windowQ15),
    twiddlesOffset: sections.add(t.twiddlesQ15),
    melFirstOffset: sections.add(t.melFirst),
    melBinsOffset: sections.add(t.melBins),
    melWeightOffset: sections.add(t.melWeightQ15),
    melNormOffset: t.melNormQ16.length > 0 ? sections.add(t.melNormQ16) : 0,
    dctOffset: t.dctQ17.length > 0 ? sections.add(t.dctQ17) : 0,
  };
}

function biquads(filters: readonly Biquad[]): Uint8Array {
  const bytes = new Uint8Array(filters.length * BiquadRecordBytes);
  const view = new DataView(bytes.buffer);
  const q28 = (k: number) => Math.round(k * 2 ** 28);
  filters.forEach(({ b, a }, i) =>
    writeBiquadRecord(view, i * BiquadRecordBytes, { b: b.map(q28), a: a.map(q28) }),
  );
  return bytes;
}

function imuLayout(recipe: ImuRecipe, sections: Sections): Layout {
  return {
    frontEnd: FrontEnd.Imu,
    biquadCount: recipe.filters.length,
    biquadOffset: recipe.filters.length > 0 ? sections.add(biquads(recipe.filters)) : 0,
  };
}

function refused(reason: string, facts: Record<string, string | number> = {}): Result<never> {
  return fail('engine.bad-features', { reason, ...facts }, 'The front end cannot work so.', NEXT);
}

const isWhole = (n: number, low: number, high: number) => Number.isInteger(n) && n >= low && n <= high;

function checkAudio(r: AudioRecipe): Result<void> {
  if (!isWhole(r.fftPoints, 64, 1024) || (r.fftPoints & (r.fftPoints - 1)) !== 0)
    return refused('fftPoints is no power of two from 64 to 1024', { fftPoints: r.fftPoints });
  if (!isWhole(r.frameSamples, 2, r.fftPoints) || r.frameSamples % 2 !== 0)
    return refused('frameSamples is odd or longer than the FFT', { frameSamples: r.frameSamples });
  if (!isWhole(r.hopSamples, 1, 65535))
    return refused('hopSamples is not above 0', { hopSamples: r.hopSamples });
  if (!isWhole(r.melCount, 1, 128)) return refused('melCount is not 1 to 128', { melCount: r.melCount });
  if (r.kind === 'mfcc' && !isWhole(r.coefficientCount ?? r.melCount, 1, r.melCount))
    return refused('more coefficients than mel filters');
  if (!(r.lowHz >= 0 && r.highHz > r.lowHz && r.highHz <= r.sampleRateHz / 2))
    return refused('the mel range is not inside 0 … half the rate', { lowHz: r.lowHz, highHz: r.highHz });
  if (!(r.floor >= 0 && r.floor <= 1e-3)) return refused('the floor is not 0 … 0.001', { floor: r.floor });
  return ok();
}

function checkImu(r: ImuRecipe): Result<void> {
  if (!isWhole(r.channels, 1, 16)) return refused('channels is not 1 to 16', { channels: r.channels });
  if (r.unitsPerCount.length !== r.channels || r.unitsPerCount.some((u) => !Number.isFinite(u) || u === 0))
    return refused('unitsPerCount is not a number for every channel');
  if (r.filters.length > 4) return refused('more than 4 filter sections', { filters: r.filters.length });
  for (const [i, { a, b }] of r.filters.entries()) {
    if ([...a, ...b].some((k) => !Number.isFinite(k) || Math.abs(k) > MOST_COEFFICIENT))
      return refused('a filter coefficient is no number within ±2', { section: i });
    if (!(Math.abs(a[1]) < 1 && Math.abs(a[0]) < 1 + a[1]))
      return refused('a filter section is not stable', { section: i });
  }
  return ok();
}

function checkOptions(o: SetupOptions): Result<void> {
  const f = o.features;
  if (!(Number.isFinite(f.sampleRateHz) && f.sampleRateHz > 0 && f.sampleRateHz <= 1e6))
    return refused('the sample rate is not above 0', { sampleRateHz: f.sampleRateHz });
  const shape = f.kind === 'imu' ? checkImu(f) : checkAudio(f);
  if (!shape.ok) return shape;
  if (!isWhole(o.window.rows, 1, 1024) || !isWhole(o.window.hopRows, 1, 65535))
    return refused('a window has 1 to 1024 rows and a hop of at least one');
  if (o.window.rows * rowElements(f) > 16384) return refused('a window has more than 16384 features');
  if (o.encoding === 'mu-law' && f.kind === 'imu') return refused('mu-law is for audio');
  if (!(Number.isFinite(o.model.inputScale) && o.model.inputScale > 0))
    return refused("the model's input has no scale");
  return ok();
}

function detectionFields(d: SetupDetection | null): Layout {
  if (!d) return { smoothingWindows: 1 };
  return {
    smoothingWindows: d.smoothingWindows,
    threshold: Math.round(d.threshold),
    refractorySamples: d.refractorySamples,
    ignoredClasses: d.ignoredClasses.reduce((bits, c) => bits | (1 << c), 0) >>> 0,
  };
}

function flagsOf(o: SetupOptions): number {
  const f = o.features;
  return (
    (o.sendFeatures ? StreamFlag.SendFeatures : 0) |
    (f.kind === 'imu' && f.removeMean ? StreamFlag.RemoveMean : 0) |
    (f.kind !== 'imu' && f.spectrum === 'power' ? StreamFlag.Power : 0) |
    (o.detection ? StreamFlag.Detect : 0)
  );
}

const EMPTY: StreamSetup = {
  ...{ magic: STREAM_MAGIC, version: 1, headerBytes: StreamSetupBytes, totalBytes: 0, crc32: 0 },
  ...{ frontEnd: 0, encoding: 0, channels: 1, flags: 0, blockBytes: 0, rowElements: 0, windowRows: 0 },
  ...{ hopRows: 0, frameSamples: 0, hopSamples: 0, fftPoints: 0, melCount: 0, biquadCount: 0 },
  ...{ smoothingWindows: 1, floorShift: 0, pad: 0, floor: 0, sampleRateMilliHz: 0, silenceUs: 0 },
  ...{ dropBacklogBytes: 0, refractorySamples: 0, ignoredClasses: 0, threshold: 0, quantOffset: 0 },
  ...{ windowOffset: 0, twiddlesOffset: 0, melFirstOffset: 0, melBinsOffset: 0, melWeightOffset: 0 },
  ...{ melNormOffset: 0, dctOffset: 0, biquadOffset: 0, reserved: [] },
};

/**
 * A stream's set-up as `mj load stream` takes it: header, quantisation and the recipe's tables (docs/stream-format.md).
 * Fails with `engine.bad-features` or `engine.feature-scale`.
 */
export function streamSetup(o: SetupOptions): Result<Uint8Array> {
  const checked = checkOptions(o);
  if (!checked.ok) return checked;
  const f = o.features;
  const sections = new Sections();
  const fromHost = o.encoding === 'features';
  const steps = f.kind === 'imu' ? f.unitsPerCount : [rowStep(f)];
  const quant = fromHost ? ok({}) : quantisation(sections, steps, o.model);
  if (!quant.ok) return quant;
  const layout = fromHost
    ? { frontEnd: FrontEnd.Features }
    : f.kind === 'imu'
      ? imuLayout(f, sections)
      : audioLayout(f, sections);
  const bytes = sections.bytes;
  const setup: StreamSetup = {
    ...EMPTY,
    ...quant.value,
    ...layout,
    ...detectionFields(o.detection),
    totalBytes: bytes.length,
    encoding:
      o.encoding === 'int16' ? SampleEncoding.Int16 : fromHost ? SampleEncoding.Int8 : SampleEncoding.MuLaw,
    channels: f.kind === 'imu' && !fromHost ? f.channels : 1,
    flags: flagsOf(o),
    blockBytes: o.blockBytes,
    rowElements: rowElements(f),
    windowRows: o.window.rows,
    hopRows: o.window.hopRows,
    sampleRateMilliHz: Math.round((fromHost ? rowRateHz(f) : f.sampleRateHz) * 1000),
    silenceUs: o.silenceUs,
    dropBacklogBytes: o.dropBacklogBytes,
  };
  const view = new DataView(bytes.buffer);
  writeStreamSetup(view, 0, setup);
  writeStreamSetup(view, 0, { ...setup, crc32: crc32(bytes.subarray(16)) });
  return ok(bytes);
}
