import { fail, ok, type Result } from '../../../src-main/base/errors.ts';
import type { TraceBench } from '../../charts/trace/trace-session.svelte.ts';

/** Parameters of the trace screen's address. */
export type TracePlace = Readonly<Record<string, string | number>>;

/**
 * Where in its trace a run, one of its windows (`window`), or an operator in the first inference of that (`op`) lies.
 * `trace.run-without-trace`.
 */
export async function placeInRun(
  bench: TraceBench,
  runId: number,
  asked: { readonly window?: string | undefined; readonly op?: string | undefined },
): Promise<Result<TracePlace>> {
  const run = await bench.request('runs.get', { runId });
  if (!run.ok) return run;
  const wanted = asked.window === undefined ? undefined : Number(asked.window);
  const withTrace = run.value.windows.filter((w) => w.energy !== null);
  const window = withTrace.find((w) => w.index === wanted && w.status === 'finished') ?? withTrace[0];
  const reference = window?.energy
    ? run.value.traces.find((t) => t.id === window.energy!.traceId)
    : run.value.traces[0];
  if (!reference)
    return fail(
      'trace.run-without-trace',
      { runId, mode: run.value.plan.mode },
      'This run has no trace: only energy runs record one.',
      'Run the model in energy mode.',
    );
  const place = { trace: reference.id, run: runId };
  if (!window?.energy || (wanted === undefined && asked.op === undefined)) return ok(place);
  const sample = (us: number) => Math.round((us * reference.sampleRateHz) / 1e6);
  const from = sample(window.energy.traceStartUs);
  const to = sample(window.energy.traceEndUs);
  if (asked.op === undefined) return ok({ ...place, ...widened(from, to) });
  const inference = Math.ceil((to - from) / Math.max(1, window.inferences));
  const parts = await bench.request('traces.operators', {
    trace: reference.id,
    fromSample: from,
    toSample: Math.min(to, from + inference),
  });
  const index = parts.ok ? parts.value.operator.indexOf(Number(asked.op)) : -1;
  if (!parts.ok || index < 0) return ok({ ...place, ...widened(from, from + inference) });
  return ok({ ...place, op: asked.op, ...widened(parts.value.from[index]!, parts.value.to[index]!, 0.5) });
}

/** With so much more at either side. */
function widened(from: number, to: number, share = 0.04): { readonly from: number; readonly to: number } {
  const room = Math.ceil((to - from) * share);
  return { from: Math.max(0, from - room), to: to + room };
}
