import { BugError, ok } from '../../base/errors.ts';
import type { DecodedSamples, SampleCodec, SampleDecoder } from '../../trace/format.ts';
import { PPK2_RANGES, parseDecoderSettings, type Ppk2DecoderSettings } from './calibration.ts';

/** V per count of 4·adc: 1.8 V reference over 163 840. */
const VOLTS_PER_COUNT = 1.8 / 163_840;
/** Weights of the spike filter's two running averages; α5 is used in range 4. */
const ALPHA = 0.18;
const ALPHA5 = 0.06;
/** Samples after a change of range that are replaced by an average, the first one included. */
const SPIKE_SAMPLES = 3;
const STATE_BYTES = 24;

/**
 * PPK2 words → A. Word: bits 0–13 ADC, 14–16 range, 18–23 counter, 24–31 logic D0–D7.
 *
 *   x = (4·adc − O)·(1.8/163840)/R        I = UG·( x·(GS·x + GI) + (S·V + I0) )
 *
 * The spike filter replaces the first three samples after a change of range by a running average (in range 4 the
 * slower one, whose averages do not take in the first two samples). It follows the device maker's client exactly,
 * sample by sample; what it added is handed out as shifts. Negative currents are kept.
 */
export class Ppk2Decoder implements SampleDecoder {
  readonly #filtered: boolean;
  readonly #scale = new Float64Array(PPK2_RANGES);
  readonly #o = new Float64Array(PPK2_RANGES);
  readonly #gs = new Float64Array(PPK2_RANGES);
  readonly #gi = new Float64Array(PPK2_RANGES);
  readonly #offset = new Float64Array(PPK2_RANGES);
  readonly #ug = new Float64Array(PPK2_RANGES);
  #avg = 0;
  #avg4 = 0;
  #range = -1;
  #after = 0;
  #consecutive = 0;

  constructor(settings: Ppk2DecoderSettings) {
    const { calibration: c, volts } = settings;
    this.#filtered = settings.filtered;
    for (let r = 0; r < PPK2_RANGES; r++) {
      this.#scale[r] = VOLTS_PER_COUNT / c.r[r]!;
      this.#o[r] = c.o[r]!;
      this.#gs[r] = c.gs[r]!;
      this.#gi[r] = c.gi[r]!;
      this.#offset[r] = c.s[r]! * volts + c.i[r]!;
      this.#ug[r] = c.ug[r]!;
    }
  }

  /** Hot path: nothing is allocated; the constants of the present range stay in locals until the range changes. */
  decode(words: Uint32Array, from: number, to: number, out: DecodedSamples, at: number): void {
    const { amperes, logic, ranges, shiftAt, shiftA } = out;
    const filtered = this.#filtered;
    let avg = this.#avg;
    let avg4 = this.#avg4;
    let before = this.#range;
    let after = this.#after;
    let consecutive = this.#consecutive;
    let shifts = out.shiftCount;
    let loaded = -1;
    let o = 0;
    let scale = 0;
    let gs = 0;
    let gi = 0;
    let offset = 0;
    let ug = 0;
    for (let i = from; i < to; i++, at++) {
      const w = words[i]!;
      let range = (w >>> 14) & 7;
      if (range !== loaded) {
        if (range > 4) range = 4;
        loaded = range;
        o = this.#o[range]!;
        scale = this.#scale[range]!;
        gs = this.#gs[range]!;
        gi = this.#gi[range]!;
        offset = this.#offset[range]!;
        ug = this.#ug[range]!;
      }
      const x = ((w & 0x3fff) * 4 - o) * scale;
      const a = ug * (x * (gs * x + gi) + offset);
      const oldAvg = avg;
      const oldAvg4 = avg4;
      if (before < 0) {
        avg = a;
        avg4 = a;
        before = range;
      } else {
        avg = ALPHA * a + (1 - ALPHA) * avg;
        avg4 = ALPHA5 * a + (1 - ALPHA5) * avg4;
      }
      let value = a;
      if (range !== before || after > 0) {
        if (range !== before) {
          consecutive = 0;
          after = SPIKE_SAMPLES;
        } else consecutive++;
        if (range === 4) {
          if (consecutive < 2) {
            avg = oldAvg;
            avg4 = oldAvg4;
          }
          value = avg4;
        } else value = avg;
        after--;
        before = range;
        if (filtered) {
          shiftAt[shifts] = at;
          shiftA[shifts] = value - a;
          shifts++;
        } else value = a;
      }
      amperes[at] = value;
      logic[at] = w >>> 24;
      ranges[at] = range;
    }
    out.shiftCount = shifts;
    this.#avg = avg;
    this.#avg4 = avg4;
    this.#range = before;
    this.#after = after;
    this.#consecutive = consecutive;
  }

  /** f64 average, f64 slow average, i8 last range (−1 none), u8 samples to replace, u16 and u32 since the change. */
  saveState(): Uint8Array {
    const bytes = new Uint8Array(STATE_BYTES);
    const v = new DataView(bytes.buffer);
    v.setFloat64(0, this.#avg, true);
    v.setFloat64(8, this.#avg4, true);
    v.setInt8(16, this.#range);
    v.setUint8(17, this.#after);
    v.setUint32(20, this.#consecutive, true);
    return bytes;
  }

  loadState(state: Uint8Array): void {
    if (state.length !== STATE_BYTES) throw new BugError(`PPK2 decoder state of ${state.length} bytes`);
    const v = new DataView(state.buffer, state.byteOffset, state.byteLength);
    this.#avg = v.getFloat64(0, true);
    this.#avg4 = v.getFloat64(8, true);
    this.#range = v.getInt8(16);
    this.#after = v.getUint8(17);
    this.#consecutive = v.getUint32(20, true);
  }
}

/** One step of 4·adc in A by range, without the gain corrections. */
export function converterStepA(r: readonly number[]): number[] {
  return r.map((ohm) => (4 * VOLTS_PER_COUNT) / ohm);
}

export const ppk2Codec: SampleCodec = {
  id: 'ppk2',
  rangeCount: PPK2_RANGES,
  openDecoder(json) {
    const settings = parseDecoderSettings(json);
    return settings.ok ? ok(new Ppk2Decoder(settings.value)) : settings;
  },
};
