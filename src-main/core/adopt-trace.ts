import { copyFileSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fail, ok, type Result } from '../base/errors.ts';
import { openTrace } from './traces.ts';
import type { ImportContext, Imported } from './import-context.ts';
import { writeFailure } from './new-file.ts';

/** What a file of our own format begins with: it is an SQLite database. */
const SQLITE = 'SQLite format 3';

export function isTraceFile(head: Uint8Array): boolean {
  return new TextDecoder().decode(head.subarray(0, SQLITE.length)) === SQLITE;
}

/**
 * Takes a trace file of another bench into the folder of traces, under its own id and unchanged. `trace.already-here`, what
 * reading it fails with (`trace.not-a-trace`, `trace.newer-format`, `trace.damaged-row`), `trace.write-failed`.
 */
export function adoptTrace(path: string, context: ImportContext): Result<Imported> {
  const id = wholeTraceId(path);
  if (!id.ok) return id;
  if (context.traces.knownId(id.value).ok)
    return fail(
      'trace.already-here',
      { trace: id.value },
      'This very trace is on this bench already.',
      'Open it from the list.',
    );
  const target = join(context.tracesDir, `${id.value.replace(/[^\w-]/g, '-')}.mjtrace`);
  const part = `${target}.part-${process.pid}`;
  try {
    mkdirSync(context.tracesDir, { recursive: true });
    copyFileSync(path, part);
    renameSync(part, target);
  } catch (e) {
    rmSync(part, { force: true });
    return writeFailure(target, e);
  }
  context.traces.forget(target);
  const info = context.traces.info(target);
  if (!info.ok) return info;
  const { startedAt, sampleRateHz, lengthSamples } = info.value;
  const noted = context.references.add({
    id: info.value.id,
    path: target,
    sha256: null,
    startedAt: startedAt ?? context.nowIso(),
    sampleRateHz,
    sampleCount: lengthSamples,
  });
  return noted.ok ? ok({ trace: info.value, format: 'mjtrace', dropped: [] }) : noted;
}

/** Its samples can be read by a codec that this product has. */
function wholeTraceId(path: string): Result<string> {
  const opened = openTrace(path);
  if (!opened.ok) return opened;
  using file = opened.value.file;
  return ok(file.header.traceId);
}
