import { BugError, ok, type Result } from '../../base/errors.ts';
import type { DecodedSamples, SampleCodec, SampleDecoder } from '../../trace/format.ts';
import { badCalibration, storedCalibration } from '../../trace/stored-calibration.ts';

/**
 * A sample as the device prints it, in one word: bits 0–13 mantissa, 14–20 exponent (0–99), 21 exponent is positive,
 * 22 exponent of 16 instead of 10, 24–31 logic (D0: between two window events).
 */
export function asciiWord(mantissa: number, exponent: number, positive: boolean, logic: number): number {
  return (mantissa | (exponent << 14) | (positive ? 1 << 21 : 0) | (logic << 24)) >>> 0;
}

/** High nibble n, 12-bit mantissa: m · 16⁻ⁿ. */
export function binaryWord(sample: number, logic: number): number {
  return ((sample & 0xfff) | ((sample >>> 12) << 14) | (1 << 22) | (logic << 24)) >>> 0;
}

export interface Lpm01aSettings {
  /** `energy`: a sample is J in its period, and becomes A by voltage and rate. */
  readonly output: 'current' | 'energy';
  readonly volts: number;
  readonly sampleRateHz: number;
}

/** 10ⁿ is exact up to 22: dividing by it rounds once, as reading the decimal number does. */
const TEN = Float64Array.from({ length: 100 }, (_, n) => Number(`1e${n}`));
const SIXTEEN = Float64Array.from({ length: 16 }, (_, n) => 16 ** n);

class Lpm01aDecoder implements SampleDecoder {
  readonly #scale: number;

  constructor({ output, volts, sampleRateHz }: Lpm01aSettings) {
    this.#scale = output === 'energy' ? sampleRateHz / volts : 1;
  }

  /** Hot path: nothing is allocated. */
  decode(words: Uint32Array, from: number, to: number, out: DecodedSamples, at: number): void {
    const { amperes, logic, ranges } = out;
    const scale = this.#scale;
    for (let i = from; i < to; i++, at++) {
      const w = words[i]!;
      const m = w & 0x3fff;
      const e = (w >>> 14) & 0x7f;
      const value = w & (1 << 22) ? m / SIXTEEN[e & 15]! : w & (1 << 21) ? m * TEN[e]! : m / TEN[e]!;
      amperes[at] = value * scale;
      logic[at] = w >>> 24;
      ranges[at] = 0;
    }
  }

  saveState(): Uint8Array {
    return new Uint8Array();
  }

  loadState(state: Uint8Array): void {
    if (state.length !== 0) throw new BugError(`LPM01A decoder state of ${state.length} bytes`);
  }
}

function parseSettings(json: string): Result<Lpm01aSettings> {
  const wrong = (field: string) => badCalibration('lpm01a', field);
  const stored = storedCalibration<Lpm01aSettings>('lpm01a', json);
  if (!stored.ok) return stored;
  const settings = stored.value;
  if (settings?.output !== 'current' && settings?.output !== 'energy') return wrong('output');
  for (const field of ['volts', 'sampleRateHz'] as const) {
    const x = settings[field];
    if (typeof x !== 'number' || !Number.isFinite(x) || x <= 0) return wrong(field);
  }
  return ok(settings as Lpm01aSettings);
}

export const lpm01aCodec: SampleCodec = {
  id: 'lpm01a',
  rangeCount: 1,
  openDecoder(json) {
    const settings = parseSettings(json);
    return settings.ok ? ok(new Lpm01aDecoder(settings.value)) : settings;
  },
};
