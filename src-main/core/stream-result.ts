import { failureText, type Failure } from '../base/errors.ts';
import type { StreamResult, StreamRunPlan } from '../contract/index.ts';
import { distributionOf } from '../stream/distribution.ts';
import { figuresOf, scoreStream } from '../stream/score.ts';
import type { StreamSource } from '../stream/source.ts';
import type { StreamOutcome } from '../stream/stream-run.ts';
import type { DetectionRule, StreamSession } from '../stream/stream-session.ts';
import type { Prepared } from './prepare.ts';
import type { StreamMeter } from './stream-meter.ts';
import type { StreamModel } from './stream-model.ts';
import type { StreamContext, StreamRequest } from './stream-request.ts';

export interface PlannedStream {
  readonly request: StreamRequest;
  readonly prepared: Prepared;
  readonly shape: StreamModel;
  readonly samples: StreamSource;
}

export function planOf(
  { request, prepared, shape, samples }: PlannedStream,
  { plan }: StreamSession,
  rule: DetectionRule,
): StreamRunPlan {
  const { model } = prepared;
  return {
    model: { name: model.name, sha256: model.graph.sha256, path: model.path },
    targetId: request.targetId,
    source: samples.origin,
    sampleKind: shape.format.kind,
    channels: shape.format.channels,
    sampleRateHz: shape.format.sampleRateHz,
    classes: [...shape.classes],
    frontEnd: plan.frontEnd,
    encoding: plan.encoding,
    reason: plan.reason,
    baud: plan.baud,
    lineBytesPerS: plan.lineBytesPerS,
    lineCapacityBytesPerS: plan.lineCapacityBytesPerS,
    windowSamples: plan.windowSamples,
    hopSamples: plan.hopSamples,
    detection: {
      smoothingWindows: rule.smoothingWindows,
      threshold: rule.threshold,
      refractorySamples: rule.refractorySamples,
      ignored: [...shape.background],
    },
  };
}

export function resultOf(outcome: StreamOutcome, samples: StreamSource, remarks: readonly string[]) {
  const { record, counters, summary, status, failure } = outcome;
  const { windows, detections, plan } = record;
  return {
    status,
    durationUs: record.durationUs,
    counters: { ...counters },
    gaps: [...record.gaps],
    detections: [...detections],
    dropped: [...record.dropped],
    truth: record.truth,
    figures: summary ? figuresOf(windows, detections, plan.sampleRateHz, summary) : null,
    scores: scoreStream(record),
    notes: [...remarks, ...samples.notes(), ...paceNotes(outcome), ...endNotes(outcome)],
    failure: failure ? dtoOf(failure) : null,
  };
}

/** A stream stands without its energy; why there is none is said. */
export async function energyOf(
  meter: StreamMeter | null,
  { store }: StreamContext,
): Promise<{ readonly value: StreamResult['energy']; readonly notes: readonly string[] }> {
  if (!meter) return { value: null, notes: [] };
  const ended = await meter.end();
  if (!ended.ok) return { value: null, notes: [`No energy: ${failureText(ended)}`] };
  const noted = store.traces.add(ended.value.trace);
  return {
    value: ended.value.energy,
    notes: noted.ok ? [] : [`The trace is not in the database: ${failureText(noted)}`],
  };
}

function dtoOf({ id, facts, cause, next }: Failure): StreamResult['failure'] {
  return { id, facts: { ...facts }, cause, next };
}

/** What the figures alone would let be overlooked. */
function paceNotes({ record, counters }: StreamOutcome): string[] {
  const { plan, durationUs } = record;
  const notes: string[] = [];
  const windowUs = (plan.windowSamples * 1e6) / plan.sampleRateHz;
  if (counters.windows === 0 && durationUs < windowUs)
    notes.push(
      `The stream is shorter than one window (${(windowUs / 1e6).toFixed(2)} s): the model was never asked.`,
    );
  const hopUs = (plan.hopSamples * 1e6) / plan.sampleRateHz;
  const each = distributionOf(record.windows.map((w) => w.frontEndUs + w.inferenceUs));
  if (each && each.medianUs > hopUs)
    notes.push(
      `The device does not keep up: a window takes it ${(each.medianUs / 1000).toFixed(0)} ms, one is due every ${(hopUs / 1000).toFixed(0)} ms, and its answers come later and later. A longer --hop would help.`,
    );
  return notes;
}

/** A stream that did not end as it should is scored only as far as it went, and says so. */
function endNotes({ status, record, failure, reconnections }: StreamOutcome): string[] {
  const lost = reconnections > 0 ? [`the link was lost and opened again ${reconnections} times`] : [];
  if (status === 'finished') return lost;
  const why = failure ? failureText(failure) : 'it was stopped';
  return [
    ...lost,
    `The stream ended after ${(record.durationUs / 1e6).toFixed(2)} s (${why}): all figures are of that part only.`,
  ];
}
