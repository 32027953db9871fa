import type { Result } from '../../base/errors.ts';
import type { ChunkSink } from '../chunk-store.ts';
import { float32Codec } from '../float32.ts';
import { newTraceHeader, type TraceHeader } from '../format.ts';
import { ChunkWriter } from '../recorder.ts';
import type { ImportedTrace } from './imported.ts';

/** The header of the trace that an imported file becomes. */
export function importedHeader(imported: ImportedTrace, traceId: string): TraceHeader {
  const { title, sampleRateHz, logicMask, monitor, accuracy, startedAt } = imported;
  return newTraceHeader(
    { codecId: float32Codec.id, sampleRateHz, rangeCount: float32Codec.rangeCount, monitor },
    {
      traceId,
      title,
      source: imported.source ?? 'measured',
      logicMask,
      ...(accuracy ? { accuracy } : {}),
      ...(startedAt ? { startedAt } : {}),
    },
  );
}

/** Writes all samples of an imported file; the caller finishes the sink. */
export async function writeImported(
  imported: ImportedTrace,
  header: TraceHeader,
  sink: ChunkSink,
): Promise<Result<void>> {
  const writer = new ChunkWriter(header, sink, float32Codec);
  writer.calibration(imported.calibration);
  const fed = await imported.feed(writer);
  return fed.ok ? writer.sync() : fed;
}
