import { ok, type Result } from '../base/errors.ts';
import type { ChunkSink, ChunkSource } from './chunk-store.ts';
import { damaged } from './failures.ts';
import {
  channelsOf,
  CHUNK_SAMPLES,
  newDecodedSamples,
  type ChunkRecord,
  type GapRecord,
  type SampleCodec,
  type SampleDecoder,
  type SupplyRecord,
  type TraceHeader,
} from './format.ts';
import { LogicLevels } from './formats/logic-levels.ts';
import { ChunkWriter } from './recorder.ts';
import { Trace } from './trace.ts';

/** The header of a cut of `header`'s trace. */
export function cutHeader(
  header: TraceHeader,
  about: { readonly traceId: string; readonly title: string },
  fromSample: number,
  toSample: number,
): TraceHeader {
  const { formatVersion: _, ...rest } = header;
  return { formatVersion: 2, ...rest, ...about, cutFrom: { traceId: header.traceId, fromSample, toSample } };
}

/**
 * Writes the sample periods [from, to) of a trace into a new one: the same raw words, and the decoder's state at the
 * cut, so that every sample decodes to the same value; gaps, supplies, marks and clock points in their new places.
 * Edges are found anew in the same samples, or taken from the trace where its words carry no logic. The caller has checked the span and finishes the sink.
 * `trace.damaged`, `trace.no-calibration`, and what the sink fails with.
 */
export async function cutTrace(
  source: ChunkSource,
  codecs: readonly SampleCodec[],
  from: number,
  to: number,
  sink: ChunkSink,
): Promise<Result<void>> {
  const [codec, ...moreCodecs] = codecs;
  const writer = new ChunkWriter(source.header, sink, codec!, { moreCodecs });
  const channels = channelsOf(source.header).map((_, c) => source.channel(c));
  for (const [c, channel] of channels.entries()) {
    const begun = beginChannel(writer, channel, codecs[c]!, c, from);
    if (!begun.ok) return begun;
  }
  const adopted = adoptTimeline(writer, source, from, to);
  if (!adopted.ok) return adopted;
  const gaps = source.gaps(from, to);
  if (!gaps.ok) return gaps;
  let at = from;
  const levels = codec!.logicBeside ? new LogicLevels(new Trace(source, codec!), from) : null;
  for (const gap of [...gaps.value, END]) {
    const until = Math.min(to, Math.max(at, gap.firstSample));
    const copied = await copyWords(writer, channels, levels, at, until);
    if (!copied.ok) return copied;
    at = Math.max(at, gap.firstSample);
    const end = Math.min(to, gap.firstSample + gap.missing);
    if (end > at && gap !== END) writer.gap(end - at, gap.cause);
    at = Math.max(at, end);
  }
  return writer.sync();
}

const END: GapRecord = { firstSample: Number.MAX_SAFE_INTEGER, missing: 0, cause: 'lost' };

/** Calibration and decoder state as they are before the first word at or after `from`. */
function beginChannel(
  writer: ChunkWriter,
  source: ChunkSource,
  codec: SampleCodec,
  channel: number,
  from: number,
): Result<void> {
  const chunk = source.chunk(Math.floor(from / CHUNK_SAMPLES));
  if (!chunk.ok) return chunk;
  const calibration = source.calibration(chunk.value.calibrationVersion);
  if (!calibration.ok) return calibration;
  const decoder = codec.openDecoder(calibration.value.json);
  if (!decoder.ok) return decoder;
  const state = stateAt(decoder.value, chunk.value, from % CHUNK_SAMPLES);
  if (!state.ok) return state;
  writer.calibration(calibration.value.json, channel, state.value);
  return ok();
}

function stateAt(decoder: SampleDecoder, chunk: ChunkRecord, offset: number): Result<Uint8Array> {
  if (decoder.saveState().length !== chunk.decoderState.length) return damaged('chunk', 0, chunk.index);
  decoder.loadState(chunk.decoderState);
  const words = offset - missingBefore(chunk, offset);
  if (words < 0 || words > chunk.words.length) return damaged('chunk', 0, chunk.index);
  decoder.decode(chunk.words, 0, words, newDecodedSamples(), 0);
  return ok(decoder.saveState());
}

function missingBefore(chunk: ChunkRecord, offset: number): number {
  let missing = 0;
  for (let g = 0; g + 1 < chunk.gaps.length && chunk.gaps[g]! < offset; g += 2)
    missing += Math.min(chunk.gaps[g + 1]!, offset - chunk.gaps[g]!);
  return missing;
}

function adoptTimeline(writer: ChunkWriter, source: ChunkSource, from: number, to: number): Result<void> {
  const supplies = source.supplies();
  if (!supplies.ok) return supplies;
  const marks = source.marks(from, to);
  if (!marks.ok) return marks;
  const clock = source.clockPoints();
  if (!clock.ok) return clock;
  const moved = <T extends { readonly sample: number }>(r: T): T => ({ ...r, sample: r.sample - from });
  const before = supplies.value.filter((s) => s.sample <= from).at(-1);
  const first: SupplyRecord[] = before ? [{ ...before, sample: 0 }] : [];
  writer.adopt({
    supplies: [...first, ...supplies.value.filter((s) => s.sample > from && s.sample < to).map(moved)],
    // the writer finds too many edges by itself
    marks: marks.value.filter((m) => m.kind !== 'trace.too-many-edges').map(moved),
    clockPoints: clock.value.filter((p) => p.sample >= from && p.sample <= to).map(moved),
  });
  return ok();
}

/** Words of all channels for [from, to), where no sample is missing. */
async function copyWords(
  writer: ChunkWriter,
  channels: readonly ChunkSource[],
  levels: LogicLevels | null,
  from: number,
  to: number,
): Promise<Result<void>> {
  const logic = new Uint8Array(levels ? CHUNK_SAMPLES : 0);
  const skipped = levels?.skipTo(from) ?? ok();
  if (!skipped.ok) return skipped;
  for (let at = from; at < to;) {
    const index = Math.floor(at / CHUNK_SAMPLES);
    const base = index * CHUNK_SAMPLES;
    const end = Math.min(to, base + CHUNK_SAMPLES);
    for (const [c, source] of channels.entries()) {
      const chunk = source.chunk(index);
      if (!chunk.ok) return chunk;
      const { words } = chunk.value;
      const first = at - base - missingBefore(chunk.value, at - base);
      const last = end - base - missingBefore(chunk.value, end - base);
      // the table of gaps and the chunk disagree
      if (last - first !== end - at || last > words.length) return damaged('chunk', 0, index);
      if (c === 0 && levels) {
        const known = levels.next(logic.subarray(first, last));
        if (!known.ok) return known;
        writer.wordsWithLogic(words, logic, first, last);
      } else writer.words(words, first, last, c);
    }
    const settled = await writer.settle();
    if (!settled.ok) return settled;
    at = end;
  }
  return ok();
}
