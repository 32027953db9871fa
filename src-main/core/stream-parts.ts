import { HarnessMode } from '../abi/generated.ts';
import { fail, ok, type Result } from '../base/errors.ts';
import { withMode } from '../compile/image.ts';
import type { Session } from '../device/session.ts';
import type { Link } from '../link/link.ts';
import { openSource } from '../stream/open-source.ts';
import { withTruth, type StreamSource } from '../stream/source.ts';
import { readTruth } from '../stream/truth-file.ts';
import { deployImage } from './deploy-image.ts';
import type { Prepared } from './prepare.ts';
import type { Rig, RigFactory } from './rig.ts';
import { StreamMeter } from './stream-meter.ts';
import type { StreamModel } from './stream-model.ts';
import type { StreamContext, StreamRequest } from './stream-request.ts';
import { refuseSupply } from './supply.ts';

/** The wires of the run; after a lost cable those that were opened again. */
export class OpenBench implements AsyncDisposable {
  readonly signal: AbortSignal;
  readonly #rigs: RigFactory;
  #rig: Rig;

  constructor(rigs: RigFactory, rig: Rig, signal: AbortSignal = new AbortController().signal) {
    this.#rigs = rigs;
    this.#rig = rig;
    this.signal = signal;
  }

  get rig(): Rig {
    return this.#rig;
  }

  async reconnect(): Promise<Result<Link>> {
    const rig = await this.#rigs.reopen(this.#rig, false, this.signal);
    if (!rig.ok) return rig;
    this.#rig = rig.value;
    return ok(rig.value.dut);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#rig[Symbol.asyncDispose]();
  }
}

/** The source, when it gives what the model takes. */
export async function sourceOf(
  request: StreamRequest,
  { format }: StreamModel,
  rig: Rig,
): Promise<Result<StreamSource>> {
  const source = await openSource({
    spec: request.source,
    format,
    clock: rig.clock,
    durationS: request.durationS,
    seed: request.seed,
    ...(request.wakeWord === undefined ? {} : { wakeWord: request.wakeWord }),
    ...(request.channel === undefined ? {} : { channel: request.channel }),
    ...(request.mapping ? { mapping: request.mapping } : {}),
    ...(request.rateHz === undefined ? {} : { sampleRateHz: request.rateHz }),
    ...(request.sourceBaud === undefined ? {} : { baud: request.sourceBaud }),
  });
  if (!source.ok) return source;
  const given = source.value.format;
  if (
    given.kind === format.kind &&
    given.channels === format.channels &&
    given.sampleRateHz === format.sampleRateHz
  ) {
    if (request.truthPath === null) return source;
    const truth = readTruth(request.truthPath, format.kind === 'imu' ? 'segments' : 'words');
    if (truth.ok) return ok(withTruth(source.value, truth.value));
    await source.value[Symbol.asyncDispose]();
    return truth;
  }
  await source.value[Symbol.asyncDispose]();
  return fail(
    'stream.wrong-format',
    {
      source: request.source,
      ...{ kind: given.kind, channels: given.channels, sampleRateHz: given.sampleRateHz },
      ...{
        wantedKind: format.kind,
        wantedChannels: format.channels,
        wantedSampleRateHz: format.sampleRateHz,
      },
    },
    'The source does not give what the model takes.',
    'Choose a source of the same kind, channels and rate; say an IMU model’s rate with --rate.',
  );
}

export async function meterFor(
  request: StreamRequest,
  { target, model }: Prepared,
  rig: Rig,
  { tracesDir, nowIso }: StreamContext,
): Promise<Result<StreamMeter | null>> {
  if (!request.monitor) return ok(null);
  const { supplyV } = request;
  return (
    refuseSupply(target.board, supplyV) ??
    StreamMeter.open(rig, { target, supplyV, tracesDir, nowIso, title: `${model.name}, stream` })
  );
}

/** The model on the board, at the rate of the stream's line. */
export async function deployFor(
  request: StreamRequest,
  { image }: Prepared,
  rig: Rig,
): Promise<Result<Session>> {
  const fast = withMode(image, HarnessMode.Performance, request.baud);
  return fast.ok ? deployImage(rig, fast.value) : fast;
}
