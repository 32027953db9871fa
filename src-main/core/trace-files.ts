import { randomUUID } from 'node:crypto';
import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { fail, ok, type Failure, type Result } from '../base/errors.ts';
import { ThreadedTraceFile } from '../store/threaded-trace-file.ts';
import { TraceAnnotations } from '../store/trace-annotations.ts';
import { RESERVED_BYTES } from '../store/trace-file.ts';
import type { AnnotationRecord } from '../trace/format.ts';
import { exportCsv, type CsvTable } from '../trace/formats/csv-export.ts';
import { exportPpkCsv, importCurrentCsv } from '../trace/formats/current-csv.ts';
import { droppedBy, type ExportFormat } from '../trace/formats/dropped.ts';
import { importEembc } from '../trace/formats/eembc-energy.ts';
import type { ImportedTrace } from '../trace/formats/imported.ts';
import { exportJls } from '../trace/formats/jls-export.ts';
import { importJls } from '../trace/formats/jls-import.ts';
import { exportParquet } from '../trace/formats/parquet.ts';
import { exportPpk2, importPpk2 } from '../trace/formats/ppk2-file.ts';
import { importedHeader, writeImported } from '../trace/formats/write-imported.ts';
import type { Trace } from '../trace/trace.ts';
import { adoptTrace, isTraceFile } from './adopt-trace.ts';
import type { ImportContext, Imported } from './import-context.ts';
import { NewFile, refuseExisting, writeFailure } from './new-file.ts';
import { ReadFile } from './read-file.ts';
import { openTrace, type Traces } from './traces.ts';

export type { ImportContext, Imported };

export interface ExportRequest {
  /** File or id. */
  readonly trace: string;
  readonly fromSample: number;
  readonly toSample: number;
  readonly path: string;
  /** By the extension of the path where absent. */
  readonly format?: ExportFormat;
  /** Of CSV; `samples` where absent. */
  readonly table?: CsvTable;
  readonly overwrite: boolean;
  /** Ends it with `trace.interrupted`. */
  readonly signal?: AbortSignal;
}

export interface Exported {
  readonly path: string;
  readonly format: ExportFormat;
  readonly sizeBytes: number;
  readonly samples: number;
  /** What the format has no place for, in plain words. */
  readonly dropped: readonly string[];
}

const BY_EXTENSION: Readonly<Record<string, ExportFormat>> = {
  '.csv': 'csv',
  '.ppk2': 'ppk2',
  '.jls': 'jls',
  '.parquet': 'parquet',
};

/**
 * Writes a span of a trace into a file of another format. `trace.export-unknown`, `trace.export-table`, `trace.exists`,
 * `trace.bad-span`, and what format, trace and disk fail with; nothing is left behind then.
 */
export async function exportTrace(
  request: ExportRequest,
  traces: Pick<Traces, 'pathOf'>,
): Promise<Result<Exported>> {
  const path = resolve(request.path);
  const format = request.format ?? BY_EXTENSION[extname(path).toLowerCase()];
  if (!format) return unknownExport(path);
  const table = request.table ?? 'samples';
  if (table !== 'samples' && format !== 'csv')
    return fail(
      'trace.export-table',
      { format, table },
      'Only CSV has one table a file.',
      'Leave --table away, or export to .csv.',
    );
  const from = traces.pathOf(request.trace);
  const opened = openTrace(from);
  if (!opened.ok) return opened;
  using _ = opened.value.file;
  const trace = opened.value.channels[0]!;
  const { fromSample, toSample } = request;
  if (!(fromSample >= 0 && fromSample < toSample && toSample <= trace.lengthSamples))
    return fail(
      'trace.bad-span',
      { fromSample, toSample, lengthSamples: trace.lengthSamples },
      'The span is empty or reaches outside the trace.',
      'Ask for a span inside the trace.',
    );
  const annotations = new TraceAnnotations(() => '').list(from);
  if (!annotations.ok) return annotations;
  const dropped = droppedBy(format, table, trace, fromSample, toSample, annotations.value);
  if (!dropped.ok) return dropped;
  const created = await NewFile.create(path, request.overwrite, request.signal);
  if (!created.ok) return created;
  await using file = created.value;
  const written = await write(format, table, trace, fromSample, toSample, file, annotations.value);
  if (!written.ok) return written;
  const kept = await file.keep();
  if (!kept.ok) return kept;
  const samples = toSample - fromSample;
  return ok({ path, format, sizeBytes: file.sizeBytes, samples, dropped: dropped.value });
}

