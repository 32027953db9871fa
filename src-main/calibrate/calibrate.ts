import { DType } from '../abi/generated.ts';
import { fail, ok, type Result } from '../base/errors.ts';
import { Rng } from '../base/rng.ts';
import type { BoardDescriptor } from '../board/board.ts';
import { candidatesOf } from '../compile/candidates.ts';
import { compile } from '../compile/compile.ts';
import { workOf } from '../model/graph-check.ts';
import { viewOp } from '../model/op-view.ts';
import type { Program } from '../compile/program.ts';
import { readModel } from '../model/reader.ts';
import { writeModel } from '../model/writer.ts';
import { fitCostModel, type CostModel, type CostSample } from '../predict/cost-model.ts';
import { opFeatures } from '../predict/features.ts';
import { calibrationLayers } from './layers.ts';
import type { CalibrationLayer } from './operator-layers.ts';

/** What calibration needs of a device that takes Programs into RAM; device/mj.ts has it. */
export interface ProfilingDevice {
  readonly identity: { readonly firmwareHash: string; readonly board: string; readonly clockHz: number };
  load(kind: 'program' | 'input', bytes: Uint8Array): Promise<Result<void>>;
  profile(): Promise<
    Result<{ readonly ops: readonly { readonly index: number; readonly cycles: number }[] }>
  >;
}

export interface CalibrationOptions {
  readonly board: BoardDescriptor;
  /** What keeps the time of the target: `emulated/xip-1`, `silicon`. */
  readonly timingModel: string;
  readonly seed: number;
  readonly signal?: AbortSignal;
  onLayer?(done: number, total: number, name: string): void;
}

export interface Calibration {
  readonly model: CostModel;
  /** Every layer measured, so that the fit can be repeated and judged. */
  readonly samples: readonly CostSample[];
}

/** Measures generated layers one after the other on the device and fits the cost model. */
export async function calibrate(
  device: ProfilingDevice,
  options: CalibrationOptions,
): Promise<Result<Calibration>> {
  const layers = calibrationLayers(options.seed);
  const samples: CostSample[] = [];
  for (const [i, layer] of layers.entries()) {
    if (options.signal?.aborted)
      return fail(
        'run.interrupted',
        { layers: i, of: layers.length },
        'Calibration was stopped before all layers were measured.',
        'Start it again; a part of the layers is not a calibration.',
      );
    options.onLayer?.(i, layers.length, layer.name);
    const measured = await measureLayer(device, options, layer, i);
    if (!measured.ok) return measured;
    samples.push(...measured.value);
  }
  const { firmwareHash, clockHz } = device.identity;
  const fitted = fitCostModel(
    { board: options.board.id, firmwareHash, timingModel: options.timingModel, clockHz },
    samples,
  );
  return fitted.ok ? ok({ model: fitted.value, samples }) : fitted;
}

/** One sample for each kernel that can compute the layer on this board. */
async function measureLayer(
  device: ProfilingDevice,
  options: CalibrationOptions,
  layer: CalibrationLayer,
  index: number,
): Promise<Result<CostSample[]>> {
  const graph = readModel(writeModel(layer.spec), layer.name);
  if (!graph.ok) return graph;
  const [view] = graph.value.ops.map((op) => viewOp(graph.value, op));
  const { able } = candidatesOf(view!, workOf(view!), options.board);
  const samples: CostSample[] = [];
  for (const { record } of able) {
    // uploaded to RAM, where nothing waits for flash
    const program = compile(graph.value, options.board, { kernels: [record], copies: false });
    if (!program.ok) return program;
    const measured = await measureProgram(device, program.value, options.seed + index);
    if (!measured.ok) return measured;
    samples.push(...measured.value);
  }
  return ok(samples);
}

async function measureProgram(
  device: ProfilingDevice,
  program: Program,
  seed: number,
): Promise<Result<CostSample[]>> {
  const loaded = await device.load('program', program.bytes);
  if (!loaded.ok) return loaded;
  const given = await device.load('input', layerInput(program, seed));
  if (!given.ok) return given;
  const profile = await device.profile();
  if (!profile.ok) return profile;
  const cycles = new Map(profile.value.ops.map((o) => [o.index, o.cycles]));
  return ok(
    opFeatures(program).flatMap((f) => {
      const c = cycles.get(f.index);
      return c ? [{ kernel: f.kernel, macs: f.macs, outputs: f.outputs, bytes: f.bytes, cycles: c }] : [];
    }),
  );
}

/** Requantisation branches on values: random bytes, not zeros; as floats, small numbers. All inputs, one after the other. */
function layerInput(program: Program, seed: number): Uint8Array {
  const rng = new Rng(seed);
  const parts = program.inputs.map((t) => {
    const { bytes, dtype } = program.tensors[t]!;
    if (dtype !== DType.Float32) return rng.bytes(bytes);
    return new Uint8Array(Float32Array.from({ length: bytes / 4 }, () => 8 * rng.float() - 4).buffer);
  });
  return Buffer.concat(parts);
}
