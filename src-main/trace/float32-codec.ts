import { ok } from '../base/errors.ts';
import type { SampleCodec } from './format.ts';

const NO_STATE = new Uint8Array();

/**
 * Codec of monitors that deliver values of their own: a word is the IEEE 754 single-precision value in the channel's
 * unit. One range, no logic channels, no filter, no calibration (any JSON text).
 */
export const float32Codec: SampleCodec = {
  id: 'float32',
  rangeCount: 1,
  openDecoder() {
    return ok({
      decode(words, from, to, out, at) {
        const values = new Float32Array(words.buffer, words.byteOffset + 4 * from, to - from);
        out.amperes.set(values, at);
        out.logic.fill(0, at, at + to - from);
        out.ranges.fill(0, at, at + to - from);
      },
      saveState: () => NO_STATE,
      loadState: () => undefined,
    });
  },
};
