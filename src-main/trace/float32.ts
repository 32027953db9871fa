import { ok, type Result } from '../base/errors.ts';
import type { DecodedSamples, SampleCodec, SampleDecoder } from './format.ts';
import { badCalibration, storedCalibration } from './stored-calibration.ts';

/** What the words of a float32 trace are multiplied with; 1 where they are amperes. */
export interface Float32Settings {
  readonly amperesPerUnit: number;
}

/** A calibration for `float32Codec`. */
export function float32Calibration(settings: Float32Settings = { amperesPerUnit: 1 }): string {
  return JSON.stringify(settings);
}

/** The bits of currents as words of a float32 trace: `words` and `amperes` over the same memory. */
export function float32Buffer(samples: number): { words: Uint32Array; amperes: Float32Array } {
  const amperes = new Float32Array(samples);
  return { amperes, words: new Uint32Array(amperes.buffer) };
}

/**
 * Words that are IEEE 754 binary32 currents, for monitors whose wire has a number and nothing else: no logic channels,
 * one range. A word that is not finite decodes to NaN and counts as missing.
 */
class Float32Decoder implements SampleDecoder {
  readonly #scale: number;
  readonly #word = new Uint32Array(1);
  readonly #value = new Float32Array(this.#word.buffer);

  constructor(scale: number) {
    this.#scale = scale;
  }

  /** Hot path: nothing is allocated. */
  decode(words: Uint32Array, from: number, to: number, out: DecodedSamples, at: number): void {
    const word = this.#word;
    const value = this.#value;
    const { amperes, logic, ranges } = out;
    for (let i = from; i < to; i++, at++) {
      word[0] = words[i]!;
      const a = value[0]! * this.#scale;
      amperes[at] = Number.isFinite(a) ? a : NaN;
      logic[at] = 0;
      ranges[at] = 0;
    }
  }

  saveState(): Uint8Array {
    return new Uint8Array();
  }

  loadState(_state: Uint8Array): void {
    // every word stands alone
  }
}

export const float32Codec: SampleCodec = {
  id: 'float32',
  rangeCount: 1,
  logicBeside: true,
  openDecoder(json): Result<SampleDecoder> {
    const stored = storedCalibration<Float32Settings>('float32', json);
    if (!stored.ok) return stored;
    const scale = stored.value?.amperesPerUnit;
    if (typeof scale !== 'number' || !Number.isFinite(scale) || scale === 0)
      return badCalibration('float32', 'amperesPerUnit');
    return ok(new Float32Decoder(scale));
  },
};
