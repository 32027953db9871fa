import { fail, ok, type Result } from '../base/errors.ts';
import { kendallTau } from '../base/rank-correlation.ts';

/** One operator of a profiled run and what the cost model says of it. Cycles of one inference. */
export interface RefitSample {
  /** Which Program it is of: operators of one Program are never divided between fitting and judging. */
  readonly program: string;
  readonly index: number;
  readonly kernel: string;
  /** Predicted, without waiting for flash: what a factor scales. */
  readonly computingCycles: number;
  /** Predicted waiting for flash: from the memory, not from the kernel; no factor touches it. */
  readonly waitingCycles: number;
  readonly measuredCycles: number;
}

export interface KernelFactor {
  readonly kernel: string;
  /** Multiplies the model's computing cycles; 1 where too few layers speak for anything else. */
  readonly factor: number;
  readonly layers: number;
  readonly programs: number;
}

/** How well predictions agree with measurements. */
export interface Fidelity {
  /** Mean of |predicted/measured − 1|. */
  readonly mape: number;
  readonly worst: number;
  /** Kendall's τ-b of predicted and measured cycles; null where all are alike. */
  readonly kendallTau: number | null;
}

export interface JudgedProgram {
  readonly program: string;
  readonly layers: number;
  readonly measuredCycles: number;
  /** Of the whole Program: by the model as it is, and by one refitted without this Program. */
  readonly beforeCycles: number;
  readonly afterCycles: number;
}

export interface Refit {
  /** From all samples: what would be used from now on. */
  readonly factors: readonly KernelFactor[];
  /** Each Program judged by a fit that never saw it. */
  readonly heldOut: {
    readonly programs: readonly JudgedProgram[];
    readonly layers: number;
    readonly before: Fidelity;
    readonly after: Fidelity;
  };
}

/** Layers of a kernel below which its factor stays 1: a network repeats one shape, two layers say what one does. */
const FEWEST_LAYERS = 3;
/** With two, each fit would stand on a single Program. */
export const FEWEST_PROGRAMS = 3;

/**
 * The factor s of a kernel that minimises Σ ((s·computing + waiting)/measured − 1)²: least squares on relative error, the
 * criterion of the calibration itself. One number a kernel is what the few layers of ordinary runs can carry.
 */
export function kernelFactors(samples: readonly RefitSample[]): KernelFactor[] {
  const byKernel = Map.groupBy(samples, (s) => s.kernel);
  return [...byKernel]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([kernel, own]) => {
      let product = 0;
      let square = 0;
      for (const s of own) {
        const computing = s.computingCycles / s.measuredCycles;
        product += computing * (1 - s.waitingCycles / s.measuredCycles);
        square += computing * computing;
      }
      const fitted = own.length >= FEWEST_LAYERS && square > 0 && product > 0;
      return {
        kernel,
        factor: fitted ? product / square : 1,
        layers: own.length,
        programs: new Set(own.map((s) => s.program)).size,
      };
    });
}

function predicted(s: RefitSample, factors: ReadonlyMap<string, number>): number {
  return s.computingCycles * (factors.get(s.kernel) ?? 1) + s.waitingCycles;
}

export function fidelity(
  pairs: readonly { readonly predicted: number; readonly measured: number }[],
): Fidelity {
  const errors = pairs.map((p) => Math.abs(p.predicted / p.measured - 1));
  return {
    mape: errors.reduce((n, e) => n + e, 0) / errors.length,
    worst: Math.max(...errors),
    kendallTau: kendallTau(
      pairs.map((p) => p.predicted),
      pairs.map((p) => p.measured),
    ),
  };
}

/**
 * Fits a factor a kernel on the operators of profiled runs and judges it by leaving out one Program after the other.
 * `predict.too-few-programs` below three: with fewer, nothing is left to judge by. Samples without measured cycles are
 * a bug of the caller.
 */
export function refit(samples: readonly RefitSample[]): Result<Refit> {
  const programs = [...new Set(samples.map((s) => s.program))];
  if (programs.length < FEWEST_PROGRAMS)
    return fail(
      'predict.too-few-programs',
      { programs: programs.length, needed: FEWEST_PROGRAMS },
      'A fit is judged on Programs it has not seen; with so few, it would only repeat what it was given.',
      'Measure performance or energy of other models on this target, with the op profile on.',
    );
  const judged: JudgedProgram[] = [];
  const before: { predicted: number; measured: number }[] = [];
  const after: { predicted: number; measured: number }[] = [];
  for (const program of programs) {
    const own = samples.filter((s) => s.program === program);
    const rest = kernelFactors(samples.filter((s) => s.program !== program));
    const factors = new Map(rest.map((f) => [f.kernel, f.factor]));
    const asIs = own.map((s) => s.computingCycles + s.waitingCycles);
    const refitted = own.map((s) => predicted(s, factors));
    own.forEach((s, i) => {
      before.push({ predicted: asIs[i]!, measured: s.measuredCycles });
      after.push({ predicted: refitted[i]!, measured: s.measuredCycles });
    });
    judged.push({
      program,
      layers: own.length,
      measuredCycles: sum(own.map((s) => s.measuredCycles)),
      beforeCycles: sum(asIs),
      afterCycles: sum(refitted),
    });
  }
  return ok({
    factors: kernelFactors(samples),
    heldOut: { programs: judged, layers: samples.length, before: fidelity(before), after: fidelity(after) },
  });
}

function sum(values: readonly number[]): number {
  return values.reduce((n, v) => n + v, 0);
}
