import { fail, ok, type Result } from '../../base/errors.ts';
import type { AnnotationRecord, MarkRecord, SupplyRecord } from '../format.ts';
import type { Trace } from '../trace.ts';
import { eachBlock, type PlacedSink } from './exported.ts';
import { JlsChunks } from './jls-chunks-out.ts';
import {
  BIT_SIZES,
  FLOAT_SIZES,
  FsrTrack,
  LEVELS,
  timed,
  TIMED_DECIMATION,
  TimedTrack,
  TRACK,
  TrackHead,
  trackTag,
  type FsrSizes,
} from './jls-tracks.ts';

const TAG = { source: 1, signal: 2, userData: 0x40 } as const;
const CURRENT_SIGNAL = 1;
/** D0 is signal 2, and so on. */
const FIRST_LOGIC_SIGNAL = 2;
const FLOAT32_TYPE = 0x2004;
const BIT_TYPE = 0x0103;
/** Storage type JSON in the highest four bits; the rest is ours to choose: 'mj'. */
const PROVENANCE_META = 0x3000 | 0x6d6;
/** 2018-01-01T00:00:00Z, where JLS time begins, in units of 2⁻³⁰ s. */
const EPOCH_MS = Date.UTC(2018, 0, 1);
const ANNOTATION_TEXT = 1;
const STORAGE_STRING = 2;
/** Groups tell marks of the monitor from remarks of people. */
const GROUP = { mark: 1, annotation: 2 } as const;

const encoder = new TextEncoder();

type Remark = Pick<AnnotationRecord, 'fromSample' | 'toSample' | 'text'>;

/**
 * Writes [from, to) as JLS v2: the current as float32 FSR signal in A with NaN where a sample is missing, every kept
 * logic channel as 1-bit FSR signal, marks and annotations as text annotations, the start as UTC pairs, supply and
 * provenance as JSON user data. `trace.export-rate` where the sample rate is no whole number: JLS has only those.
 */
export async function exportJls(
  trace: Trace,
  from: number,
  to: number,
  sink: PlacedSink,
  annotations: readonly Remark[] = [],
): Promise<Result<void>> {
  const { header } = trace;
  if (!Number.isInteger(header.sampleRateHz) || header.sampleRateHz >= 2 ** 32)
    return fail(
      'trace.export-rate',
      { sampleRateHz: header.sampleRateHz },
      'A JLS file states its sample rate as a whole number.',
      'Export as .csv, .parquet or .ppk2.',
    );
  const marks = trace.marks(from, to);
  if (!marks.ok) return marks;
  const provenance = provenanceOf(trace, from, to);
  if (!provenance.ok) return provenance;
  const chunks = new JlsChunks(sink);
  const file = await begin(chunks, trace, provenance.value);
  if (!file.ok) return file;
  const { current, logic, remarks, utc } = file.value;
  const written = await eachBlock(trace, from, to, async (block) => {
    const added = await current.add(block.amperes);
    if (!added.ok) return added;
    for (const { channel, track } of logic) {
      const bits = await track.addBits(block.logic, channel);
      if (!bits.ok) return bits;
    }
    return ok();
  });
  if (!written.ok) return written;
  const noted = await writeRemarks(remarks, marks.value, annotations, from, to);
  if (!noted.ok) return noted;
  const dated = await writeUtc(utc, trace, from, to);
  if (!dated.ok) return dated;
  for (const track of [current, ...logic.map((l) => l.track), remarks, utc]) {
    const closed = await track.close();
    if (!closed.ok) return closed;
  }
  return chunks.close();
}

interface Tracks {
  readonly current: FsrTrack;
  readonly logic: readonly { readonly channel: number; readonly track: FsrTrack }[];
  readonly remarks: TimedTrack;
  readonly utc: TimedTrack;
}

