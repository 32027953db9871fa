import { ok, type Failure, type Result } from '../base/errors.ts';
import type { RunResult, TraceOperators, TraceRun, TraceSpanRequest } from '../contract/index.ts';
import { kernelName } from '../predict/features.ts';
import { operatorSegments, type OperatorSegments } from '../trace/operator-segments.ts';
import type { TraceWindow } from '../trace/windows.ts';
import { prepare } from './prepare.ts';
import { findTarget } from './targets.ts';
import { failureDto } from './trace-views.ts';
import type { OpenTrace, Traces } from './traces.ts';

/** Parts of one answer at most: more than a screen can show. */
const MAX_PARTS = 4096;
/** Windows whose boundaries are kept. */
const KEPT_WINDOWS = 8;

export interface OperatorContext {
  readonly traces: Pick<Traces, 'opened'>;
  readonly runOf: (traceId: string) => Result<number | null>;
  readonly result: (runId: number) => Result<RunResult>;
}

interface Known {
  readonly run: TraceRun;
  readonly channels: readonly number[];
  /** The run's state when it was read: a running one is read again. */
  readonly final: boolean;
}

/** Which run a trace belongs to, and where in it each operator of each inference lies. */
export class TraceOperatorSpans {
  readonly #context: OperatorContext;
  readonly #known = new Map<string, Known | null>();
  readonly #segments = new Map<string, Result<OperatorSegments>>();

  constructor(context: OperatorContext) {
    this.#context = context;
  }

  /** null for a trace that no run made. */
  run(name: string): Result<TraceRun | null> {
    const open = this.#context.traces.opened(name);
    if (!open.ok) return open;
    // whoever opens a trace wants to know what counts by now
    this.#known.delete(open.value.file.header.traceId);
    const known = this.#knownOf(open.value);
    return known.ok ? ok(known.value?.run ?? null) : known;
  }

  /** Boundaries of the operators in a span, of the inferences where those are too many. */
  within(request: TraceSpanRequest): Result<TraceOperators> {
    const open = this.#context.traces.opened(request.trace);
    if (!open.ok) return open;
    const known = this.#knownOf(open.value);
    if (!known.ok) return known;
    const parts = new Parts();
    if (known.value === null) return ok(parts.answer('none', null));
    const { run, channels } = known.value;
    const { fromSample: from, toSample: to } = request;
    const operators = run.operators.length || (run.layers?.length ?? 0);
    const touching = run.windows.filter((w) => w.startSample < to && w.endSample > from);
    let failure: Failure | null = null;
    const found: { readonly window: number; readonly segments: OperatorSegments }[] = [];
    for (const window of touching) {
      if (operators === 0 || window.inferences === 0) continue;
      const segments = this.#segmentsOf(open.value, window, channels, operators);
      if (segments.ok) found.push({ window: window.index, segments: segments.value });
      else failure = segments;
    }
    const level = levelFor(found, from, to);
    if (level !== 'none') for (const f of found) parts.add(f.segments, f.window, level, from, to);
    return ok(parts.answer(level, failure));
  }

  #segmentsOf(
    open: OpenTrace,
    window: TraceRun['windows'][number],
    channels: readonly number[],
    operators: number,
  ): Result<OperatorSegments> {
    const key = `${open.file.header.traceId}/${window.startSample}`;
    const kept = this.#segments.get(key);
    if (kept) return kept;
    const near = open.windows.within(window.startSample - 1, window.startSample + 1);
    if (!near.ok) return near;
    const exact = near.value?.find((w) => Math.abs(w.startSample - window.startSample) <= 1);
    const bounds: TraceWindow = exact ?? {
      ordinal: 0,
      startSample: window.startSample,
      endSample: window.endSample,
      startUncertainSamples: 1,
      endUncertainSamples: 1,
    };
    const { inferences } = window;
    const segments = operatorSegments(open.channels[0]!, bounds, channels, { operators, inferences });
    if (this.#segments.size >= KEPT_WINDOWS) this.#segments.delete(this.#segments.keys().next().value!);
    this.#segments.set(key, segments);
    return segments;
  }

  #knownOf(open: OpenTrace): Result<Known | null> {
    const { traceId, sampleRateHz } = open.file.header;
    const kept = this.#known.get(traceId);
    if (kept?.final) return ok(kept);
    const runId = this.#context.runOf(traceId);
    if (!runId.ok) return runId;
    if (runId.value === null) return ok(null);
    const result = this.#context.result(runId.value);
    if (!result.ok) return result;
    const known = {
      run: traceRun(result.value, traceId, sampleRateHz),
      channels: findTarget(result.value.plan.targetId)?.board.pins.operator.map((p) => p.channel) ?? [
        1, 2, 3,
      ],
      final: result.value.status !== 'running',
    };
    this.#known.set(traceId, known);
    return ok(known);
  }
}

