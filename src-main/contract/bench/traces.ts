import { z } from 'zod';
import type { FailureDto } from '../failure.ts';
import {
  RecordRequest,
  TraceName,
  TraceSpanRequest,
  TraceTrigger,
  type TraceAnnotation,
  type TraceComparison,
  type TraceEnvelope,
  type TraceHistogram,
  type TraceInfo,
  type TraceMarkers,
  type TraceSpectrum,
  type TraceStatistics,
  type TraceTriggerHit,
} from '../trace.ts';
import type { Activity } from './activity.ts';
import { method } from './method.ts';

/** Columns a page may ask for at once. */
const Columns = z.number().int().min(1).max(8192);
const Name = z.object({ trace: TraceName });
const Note = z.string().min(1).max(2000);

export const traceMethods = {
  'traces.list': method(z.object({}))<{
    traces: TraceInfo[];
    unreadable: { path: string; failure: FailureDto }[];
  }>(),
  'traces.info': method(Name)<TraceInfo>(),
  'traces.envelope': method(TraceSpanRequest.extend({ columns: Columns }))<TraceEnvelope>(),
  'traces.statistics': method(TraceSpanRequest)<TraceStatistics>(),
  'traces.histogram': method(TraceSpanRequest)<TraceHistogram>(),
  'traces.spectrum': method(TraceSpanRequest)<TraceSpectrum>(),
  'traces.markers': method(TraceSpanRequest)<TraceMarkers>(),
  'traces.compare': method(z.object({ a: TraceSpanRequest, b: TraceSpanRequest }))<TraceComparison>(),
  'traces.trigger': method(TraceSpanRequest.extend({ trigger: TraceTrigger }))<TraceTriggerHit>(),
  'traces.annotate': method(TraceSpanRequest.extend({ text: Note }))<TraceAnnotation>(),
  'traces.removeAnnotation': method(Name.extend({ id: z.number().int() }))<TraceAnnotation>(),
  'traces.restoreAnnotation': method(Name.extend({ id: z.number().int() }))<TraceAnnotation>(),
  /** Records a monitor; paths and load files are not a page's to name. */
  'traces.record': method(RecordRequest.omit({ path: true, load: true }))<Activity>(),
};
