import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fail, ok, type Result } from '../base/errors.ts';
import type { Monitor } from '../monitor/monitor.ts';
import { ThreadedTraceFile } from '../store/threaded-trace-file.ts';
import type { MonitorAccuracy } from '../trace/accuracy.ts';
import { newTraceHeader } from '../trace/format.ts';
import type { TraceFile as MeterTrace } from './meter-adapter.ts';
import type { TargetDescriptor } from './targets.ts';

/**
 * A new trace file in a folder, with the logic channels that this board wires; a thread of its own writes it.
 * `accuracy`: what a check of this monitor found, for whoever reads the trace later.
 */
export async function newTraceFile(
  folder: string,
  monitor: Monitor,
  title: string,
  { source, board }: TargetDescriptor,
  accuracy: MonitorAccuracy = monitor.accuracy,
): Promise<Result<MeterTrace>> {
  const { window, operator, timestamp } = board.pins;
  // channels that nothing is wired to would fill the trace with what they pick up
  const logicMask = [window, ...operator, timestamp].reduce((mask, pin) => mask | (1 << pin.channel), 0);
  const id = randomUUID();
  const path = join(folder, `${id}.mjtrace`);
  try {
    mkdirSync(folder, { recursive: true });
  } catch (e) {
    return fail(
      'trace.write-failed',
      { folder, reason: (e as Error).message },
      'The folder for traces cannot be made.',
      'Check the path and its permissions.',
    );
  }
  const file = await ThreadedTraceFile.create(
    path,
    newTraceHeader(monitor.streamFormat, {
      traceId: id,
      title,
      source,
      logicMask,
      accuracy,
    }),
  );
  if (!file.ok) return file;
  return ok({ id, path, store: file.value, close: () => file.value[Symbol.asyncDispose]() });
}