/** File header, definitions and user data. */
async function begin(chunks: JlsChunks, trace: Trace, provenance: string): Promise<Result<Tracks>> {
  const { monitor, sampleRateHz, logicMask } = trace.header;
  const begun = await chunks.begin();
  if (!begun.ok) return begun;
  const firmware = monitor.firmware ?? '-';
  const serial = monitor.serial ?? '-';
  // readers want the first user data, source and signal in this order
  const first = await addAll(chunks, [
    ['user', TAG.userData, 0, new Uint8Array(0)],
    ['source', TAG.source, 0, source('global_annotation_source', 'jls', '-', '1.0.0', '-')],
  ]);
  if (!first.ok) return first;
  const globals = await defineSignal(chunks, 0, globalSignal(), [TRACK.vsr, TRACK.annotation]);
  if (!globals.ok) return globals;
  const own = await addAll(chunks, [
    ['source', TAG.source, 1, source(monitor.kind, 'Microjoule', monitor.kind, firmware, serial)],
    ['user', TAG.userData, PROVENANCE_META, strings(provenance).subarray(0, -1)],
  ]);
  if (!own.ok) return own;
  const tracks = [TRACK.fsr, TRACK.annotation, TRACK.utc];
  const definition = fsrSignal('current', 'A', FLOAT32_TYPE, sampleRateHz, FLOAT_SIZES);
  const heads = await defineSignal(chunks, CURRENT_SIGNAL, definition, tracks);
  if (!heads.ok) return heads;
  const logic: { channel: number; track: FsrTrack }[] = [];
  for (let channel = 0; channel < 8; channel++) {
    if (!(logicMask & (1 << channel))) continue;
    const id = FIRST_LOGIC_SIGNAL + channel;
    const bits = fsrSignal(`D${channel}`, '', BIT_TYPE, sampleRateHz, BIT_SIZES);
    const ends = await defineSignal(chunks, id, bits, tracks);
    if (!ends.ok) return ends;
    logic.push({ channel, track: new FsrTrack(chunks, id, BIT_SIZES, ends.value[0]!) });
  }
  const [fsr, annotation, utc] = heads.value;
  return ok({
    current: new FsrTrack(chunks, CURRENT_SIGNAL, FLOAT_SIZES, fsr!),
    logic,
    remarks: new TimedTrack(chunks, CURRENT_SIGNAL, TRACK.annotation, annotation!),
    utc: new TimedTrack(chunks, CURRENT_SIGNAL, TRACK.utc, utc!),
  });
}

async function addAll(
  chunks: JlsChunks,
  all: readonly (readonly [list: string, tag: number, meta: number, payload: Uint8Array])[],
): Promise<Result<void>> {
  for (const chunk of all) {
    const added = await chunks.add(...chunk);
    if (!added.ok) return added;
  }
  return ok();
}

/** The definition of a signal, and definition and head of each of its tracks; gives the heads. */
async function defineSignal(
  chunks: JlsChunks,
  id: number,
  definition: Uint8Array,
  tracks: readonly number[],
): Promise<Result<TrackHead[]>> {
  const defined = await chunks.add('signal', TAG.signal, id, definition);
  if (!defined.ok) return defined;
  const heads: TrackHead[] = [];
  for (const track of tracks) {
    const def = await chunks.add('signal', trackTag(track, 'def'), id, new Uint8Array(0));
    if (!def.ok) return def;
    const head = await chunks.add('signal', trackTag(track, 'head'), id, new Uint8Array(8 * LEVELS));
    if (!head.ok) return head;
    heads.push(new TrackHead(chunks, head.value));
  }
  return ok(heads);
}

/** Each text ends with a zero and a unit separator. */
function strings(...texts: readonly string[]): Uint8Array {
  return encoder.encode(texts.map((t) => `${t.replaceAll('\0', ' ')}\0\x1f`).join(''));
}

function source(...texts: readonly string[]): Uint8Array {
  const names = strings(...texts);
  const bytes = new Uint8Array(64 + names.length);
  bytes.set(names, 64);
  return bytes;
}

function signal(sourceId: number, type: 0 | 1, numbers: readonly number[], names: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(128 + names.length);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, sourceId, true);
  view.setUint8(2, type);
  for (const [i, n] of numbers.entries()) view.setUint32(4 + 4 * i, n, true);
  bytes.set(names, 128);
  return bytes;
}

