/** A model on the emulated Pico and a stream into it at virtual real time: for tests and benchmarks. */
import { HarnessMode, InputEncoding, ResultKind } from '../src-main/abi/generated.ts';
import { orThrow } from '../src-main/base/errors.ts';
import { Rng } from '../src-main/base/rng.ts';
import { pico } from '../src-main/board/pico.ts';
import { compile } from '../src-main/compile/compile.ts';
import { buildImage } from '../src-main/compile/image.ts';
import { loadPrebuilt } from '../src-main/compile/prebuilt.ts';
import type { Program } from '../src-main/compile/program.ts';
import type { KernelChoice } from '../src-main/contract/index.ts';
import { openSession, type Session } from '../src-main/device/session.ts';
import type { ImuRecipe } from '../src-main/engine/feature-recipe.ts';
import type { ModelSpec, TensorSpec } from '../src-main/model/model-spec.ts';
import { readModel } from '../src-main/model/reader.ts';
import { writeModel } from '../src-main/model/writer.ts';
import {
  openSimulatedBench,
  type SimulatedBench,
  type SimulatedBenchOptions,
} from '../src-main/sim/simulated-bench.ts';
import { blockEnd, type SampleSource } from '../src-main/stream/sample-block.ts';
import type { StreamSession, StreamSummary } from '../src-main/stream/stream-session.ts';

export interface StreamRig extends AsyncDisposable {
  readonly bench: SimulatedBench;
  readonly session: Session;
}

export async function openStreamRig(
  program: Program,
  baud = 921_600,
  sim: Partial<SimulatedBenchOptions> = {},
): Promise<StreamRig> {
  const { firmware, kernels } = orThrow(loadPrebuilt(pico));
  const config = {
    mode: HarnessMode.Performance,
    inputEncoding: InputEncoding.Raw,
    resultKind: ResultKind.Scores,
    model: 'stream',
    vendor: 'microjoule',
    baud,
  };
  const image = orThrow(buildImage({ board: pico, firmware, kernels, program, config }));
  const bench = orThrow(await openSimulatedBench({ seed: 1, monitor: 'none', ...sim }));
  orThrow(await bench.programmer.program(image.uf2));
  const session = orThrow(await openSession(bench.dut, { baud, bootUs: 2_000_000 }));
  return { bench, session, [Symbol.asyncDispose]: () => Promise.resolve(bench[Symbol.asyncDispose]()) };
}

/** A block is handed over when its last sample has been taken. */
export async function streamAtItsPace(stream: StreamSession, source: SampleSource): Promise<StreamSummary> {
  const startUs = stream.clock.nowUs();
  for (;;) {
    const block = orThrow(await source.next());
    if (!block) return orThrow(await stream.finish());
    orThrow(await stream.pump(startUs + (blockEnd(block) * 1e6) / block.format.sampleRateHz));
    orThrow(await stream.push(block));
  }
}

export const AXES = 6;

/** High-pass of second order (Butterworth) by the bilinear transform: gravity goes, movement stays. */
export function highPass(cutHz: number, sampleRateHz: number) {
  const k = Math.tan((Math.PI * cutHz) / sampleRateHz);
  const norm = 1 / (1 + Math.SQRT2 * k + k * k);
  return {
    b: [norm, -2 * norm, norm],
    a: [2 * (k * k - 1) * norm, (1 - Math.SQRT2 * k + k * k) * norm],
  } as const;
}

export function imuRecipe(sampleRateHz: number): ImuRecipe {
  return {
    kind: 'imu',
    sampleRateHz,
    channels: AXES,
    filters: [highPass(0.3, sampleRateHz)],
    removeMean: true,
    // ±4 g and ±2000 °/s over 16 bits, in g and in units of 500 °/s
    unitsPerCount: [0, 1, 2, 3, 4, 5].map((axis) => (axis < 3 ? 4 : 4) / 32768),
  };
}

/**
 * rows × 6 → a 1-D convolution (5 taps, stride 2, 8 channels) → mean over time → 5 classes → softmax. The weights are
 * drawn: it stands for the arithmetic of such a net, not for its answers.
 */
export function imuModel(rows: number): Uint8Array {
  const rng = new Rng(11);
  const out = Math.ceil(rows / 2);
  const s8 = (name: string, shape: readonly number[], scale: number, zeroPoint: number): TensorSpec => ({
    name,
    type: 'int8',
    shape,
    quantization: { scales: [Math.fround(scale)], zeroPoints: [zeroPoint] },
  });
  const weights = (name: string, shape: readonly number[], scale: number): TensorSpec => ({
    ...s8(name, shape, scale, 0),
    data: Int8Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => rng.int(-127, 127)),
  });
  const bias = (count: number, scale: number): TensorSpec => ({
    name: 'bias',
    type: 'int32',
    shape: [count],
    quantization: { scales: [Math.fround(scale)], zeroPoints: [0] },
    data: Int32Array.from({ length: count }, () => rng.int(-500, 500)),
  });
  const inScale = Math.fround(1 / 64);
  const w1 = Math.fround(0.004);
  const midScale = Math.fround(0.02);
  const w2 = Math.fround(0.02);
  const spec: ModelSpec = {
    name: 'imu',
    tensors: [
      s8('input', [1, rows, 1, AXES], inScale, 0),
      weights('conv', [8, 5, 1, AXES], w1),
      bias(8, Math.fround(inScale * w1)),
      s8('features', [1, out, 1, 8], midScale, -128),
      s8('pooled', [1, 1, 1, 8], midScale, -128),
      weights('fc', [5, 8], w2),
      bias(5, Math.fround(midScale * w2)),
      s8('logits', [1, 5], 0.1, 0),
      s8('scores', [1, 5], 1 / 256, -128),
    ],
    ops: [
      {
        name: 'CONV_2D',
        attributes: {
          kind: 'conv2d',
          padding: 'same',
          strideH: 2,
          strideW: 1,
          dilationH: 1,
          dilationW: 1,
          activation: 'relu',
        },
        inputs: [0, 1, 2],
        outputs: [3],
      },
      {
        name: 'AVERAGE_POOL_2D',
        attributes: {
          kind: 'pool2d',
          padding: 'valid',
          strideH: out,
          strideW: 1,
          filterH: out,
          filterW: 1,
          activation: 'none',
        },
        inputs: [3],
        outputs: [4],
      },
      {
        name: 'FULLY_CONNECTED',
        attributes: { kind: 'fullyConnected', activation: 'none', keepNumDims: false },
        inputs: [4, 5, 6],
        outputs: [7],
      },
      { name: 'SOFTMAX', attributes: { kind: 'softmax', beta: 1 }, inputs: [7], outputs: [8] },
    ],
    inputs: [0],
    outputs: [8],
  };
  return writeModel(spec);
}

/** With general kernels it is slow enough to be late. */
export function programOf(model: Uint8Array, name: string, choice: KernelChoice = 'fast'): Program {
  return orThrow(compile(orThrow(readModel(model, name)), pico, { choice }));
}
