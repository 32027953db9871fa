import { resolve } from 'node:path';
import { fail, ok, type Result } from '../../../base/errors.ts';
import type { StreamResult } from '../../../contract/index.ts';
import type { StreamRequest } from '../../../core/stream.ts';
import type { SampleEncodingName } from '../../../stream/stream-session.ts';
import type { CommandContext } from '../context.ts';
import { exitCodeOf, exitCodes } from '../exit-codes.ts';
import { openCore } from '../open-core.ts';
import { streamText, watchStream } from '../stream-view.ts';
import { columnMapping } from '../stream-columns.ts';

export interface StreamCommandOptions {
  readonly source?: string;
  readonly target: string;
  readonly for?: number;
  readonly frontEnd: 'auto' | 'device' | 'host';
  readonly encoding?: SampleEncodingName;
  readonly hop?: number;
  readonly threshold: number;
  readonly smoothing: number;
  readonly refractory: number;
  readonly labels?: readonly string[];
  readonly ignore?: readonly string[];
  readonly truth?: string;
  readonly record?: string;
  readonly channel?: string;
  readonly columns?: string;
  readonly rate?: number;
  readonly word?: string;
  readonly seed: number;
  readonly baud: number;
  readonly sourceBaud?: number;
  readonly monitor?: string | true;
  readonly supply: number;
  readonly worldSeed: number;
  readonly port?: string;
}

function channelOf(text: string | undefined): Result<number | 'mix' | undefined> {
  if (text === undefined || text === 'mix') return ok(text);
  if (/^\d{1,2}$/.test(text)) return ok(Number(text));
  return fail('cli.usage', { channel: text }, 'A channel is a number from 0, or mix.', 'Correct --channel.');
}

export function exitCodeOfStream(result: StreamResult): number {
  if (result.failure) return exitCodeOf(result.failure);
  if (result.status === 'interrupted') return exitCodes.interrupted;
  return (result.counters.windowsDifferent ?? 0) > 0 ? exitCodes.differ : exitCodes.done;
}

async function requestOf(
  model: string | null,
  o: StreamCommandOptions,
  context: CommandContext,
): Promise<Result<StreamRequest>> {
  if (model === null)
    return fail('cli.no-model', {}, 'No model was named.', 'microjoule stream MODEL.tflite --source gen:kws');
  if (o.source === undefined)
    return fail(
      'cli.no-source',
      {},
      'No source was named.',
      'Say what to stream: --source gen:kws, FILE.wav, mic …',
    );
  const channel = channelOf(o.channel);
  if (!channel.ok) return channel;
  const mapping = await columnMapping(resolve(model), o, context);
  if (!mapping.ok) return mapping;
  return ok({
    modelPath: resolve(model),
    targetId: o.target,
    source: o.source,
    durationS: o.for ?? null,
    seed: o.seed,
    worldSeed: o.worldSeed,
    frontEnd: o.frontEnd,
    hopMs: o.hop ?? null,
    smoothingWindows: o.smoothing,
    threshold: o.threshold,
    refractoryMs: o.refractory,
    baud: o.baud,
    recordDir: o.record === undefined ? null : resolve(o.record),
    truthPath: o.truth === undefined ? null : resolve(o.truth),
    supplyV: o.supply,
    monitor: o.monitor !== undefined,
    ...(o.encoding === undefined ? {} : { encoding: o.encoding }),
    ...(channel.value === undefined ? {} : { channel: channel.value }),
    ...(mapping.value === null ? {} : { mapping: mapping.value }),
    ...(o.labels ? { labels: o.labels } : {}),
    ...(o.ignore ? { ignored: o.ignore } : {}),
    ...(o.rate === undefined ? {} : { rateHz: o.rate }),
    ...(o.word === undefined ? {} : { wakeWord: o.word }),
    ...(o.sourceBaud === undefined ? {} : { sourceBaud: o.sourceBaud }),
  });
}

export async function stream(
  model: string | null,
  o: StreamCommandOptions,
  context: CommandContext,
): Promise<number> {
  const { output, signal } = context;
  const request = await requestOf(model, o, context);
  if (!request.ok) return output.fail(request);
  const opened = await openCore(context.db);
  if (!opened.ok) return output.fail(opened);
  await using core = opened.value;
  const wiring = {
    ...(o.port ? { port: o.port } : {}),
    ...(typeof o.monitor === 'string' ? { monitor: o.monitor } : {}),
  };
  const watch = { signal, onEvent: watchStream(output, process.stderr.isTTY) };
  const done = await core.stream(request.value, wiring, watch);
  output.endProgress();
  if (!done.ok) return output.fail(done);
  output.result(done.value, () => streamText(done.value));
  return exitCodeOfStream(done.value);
}
