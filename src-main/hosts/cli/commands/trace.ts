import { fail, ok, type Result } from '../../../base/errors.ts';
import { formatSignedPercent } from '../../../contract/format-quantity.ts';
import type {
  TraceComparison,
  TraceHistogram,
  TraceInfo,
  TraceMarkers,
  TraceSpanRequest,
  TraceStatistics,
} from '../../../contract/index.ts';
import type { Core } from '../../../core.ts';
import type { CommandContext } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { openCore } from '../open-core.ts';
import { table } from '../output.ts';
import { amperes, inUnit, joules, seconds, watts } from '../trace-text.ts';

export interface SpanOptions {
  readonly from?: number;
  readonly to?: number;
}

export interface MarkerOptions extends SpanOptions {
  readonly add?: string;
  readonly delete?: number;
  readonly restore?: number;
}

type Spanned = { readonly info: TraceInfo; readonly span: TraceSpanRequest };

/** Seconds to whole sample periods; the whole trace where nothing is said. */
export function spanOf(core: Core, name: string, o: SpanOptions): Result<Spanned> {
  const info = core.trace.info(name);
  if (!info.ok) return info;
  const { sampleRateHz, lengthSamples, durationS } = info.value;
  const fromSample = o.from === undefined ? 0 : Math.round(o.from * sampleRateHz);
  const toSample = o.to === undefined ? lengthSamples : Math.round(o.to * sampleRateHz);
  if (fromSample < toSample && toSample <= lengthSamples)
    return ok({ info: info.value, span: { trace: name, fromSample, toSample } });
  return fail(
    'cli.bad-span',
    { fromS: o.from ?? 0, toS: o.to ?? durationS, traceS: durationS },
    'The span is empty or reaches outside the trace.',
    'Choose --from and --to inside the trace.',
  );
}

export async function withCore(
  { output, db }: CommandContext,
  use: (core: Core) => Promise<Result<void>> | Result<void>,
): Promise<number> {
  const opened = await openCore(db);
  if (!opened.ok) return output.fail(opened);
  await using core = opened.value;
  const done = await use(core);
  return done.ok ? exitCodes.done : output.fail(done);
}

export function list(context: CommandContext): Promise<number> {
  return withCore(context, (core) => {
    const found = core.trace.list();
    context.output.result(found, () => listText(found, core.tracesDir));
    return ok();
  });
}

function listText({ traces, unreadable }: ReturnType<Core['trace']['list']>, folder: string): string {
  if (traces.length + unreadable.length === 0)
    return `No traces in ${folder}. Begin with: microjoule record --for 10s`;
  const rows = traces.map((t) => [
    t.startedAt?.slice(0, 16).replace('T', ' ') ?? '',
    t.title,
    t.state,
    seconds(t.durationS),
    String(t.sampleRateHz),
    String(t.missingSamples),
    t.monitor.kind,
    t.source,
    t.path,
  ]);
  const head = ['started', 'title', 'state', 'length', 'Hz', 'lost', 'monitor', 'source', 'file'];
  const broken = unreadable.map((u) => `${u.path}: ${u.failure.id}`);
  return [table(head, rows, [4, 5]), ...broken].join('\n');
}

const SHARES = [0.01, 0.5, 0.99];

export function stats(name: string, o: SpanOptions, context: CommandContext): Promise<number> {
  return withCore(context, (core) => {
    const at = spanOf(core, name, o);
    if (!at.ok) return at;
    const found = core.trace.statistics(at.value.span);
    if (!found.ok) return found;
    const values = core.trace.histogram(at.value.span, { shares: SHARES });
    if (!values.ok && values.id !== 'trace.no-value-counts') return values;
    const quantiles = values.ok ? values.value.quantiles : [];
    context.output.result({ trace: at.value.info, statistics: found.value, quantiles }, () =>
      statsText(at.value.info, found.value, quantiles),
    );
    return ok();
  });
}

function statsText(info: TraceInfo, s: TraceStatistics, quantiles: TraceHistogram['quantiles']): string {
  const rows: string[][] = [
    ['span', `${seconds(s.durationS)} from ${seconds(s.fromSample / info.sampleRateHz)}`],
    ['mean current', plusMinus(amperes, s.meanA, s.statisticalA, s.systematicA)],
    ['least, greatest', `${amperes(s.minA)}, ${amperes(s.maxA)}`],
    ['standard deviation', amperes(s.stdA)],
    ['charge', `${s.chargeC.toPrecision(6)} C`],
  ];
  for (const q of quantiles)
    rows.push([
      `${q.share * 100} % at most`,
      q.low === q.high ? amperes(q.value) : `${amperes(q.low, 3)} to ${amperes(q.high, 3)}`,
    ]);
  const { energy } = s;
  if (energy) {
    rows.push(['energy', plusMinus(joules, energy.joules, energy.statisticalJ, energy.systematicJ)]);
    rows.push(['mean power', watts(energy.joules / s.durationS)]);
  } else rows.push(['energy', `unknown: ${s.noEnergy?.cause ?? ''}`]);
  rows.push(['lost', `${Math.round(s.missingSamples)} samples, coverage ${(s.coverage * 100).toFixed(4)} %`]);
  rows.push(['source', `${info.source}, ${info.monitor.kind} ${info.monitor.serial ?? ''}`.trim()]);
  return table(['', info.title], rows);
}

