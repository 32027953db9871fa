import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { fail, ok, type Result } from '../base/errors.ts';
import type { Program } from '../compile/program.ts';
import type { Prediction, Quantity } from '../contract/index.ts';
import { predictCycles, type CostModel, type CyclePrediction } from '../predict/cost-model.ts';
import { predictEnergy } from '../predict/energy.ts';
import type { TargetDescriptor } from './targets.ts';

const KernelCost = z.object({
  a: z.number(),
  b: z.number(),
  c: z.number(),
  d: z.number(),
  n: z.number().int().positive(),
  residuals: z.object({ mape: z.number(), worst: z.number(), std: z.number() }),
  maxMacs: z.number(),
  maxOutputs: z.number(),
});

export const CostModelFile = z.object({
  format: z.literal(1),
  board: z.string(),
  firmwareHash: z.string(),
  timingModel: z.string(),
  clockHz: z.number().positive(),
  kernels: z.record(z.string(), KernelCost),
});

const shipped = join(import.meta.dirname, '../../data/calibrations');

/** Cost models that come with the product: measured on its prebuilt firmware. A file that cannot be used is left out, with the reason. */
export function shippedCostModels(dir = shipped): {
  readonly models: readonly CostModel[];
  readonly leftOut: readonly string[];
} {
  let names: string[];
  try {
    names = readdirSync(dir).filter((n) => n.endsWith('.json'));
  } catch {
    return {
      models: [],
      leftOut: [`Cost models that come with the product: the folder ${dir} cannot be read.`],
    };
  }
  const models: CostModel[] = [];
  const leftOut: string[] = [];
  for (const name of names.sort()) {
    const model = readCostModel(join(dir, name));
    if (typeof model === 'string') leftOut.push(`The cost model ${name} was left out: ${model}.`);
    else models.push(model);
  }
  return { models, leftOut };
}

/** The model, or why not. */
function readCostModel(path: string): CostModel | string {
  try {
    const parsed = CostModelFile.safeParse(JSON.parse(readFileSync(path, 'utf8')));
    return parsed.success
      ? parsed.data
      : `${parsed.error.issues[0]!.path.join('.') || 'the file'}: ${parsed.error.issues[0]!.message}`;
  } catch (e) {
    return (e as Error).message;
  }
}

/** The first of the models that was measured on this firmware and kept time as the target does. */
export function costModelFor(
  models: readonly CostModel[],
  target: TargetDescriptor,
  firmwareHash: string,
): Result<CostModel> {
  const own = models.filter((m) => m.board === target.board.id && m.timingModel === target.timingModel);
  const exact = own.find((m) => m.firmwareHash === firmwareHash);
  if (exact) return ok(exact);
  return own.length > 0
    ? fail(
        'predict.other-firmware',
        { calibrated: own[0]!.firmwareHash, firmware: firmwareHash },
        'The cost model was measured on another build of the firmware.',
        `Run \`microjoule calibrate --target ${target.id}\`.`,
      )
    : fail(
        'predict.no-calibration',
        { target: target.id, timingModel: target.timingModel },
        'Nobody has calibrated this target.',
        `Run \`microjoule calibrate --target ${target.id}\`.`,
      );
}

function predicted(
  value: number,
  unit: Quantity['unit'],
  plusMinus: number,
  formula: string,
  assumptions: readonly string[],
): Quantity {
  return {
    value,
    unit,
    source: 'predicted',
    n: 0,
    interval: {
      method: 'prediction',
      confidence: 0.95,
      low: Math.max(0, value - plusMinus),
      high: value + plusMinus,
    },
    systematic: null,
    derivedFrom: {
      formula,
      runId: null,
      windows: [],
      firmwareHash: null,
      programHash: null,
      modelSha256: null,
      monitor: null,
      traceIds: [],
      assumptions: [...assumptions],
    },
  };
}

export interface FullPrediction {
  readonly prediction: Prediction;
  readonly cycles: CyclePrediction;
}

/** Latency and energy of a compiled model on a target, before anything runs. */
export function predictProgram(
  model: CostModel,
  program: Program,
  target: TargetDescriptor,
  firmwareHash: string,
  supplyV: number,
): Result<FullPrediction> {
  const cycles = predictCycles(model, program, firmwareHash, target.board.flash.cache ?? null);
  if (!cycles.ok) return cycles;
  const usPerCycle = 1e6 / model.clockHz;
  const latencyUs = cycles.value.cycles * usPerCycle;
  const energy = predictEnergy(target.board, latencyUs, supplyV);
  const extrapolated = cycles.value.ops
    .filter((o) => o.extrapolated)
    .map((o) => `operator ${o.index} is larger than any layer calibrated`);
  return ok({
    cycles: cycles.value,
    prediction: {
      latency: predicted(
        latencyUs,
        'us',
        cycles.value.plusMinus * usPerCycle,
        'Σ (a·MACs + b·outputs + c·bytes + d + words from flash · cycles a word) / clock',
        extrapolated,
      ),
      energy: predicted(energy.energyUj, 'uJ/inf', energy.plusMinusUj, energy.formula, energy.assumptions),
      ops: cycles.value.ops.map((o) => ({ index: o.index, kernel: o.kernel, cycles: o.cycles })),
      basis: `cost model of firmware ${model.firmwareHash}, ${model.timingModel}, ${Object.values(model.kernels).reduce((n, k) => n + k.n, 0)} layers`,
    },
  });
}