/** Every file has it; nothing is kept there. */
function globalSignal(): Uint8Array {
  const sizes = [16, 16, 10, 10, TIMED_DECIMATION, TIMED_DECIMATION];
  return signal(0, 1, [FLOAT32_TYPE, 0, ...sizes], strings('global_annotation_signal', ''));
}

function fsrSignal(name: string, unit: string, type: number, rate: number, s: FsrSizes): Uint8Array {
  const sizes = [s.samplesPerData, s.samplesPerEntry, s.entriesPerSummary, s.entriesPerEntry];
  return signal(1, 0, [type, rate, ...sizes, TIMED_DECIMATION, TIMED_DECIMATION], strings(name, unit));
}

async function writeRemarks(
  track: TimedTrack,
  marks: readonly MarkRecord[],
  annotations: readonly Remark[],
  from: number,
  to: number,
): Promise<Result<void>> {
  const all = [
    ...marks.map((m) => ({ sample: m.sample, text: `${m.kind}: ${m.detail}`, group: GROUP.mark })),
    ...annotations
      .filter((a) => a.fromSample < to && a.toSample >= from)
      .map((a) => ({ sample: Math.max(from, a.fromSample), text: a.text, group: GROUP.annotation })),
  ].sort((a, b) => a.sample - b.sample);
  for (const { sample, text, group } of all) {
    const payload = annotation(sample - from, text, group);
    // in summaries: time, type, group, two reserved bytes, y
    const summary = new Uint8Array(16);
    summary.set(payload.subarray(0, 8));
    summary.set([ANNOTATION_TEXT, group], 8);
    summary.set(payload.subarray(20, 24), 12);
    const added = await track.add(sample - from, payload, summary);
    if (!added.ok) return added;
  }
  return ok();
}

function annotation(sample: number, text: string, group: number): Uint8Array {
  const content = strings(text);
  const bytes = timed(sample, 1, 0, 12 + content.length);
  const view = new DataView(bytes.buffer);
  bytes.set([ANNOTATION_TEXT, STORAGE_STRING, group], 16);
  // no place on the y axis: the viewer chooses one
  view.setFloat32(20, NaN, true);
  // the separator does not count
  view.setUint32(24, content.length - 1, true);
  bytes.set(content, 28);
  return bytes;
}

/** First and last sample, at the nominal rate. */
async function writeUtc(track: TimedTrack, trace: Trace, from: number, to: number): Promise<Result<void>> {
  const startedMs = Date.parse(trace.header.startedAt ?? '');
  if (Number.isNaN(startedMs)) return ok();
  for (const sample of new Set([from, to - 1])) {
    const ms = startedMs - EPOCH_MS + (sample / trace.header.sampleRateHz) * 1000;
    // whole milliseconds first: 2³⁰ of a long time does not fit the digits of a double
    const utc =
      (BigInt(Math.floor(ms)) << 30n) / 1000n + BigInt(Math.round(((ms - Math.floor(ms)) / 1000) * 2 ** 30));
    const payload = timed(sample - from, 1, 64, 8);
    const summary = new Uint8Array(16);
    new DataView(payload.buffer).setBigInt64(16, utc, true);
    summary.set(payload.subarray(0, 8));
    summary.set(payload.subarray(16, 24), 8);
    const added = await track.add(sample - from, payload, summary);
    if (!added.ok) return added;
  }
  return ok();
}

/** What the format has no place for and an import can take up again. */
function provenanceOf(trace: Trace, from: number, to: number): Result<string> {
  const all = trace.source.supplies();
  if (!all.ok) return all;
  const before = all.value.filter((s) => s.sample <= from).at(-1);
  const supplies: SupplyRecord[] = [
    ...(before ? [{ ...before, sample: 0 }] : []),
    ...all.value
      .filter((s) => s.sample > from && s.sample < to)
      .map((s) => ({ ...s, sample: s.sample - from })),
  ];
  const { traceId, title, source: origin, monitor, accuracy, codecId, logicMask } = trace.header;
  return ok(
    JSON.stringify({
      microjoule: 1,
      traceId,
      title,
      source: origin,
      monitor,
      accuracy: accuracy ?? null,
      codecId,
      logicMask,
      fromSample: from,
      supplies,
    }),
  );
}
