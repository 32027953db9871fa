import type { Failure } from '../base/errors.ts';
import type { FailureDto, TraceStatistics } from '../contract/index.ts';
import type { SpanStatistics } from '../trace/navigation-statistics.ts';

export function failureDto({ id, facts, cause, next }: Failure): FailureDto {
  return { id, facts, cause, next };
}

export function statisticsDto(s: SpanStatistics): TraceStatistics {
  return {
    ...s,
    energy: s.energy ? { ...s.energy, systematic: { ...s.energy.systematic } } : null,
    noEnergy: s.noEnergy ? failureDto(s.noEnergy) : null,
  };
}
