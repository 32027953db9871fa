/** JLS files in memory, and traces out of them. */
import { fail, ok, orThrow, type Result } from '../../../../src-main/base/errors.ts';
import { float32Codec } from '../../../../src-main/trace/float32.ts';
import { CHUNK_SAMPLES } from '../../../../src-main/trace/format.ts';
import type { ImportedTrace, PlacedBytes } from '../../../../src-main/trace/formats/imported.ts';
import { exportJls } from '../../../../src-main/trace/formats/jls-export.ts';
import { importJls } from '../../../../src-main/trace/formats/jls-import.ts';
import { importedHeader, writeImported } from '../../../../src-main/trace/formats/write-imported.ts';
import { MemoryTraceStore } from '../../../../src-main/trace/memory-store.ts';
import { Trace } from '../../../../src-main/trace/trace.ts';

type Remarks = Parameters<typeof exportJls>[4];

export async function jlsOf(trace: Trace, remarks: Remarks = [], from = 0, to = trace.lengthSamples) {
  let bytes = new Uint8Array(1 << 16);
  let end = 0;
  const written = await exportJls(
    trace,
    from,
    to,
    {
      writeAt: async (at, piece): Promise<Result<void>> => {
        while (at + piece.length > bytes.length) {
          const grown = new Uint8Array(2 * bytes.length);
          grown.set(bytes);
          bytes = grown;
        }
        bytes.set(piece, at);
        end = Math.max(end, at + piece.length);
        return ok();
      },
    },
    remarks,
  );
  orThrow(written);
  return bytes.slice(0, end);
}

export function placed(bytes: Uint8Array): PlacedBytes {
  return {
    sizeBytes: bytes.length,
    readAt: (at, length) =>
      at + length <= bytes.length
        ? ok(bytes.slice(at, at + length))
        : fail('trace.import-unreadable', { at, length }, 'Behind the end.', ''),
  };
}

export function openJls(bytes: Uint8Array, signal: string | null = null): Result<ImportedTrace> {
  return importJls(placed(bytes), { title: 'again', supplyV: null, signal });
}

export async function writtenTrace(file: ImportedTrace): Promise<Result<Trace>> {
  const header = importedHeader(file, 'imported');
  const store = new MemoryTraceStore(header);
  const written = await writeImported(file, header, store);
  return written.ok ? ok(new Trace(store, float32Codec)) : written;
}

export async function traceOf(bytes: Uint8Array): Promise<Trace> {
  return orThrow(await writtenTrace(orThrow(openJls(bytes))));
}

export function amperesOf(trace: Trace): Float64Array {
  const all = new Float64Array(trace.lengthSamples);
  for (let at = 0; at < all.length; at += CHUNK_SAMPLES) {
    const chunk = orThrow(trace.decodedChunk(at / CHUNK_SAMPLES));
    all.set(chunk.samples.amperes.subarray(0, chunk.length), at);
  }
  return all;
}

export const edgesOf = (trace: Trace) =>
  Array.from({ length: 8 }, (_, c) => orThrow(trace.edges(c)).map((e) => [e.sample, e.level]));
export const gapsOf = (trace: Trace) => orThrow(trace.gaps()).map((g) => [g.firstSample, g.missing]);
