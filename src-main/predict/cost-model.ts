import { Matrix, SVD } from 'ml-matrix';
import { fail, ok, type Result } from '../base/errors.ts';
import type { Program } from '../compile/program.ts';
import { opFeatures, readsOf, type OpFeatures } from './features.ts';
import type { FlashCache } from '../board/board.ts';
import { flashWords } from '../compile/flash-waits.ts';

/** One measured operator: what it was and how many cycles it took on the device. */
export interface CostSample {
  readonly kernel: string;
  readonly macs: number;
  readonly outputs: number;
  readonly bytes: number;
  readonly cycles: number;
}

/**
 * cycles = a·MACs + b·outputs + c·bytes + d, per kernel, with weights in RAM, where calibration uploads them; what a
 * Program in flash waits for its constants is added from the order of its reads (`flashWords`). Coefficients are data, keyed by the firmware they were
 * measured on and by the timing model of the target; a model is refused for any other.
 */
export interface CostModel {
  readonly format: 1;
  readonly board: string;
  /** CRC-32 of the firmware, as `mj id` prints it. */
  readonly firmwareHash: string;
  /** What kept the time: `emulated/xip-1`, `silicon`. */
  readonly timingModel: string;
  readonly clockHz: number;
  readonly kernels: Readonly<Record<string, KernelCost>>;
}

export interface KernelCost {
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly d: number;
  /** Layers fitted. */
  readonly n: number;
  /** Relative residuals (predicted − measured)/measured of the fitted layers. */
  readonly residuals: { readonly mape: number; readonly worst: number; readonly std: number };
  /** The largest MAC count fitted; beyond twice that a prediction is an extrapolation. */
  readonly maxMacs: number;
  readonly maxOutputs: number;
}

export interface CyclePrediction {
  readonly cycles: number;
  /**
   * Half-width at about 95 %: 2 · rms relative residual · cycles, added linearly among operators of one kernel (a network
   * repeats one shape, and the fit is wrong by the same share each time) and in quadrature among kernels.
   */
  readonly plusMinus: number;
  readonly ops: readonly OpPrediction[];
}

export interface OpPrediction extends OpFeatures {
  readonly cycles: number;
  /** Of the cycles: waiting for constants that come from the flash chip. */
  readonly flashCycles: number;
  readonly plusMinus: number;
  readonly extrapolated: boolean;
}

const row = (s: Pick<CostSample, 'macs' | 'outputs' | 'bytes'>): number[] => [s.macs, s.outputs, s.bytes, 1];

/**
 * Least squares on relative error: each layer's equation is divided by its measured cycles, so a small layer counts
 * as much as a large one. Solved by SVD because kernels without MACs or weights leave columns dependent.
 */
function fitKernel(samples: readonly CostSample[]): KernelCost {
  const a = new Matrix(samples.map((s) => row(s).map((x) => x / s.cycles)));
  // columns differ by orders of magnitude: scale them to unit length so that the SVD's threshold means something
  const norms = [0, 1, 2, 3].map((j) => Math.hypot(...a.getColumn(j)) || 1);
  for (let j = 0; j < 4; j++) a.mulColumn(j, 1 / norms[j]!);
  const y = Matrix.columnVector(samples.map(() => 1));
  const x = new SVD(a, { autoTranspose: true }).solve(y);
  const k = [0, 1, 2, 3].map((j) => x.get(j, 0) / norms[j]!);
  const residuals = samples.map((s) => row(s).reduce((sum, v, j) => sum + v * k[j]!, 0) / s.cycles - 1);
  const dof = Math.max(1, samples.length - 4);
  return {
    a: k[0]!,
    b: k[1]!,
    c: k[2]!,
    d: k[3]!,
    n: samples.length,
    residuals: {
      mape: residuals.reduce((n, r) => n + Math.abs(r), 0) / residuals.length,
      worst: Math.max(...residuals.map(Math.abs)),
      std: Math.sqrt(residuals.reduce((n, r) => n + r * r, 0) / dof),
    },
    maxMacs: Math.max(...samples.map((s) => s.macs)),
    maxOutputs: Math.max(...samples.map((s) => s.outputs)),
  };
}

/** Fits one KernelCost a kernel. Fails with `predict.too-few-layers` where a kernel has fewer than five layers. */
export function fitCostModel(
  target: Pick<CostModel, 'board' | 'firmwareHash' | 'timingModel' | 'clockHz'>,
  samples: readonly CostSample[],
): Result<CostModel> {
  const byKernel = Map.groupBy(samples, (s) => s.kernel);
  const kernels: Record<string, KernelCost> = {};
  for (const [kernel, own] of [...byKernel].sort(([x], [y]) => (x < y ? -1 : 1))) {
    if (own.length < 5)
      return fail(
        'predict.too-few-layers',
        { kernel, layers: own.length, needed: 5 },
        'Four coefficients cannot be fitted and judged on so few layers.',
        'Calibrate with more layers.',
      );
    kernels[kernel] = fitKernel(own);
  }
  return ok({ format: 1, ...target, kernels });
}

/**
 * Cycles of one inference from the compiled plan alone; `flash` is where the Program lies, null for RAM. Refused with `predict.other-firmware` when the model was
 * measured on another firmware, `predict.no-coefficients` when a kernel was never measured.
 */
export function predictCycles(
  model: CostModel,
  program: Program,
  firmwareHash: string,
  flash: FlashCache | null,
): Result<CyclePrediction> {
  if (model.firmwareHash !== firmwareHash)
    return fail(
      'predict.other-firmware',
      { calibrated: model.firmwareHash, firmware: firmwareHash },
      'The cost model was measured on another build of the firmware.',
      'Run `microjoule calibrate` for this firmware.',
    );
  const ops: OpPrediction[] = [];
  const words = flash ? flashWords(program.ops.map(readsOf), flash) : null;
  for (const [i, features] of opFeatures(program).entries()) {
    const cost = model.kernels[features.kernel];
    if (!cost)
      return fail(
        'predict.no-coefficients',
        { kernel: features.kernel, operator: features.index },
        'Calibration never measured this kernel.',
        'Run `microjoule calibrate` again.',
      );
    const flashCycles = flash && words ? words[i]! * flash.wordCycles : 0;
    const computing = cost.a * features.macs + cost.b * features.outputs + cost.c * features.bytes + cost.d;
    const cycles = Math.max(0, computing) + flashCycles;
    ops.push({
      ...features,
      cycles,
      flashCycles,
      plusMinus: 2 * cost.residuals.std * cycles,
      extrapolated: features.macs > 2 * cost.maxMacs || features.outputs > 2 * cost.maxOutputs,
    });
  }
  return ok({
    cycles: ops.reduce((n, o) => n + o.cycles, 0),
    plusMinus: Math.hypot(...sumByKernel(ops)),
    ops,
  });
}

function sumByKernel(ops: readonly OpPrediction[]): number[] {
  const sums = new Map<string, number>();
  for (const o of ops) sums.set(o.kernel, (sums.get(o.kernel) ?? 0) + o.plusMinus);
  return [...sums.values()];
}
