import { fail, ok, type Result } from '../../../base/errors.ts';
import type { TracePhases, TraceRepetition } from '../../../core/traces.ts';
import type { CommandContext } from '../context.ts';
import { table } from '../output.ts';
import { amperes, joules, seconds } from '../trace-text.ts';
import type { NamedStretch, Stretch } from '../arguments.ts';
import { spanOf, withCore, type SpanOptions } from './trace.ts';

export interface RepetitionOptions extends SpanOptions {
  readonly shortest?: number;
  readonly longest?: number;
  readonly confidence?: number;
}

export interface PhaseOptions {
  readonly idle: Stretch;
  readonly phase: readonly NamedStretch[];
}

export function repetition(name: string, o: RepetitionOptions, context: CommandContext): Promise<number> {
  return withCore(context, (core) => {
    const at = spanOf(core, name, o);
    if (!at.ok) return at;
    const found = core.trace.repetition(at.value.span, {
      ...(o.shortest === undefined ? {} : { shortestS: o.shortest }),
      ...(o.longest === undefined ? {} : { longestS: o.longest }),
      ...(o.confidence === undefined ? {} : { leastConfidence: o.confidence }),
    });
    if (!found.ok) return found;
    context.output.result(found.value, () => repetitionText(found.value));
    return ok();
  });
}

function repetitionText(r: TraceRepetition): string {
  return [
    `period ${seconds(r.periodS)} ± ${seconds(r.periodPlusMinusS)}, ${r.repetitions.toFixed(1)} times`,
    `confidence ${r.confidence.toFixed(3)}: the share of the current's variance that repeats`,
    `energy of a period ${joules(r.energyPerPeriodJ)}`,
  ].join('\n');
}

export function phases(name: string, o: PhaseOptions, context: CommandContext): Promise<number> {
  return withCore(context, (core) => {
    const info = core.trace.info(name);
    if (!info.ok) return info;
    const { sampleRateHz, durationS } = info.value;
    const outside = [o.idle, ...o.phase].find((s) => s.toS > durationS);
    if (outside) return tooLong(outside, durationS);
    // parts of a sample count: phases may be shorter than one
    const at = (s: Stretch) => ({ fromSample: s.fromS * sampleRateHz, toSample: s.toS * sampleRateHz });
    const found = core.trace.phases(
      name,
      o.phase.map((p) => ({ name: p.name, ...at(p) })),
      at(o.idle),
    );
    if (!found.ok) return found;
    context.output.result(found.value, () => phasesText(found.value));
    return ok();
  });
}

function tooLong({ fromS, toS }: Stretch, traceS: number): Result<never> {
  return fail(
    'cli.bad-span',
    { fromS, toS, traceS },
    'The span is empty or reaches outside the trace.',
    'Choose stretches inside the trace.',
  );
}

function phasesText(p: TracePhases): string {
  const rows = p.phases.map((f) => [
    f.name,
    seconds(f.durationS),
    joules(f.grossJ),
    `${joules(f.netJ)} ± ${joules(f.plusMinusJ, 2)}`,
    `${(f.coverage * 100).toFixed(2)} %`,
  ]);
  return [
    table(['phase', 'length', 'energy', 'above idle', 'coverage'], rows),
    '',
    `idle ${amperes(p.idleA)}, subtracted`,
    ...(p.boundKnown
      ? []
      : ['The bounds of the monitor are unknown: ± is noise, edges, supply and loss only.']),
  ].join('\n');
}
