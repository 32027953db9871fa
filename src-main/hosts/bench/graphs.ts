import { fail, ok, type Result } from '../../base/errors.ts';
import type { graphMethods } from '../../contract/bench/graphs.ts';
import type { RunResult } from '../../contract/index.ts';
import { prepare } from '../../core/prepare.ts';
import { modelGraph } from '../../core/model-graph.ts';
import { targetOf } from '../../core/prepare.ts';
import { tensorHistogram } from '../../core/tensor-histogram.ts';
import type { BenchContext, Handlers } from './handlers.ts';

interface Asked {
  readonly model?: string | undefined;
  readonly runId?: number | undefined;
  readonly targetId?: string | undefined;
}

interface Found {
  readonly modelPath: string;
  readonly targetId: string;
  readonly run: RunResult | null;
  readonly supplyV: number;
}

const DEFAULT_TARGET = 'pico-emulated';

export function graphHandlers(context: BenchContext): Pick<Handlers, keyof typeof graphMethods> {
  const { core } = context;
  return {
    'graphs.open': (asked) => {
      const found = find(context, asked);
      if (!found.ok) return found;
      return modelGraph(found.value, { prepare, predict: (path, target) => core.predict(path, target) });
    },
    'graphs.tensor': ({ tensor, ...asked }) => {
      const found = find(context, asked);
      return found.ok ? tensorHistogram(found.value.modelPath, tensor) : found;
    },
  };
}

/** `bench.no-graph-asked`, `bench.no-model`, `bench.no-model-file`, `store.no-run`, `cli.unknown-target`. */
function find(context: BenchContext, { model, runId, targetId }: Asked): Result<Found> {
  if (runId !== undefined) return findRun(context, runId, targetId);
  if (model === undefined)
    return fail(
      'bench.no-graph-asked',
      {},
      'Neither a model nor a run was named.',
      'Choose a model or a run to look at.',
    );
  const known = context.models.find(model);
  if (!known.ok) return known;
  const target = targetOf(targetId ?? DEFAULT_TARGET);
  if (!target.ok) return target;
  return ok({
    modelPath: known.value.path,
    targetId: target.value.id,
    run: null,
    supplyV: target.value.board.power.supplyV,
  });
}

/** The model may have moved since: a model of the bench with the same hash is the same model. */
function findRun({ core, models }: BenchContext, runId: number, targetId?: string): Result<Found> {
  const run = core.result(runId);
  if (!run.ok) return run;
  const { plan } = run.value;
  const own = models.list().find((m) => m.sha256 === plan.model.sha256);
  const known = own ? models.find(own.token) : null;
  const modelPath = known?.ok ? known.value.path : plan.model.path;
  if (modelPath === null)
    return fail(
      'bench.no-model-file',
      { runId, model: plan.model.name },
      'The run does not know where its model is, and the bench has no model with its hash.',
      'Open the .tflite of this run; the bench keeps a copy.',
    );
  return ok({
    modelPath,
    targetId: targetId ?? plan.targetId,
    run: targetId === undefined || targetId === plan.targetId ? run.value : null,
    supplyV: plan.supplyV,
  });
}