function write(
  format: ExportFormat,
  table: CsvTable,
  trace: Trace,
  from: number,
  to: number,
  file: NewFile,
  annotations: readonly AnnotationRecord[],
): Promise<Result<void>> {
  switch (format) {
    case 'csv':
      return exportCsv(trace, from, to, table, file);
    case 'ppk-csv':
      return exportPpkCsv(trace, from, to, file);
    case 'ppk2':
      return exportPpk2(trace, from, to, file);
    case 'jls':
      return exportJls(trace, from, to, file, annotations);
    case 'parquet':
      return exportParquet(trace, from, to, file);
  }
}

function unknownExport(path: string): Failure {
  return fail(
    'trace.export-unknown',
    { path, known: Object.keys(BY_EXTENSION) },
    'The name of the file does not tell the format.',
    'Choose one of the known extensions, or say --format.',
  );
}

export interface ImportRequest {
  readonly file: string;
  /** Of the trace; in the folder of traces where absent. */
  readonly path?: string;
  readonly title?: string;
  /** What the device was supplied with, where the file does not say. */
  readonly supplyV?: number;
  /** Of an EEMBC energy trace: the file with the runner's timestamps. */
  readonly timestamps?: string;
  /** Of a JLS file: the name of the current signal. */
  readonly currentSignal?: string;
  /** Bounds of the monitor in place of what the file says: an energy without one is not given. */
  readonly bounds?: { readonly gainRel: number; readonly offsetA: number };
  readonly overwrite: boolean;
  /** Ends it with `trace.interrupted`. */
  readonly signal?: AbortSignal;
}

/** Makes a trace of a foreign file and notes it in the database. Nothing is left behind where it fails. */
export async function importTrace(request: ImportRequest, context: ImportContext): Promise<Result<Imported>> {
  const traceId = randomUUID();
  const target = resolve(request.path ?? join(context.tracesDir, `${traceId}.mjtrace`));
  const refused = refuseExisting(target, request.overwrite);
  if (refused) return refused;
  const opened = ReadFile.open(resolve(request.file), request.signal);
  if (!opened.ok) return opened;
  using file = opened.value;
  const head = file.readAt(0, Math.min(16, file.sizeBytes));
  if (head.ok && isTraceFile(head.value)) return adoptTrace(file.path, context);
  const foreign = await guarded(file, () => readForeign(file, request));
  if (!foreign.ok) return foreign;
  const imported = withBounds(foreign.value, request.bounds);
  const made = await makeTrace(imported, traceId, target, file);
  if (!made.ok) return made;
  context.traces.forget(target);
  const info = context.traces.info(target);
  if (!info.ok) return info;
  const noted = context.references.add({
    id: traceId,
    path: target,
    sha256: null,
    startedAt: info.value.startedAt ?? context.nowIso(),
    sampleRateHz: info.value.sampleRateHz,
    sampleCount: info.value.lengthSamples,
  });
  if (!noted.ok) return noted;
  const { format, dropped, accuracy } = imported;
  const unknown = accuracy ? [] : ['how exact the monitor is: energies need --gain-error'];
  return ok({ trace: info.value, format, dropped: [...dropped, ...unknown] });
}

function withBounds(imported: ImportedTrace, bounds: ImportRequest['bounds']): ImportedTrace {
  if (!bounds) return imported;
  const { gainRel, offsetA } = bounds;
  const accuracy = {
    origin: 'stated at import',
    gainRel: [gainRel],
    offsetA: [offsetA],
    stepA: [0],
    clockRel: 0,
  };
  return { ...imported, accuracy };
}

