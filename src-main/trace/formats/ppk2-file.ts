import { Unzip, UnzipInflate, Zip, ZipDeflate } from 'fflate';
import { z } from 'zod';
import { fail, ok, type Failure, type Result } from '../../base/errors.ts';
import { float32Calibration } from '../float32.ts';
import type { Trace } from '../trace.ts';
import { eachBlock, type ExportSink } from './exported.ts';
import { IMPORT_BLOCK_SAMPLES, type ImportedTrace, type ImportReceiver } from './imported.ts';

/** float32 µA, little-endian, then eight 2-bit states, big-endian. */
const RECORD_BYTES = 6;
/** A ZIP without the 64-bit extension ends at 4 GiB; so much of it may be samples. */
const MOST_SAMPLES = Math.floor(4e9 / RECORD_BYTES);
const MOST_FOLDS = 10_000;
/** States of a channel: never seen, always low, always high, both within the sample. */
const STATE = { invalid: 0, low: 1, high: 2, both: 3 } as const;

const Metadata = z.object({
  metadata: z.object({
    samplesPerSecond: z.number().positive().max(1e7),
    startSystemTime: z.number().optional(),
  }),
  formatVersion: z.number(),
});

/** Where a file's bytes come from; may be asked for more than once. */
export type OpenBytes = () => AsyncIterable<Uint8Array>;

/**
 * Writes a `.ppk2` file as the Power Profiler app reads it (session.raw, metadata.json, minimap.raw). Missing samples
 * become NaN with invalid states. Supply, marks, ranges and gap causes have no place in it. `trace.export-too-long`.
 */
export async function exportPpk2(
  trace: Trace,
  from: number,
  to: number,
  sink: ExportSink,
): Promise<Result<void>> {
  if (to - from > MOST_SAMPLES)
    return fail(
      'trace.export-too-long',
      { samples: to - from, mostSamples: MOST_SAMPLES },
      'A .ppk2 file is a ZIP archive and ends at 4 GiB.',
      'Export a shorter span with --from and --to, or use JLS or Parquet.',
    );
  const pieces: Uint8Array[] = [];
  const broken: Failure[] = [];
  const zip = new Zip((error, bytes) => {
    if (error) broken.push(zipFailure(error.message));
    else if (bytes.length > 0) pieces.push(bytes);
  });
  const drain = async (): Promise<Result<void>> => {
    for (const piece of pieces.splice(0)) {
      const written = await sink.write(piece);
      if (!written.ok) return written;
    }
    return broken[0] ?? ok();
  };
  const session = new ZipDeflate('session.raw', { level: 6 });
  zip.add(session);
  const minimap = new Minimap(to - from, trace.header.sampleRateHz);
  const written = await eachBlock(trace, from, to, async ({ amperes, logic }) => {
    session.push(records(amperes, logic, trace.header.logicMask));
    minimap.add(amperes);
    return drain();
  });
  if (!written.ok) return written;
  session.push(new Uint8Array(0), true);
  const startedMs = trace.header.startedAt ? Date.parse(trace.header.startedAt) : 0;
  const texts = {
    'metadata.json': {
      metadata: {
        samplesPerSecond: trace.header.sampleRateHz,
        startSystemTime: startedMs + (from / trace.header.sampleRateHz) * 1000,
      },
      formatVersion: 2,
    },
    'minimap.raw': minimap.finish(),
  };
  for (const [name, value] of Object.entries(texts)) {
    const entry = new ZipDeflate(name, { level: 6 });
    zip.add(entry);
    entry.push(new TextEncoder().encode(JSON.stringify(value)), true);
  }
  zip.end();
  return drain();
}

function records(amperes: Float64Array, logic: Uint8Array, logicMask: number): Uint8Array {
  const bytes = new Uint8Array(amperes.length * RECORD_BYTES);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < amperes.length; i++) {
    const a = amperes[i]!;
    const missing = Number.isNaN(a);
    let states = 0;
    for (let n = 0; n < 8; n++) {
      const state =
        missing || !(logicMask & (1 << n)) ? STATE.invalid : (logic[i]! >> n) & 1 ? STATE.high : STATE.low;
      states |= state << (2 * n);
    }
    view.setFloat32(i * RECORD_BYTES, a * 1e6, true);
    view.setUint16(i * RECORD_BYTES + 4, states, false);
  }
  return bytes;
}

/** Extremes of equal stretches, doubled until at most 10 000 are left: what the app draws as overview. */
class Minimap {
  readonly #rate: number;
  readonly #folds: number;
  readonly #min: { x: number; y: number }[] = [];
  readonly #max: { x: number; y: number }[] = [];
  #count = 0;
  #sample = 0;

  constructor(samples: number, rate: number) {
    this.#rate = rate;
    this.#folds = Math.max(0, Math.ceil(Math.log2(Math.max(1, samples) / MOST_FOLDS)));
  }

