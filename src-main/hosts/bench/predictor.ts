import { ok, type Result } from '../../base/errors.ts';
import type {
  FigurePoint,
  OperatorPoint,
  PredictorPoints,
  predictorMethods,
} from '../../contract/bench/predictor.ts';
import type { RunResult } from '../../contract/index.ts';
import type { Core } from '../../core.ts';
import { recalibrate, refittedModel } from '../../core/recalibration.ts';
import { wasZeroWait } from '../../core/zero-wait.ts';
import type { BenchContext, Handlers } from './handlers.ts';
import { resultsOf } from './results.ts';

export function predictorHandlers({ core }: BenchContext): Pick<Handlers, keyof typeof predictorMethods> {
  const expectation = (run: RunResult) => core.expectationOf(run);
  return {
    'predictor.points': ({ runs }) => {
      const found = chosenRuns(core, runs);
      return found.ok ? ok(pointsOf(found.value.filter((r) => !wasZeroWait(r)))) : found;
    },
    'predictor.recalibrate': ({ runs }) => {
      const found = chosenRuns(core, runs);
      return found.ok ? ok(recalibrate(found.value, expectation)) : found;
    },
    'predictor.keep': ({ runs, ...key }) => {
      const found = chosenRuns(core, runs);
      if (!found.ok) return found;
      const model = refittedModel(found.value, expectation, key);
      if (!model.ok) return model;
      const kept = core.store.calibrations.put(model.value, []);
      return kept.ok ? ok({ calibrationId: kept.value }) : kept;
    },
    'predictor.forget': ({ calibrationId }) => {
      const removed = core.store.calibrations.remove(calibrationId);
      return removed.ok ? ok({ calibrationId }) : removed;
    },
  };
}

/** The named ones, or all that have ended and measured something. */
function chosenRuns(core: Core, ids: readonly number[] | undefined): Result<RunResult[]> {
  if (ids) return resultsOf(core, ids);
  const all = core.runs();
  if (!all.ok) return all;
  return resultsOf(
    core,
    all.value.filter((r) => r.status === 'finished').map((r) => r.runId),
  );
}

export function pointsOf(runs: readonly RunResult[]): PredictorPoints {
  return { figures: runs.flatMap(figurePoints), operators: operatorPoints(runs) };
}

function figurePoints(run: RunResult): FigurePoint[] {
  const { prediction } = run;
  const point = (
    figure: FigurePoint['figure'],
    predicted: FigurePoint['predicted'] | null | undefined,
    measured: FigurePoint['measured'] | null,
  ): FigurePoint[] =>
    predicted && measured
      ? [
          {
            runId: run.runId,
            modelName: run.plan.model.name,
            targetId: run.plan.targetId,
            figure,
            predicted,
            measured,
          },
        ]
      : [];
  return [
    ...point('latency', prediction?.latency, run.latency),
    ...point('energy', prediction?.energy, run.energyPerInference),
  ];
}

/** One op profile a Program, firmware and target: the newest. Repeated runs would only print over each other. */
function operatorPoints(runs: readonly RunResult[]): OperatorPoint[] {
  const groups = Map.groupBy(
    runs.filter((r) => r.profile && r.prediction?.ops.length),
    (r) =>
      [
        r.plan.targetId,
        r.identity?.firmwareHash,
        r.identity?.programHash ?? r.plan.model.sha256,
        r.profile!.totalCycles,
      ].join(' '),
  );
  return [...groups.values()].flatMap((group) => {
    const newest = group.reduce((a, b) => (a.runId > b.runId ? a : b));
    const predicted = new Map(newest.prediction!.ops.map((o) => [o.index, o.cycles]));
    return newest.profile!.ops.flatMap((o): OperatorPoint[] => {
      const predictedCycles = predicted.get(o.index);
      return predictedCycles === undefined
        ? []
        : [
            {
              runId: newest.runId,
              runs: group.length,
              modelName: newest.plan.model.name,
              targetId: newest.plan.targetId,
              source: newest.source,
              index: o.index,
              kernel: o.kernel,
              name: o.name,
              macs: o.macs,
              predictedCycles,
              measuredCycles: o.cycles,
            },
          ];
    });
  });
}
