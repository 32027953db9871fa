/** Our decoder on a case of ppk2-vectors.ts. */
import { PPK2_DEFAULTS, type Ppk2Calibration } from '../../src-main/monitor/ppk2/calibration.ts';
import { Ppk2Decoder } from '../../src-main/monitor/ppk2/decoder.ts';
import { newDecodedSamples } from '../../src-main/trace/format.ts';
import type { Ppk2Case } from './ppk2-vectors.ts';

function calibrationOf(c: Ppk2Case): Ppk2Calibration {
  const rows = Object.entries(c.modifiers).map(([key, row]) => [key.toLowerCase(), row]);
  return { ...PPK2_DEFAULTS, ...(Object.fromEntries(rows) as Partial<Ppk2Calibration>) };
}

export function decodeUa(c: Ppk2Case): Float64Array {
  const decoder = new Ppk2Decoder({ calibration: calibrationOf(c), volts: c.vddMv / 1000, filtered: true });
  const out = newDecodedSamples();
  decoder.decode(c.words, 0, c.words.length, out, 0);
  return out.amperes.slice(0, c.words.length).map((a) => a * 1e6);
}
