import { ok } from '../../../base/errors.ts';
import type { Exported, Imported, ImportRequest } from '../../../core/trace-files.ts';
import type { CsvTable } from '../../../trace/formats/csv-export.ts';
import type { ExportFormat } from '../../../trace/formats/dropped.ts';
import type { Amount } from '../arguments.ts';
import type { CommandContext } from '../context.ts';
import { seconds } from '../trace-text.ts';
import { spanOf, withCore, type SpanOptions } from './trace.ts';

export interface ExportOptions extends SpanOptions {
  readonly out: string;
  readonly format?: ExportFormat;
  readonly table?: CsvTable;
  readonly force?: boolean;
}

export interface ImportOptions {
  readonly out?: string;
  readonly title?: string;
  readonly supply?: number;
  readonly timestamps?: string;
  readonly signal?: string;
  readonly gainError?: number;
  readonly offsetError?: Amount;
  readonly force?: boolean;
}

export function exportTrace(name: string, o: ExportOptions, context: CommandContext): Promise<number> {
  return withCore(context, async (core) => {
    const at = spanOf(core, name, o);
    if (!at.ok) return at;
    const { fromSample, toSample } = at.value.span;
    const done = await core.exportTrace({
      trace: name,
      fromSample,
      toSample,
      path: o.out,
      overwrite: o.force ?? false,
      signal: context.signal,
      ...(o.format === undefined ? {} : { format: o.format }),
      ...(o.table === undefined ? {} : { table: o.table }),
    });
    if (!done.ok) return done;
    context.output.result(done.value, () => exportedText(done.value, at.value.info.sampleRateHz));
    return ok();
  });
}

function exportedText(e: Exported, sampleRateHz: number): string {
  const size = e.sizeBytes < 1e6 ? `${e.sizeBytes} bytes` : `${(e.sizeBytes / 1e6).toFixed(1)} MB`;
  return [
    `${e.format}: ${e.samples} samples, ${seconds(e.samples / sampleRateHz)}, ${size}`,
    `  ${e.path}`,
    ...leftBehind(e.dropped),
  ].join('\n');
}

export function importTrace(file: string, o: ImportOptions, context: CommandContext): Promise<number> {
  return withCore(context, async (core) => {
    const request: ImportRequest = {
      file,
      overwrite: o.force ?? false,
      signal: context.signal,
      ...(o.out === undefined ? {} : { path: o.out }),
      ...(o.title === undefined ? {} : { title: o.title }),
      ...(o.supply === undefined ? {} : { supplyV: o.supply }),
      ...(o.timestamps === undefined ? {} : { timestamps: o.timestamps }),
      ...(o.gainError === undefined
        ? {}
        : { bounds: { gainRel: o.gainError / 100, offsetA: o.offsetError?.value ?? 0 } }),
      ...(o.signal === undefined ? {} : { currentSignal: o.signal }),
    };
    const done = await core.importTrace(request);
    if (!done.ok) return done;
    context.output.result(done.value, () => importedText(done.value));
    return ok();
  });
}

function importedText({ trace, format, dropped }: Imported): string {
  return [
    `${trace.title} (${format}): ${seconds(trace.durationS)}, ${trace.lengthSamples} samples at ${trace.sampleRateHz} Hz, ${trace.missingSamples} lost`,
    `  ${trace.path}`,
    ...leftBehind(dropped),
  ].join('\n');
}

function leftBehind(dropped: readonly string[]): string[] {
  return dropped.length === 0 ? [] : ['Not carried over:', ...dropped.map((d) => `  ${d}`)];
}
