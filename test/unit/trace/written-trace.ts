/** Traces of the plain codec, written into a store. */
import { orThrow } from '../../../src-main/base/errors.ts';
import type { ChunkSink } from '../../../src-main/trace/chunk-store.ts';
import { newTraceHeader, type TraceHeader } from '../../../src-main/trace/format.ts';
import { ChunkWriter } from '../../../src-main/trace/recorder.ts';
import { plainCodec } from './plain-codec.ts';

export function plainHeader(sampleRateHz = 100_000): TraceHeader {
  const format = {
    codecId: 'plain',
    sampleRateHz,
    rangeCount: 4,
    monitor: { kind: 'plain', serial: null, firmware: null },
  };
  return newTraceHeader(format, { traceId: 'test', title: 'test', source: 'emulated' });
}

export interface Gap {
  readonly at: number;
  readonly missing: number;
}

/** Writes words in blocks; `gaps` are in timeline positions and take the place of nothing: words go on after them. */
export async function writePlain(
  sink: ChunkSink,
  words: Uint32Array,
  gaps: readonly Gap[] = [],
  rate = 100_000,
): Promise<ChunkWriter> {
  const writer = new ChunkWriter(plainHeader(rate), sink, plainCodec);
  writer.calibration('{}');
  writer.supply({ volts: 3, uncertaintyV: 0.03, origin: 'set-point' });
  let at = 0;
  for (const gap of [...gaps, { at: Infinity, missing: 0 }]) {
    while (at < words.length && writer.lengthSamples < gap.at) {
      const n = Math.min(10_007, words.length - at, gap.at - writer.lengthSamples);
      writer.words(words, at, at + n);
      at += n;
      orThrow(await writer.settle());
    }
    writer.gap(gap.missing, 'lost');
  }
  orThrow(await writer.sync());
  return writer;
}