  add(amperes: Float64Array): void {
    const size = 2 ** this.#folds;
    for (const a of amperes) {
      const x = (this.#sample / this.#rate) * 1e6;
      const nanoA = Number.isNaN(a) ? 0 : a * 1e9;
      if (this.#count === 0) {
        this.#min.push({ x, y: nanoA });
        this.#max.push({ x, y: nanoA });
      } else {
        const low = this.#min.at(-1)!;
        const high = this.#max.at(-1)!;
        low.y = Math.min(low.y, nanoA);
        high.y = Math.max(high.y, nanoA);
      }
      this.#count = (this.#count + 1) % size;
      this.#sample++;
    }
  }

  finish(): unknown {
    const size = 2 ** this.#folds;
    return {
      lastElementFoldCount: this.#count === 0 ? size : this.#count,
      data: { length: this.#min.length, min: this.#min, max: this.#max },
      maxNumberOfElements: MOST_FOLDS,
      numberOfTimesToFold: this.#folds,
    };
  }
}

function zipFailure(reason: string): Failure {
  return fail(
    'trace.import-damaged',
    { format: 'ppk2', reason },
    'The archive is damaged or was cut off.',
    'Save or copy the file again.',
  );
}

/** Runs an archive through; `entry` gets the pieces of each file it wants. */
async function unzip(
  open: OpenBytes,
  wanted: (name: string) => ((bytes: Uint8Array, last: boolean) => void) | null,
  between: () => Promise<Result<void>>,
): Promise<Result<void>> {
  const broken: Failure[] = [];
  const archive = new Unzip((file) => {
    const use = wanted(file.name);
    if (!use) return;
    file.ondata = (error, bytes, last) => {
      if (error) broken.push(zipFailure(error.message));
      else use(bytes, last);
    };
    file.start();
  });
  archive.register(UnzipInflate);
  try {
    for await (const piece of open()) {
      archive.push(piece);
      if (broken[0]) return broken[0];
      const done = await between();
      if (!done.ok) return done;
    }
    archive.push(new Uint8Array(0), true);
  } catch (e) {
    return zipFailure((e as Error).message);
  }
  return broken[0] ?? (await between());
}

/** `trace.import-damaged` where the archive or its metadata cannot be read. */
export async function importPpk2(open: OpenBytes, title: string): Promise<Result<ImportedTrace>> {
  let text = '';
  const decoder = new TextDecoder();
  const read = await unzip(
    open,
    (name) =>
      name === 'metadata.json' ? (bytes) => (text += decoder.decode(bytes, { stream: true })) : null,
    async () => ok(),
  );
  if (!read.ok) return read;
  const metadata = parseMetadata(text);
  if (!metadata.ok) return metadata;
  const { samplesPerSecond, startSystemTime } = metadata.value.metadata;
  return ok({
    format: 'ppk2',
    title,
    sampleRateHz: samplesPerSecond,
    startedAt: startSystemTime === undefined ? null : new Date(startSystemTime).toISOString(),
    logicMask: 0xff,
    monitor: { kind: 'ppk2', serial: null, firmware: null },
    accuracy: null,
    dropped: [
      'minimap.raw: an overview is made anew',
      'a channel that changes within a sample is taken as high in it',
    ],
    calibration: float32Calibration({ amperesPerUnit: 1e-6 }),
    feed: (receiver) => feed(open, receiver),
  });
}

function parseMetadata(text: string): Result<z.infer<typeof Metadata>> {
  try {
    const parsed = Metadata.safeParse(JSON.parse(text));
    if (parsed.success) return ok(parsed.data);
  } catch {
    // said below
  }
  return fail(
    'trace.import-damaged',
    { format: 'ppk2', metadataBytes: text.length },
    'The archive has no metadata.json with a sample rate: it is no .ppk2 file, or of a version that is not known.',
    'Save the file again with a current Power Profiler app.',
  );
}

async function feed(open: OpenBytes, receiver: ImportReceiver): Promise<Result<void>> {
  const reader = new RecordReader(receiver);
  const done = await unzip(
    open,
    (name) => (name === 'session.raw' ? (bytes) => reader.push(bytes) : null),
    () => receiver.settle(),
  );
  if (!done.ok) return done;
  return reader.end();
}

/** Records of six bytes from pieces that are cut anywhere. */
class RecordReader {
  readonly #receiver: ImportReceiver;
  readonly #values = new Float32Array(IMPORT_BLOCK_SAMPLES);
  readonly #words = new Uint32Array(this.#values.buffer);
  readonly #logic = new Uint8Array(IMPORT_BLOCK_SAMPLES);
  readonly #rest = new Uint8Array(RECORD_BYTES);
  #held = 0;
  #count = 0;
  #missing = 0;
  #total = 0;

  constructor(receiver: ImportReceiver) {
    this.#receiver = receiver;
  }

  push(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length) {
      if (this.#held > 0 || bytes.length - at < RECORD_BYTES) {
        const n = Math.min(RECORD_BYTES - this.#held, bytes.length - at);
        this.#rest.set(bytes.subarray(at, at + n), this.#held);
        this.#held += n;
        at += n;
        if (this.#held < RECORD_BYTES) return;
        this.#record(this.#rest, 0);
        this.#held = 0;
      } else {
        this.#record(bytes, at);
        at += RECORD_BYTES;
      }
    }
  }

  end(): Result<void> {
    this.#flush();
    if (this.#missing > 0) this.#gap();
    if (this.#held === 0 && this.#total > 0) return ok();
    return fail(
      'trace.import-damaged',
      { format: 'ppk2', samples: this.#total, bytesOver: this.#held },
      'session.raw is missing, empty or ends within a sample.',
      'Save the file again; what could be read was not kept.',
    );
  }

  #record(bytes: Uint8Array, at: number): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset + at, RECORD_BYTES);
    const microA = view.getFloat32(0, true);
    this.#total++;
    if (!Number.isFinite(microA)) {
      this.#flush();
      this.#missing++;
      return;
    }
    if (this.#missing > 0) this.#gap();
    const states = view.getUint16(4, false);
    let logic = 0;
    for (let n = 0; n < 8; n++) if (((states >> (2 * n)) & 3) >= STATE.high) logic |= 1 << n;
    this.#values[this.#count] = microA;
    this.#logic[this.#count++] = logic;
    if (this.#count === this.#values.length) this.#flush();
  }

  #gap(): void {
    this.#receiver.gap(this.#missing, 'lost');
    this.#missing = 0;
  }

  #flush(): void {
    if (this.#count > 0) this.#receiver.wordsWithLogic(this.#words, this.#logic, 0, this.#count);
    this.#count = 0;
  }
}
