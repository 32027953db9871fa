import { ProgramHeaderBytes, ScaleKind, readProgramHeader, type TensorRecord } from '../abi/generated.ts';
import { fail, ok, type Failure, type Result } from '../base/errors.ts';
import type { Session } from '../device/session.ts';
import { openFeatureStream, openMulawDecoder } from '../engine/feature-stream.ts';
import { rowElements, streamSetup, windowSamples, type SetupDetection } from '../engine/stream-setup.ts';
import { openTwin, type Twin } from '../engine/twin.ts';
import { DeviceStream } from './device-stream.ts';
import { FeatureFeeder, SampleFeeder, type Feeder } from './feeder.ts';
import { chooseLine, type LineChoice } from './line-choice.ts';
import { LockStep } from './lock-step.ts';
import type { DetectionRule, StreamOptions, StreamPlan, StreamSession } from './stream-session.ts';

const DEFAULT_SILENCE_US = 3_000_000;
/** Longer than an inference that makes sense in a stream. */
const DEFAULT_STALL_US = 5_000_000;
/** Share of the line that the features may take on the way back. */
const FEATURES_SHARE = 0.1;
const REPORT_BYTES = 110;
/** Of the threshold in 1/256 of an output's step. */
const ROUNDING = 1e-6;

/**
 * Enters stream mode on a device that runs `options.program`. Fails with `stream.no-extension`, `stream.other-program`,
 * `stream.wrong-model`, `stream.wrong-format`, `stream.line-too-slow`, `engine.bad-features`, `device.stream-refused`…
 */
export async function openStream(session: Session, options: StreamOptions): Promise<Result<StreamSession>> {
  const { mj } = session;
  if (!mj)
    return fail(
      'stream.no-extension',
      { address: session.link.address },
      'The firmware on the device knows no streams.',
      'Deploy the firmware that belongs to this version.',
    );
  const program = checkProgram(options.program, mj.identity.programHash);
  if (!program.ok) return program;
  const twin = await openTwin(options.program);
  if (!twin.ok) return twin;
  const opened = await openWith(session, twin.value, options);
  if (!opened.ok) twin.value.dispose();
  return opened;
}

async function openWith(
  session: Session,
  twin: Twin,
  options: StreamOptions,
): Promise<Result<StreamSession>> {
  const model = checkModel(twin, options);
  if (!model.ok) return model;
  const format = checkFormat(options);
  if (!format.ok) return format;
  // the rate may have been changed since the session was opened
  const now = await session.mj!.readIdentity();
  if (!now.ok) return now;
  const baud = session.identity.baud === null ? null : now.value.baud;
  const choice = chooseLine({
    features: options.features,
    baud,
    frontEnd: options.frontEnd ?? 'auto',
    ...(options.encoding === undefined ? {} : { encoding: options.encoding }),
  });
  if (!choice.ok) return choice;
  const parts = await openParts(twin, options, choice.value);
  if (!parts.ok) return parts;
  const { setup, feeder, features } = parts.value;
  const stream = new DeviceStream({
    plan: planOf(options, choice.value, baud, twin),
    feeder,
    twin,
    clockHz: session.mj!.identity.clockHz,
    link: session.link,
    onEvent: options.onEvent,
  });
  const line = await session.mj!.openStream(setup, {
    stallUs: options.stallUs ?? DEFAULT_STALL_US,
    onEvent: (event) => stream.take(event),
  });
  if (!line.ok) return line;
  const detects = options.detection !== undefined;
  stream.begin(line.value, new LockStep(features, twin, { detects, gaps: line.value.gaps }));
  return ok(stream);
}

function checkProgram(program: Uint8Array, hash: string): Result<void> {
  const crc =
    program.length < ProgramHeaderBytes
      ? 0
      : readProgramHeader(new DataView(program.buffer, program.byteOffset), 0).crc32;
  const own = crc.toString(16).padStart(8, '0');
  if (own === hash) return ok();
  return fail(
    'stream.other-program',
    { programHash: own, deviceProgramHash: hash },
    'The device runs another Program than the one to compare with.',
    'Deploy the model again.',
  );
}

function wrongModel(facts: Record<string, number>): Failure {
  return fail(
    'stream.wrong-model',
    facts,
    'The model does not take one int8 tensor of the size of a window and give one of int8.',
    'Choose the front end and window that belong to the model.',
  );
}

const INT8 = 1;
const isInt8 = (t: TensorRecord | undefined): t is TensorRecord => t !== undefined && t.dtype === INT8;

function checkModel(twin: Twin, options: StreamOptions): Result<void> {
  const windowBytes = options.window.rows * rowElements(options.features);
  const [input] = twin.inputs;
  const [output] = twin.outputs;
  const facts = { inputs: twin.inputs.length, windowBytes, inputBytes: input?.bytes ?? 0 };
  if (twin.inputs.length !== 1 || !isInt8(input) || !isInt8(output)) return wrongModel(facts);
  return input.bytes === windowBytes ? ok() : wrongModel(facts);
}

