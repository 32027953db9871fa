/** A codec for tests of the trace itself: a word is nA × 16 + range in its low 24 bits, logic above. No filter. */
import { ok } from '../../../src-main/base/errors.ts';
import type { SampleCodec } from '../../../src-main/trace/format.ts';

export function plainWord(nanoAmperes: number, range = 0, logic = 0): number {
  return ((logic << 24) | (nanoAmperes << 2) | (range & 3)) >>> 0;
}

/** Up to 4 194 303 nA, ranges 0–3. */
export const plainCodec: SampleCodec = {
  id: 'plain',
  rangeCount: 4,
  openDecoder() {
    return ok({
      decode(words, from, to, out, at) {
        for (let i = from; i < to; i++, at++) {
          const w = words[i]!;
          out.amperes[at] = ((w & 0xffffff) >>> 2) * 1e-9;
          out.ranges[at] = w & 3;
          out.logic[at] = w >>> 24;
        }
      },
      saveState: () => new Uint8Array(4),
      loadState: () => undefined,
    });
  },
};
