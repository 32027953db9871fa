import type { RunEvent, RunResult } from '../../contract/index.ts';
import { formatQuantity, formatSignedPercent } from '../../contract/format-quantity.ts';
import { layerSentence, layerTable } from '../../report/layers.ts';
import { agreementRows, referenceText, scoreRows } from '../../report/rows.ts';
import { failureLines, table, type Output } from './output.ts';

/** Shows a run's events as they come. */
export function watchRun(output: Output): (event: RunEvent) => void {
  return (event) => {
    if (event.type === 'progress')
      output.progress(event.text, event.total > 0 ? event.done / event.total : null, event.etaS);
    else if (event.type === 'warning') output.note(`warning ${failureLines(event.failure)}`);
    else if (event.type === 'paused')
      output.note(
        `paused ${failureLines({ ...event.failure, next: `Plug it back to continue window ${event.window + 1}/${event.of}.` })}`,
      );
    else if (event.type === 'resumed') output.note(`going on with window ${event.window + 1}/${event.of}`);
    else if (event.type === 'ended') output.endProgress();
  };
}

/** One run for a terminal: figures, checks, rules, operators. */
export function runText(run: RunResult): string {
  const head = `run ${run.runId}: ${run.plan.model.name} on ${run.targetName}, ${run.plan.mode} (${run.source}), ${run.status}`;
  const figures = scoreRows(run).map(({ what, quantity }) => {
    const q = formatQuantity(quantity);
    return [what, q.value, q.statistical, q.systematic];
  });
  const parts = [head];
  if (figures.length) parts.push(table(['figure', 'value', 'statistical', 'systematic'], figures, [1]));
  const agreement = agreementRows(run).map((r) => [
    r.what,
    formatQuantity(r.predicted).line,
    formatQuantity(r.measured).value,
    formatSignedPercent(r.residual),
  ]);
  if (agreement.length)
    parts.push(table(['predicted and measured', 'predicted', 'measured', 'residual'], agreement, [2, 3]));
  parts.push(`${run.comparison.text}; ${referenceText(run)}`);
  if (run.status === 'finished') parts.push(validityText(run));
  if (run.failure) parts.push(failureLines(run.failure));
  if (run.notes.length) parts.push(run.notes.map((n) => `note: ${n}`).join('\n'));
  if (run.status === 'interrupted') parts.push(`→ microjoule run --resume ${run.runId}`);
  return parts.join('\n\n');
}

export function validityText(run: RunResult): string {
  const broken = run.validity.rules.filter((r) => !r.kept);
  return run.validity.valid
    ? 'keeps the run rules'
    : `does not keep the run rules: ${broken.map((r) => `${r.rule} (${r.reason})`).join('; ')}`;
}

/** Cycles per operator beside the prediction. */
export function profileText(run: RunResult): string {
  const { profile } = run;
  if (!profile) return '';
  const predicted = new Map(run.prediction?.ops.map((o) => [o.index, o.cycles]) ?? []);
  const rows = profile.ops.map((o) => [
    String(o.index),
    o.kernel,
    o.macs.toLocaleString('en'),
    o.cycles.toLocaleString('en'),
    `${((o.cycles / profile.totalCycles) * 100).toFixed(1)}`,
    o.macs ? (o.cycles / o.macs).toFixed(2) : '',
    predicted.has(o.index) ? Math.round(predicted.get(o.index)!).toLocaleString('en') : '',
  ]);
  const macs = profile.ops.reduce((n, o) => n + o.macs, 0);
  rows.push([
    '',
    'total',
    macs.toLocaleString('en'),
    profile.totalCycles.toLocaleString('en'),
    '100.0',
    macs ? (profile.totalCycles / macs).toFixed(2) : '',
    '',
  ]);
  const unit = profile.unit ?? 'cycles';
  return table(['op', 'kernel', 'MACs', unit, '%', `${unit}/MAC`, 'predicted'], rows, [0, 2, 3, 4, 5, 6]);
}

/** Energy per operator, where the run has it. */
export function layersText(run: RunResult): string {
  const layers = layerTable(run);
  if (!layers) return '';
  const rows = layers.rows.map((l) => [
    String(l.index),
    l.kernel,
    l.energy,
    l.net,
    l.duration,
    l.current,
    l.share,
    l.perMac,
  ]);
  const head = ['op', 'kernel', 'µJ', 'µJ net of idle', 'ms', 'mA', '%', 'nJ/MAC'];
  return `${layerSentence(layers)}\n${table(head, rows, [0, 2, 3, 4, 5, 6, 7])}`;
}
