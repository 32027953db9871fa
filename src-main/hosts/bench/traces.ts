import { fail, ok, type Result } from '../../base/errors.ts';
import type { TraceInfo, TraceSpanRequest } from '../../contract/index.ts';
import {
  MAX_EXPORT_BYTES,
  type traceMethods,
  type ImportedTrace,
  type ReadyFile,
  type TraceExportFormat,
} from '../../contract/bench/traces.ts';
import type { ParsedInput } from '../../contract/bench/methods.ts';
import { failureDto } from '../../core/trace-views.ts';
import type { Core } from '../../core.ts';
import type { BenchContext, Handlers } from './handlers.ts';
import type { PassingFiles } from './passing-files.ts';

type Span = ParsedInput<'traces.statistics'>;

export function traceHandlers({
  core,
  activities,
  files,
}: BenchContext): Pick<Handlers, keyof typeof traceMethods> {
  const { trace } = core;
  /** Of what a page calls a trace to what the core does. */
  const named = <T extends { readonly trace: string }, R>(
    input: T,
    use: (input: T) => R,
  ): R | ReturnType<typeof fail> => {
    const known = trace.knownId(input.trace);
    return known.ok ? use({ ...input, trace: known.value }) : known;
  };
  return {
    'traces.list': () => {
      const { traces, unreadable } = trace.list();
      return ok({
        traces,
        unreadable: unreadable.map(({ path, failure }) => ({ path, failure: failureDto(failure) })),
      });
    },
    'traces.info': (input) => named(input, (i) => trace.info(i.trace)),
    'traces.envelope': ({ columns, ...span }) => named(span, (s) => trace.envelope(s, columns)),
    'traces.statistics': (span) => named(span, (s) => trace.statistics(s)),
    'traces.histogram': (span) => named(span, (s) => trace.histogram(s)),
    'traces.spectrum': (span) => named(span, (s) => trace.spectrum(s)),
    'traces.markers': (span) => named(span, (s) => trace.markers(s)),
    'traces.places': ({ columns, ...span }) => named(span, (s) => trace.places(s, columns)),
    'traces.run': (input) => named(input, (i) => core.traceOperators.run(i.trace)),
    'traces.operators': (span) => named(span, (s) => core.traceOperators.within(s)),
    'traces.compare': ({ a, b }) => named(a, (first) => named(b, (second) => trace.compare(first, second))),
    'traces.trigger': ({ trigger, ...span }) => named(span, (s) => trace.nextTrigger(s, trigger)),
    'traces.annotate': ({ text, ...span }) => named(span, (s) => trace.annotate(s, text)),
    'traces.removeAnnotation': (input) => named(input, (i) => trace.removeAnnotation(i.trace, i.id)),
    'traces.restoreAnnotation': (input) => named(input, (i) => trace.restoreAnnotation(i.trace, i.id)),
    'traces.cut': ({ title, ...span }) => named(span, (s) => trace.cut(s, undefined, title)),
    'traces.export': ({ format, table, ...span }) =>
      named(span, (s) => exported(core, files, s, format, table)),
    'traces.piece': ({ token, offset }) => files.read(token, offset),
    'traces.discard': ({ token }) => {
      files.discard(token);
      return ok(null);
    },
    'traces.importBegin': ({ name, sizeBytes }) => {
      const begun = files.begin(name, sizeBytes);
      return begun.ok ? ok({ token: begun.value }) : begun;
    },
    'traces.importPiece': ({ token, offset, bytes }) => files.piece(token, offset, bytes),
    'traces.importFinish': ({ token, supplyV }) => imported(core, files, token, supplyV),
    'traces.record': (request) =>
      ok(
        activities.start({
          kind: 'record',
          title: request.title ?? `Recording ${request.monitor}`,
          cli: recordLine(request),
          work: async (c) => {
            let traceId: string | null = null;
            const recorded = await core.record(request, {
              signal: c.signal,
              followed: true,
              onTrace: (id) => c.made({ traceId: (traceId = id) }),
              onStatus: (status) => c.emit({ type: 'record', status, traceId }),
            });
            if (recorded.ok) c.emit({ type: 'recorded', summary: recorded.value });
            return recorded;
          },
        }),
      ),
  };
}

function recordLine(request: ParsedInput<'traces.record'>): string {
  const { monitor, seconds, supplyMv, mode, unfiltered, realTime, title } = request;
  return [
    `microjoule record --monitor ${monitor}`,
    ...(seconds === undefined ? [] : [`--for ${seconds}s`]),
    ...(supplyMv === 3300 ? [] : [`--supply ${supplyMv / 1000}`]),
    ...(mode === undefined ? [] : [`--mode ${mode}`]),
    ...(unfiltered ? ['--unfiltered'] : []),
    ...(realTime ? ['--real-time'] : []),
    ...(title === undefined ? [] : [`--title '${title.replaceAll("'", "'\\''")}'`]),
  ].join(' ');
}

const EXTENSIONS: Readonly<Record<TraceExportFormat, string>> = {
  csv: 'csv',
  'ppk-csv': 'csv',
  ppk2: 'ppk2',
  jls: 'jls',
  parquet: 'parquet',
};
/** Of one sample in the widest form of each format, roughly from above: what would not fit is refused before it is written. */
const SAMPLE_BYTES: Readonly<Record<TraceExportFormat, number>> = {
  csv: 40,
  'ppk-csv': 40,
  ppk2: 6,
  jls: 5,
  parquet: 14,
};

async function exported(
  core: Core,
  files: PassingFiles,
  span: Span,
  format: TraceExportFormat,
  table: ParsedInput<'traces.export'>['table'],
): Promise<Result<ReadyFile>> {
  const info = core.trace.info(span.trace);
  if (!info.ok) return info;
  const estimate = (span.toSample - span.fromSample) * SAMPLE_BYTES[format];
  if (table === 'samples' && estimate > MAX_EXPORT_BYTES) return tooLarge(info.value, span, format, estimate);
  const name = `${info.value.title}.${EXTENSIONS[format]}`;
  const { token, path } = files.place(name);
  const written = await core.exportTrace({
    trace: span.trace,
    fromSample: span.fromSample,
    toSample: span.toSample,
    path,
    format,
    table,
    overwrite: false,
  });
  // what was written of it goes too
  files.ready(token, path);
  if (!written.ok) {
    files.discard(token);
    return written;
  }
  return ok({ token, name, sizeBytes: written.value.sizeBytes, dropped: written.value.dropped });
}

function tooLarge(info: TraceInfo, span: TraceSpanRequest, format: string, estimate: number): Result<never> {
  const seconds = (sample: number) => `${sample / info.sampleRateHz}s`;
  const from = seconds(span.fromSample);
  return fail(
    'bench.export-too-large',
    { format, estimatedBytes: estimate, mostBytes: MAX_EXPORT_BYTES },
    'The file would be larger than a page can take.',
    `Select less, or run: microjoule trace export ${info.id} out.${format} --from ${from} --to ${seconds(span.toSample)}`,
  );
}

async function imported(
  core: Core,
  files: PassingFiles,
  token: string,
  supplyV: number | undefined,
): Promise<Result<ImportedTrace>> {
  const whole = files.whole(token);
  if (!whole.ok) return whole;
  const made = await core.importTrace({
    file: whole.value,
    ...(supplyV === undefined ? {} : { supplyV }),
    overwrite: false,
  });
  files.discard(token);
  return made;
}
