import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import { ok, type Failure, type Result } from '../../base/errors.ts';
import type { Trace } from '../trace.ts';
import { eachBlock, type ExportSink } from './exported.ts';

/**
 * Parquet for notebooks: columns `sample` (INT64), `time_s` (DOUBLE), `current_a` (DOUBLE, null where the sample is
 * missing), `logic` (INT32, bit n = Dn); one row group a chunk, facts of the trace as key-value metadata.
 */
export async function exportParquet(
  trace: Trace,
  from: number,
  to: number,
  sink: ExportSink,
): Promise<Result<void>> {
  const bytes = new ByteWriter();
  const { header } = trace;
  const writer = new ParquetWriter({
    writer: bytes,
    schema: [
      { name: 'root', num_children: 4 },
      { name: 'sample', type: 'INT64', repetition_type: 'REQUIRED' },
      { name: 'time_s', type: 'DOUBLE', repetition_type: 'REQUIRED' },
      { name: 'current_a', type: 'DOUBLE', repetition_type: 'OPTIONAL' },
      { name: 'logic', type: 'INT32', repetition_type: 'REQUIRED' },
    ],
    kvMetadata: [
      { key: 'sample_rate_hz', value: String(header.sampleRateHz) },
      { key: 'trace_id', value: header.traceId },
      { key: 'title', value: header.title },
      { key: 'source', value: header.source },
      { key: 'started_at', value: header.startedAt ?? '' },
    ],
    createdBy: 'Microjoule',
  });
  const flush = async (): Promise<Result<void>> => {
    const piece = new Uint8Array(bytes.buffer, 0, bytes.index).slice();
    bytes.index = 0;
    return piece.length > 0 ? sink.write(piece) : ok();
  };
  const written = await eachBlock(trace, from, to, async ({ firstSample, length, amperes, logic }) => {
    const sample = BigInt64Array.from({ length }, (_, i) => BigInt(firstSample + i));
    const time = Float64Array.from({ length }, (_, i) => (firstSample + i) / header.sampleRateHz);
    const current = Array.from(amperes, (a) => (Number.isNaN(a) ? null : a));
    // the writer only encodes into memory here: nothing of it waits
    void writer.write({
      columnData: [
        { name: 'sample', data: sample },
        { name: 'time_s', data: time },
        { name: 'current_a', data: current },
        { name: 'logic', data: Int32Array.from(logic) },
      ],
      rowGroupSize: length,
    });
    return flush();
  });
  if (!written.ok) return written;
  void writer.finish();
  const last: Result<void> | Failure = await flush();
  return last;
}
