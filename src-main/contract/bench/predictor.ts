import { z } from 'zod';
import type { FailureDto } from '../failure.ts';
import type { Quantity, Source } from '../quantity.ts';
import { method } from './method.ts';

/** A figure of a run that was predicted before it was measured. */
export interface FigurePoint {
  readonly runId: number;
  readonly modelName: string;
  readonly targetId: string;
  readonly figure: 'latency' | 'energy';
  readonly predicted: Quantity;
  readonly measured: Quantity;
}

/** An operator of a profiled run: cycles of one inference. */
export interface OperatorPoint {
  /** The newest run with this Program, firmware and target; their op profiles are one point. */
  readonly runId: number;
  readonly runs: number;
  readonly modelName: string;
  readonly targetId: string;
  readonly source: Source;
  readonly index: number;
  readonly kernel: string;
  readonly name: string;
  readonly macs: number;
  readonly predictedCycles: number;
  readonly measuredCycles: number;
}

export interface PredictorPoints {
  readonly figures: readonly FigurePoint[];
  readonly operators: readonly OperatorPoint[];
}

/** Of predicted against measured cycles, operator by operator. */
export interface FidelityDto {
  readonly mape: number;
  readonly worst: number;
  readonly kendallTau: number | null;
}

/** What a refit on the op profiles of runs gives for one target and firmware. */
export interface Recalibration {
  readonly targetId: string;
  readonly firmwareHash: string;
  readonly factors: readonly {
    readonly kernel: string;
    readonly factor: number;
    readonly layers: number;
    readonly programs: number;
  }[];
  readonly layers: number;
  /** Every layer judged by a fit that has not seen its Program. */
  readonly before: FidelityDto;
  readonly after: FidelityDto;
  readonly programs: readonly {
    readonly modelName: string;
    readonly runId: number;
    readonly layers: number;
    readonly measuredCycles: number;
    readonly beforeCycles: number;
    readonly afterCycles: number;
  }[];
}

export interface RecalibrationAnswer {
  /** One a target and firmware; empty where nothing could be fitted. */
  readonly fits: readonly Recalibration[];
  /** Targets and firmwares with too little to fit. */
  readonly refused: readonly {
    readonly targetId: string;
    readonly firmwareHash: string;
    readonly failure: FailureDto;
  }[];
  /** Runs that could not be used, with the reason. */
  readonly leftOut: readonly { readonly runId: number; readonly reason: string }[];
}

const Runs = z.array(z.number().int().positive()).max(1000).optional();

export const predictorMethods = {
  /** Of the runs named, or of all finished ones. */
  'predictor.points': method(z.object({ runs: Runs }))<PredictorPoints>(),
  'predictor.recalibrate': method(z.object({ runs: Runs }))<RecalibrationAnswer>(),
  /** Fits again and keeps the result: predictions of this database use it from now on. */
  'predictor.keep': method(
    z.object({ runs: Runs, targetId: z.string().min(1).max(100), firmwareHash: z.string().max(16) }),
  )<{ readonly calibrationId: number }>(),
  /** Takes a kept refit back. `store.no-calibration`. */
  'predictor.forget': method(z.object({ calibrationId: z.number().int().positive() }))<{
    readonly calibrationId: number;
  }>(),
};
