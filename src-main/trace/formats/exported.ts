import { ok, type Result } from '../../base/errors.ts';
import { CHUNK_SAMPLES } from '../format.ts';
import type { Trace } from '../trace.ts';
import { LogicLevels } from './logic-levels.ts';

/** Where an exported file goes, piece by piece: a trace of a day does not fit into memory. */
export interface ExportSink {
  write(bytes: Uint8Array): Promise<Result<void>>;
}

/** Where a file goes whose parts refer to later ones: written at any place, also again. */
export interface PlacedSink {
  writeAt(at: number, bytes: Uint8Array): Promise<Result<void>>;
}

/** A stretch of samples on its way out. Arrays are reused. */
export interface ExportBlock {
  /** Timeline index of the first sample. */
  readonly firstSample: number;
  readonly length: number;
  /** A; NaN where the sample is missing. */
  readonly amperes: Float64Array;
  readonly logic: Uint8Array;
}

/** The samples of [from, to), at most a chunk at a time. `trace.bad-span` is the caller's to rule out. */
export async function eachBlock(
  trace: Trace,
  from: number,
  to: number,
  use: (block: ExportBlock) => Promise<Result<void>>,
): Promise<Result<void>> {
  const logic = new Uint8Array(CHUNK_SAMPLES);
  const levelsAlong = new LogicLevels(trace, from);
  for (let at = from; at < to;) {
    const index = Math.floor(at / CHUNK_SAMPLES);
    const end = Math.min(to, (index + 1) * CHUNK_SAMPLES);
    const chunk = trace.decodedChunk(index);
    if (!chunk.ok) return chunk;
    const base = index * CHUNK_SAMPLES;
    const levels = logic.subarray(0, end - at);
    const known = levelsAlong.next(levels);
    if (!known.ok) return known;
    const used = await use({
      firstSample: at,
      length: end - at,
      amperes: chunk.value.samples.amperes.subarray(at - base, end - base),
      logic: levels,
    });
    if (!used.ok) return used;
    at = end;
  }
  return ok();
}
