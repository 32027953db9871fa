import { fail, ok, type Result } from '../base/errors.ts';
import { lpm01aCodec } from '../monitor/lpm01a/codec.ts';
import { ppk2Codec } from '../monitor/ppk2/decoder.ts';
import { float32Codec } from '../trace/float32.ts';
import { channelsOf, type SampleCodec, type TraceHeader } from '../trace/format.ts';

const known: readonly SampleCodec[] = [ppk2Codec, lpm01aCodec, float32Codec];

/** The codec of every channel of a trace. `trace.unknown-codec`. */
export function codecsOf(header: TraceHeader): Result<SampleCodec[]> {
  const codecs: SampleCodec[] = [];
  for (const { id, codecId, rangeCount } of channelsOf(header)) {
    const codec = known.find((c) => c.id === codecId);
    if (!codec || codec.rangeCount !== rangeCount)
      return fail(
        'trace.unknown-codec',
        { channel: id, codecId, rangeCount, known: known.map((c) => c.id) },
        'The samples are in a form that this version does not know.',
        'Open the trace with the version that recorded it.',
      );
    codecs.push(codec);
  }
  return ok(codecs);
}