function traceRun(result: RunResult, traceId: string, sampleRateHz: number): TraceRun {
  const sample = (us: number) => Math.round((us * sampleRateHz) / 1e6);
  return {
    runId: result.runId,
    modelName: result.plan.model.name,
    targetName: result.targetName,
    source: result.source,
    windows: result.windows.flatMap((w) =>
      w.energy?.traceId !== traceId
        ? []
        : [
            {
              index: w.index,
              attempt: w.attempt,
              status: w.status,
              exclusion: w.exclusion,
              inferences: w.inferences,
              startSample: sample(w.energy.traceStartUs),
              endSample: sample(w.energy.traceEndUs),
              energyUj: w.energy.energyUj,
              layers: w.energy.layers,
            },
          ],
    ),
    operators: operatorsOf(result),
    layers: result.layerEnergies,
  };
}

/** As the run's own profile names them; of a run without one as its model compiles today, where that gives as many. */
function operatorsOf(result: RunResult): TraceRun['operators'] {
  if (result.profile)
    return result.profile.ops.map(({ index, name, kernel, macs }) => ({ index, name, kernel, macs }));
  const { model, targetId } = result.plan;
  if (model.path === null) return [];
  const prepared = prepare(model.path, targetId);
  if (!prepared.ok || prepared.value.model.graph.sha256 !== model.sha256) return [];
  const { ops } = prepared.value.program;
  if (result.layerEnergies && result.layerEnergies.length !== ops.length) return [];
  return ops.map(({ name, kernel, macs }, index) => ({ index, name, kernel: kernelName(kernel), macs }));
}

type Level = TraceOperators['level'];

function levelFor(
  found: readonly { readonly segments: OperatorSegments }[],
  from: number,
  to: number,
): Level {
  let parts = 0;
  let inferences = 0;
  for (const { segments } of found) {
    const { positions, operators } = segments;
    const count = lowerBound(positions, to) - lowerBound(positions, from) + 1;
    parts += count;
    inferences += Math.ceil(count / operators) + 1;
  }
  if (found.length === 0) return 'none';
  if (parts <= MAX_PARTS) return 'operators';
  return inferences <= MAX_PARTS ? 'inferences' : 'none';
}

class Parts {
  readonly #from: number[] = [];
  readonly #to: number[] = [];
  readonly #operator: number[] = [];
  readonly #inference: number[] = [];
  readonly #window: number[] = [];

  add(segments: OperatorSegments, window: number, level: Level, from: number, to: number): void {
    const { positions, operators, inferences } = segments;
    const step = level === 'operators' ? 1 : operators;
    // whole inferences, and one more at either side: who steps to the next one knows where it ends
    const first = Math.max(0, Math.floor((lowerBound(positions, from) - 1) / operators) - 1) * operators;
    const last = Math.min(inferences, Math.ceil(lowerBound(positions, to) / operators) + 1) * operators;
    for (let i = first; i < last; i += step) {
      const end = positions[i + step]!;
      if (end === positions[i]!) continue;
      this.#from.push(positions[i]!);
      this.#to.push(end);
      this.#operator.push(level === 'operators' ? i % operators : 0);
      this.#inference.push(Math.floor(i / operators));
      this.#window.push(window);
    }
  }

  answer(level: Level, failure: Failure | null): TraceOperators {
    return {
      level,
      from: Float64Array.from(this.#from),
      to: Float64Array.from(this.#to),
      operator: Uint16Array.from(this.#operator),
      inference: Uint32Array.from(this.#inference),
      window: Uint16Array.from(this.#window),
      failure: failure && failureDto(failure),
    };
  }
}

/** First place whose value is ≥ `value`. */
function lowerBound(sorted: Float64Array, value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