/** By what the file begins with. */
async function readForeign(file: ReadFile, request: ImportRequest): Promise<Result<ImportedTrace>> {
  const head = file.readAt(0, Math.min(8, file.sizeBytes));
  if (!head.ok) return head;
  const title = request.title ?? basename(file.path);
  const supplyV = request.supplyV ?? null;
  const begins = (...bytes: readonly number[]) => bytes.every((b, i) => head.value[i] === b);
  const extension = extname(file.path).toLowerCase();
  if (begins(0x6a, 0x6c, 0x73) || extension === '.jls')
    return importJls(file, { title, supplyV, signal: request.currentSignal ?? null });
  if (begins(0x50, 0x4b) || extension === '.ppk2') {
    const imported = await importPpk2(file.pieces, title);
    return imported.ok && supplyV !== null ? ok(withSupply(imported.value, supplyV)) : imported;
  }
  if (begins(0xf1) || extension === '.bin') return readEembc(file, title, request);
  return importCurrentCsv(file.pieces, title, supplyV);
}

function withSupply(imported: ImportedTrace, volts: number): ImportedTrace {
  return {
    ...imported,
    feed: (receiver) => {
      receiver.supply({ volts, uncertaintyV: 0, origin: 'set-point' });
      return imported.feed(receiver);
    },
  };
}

function readEembc(file: ReadFile, title: string, request: ImportRequest): Result<ImportedTrace> {
  if (request.supplyV === undefined)
    return fail(
      'trace.import-supply',
      { format: 'eembc' },
      'An EEMBC energy trace has energies, and no voltage to make currents of them.',
      'Give the supply with --supply; the energies come out the same whichever it is.',
    );
  const timestamps = request.timestamps === undefined ? ok([]) : readTimestamps(resolve(request.timestamps));
  if (!timestamps.ok) return timestamps;
  const bytes = file.readAt(0, file.sizeBytes);
  if (!bytes.ok) return bytes;
  return importEembc(bytes.value, { title, supplyV: request.supplyV, timestampsS: timestamps.value });
}

function readTimestamps(path: string): Result<number[]> {
  const opened = ReadFile.open(path);
  if (!opened.ok) return opened;
  using file = opened.value;
  const bytes = file.readAt(0, file.sizeBytes);
  if (!bytes.ok) return bytes;
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(bytes.value));
  } catch {
    // said below
  }
  if (Array.isArray(value) && value.every((t) => typeof t === 'number' && Number.isFinite(t) && t >= 0))
    return ok(value as number[]);
  return fail(
    'trace.import-timestamps',
    { path },
    'The file is no JSON list of times in seconds.',
    'Take trace1-timestamps.json as the runner wrote it.',
  );
}

/** A disk or a link that fails in mid-file is no bug. */
async function guarded<T>(file: ReadFile, use: () => Promise<Result<T>>): Promise<Result<T>> {
  try {
    return await use();
  } catch (e) {
    const failure = file.failureOf(e);
    if (failure) return failure;
    throw e;
  }
}

/** Files of SQLite's log beside a database. */
const BESIDE = ['-wal', '-shm'];

/** Under a name of its own until it is whole. */
async function makeTrace(
  imported: ImportedTrace,
  traceId: string,
  target: string,
  file: ReadFile,
): Promise<Result<void>> {
  const part = `${target}.part-${process.pid}`;
  try {
    mkdirSync(dirname(target), { recursive: true });
  } catch (e) {
    return writeFailure(target, e);
  }
  const written = await writeTrace(imported, traceId, part, file);
  try {
    if (written.ok) {
      // what SQLite left beside the old file is not of the new one
      for (const end of BESIDE) rmSync(`${target}${end}`, { force: true });
      renameSync(part, target);
    } else for (const end of ['', ...BESIDE]) rmSync(`${part}${end}`, { force: true });
    return written;
  } catch (e) {
    return writeFailure(target, e);
  }
}

async function writeTrace(
  imported: ImportedTrace,
  traceId: string,
  path: string,
  file: ReadFile,
): Promise<Result<void>> {
  const header = importedHeader(imported, traceId);
  const created = await ThreadedTraceFile.create(path, header, { minFreeBytes: RESERVED_BYTES });
  if (!created.ok) return created;
  await using store = created.value;
  const written = await guarded(file, () => writeImported(imported, header, store));
  return written.ok ? await store.finish('complete', `imported from ${imported.format}`) : written;
}
