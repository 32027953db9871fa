import { z } from 'zod';
import type { FailureDto } from '../failure.ts';
import {
  RecordRequest,
  TraceSpanRequest,
  TraceTrigger,
  type TraceAnnotation,
  type TraceComparison,
  type TraceEnvelope,
  type TraceHistogram,
  type TraceInfo,
  type TraceMarkers,
  type TraceOperators,
  type TracePlaces,
  type TraceRun,
  type TraceSpectrum,
  type TraceStatistics,
  type TraceTriggerHit,
} from '../trace.ts';
import type { Activity } from './activity.ts';
import { MonitorAddress } from './address.ts';
import { method } from './method.ts';

/** Columns a page may ask for at once. */
const Columns = z.number().int().min(1).max(8192);
/** Pages name traces by id only. */
const Id = z.string().min(1).max(64);
const Name = z.object({ trace: Id });
const Span = TraceSpanRequest.extend({ trace: Id });
const Note = z.string().min(1).max(2000);
const Token = z.object({ token: z.string().min(1).max(64) });

/** Bytes of one piece of a file, both ways. */
export const PIECE_BYTES = 2 * 1024 * 1024;
/** Largest file a page may hand over; a longer one is imported on the command line. */
export const MAX_IMPORT_BYTES = 4 * 1024 ** 3;
/** Largest file a page takes back. */
export const MAX_EXPORT_BYTES = 1024 ** 3;

export const TRACE_EXPORT_FORMATS = ['csv', 'ppk-csv', 'ppk2', 'jls', 'parquet'] as const;
export type TraceExportFormat = (typeof TRACE_EXPORT_FORMATS)[number];

/** A file that is ready to be fetched, piece by piece. */
export interface ReadyFile {
  readonly token: string;
  readonly name: string;
  readonly sizeBytes: number;
  /** What the format has no place for, in plain words. */
  readonly dropped: readonly string[];
}

export interface ImportedTrace {
  readonly trace: TraceInfo;
  readonly format: string;
  /** What is in the file and not in the trace, in plain words. */
  readonly dropped: readonly string[];
}

export const traceMethods = {
  'traces.list': method(z.object({}))<{
    traces: TraceInfo[];
    unreadable: { path: string; failure: FailureDto }[];
  }>(),
  'traces.info': method(Name)<TraceInfo>(),
  'traces.envelope': method(Span.extend({ columns: Columns }))<TraceEnvelope>(),
  'traces.statistics': method(Span)<TraceStatistics>(),
  'traces.histogram': method(Span)<TraceHistogram>(),
  'traces.spectrum': method(Span)<TraceSpectrum>(),
  'traces.markers': method(Span)<TraceMarkers>(),
  /** Windows, gaps, marks and annotations as far as a picture of so many columns can show them. */
  'traces.places': method(Span.extend({ columns: Columns }))<TracePlaces>(),
  /** The run that made it; null for a recording without one. */
  'traces.run': method(Name)<TraceRun | null>(),
  'traces.operators': method(Span)<TraceOperators>(),
  'traces.compare': method(z.object({ a: Span, b: Span }))<TraceComparison>(),
  'traces.trigger': method(Span.extend({ trigger: TraceTrigger }))<TraceTriggerHit>(),
  'traces.annotate': method(Span.extend({ text: Note }))<TraceAnnotation>(),
  'traces.removeAnnotation': method(Name.extend({ id: z.number().int() }))<TraceAnnotation>(),
  'traces.restoreAnnotation': method(Name.extend({ id: z.number().int() }))<TraceAnnotation>(),
  /** A new trace of the span, without loss. */
  'traces.cut': method(Span.extend({ title: z.string().min(1).max(200).optional() }))<TraceInfo>(),
  /** Writes the span as a file to be fetched with `traces.piece`. `bench.export-too-large`. */
  'traces.export': method(
    Span.extend({
      format: z.enum(TRACE_EXPORT_FORMATS),
      table: z.enum(['samples', 'edges', 'gaps', 'marks', 'supplies']).default('samples'),
    }),
  )<ReadyFile>(),
  /** Up to `PIECE_BYTES` from an offset; fewer only at the end. `bench.no-file`. */
  'traces.piece': method(Token.extend({ offset: z.number().int().nonnegative() }))<{ bytes: Uint8Array }>(),
  /** The file is no longer needed, on either way. */
  'traces.discard': method(Token)<null>(),
  /** A file in pieces: begin, pieces in order, finish. `bench.import-too-large`, `bench.import-name`. */
  'traces.importBegin': method(
    z.object({ name: z.string().min(1).max(200), sizeBytes: z.number().int().positive() }),
  )<{ token: string }>(),
  'traces.importPiece': method(
    Token.extend({
      offset: z.number().int().nonnegative(),
      bytes: z.custom<Uint8Array>((v) => v instanceof Uint8Array && v.length <= PIECE_BYTES),
    }),
  )<{ received: number }>(),
  'traces.importFinish': method(
    Token.extend({ supplyV: z.number().positive().max(100).optional() }),
  )<ImportedTrace>(),
  /** Records a monitor; paths and load files are not a page's to name. */
  'traces.record': method(
    RecordRequest.omit({ path: true, load: true }).extend({ monitor: MonitorAddress }),
  )<Activity>(),
};