function checkFormat({ format, features }: StreamOptions): Result<void> {
  const kind = features.kind === 'imu' ? 'imu' : 'audio';
  const channels = features.kind === 'imu' ? features.channels : 1;
  const fits =
    format.kind === kind &&
    format.channels === channels &&
    Math.abs(format.sampleRateHz - features.sampleRateHz) <= 1e-6 * features.sampleRateHz;
  return fits
    ? ok()
    : fail(
        'stream.wrong-format',
        {
          ...{ kind: format.kind, channels: format.channels, sampleRateHz: format.sampleRateHz },
          ...{ wantedKind: kind, wantedChannels: channels, wantedSampleRateHz: features.sampleRateHz },
        },
        "The source's samples are not what the front end takes.",
        'Convert the source, or choose another front end.',
      );
}

function scaleOf(t: TensorRecord): number {
  return t.scaleKind === ScaleKind.PowerOfTwo ? 2 ** t.scaleLog2 : t.scale;
}

function detectionOf(rule: DetectionRule | undefined, output: TensorRecord): Result<SetupDetection | null> {
  if (!rule) return ok(null);
  const { smoothingWindows, refractorySamples, threshold } = rule;
  if (
    !(Number.isInteger(smoothingWindows) && smoothingWindows >= 1 && smoothingWindows <= 32) ||
    !(Number.isInteger(refractorySamples) && refractorySamples >= 0 && refractorySamples < 2 ** 31) ||
    !Number.isFinite(threshold) ||
    output.bytes > 32
  )
    return fail(
      'stream.bad-detection',
      { smoothingWindows, refractorySamples, threshold, classes: output.bytes },
      'Smoothing is over 1 to 32 windows, the pause a count of samples, and there are at most 32 classes.',
      'Correct the rule of detection.',
    );
  // rounded down: a mean that is the threshold reaches it, as in stream/detector.ts
  const steps = Math.floor(256 * (threshold / scaleOf(output) + output.zeroPoint) + ROUNDING);
  return ok({
    smoothingWindows,
    refractorySamples,
    ignoredClasses: rule.ignoredClasses.filter((c) => Number.isInteger(c) && c >= 0 && c < 32),
    threshold: Math.max(-(2 ** 20), Math.min(2 ** 20, steps)),
  });
}

function sendsFeatures(options: StreamOptions, choice: LineChoice): boolean {
  if (options.compareFeatures) return options.compareFeatures === 'bytes';
  if (choice.lineCapacityBytesPerS === null) return true;
  const windowBytes = options.window.rows * rowElements(options.features) + REPORT_BYTES;
  const windowsPerS = options.features.sampleRateHz / windowSamples(options.features, options.window).hop;
  return windowBytes * windowsPerS <= FEATURES_SHARE * choice.lineCapacityBytesPerS;
}

async function openParts(twin: Twin, options: StreamOptions, choice: LineChoice) {
  const [input] = twin.inputs;
  const detection = detectionOf(options.detection, twin.outputs[0]!);
  if (!detection.ok) return detection;
  const common = {
    features: options.features,
    window: options.window,
    model: { inputScale: scaleOf(input!), inputZeroPoint: input!.zeroPoint },
    encoding: choice.encoding,
    blockBytes: choice.blockBytes,
    detection: detection.value,
    sendFeatures: sendsFeatures(options, choice),
    silenceUs: options.silenceUs ?? DEFAULT_SILENCE_US,
    dropBacklogBytes: options.dropBacklogBytes ?? 0,
  };
  const setup = streamSetup(common);
  if (!setup.ok) return setup;
  const features = await openFeatureStream(setup.value);
  if (!features.ok) return features;
  const feeder = await openFeeder(options, choice, common);
  return feeder.ok ? ok({ setup: setup.value, features: features.value, feeder: feeder.value }) : feeder;
}

async function openFeeder(
  options: StreamOptions,
  choice: LineChoice,
  common: Parameters<typeof streamSetup>[0],
): Promise<Result<Feeder>> {
  if (choice.frontEnd === 'device') {
    const decode = choice.encoding === 'mu-law' ? await openMulawDecoder() : null;
    return ok(new SampleFeeder(choice, options.format.channels, decode));
  }
  const { features, window } = options;
  if (features.kind === 'imu' && features.removeMean && window.rows > 1)
    return fail(
      'stream.host-front-end',
      { rows: window.rows },
      "Rows from which a window's own mean is taken cannot be made before the window is there.",
      'Let the device make the features, or do not remove the mean.',
    );
  const oneRow = { ...common, window: { rows: 1, hopRows: 1 }, encoding: 'int16' as const, detection: null };
  const setup = streamSetup(oneRow);
  if (!setup.ok) return setup;
  const rows = await openFeatureStream(setup.value);
  if (!rows.ok) return rows;
  return ok(new FeatureFeeder(choice, rows.value, features.kind === 'imu' ? 1 : features.hopSamples));
}

function planOf(options: StreamOptions, choice: LineChoice, baud: number | null, twin: Twin): StreamPlan {
  const samples = windowSamples(options.features, options.window);
  return {
    format: options.format,
    frontEnd: choice.frontEnd,
    encoding: choice.encoding,
    reason: choice.reason,
    baud,
    lineBytesPerS: choice.lineBytesPerS,
    lineCapacityBytesPerS: choice.lineCapacityBytesPerS,
    windowSamples: samples.length,
    hopSamples: samples.hop,
    ringBytes: 0,
    classes: twin.outputs[0]!.bytes,
  };
}
