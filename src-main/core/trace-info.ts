import { ok, type Result } from '../base/errors.ts';
import type { TraceInfo } from '../contract/index.ts';
import type { ChunkSource } from '../trace/chunk-store.ts';
import { channelsOf } from '../trace/format.ts';

export function infoOf(source: ChunkSource, path: string, reason: string | null): Result<TraceInfo> {
  const { header } = source;
  const lengthSamples = source.lengthSamples();
  const gaps = source.gaps(0, lengthSamples);
  if (!gaps.ok) return gaps;
  const supplies = source.supplies();
  if (!supplies.ok) return supplies;
  return ok({
    id: header.traceId,
    path,
    title: header.title,
    state: source.state(),
    reason,
    startedAt: header.startedAt ?? null,
    source: header.source,
    monitor: header.monitor,
    sampleRateHz: header.sampleRateHz,
    lengthSamples,
    durationS: lengthSamples / header.sampleRateHz,
    channels: channelsOf(header).map(({ id, unit }) => ({ id, unit })),
    logicMask: header.logicMask,
    missingSamples: gaps.value.reduce((sum, g) => sum + g.missing, 0),
    gaps: gaps.value.length,
    supplies: supplies.value.map(({ sample, volts, uncertaintyV, origin }) => ({
      sample,
      volts,
      uncertaintyV,
      origin,
    })),
    cutFrom: header.cutFrom ?? null,
  });
}
