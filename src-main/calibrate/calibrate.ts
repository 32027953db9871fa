import { fail, ok, type Result } from '../base/errors.ts';
import { Rng } from '../base/rng.ts';
import type { BoardDescriptor } from '../board/board.ts';
import { compile } from '../compile/compile.ts';
import { readModel } from '../model/reader.ts';
import { writeModel } from '../model/writer.ts';
import { fitCostModel, type CostModel, type CostSample } from '../predict/cost-model.ts';
import { opFeatures } from '../predict/features.ts';
import { calibrationLayers, type CalibrationLayer } from './layers.ts';

/** What calibration needs of a device that takes Programs into RAM; device/mj.ts has it. */
export interface ProfilingDevice {
  readonly identity: { readonly firmwareHash: string; readonly board: string; readonly clockHz: number };
  load(kind: 'program' | 'input', bytes: Uint8Array): Promise<Result<void>>;
  profile(): Promise<Result<{ readonly ops: readonly { readonly index: number; readonly cycles: number }[] }>>;
}

export interface CalibrationOptions {
  readonly board: BoardDescriptor;
  /** What keeps the time of the target: `emulated/zero-wait`, `silicon`. */
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
export async function calibrate(device: ProfilingDevice, options: CalibrationOptions): Promise<Result<Calibration>> {
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
  const fitted = fitCostModel({ board: options.board.id, firmwareHash, timingModel: options.timingModel, clockHz }, samples);
  return fitted.ok ? ok({ model: fitted.value, samples }) : fitted;
}

async function measureLayer(
  device: ProfilingDevice,
  options: CalibrationOptions,
  layer: CalibrationLayer,
  index: number,
): Promise<Result<CostSample[]>> {
  const graph = readModel(writeModel(layer.spec), layer.name);
  if (!graph.ok) return graph;
  const program = compile(graph.value, options.board);
  if (!program.ok) return program;
  const loaded = await device.load('program', program.value.bytes);
  if (!loaded.ok) return loaded;
  const input = program.value.tensors[program.value.inputs[0]!]!;
  // costs of requantisation branch on values: a random input, not zeros; as floats, small ones
  const bytes = new Rng(options.seed + index).bytes(input.bytes);
  if (graph.value.tensors[graph.value.inputs[0]!]!.type === 'float32') {
    const floats = new Float32Array(bytes.buffer);
    const rng = new Rng(options.seed + index);
    for (let i = 0; i < floats.length; i++) floats[i] = 8 * rng.float() - 4;
  }
  const given = await device.load('input', bytes);
  if (!given.ok) return given;
  const profile = await device.profile();
  if (!profile.ok) return profile;
  const cycles = new Map(profile.value.ops.map((o) => [o.index, o.cycles]));
  return ok(
    opFeatures(program.value).flatMap((f) => {
      const c = cycles.get(f.index);
      return c ? [{ kernel: f.kernel, macs: f.macs, outputs: f.outputs, bytes: f.bytes, cycles: c }] : [];
    }),
  );
}
