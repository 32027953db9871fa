import { fail, failureText, ok, type Failure, type Result } from '../base/errors.ts';
import { refit, type RefitSample } from '../calibrate/refit.ts';
import type { Recalibration, RecalibrationAnswer } from '../contract/bench/predictor.ts';
import type { RunResult } from '../contract/index.ts';
import type { CostModel } from '../predict/cost-model.ts';
import type { FullPrediction } from './prediction.ts';
import type { Prepared } from './prepare.ts';
import { failureDto } from './trace-views.ts';
import { wasZeroWait } from './zero-wait.ts';

/** What a run's model is predicted with today. */
export interface RunExpectation {
  readonly prepared: Prepared;
  readonly full: FullPrediction;
  readonly model: CostModel;
}

interface Group {
  readonly targetId: string;
  readonly firmwareHash: string;
  readonly model: CostModel;
  readonly samples: RefitSample[];
  /** The newest run of each Program. */
  readonly runs: Map<string, RunResult>;
}

/** Profiled runs by target and firmware; each Program once, since its op profile repeats. */
function groupsOf(
  runs: readonly RunResult[],
  expectation: (run: RunResult) => Result<RunExpectation>,
): { readonly groups: readonly Group[]; readonly leftOut: RecalibrationAnswer['leftOut'] } {
  const groups = new Map<string, Group>();
  const leftOut: { runId: number; reason: string }[] = [];
  for (const run of [...runs].sort((a, b) => b.runId - a.runId)) {
    const programHash = run.identity?.programHash ?? null;
    if (!run.profile || programHash === null) {
      if (run.plan.mode !== 'accuracy') leftOut.push({ runId: run.runId, reason: 'It has no op profile.' });
      continue;
    }
    const expected = expectation(run);
    const other = expected.ok ? otherBuild(run, expected.value) : failureText(expected);
    if (other !== null || !expected.ok) {
      leftOut.push({ runId: run.runId, reason: other ?? '' });
      continue;
    }
    const { model, full, prepared } = expected.value;
    const key = `${run.plan.targetId} ${model.firmwareHash}`;
    const group = groups.get(key) ?? {
      targetId: run.plan.targetId,
      firmwareHash: model.firmwareHash,
      model,
      samples: [],
      runs: new Map<string, RunResult>(),
    };
    groups.set(key, group);
    if (group.runs.has(programHash)) continue;
    group.runs.set(programHash, run);
    group.samples.push(...samplesOf(run.profile.ops, full, prepared.program.programHash));
  }
  return { groups: [...groups.values()], leftOut };
}

/** Why a run's op profile says nothing of today's predictions, or null. */
function otherBuild(run: RunResult, { prepared }: RunExpectation): string | null {
  if (wasZeroWait(run))
    return 'Its memory was simulated without waits: it is no statement about this target.';
  if (run.identity!.firmwareHash !== prepared.image.firmwareHash)
    return 'It was made with another build of the firmware.';
  return run.identity!.programHash === prepared.program.programHash
    ? null
    : 'Its model is compiled to another Program today.';
}

function samplesOf(
  measured: readonly { readonly index: number; readonly cycles: number }[],
  full: FullPrediction,
  program: string,
): RefitSample[] {
  const cycles = new Map(measured.map((o) => [o.index, o.cycles]));
  return full.cycles.ops.flatMap((o) => {
    const measuredCycles = cycles.get(o.index);
    return measuredCycles
      ? [
          {
            program,
            index: o.index,
            kernel: o.kernel,
            computingCycles: o.cycles - o.flashCycles,
            waitingCycles: o.flashCycles,
            measuredCycles,
          },
        ]
      : [];
  });
}

/** Refits the cost models on the op profiles of runs, one a target and firmware, and judges each on what it has not seen. */
export function recalibrate(
  runs: readonly RunResult[],
  expectation: (run: RunResult) => Result<RunExpectation>,
): RecalibrationAnswer {
  const { groups, leftOut } = groupsOf(runs, expectation);
  const fits: Recalibration[] = [];
  const refused: { targetId: string; firmwareHash: string; failure: ReturnType<typeof failureDto> }[] = [];
  for (const group of groups) {
    const fitted = refit(group.samples);
    if (fitted.ok) fits.push(recalibrationOf(group, fitted.value));
    else
      refused.push({
        targetId: group.targetId,
        firmwareHash: group.firmwareHash,
        failure: failureDto(fitted),
      });
  }
  return { fits, refused, leftOut };
}

function recalibrationOf(
  group: Group,
  { factors, heldOut }: Extract<ReturnType<typeof refit>, { ok: true }>['value'],
): Recalibration {
  return {
    targetId: group.targetId,
    firmwareHash: group.firmwareHash,
    factors,
    layers: heldOut.layers,
    before: heldOut.before,
    after: heldOut.after,
    programs: heldOut.programs.map((p) => {
      const run = group.runs.get(p.program)!;
      return {
        modelName: run.plan.model.name,
        runId: run.runId,
        layers: p.layers,
        measuredCycles: p.measuredCycles,
        beforeCycles: p.beforeCycles,
        afterCycles: p.afterCycles,
      };
    }),
  };
}

/**
 * The cost model of one target and firmware with the factors of such a refit in its coefficients. `predict.nothing-to-refit`
 * where no run fits the key.
 */
export function refittedModel(
  runs: readonly RunResult[],
  expectation: (run: RunResult) => Result<RunExpectation>,
  key: { readonly targetId: string; readonly firmwareHash: string },
): Result<CostModel> {
  const group = groupsOf(runs, expectation).groups.find(
    (g) => g.targetId === key.targetId && g.firmwareHash === key.firmwareHash,
  );
  if (!group) return nothingToRefit(key);
  const fitted = refit(group.samples);
  if (!fitted.ok) return fitted;
  const factors = new Map(fitted.value.factors.map((f) => [f.kernel, f.factor]));
  return ok({
    ...group.model,
    kernels: Object.fromEntries(
      Object.entries(group.model.kernels).map(([kernel, cost]) => {
        const s = factors.get(kernel) ?? 1;
        return [kernel, { ...cost, a: cost.a * s, b: cost.b * s, c: cost.c * s, d: cost.d * s }];
      }),
    ),
  });
}

function nothingToRefit(key: { readonly targetId: string; readonly firmwareHash: string }): Failure {
  return fail(
    'predict.nothing-to-refit',
    key,
    'No run with an op profile belongs to this target and firmware.',
    'Measure performance or energy on it first.',
  );
}