function plusMinus(
  text: (value: number, digits?: number) => string,
  value: number,
  statistical: number,
  systematic: number | null,
): string {
  const bound = systematic === null ? 'bound unknown' : `± ${text(systematic, 2)} (bound)`;
  return `${text(value)}  ± ${text(statistical, 2)} (noise, 1 σ)  ${bound}`;
}

export function cut(
  name: string,
  o: SpanOptions & { readonly out?: string; readonly title?: string },
  context: CommandContext,
): Promise<number> {
  return withCore(context, async (core) => {
    const at = spanOf(core, name, o);
    if (!at.ok) return at;
    const made = await core.trace.cut(at.value.span, o.out, o.title);
    if (!made.ok) return made;
    context.output.result(
      made.value,
      () =>
        `${made.value.title}: ${seconds(made.value.durationS)}, ${made.value.missingSamples} lost\n  ${made.value.path}`,
    );
    return ok();
  });
}

export function compare(
  a: string,
  b: string,
  o: SpanOptions & { readonly bFrom?: number; readonly bTo?: number },
  context: CommandContext,
): Promise<number> {
  return withCore(context, (core) => {
    const one = spanOf(core, a, o);
    if (!one.ok) return one;
    const from = o.bFrom ?? o.from;
    const to = o.bTo ?? o.to;
    const other = spanOf(core, b, {
      ...(from === undefined ? {} : { from }),
      ...(to === undefined ? {} : { to }),
    });
    if (!other.ok) return other;
    const compared = core.trace.compare(one.value.span, other.value.span);
    if (!compared.ok) return compared;
    context.output.result(compared.value, () =>
      comparisonText(compared.value, one.value.info, other.value.info),
    );
    return ok();
  });
}

function comparisonText(c: TraceComparison, a: TraceInfo, b: TraceInfo): string {
  const cell = (v: TraceComparison['figures'][number]['a'], unit: 'A' | 'W' | 's' | 'J') => {
    if (unit === 's') return inUnit(v.value, unit);
    const statistical = v.statistical === null ? 'interval unknown' : `± ${inUnit(v.statistical, unit, 2)}`;
    const systematic = v.systematic === null ? 'bound unknown' : `± ${inUnit(v.systematic, unit, 2)} bound`;
    return `${inUnit(v.value, unit)} ${statistical}, ${systematic}`;
  };
  const rows = c.figures.map((f) => [
    f.figure,
    cell(f.a, f.unit),
    cell(f.b, f.unit),
    formatSignedPercent(f.change, 2),
    f.verdict,
  ]);
  const note = c.sameMonitor
    ? 'One monitor measured both: its bound is common and does not count in the verdict.'
    : 'Different or unknown monitors: the bounds of both count in the verdict.';
  return [
    table(['', a.title, b.title, 'change', 'second is'], rows, [3]),
    '',
    `${note} Intervals: 95 %, from the means of 20 stretches.`,
  ].join('\n');
}

export function markers(name: string, o: MarkerOptions, context: CommandContext): Promise<number> {
  return withCore(context, (core) => {
    const at = spanOf(core, name, o);
    if (!at.ok) return at;
    const changed = change(core, name, at.value.span, o);
    if (changed && !changed.ok) return changed;
    const found = core.trace.markers(at.value.span);
    if (!found.ok) return found;
    context.output.result(found.value, () => markersText(found.value, at.value.info));
    return ok();
  });
}

function change(core: Core, name: string, span: TraceSpanRequest, o: MarkerOptions) {
  if (o.add !== undefined) return core.trace.annotate(span, o.add);
  if (o.delete !== undefined) return core.trace.removeAnnotation(name, o.delete);
  if (o.restore !== undefined) return core.trace.restoreAnnotation(name, o.restore);
  return null;
}

function markersText(m: TraceMarkers, { sampleRateHz }: TraceInfo): string {
  const at = (sample: number) => seconds(sample / sampleRateHz);
  const rows: (readonly [number, string, string])[] = [
    ...m.windows.map(
      (w) => [w.startSample, 'window', `${w.ordinal}: ${at(w.endSample - w.startSample)}`] as const,
    ),
    ...m.gaps.map((g) => [g.firstSample, 'gap', `${g.missing} samples, ${g.cause}`] as const),
    ...m.marks.map((k) => [k.sample, 'mark', `${k.kind}: ${k.detail}`] as const),
    ...m.annotations.map(
      (a) => [a.fromSample, `annotation ${a.id}`, `${a.text} (to ${at(a.toSample)})`] as const,
    ),
  ];
  rows.sort((a, b) => a[0] - b[0]);
  const edges = `${m.edges.length} edges of logic channels in this span.`;
  return rows.length === 0
    ? edges
    : [
        table(
          ['at', 'what', ''],
          rows.map((r) => [at(r[0]), r[1], r[2]]),
        ),
        '',
        edges,
      ].join('\n');
}
