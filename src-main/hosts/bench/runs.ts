import { fail, ok, type Result } from '../../base/errors.ts';
import type { Activity } from '../../contract/bench/activity.ts';
import { demoCommandLine, runCommandLine } from '../../contract/bench/command-lines.ts';
import type { runMethods, WiringChoice } from '../../contract/bench/runs.ts';
import type { RunEvent, RunResult } from '../../contract/index.ts';
import type { Wiring } from '../../core.ts';
import type { ActivityContext } from './activities.ts';
import { withNotes } from '../cli/run-notes.ts';
import type { BenchContext, Handlers } from './handlers.ts';

type RunMethods = keyof typeof runMethods;

const watchOf = (c: ActivityContext) => ({
  signal: c.signal,
  onTrace: (traceId: string) => c.made({ traceId }),
  onEvent: (event: RunEvent) => {
    if (event.type === 'started') c.made({ runId: event.runId });
    c.emit({ type: 'run', event });
  },
});

/** Without the fields that were left out. */
export const wiringOf = ({ port, monitor }: WiringChoice): Wiring => ({
  ...(port === undefined ? {} : { port }),
  ...(monitor === undefined ? {} : { monitor }),
});

export function runHandlers(bench: BenchContext): Pick<Handlers, RunMethods> {
  const { core, models, activities } = bench;
  const noted = (run: Result<RunResult>): Result<RunResult> =>
    run.ok ? ok(withNotes(core, run.value)) : run;
  return {
    'runs.list': ({ limit }) => core.runs(limit),
    'runs.get': ({ runId }) => noted(core.result(runId)),
    'runs.excludeWindow': ({ runId, window, reason }) =>
      noted(core.store.runs.exclude(runId, window, reason)),
    'runs.countWindow': ({ runId, window }) => noted(core.store.runs.include(runId, window)),
    'runs.start': ({ model, withData, wiring, ...plan }) => {
      const known = models.find(model);
      if (!known.ok) return known;
      const { path, dataDir, name } = known.value;
      if (withData && !dataDir) return noData(name);
      const request = { ...plan, modelPath: path, dataDir: withData ? dataDir : null };
      return ok(
        activities.start({
          kind: 'run',
          title: `${name} on ${plan.targetId}, ${plan.mode}`,
          cli: runCommandLine({ ...plan, model, withData, wiring }, name),
          work: (c) => core.run(request, wiringOf(wiring), watchOf(c)),
        }),
      );
    },
    'runs.resume': ({ runId, wiring }) =>
      ok(
        activities.start({
          kind: 'run',
          title: `Run ${runId} goes on`,
          cli: `microjoule run --resume ${runId}`,
          work: (c) => core.resume(runId, wiringOf(wiring), watchOf(c)),
        }),
      ),
    'runs.demo': (input) => demo(bench, input),
  };
}

function noData(model: string): Result<never> {
  return fail(
    'bench.no-data',
    { model },
    'This model comes without labelled inputs.',
    'Measure performance or energy, or use `microjoule run … --data FOLDER`.',
  );
}

const DEMO_MODEL = 'kws-syn';

function demo(
  { core, models, activities }: BenchContext,
  { windows, windowS, items }: { windows: number; windowS: number; items: number },
): Result<Activity> {
  const token = models.list().find((m) => m.origin === 'shipped' && m.name === DEMO_MODEL)?.token ?? '';
  const known = models.find(token);
  if (!known.ok) return known;
  const { path, dataDir } = known.value;
  const work = async (c: ActivityContext): Promise<Result<RunResult | null>> => {
    let last: RunResult | null = null;
    for (const mode of ['performance', 'energy', 'accuracy'] as const) {
      const done = await core.run(
        {
          modelPath: path,
          targetId: 'pico-emulated',
          mode,
          windows,
          windowS,
          dataDir,
          ...(mode === 'accuracy' ? { maxItems: items } : {}),
        },
        {},
        watchOf(c),
      );
      if (!done.ok || done.value.status !== 'finished') return done;
      last = done.value;
    }
    return ok(last);
  };
  const cli = demoCommandLine(windows, windowS, items);
  return ok(activities.start({ kind: 'demo', title: 'Demo bench', cli, work }));
}
