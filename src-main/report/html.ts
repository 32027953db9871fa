import { agreementChart } from '../chart/scatter.ts';
import { operatorDifferences, operatorsDiffer, operatorStack } from '../chart/operator-charts.ts';
import { barChart } from '../chart/bars.ts';
import { envelopeChart } from '../chart/envelope.ts';
import { stripChart } from '../chart/strip.ts';
import { escapeXml as esc } from '../chart/svg.ts';
import { formatQuantity, formatSignedPercent } from '../contract/format-quantity.ts';
import { verdictWord } from '../contract/comparison.ts';
import { operatorCosts, type CostKind } from '../contract/operator-costs.ts';
import type { Source } from '../contract/quantity.ts';
import type { RunResult } from '../contract/result.ts';
import { reportJson } from './json.ts';
import type { PowerTrace, ReportModel, RunCodeProfile } from './report-model.ts';
import { functionRows, lineRows, profileFlame } from './code-profile.ts';
import { layerSentence, layerTable } from './layers.ts';
import { agreementRows, comparisonRows, referenceText, scoreRows } from './rows.ts';
import { windowEnergyColumn } from '../contract/window-energy.ts';
import { reportStyle } from './style.ts';

const badge = (source: Source) => `<span class="badge ${source}">${source}</span>`;

function tableOf(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  numeric: readonly number[] = [],
): string {
  const cell = (tag: string, text: string, c: number) =>
    `<${tag}${numeric.includes(c) ? ' class="n"' : ''}>${text}</${tag}>`;
  return (
    `<div class="scroll"><table><thead><tr>${head.map((h, c) => cell('th', esc(h), c)).join('')}</tr></thead>` +
    `<tbody>${rows.map((r) => `<tr>${r.map((t, c) => cell('td', t, c)).join('')}</tr>`).join('')}</tbody></table></div>`
  );
}

function scores(model: ReportModel): string {
  const rows = model.runs.flatMap((run) =>
    scoreRows(run).map(({ what, quantity }) => {
      const q = formatQuantity(quantity);
      return [
        esc(what),
        `<strong>${esc(q.value)}</strong>`,
        esc(q.statistical || '—'),
        esc(q.systematic.replace(' systematic', '') || '—'),
        badge(quantity.source),
        String(quantity.n),
        `run ${run.runId}, ${esc(run.plan.mode)}`,
      ];
    }),
  );
  return rows.length
    ? tableOf(['Figure', 'Value', 'Statistical', 'Systematic', 'Source', 'n', 'From'], rows, [1, 2, 3, 5])
    : '<p>No window was finished, so there is no figure.</p>';
}

function validity(run: RunResult): string {
  const rules = run.validity.rules.map(
    (r) =>
      `<li class="${r.kept ? 'kept' : 'broken'}"><span aria-hidden="true">${r.kept ? '✓' : '✗'}</span> ${esc(r.rule)}: ${esc(r.reason)}</li>`,
  );
  const verdict = run.validity.valid ? 'keeps the run rules' : 'does not keep the run rules';
  return `<h3>Run ${run.runId}, ${esc(run.plan.mode)}: ${verdict}</h3><ul class="rules">${rules.join('')}</ul>`;
}

function perInferenceUs(w: RunResult['windows'][number]): number | null {
  return w.durationUs === null || w.inferences === 0 ? null : w.durationUs / w.inferences;
}

function windowTable(run: RunResult): string {
  if (run.windows.length === 0) return '';
  const energy = windowEnergyColumn(run);
  const rows = run.windows.map((w, i) => {
    const latency = perInferenceUs(w);
    return [
      String(w.index + 1) + (w.attempt ? ` (attempt ${w.attempt + 1})` : ''),
      esc(w.inputName),
      String(w.inferences),
      w.durationUs === null ? '—' : (w.durationUs / 1e6).toFixed(3),
      latency === null ? '—' : (latency / 1000).toFixed(3),
      energy.cells[i] || '—',
      w.energy ? `${(w.energy.coverage * 100).toFixed(2)} %` : '—',
      esc(w.outputCheck),
      w.status === 'finished'
        ? 'counts'
        : `excluded: ${esc(w.exclusion ? `${w.exclusion.id} ${w.exclusion.cause}` : '')}`,
    ];
  });
  return tableOf(
    [
      'Window',
      'Input',
      'N',
      'Length / s',
      'Latency / ms',
      `Energy, ${energy.head}`,
      'Coverage',
      'Device = host',
      'Status',
    ],
    rows,
    [2, 3, 4, 5, 6],
  );
}

function windowStrip(run: RunResult): string {
  const energy = run.plan.mode === 'energy';
  const points = run.windows.flatMap((w) => {
    const value = energy
      ? w.energy && w.inferences
        ? w.energy.energyUj / w.inferences
        : null
      : perInferenceUs(w);
    if (value === null) return [];
    const shown = energy ? value : value / 1000;
    return [
      {
        value: shown,
        caption: `window ${w.index + 1}: ${shown.toPrecision(6)}`,
        excluded: w.status === 'excluded',
      },
    ];
  });
  if (points.length < 2) return '';
  const score = energy ? run.energyPerInference : run.latency;
  const factor = energy ? 1 : 1e-3;
  return stripChart({
    title: `Windows of run ${run.runId}`,
    axis: energy ? 'µJ per inference' : 'ms per inference',
    rows: [
      {
        label: run.plan.mode,
        points,
        ...(score ? { centre: score.value * factor } : {}),
        ...(score && score.interval.low !== null && score.interval.high !== null
          ? { band: [score.interval.low * factor, score.interval.high * factor] as const }
          : {}),
      },
    ],
  });
}

function opProfile(run: RunResult): string {
  const profile = run.profile;
  if (!profile || profile.ops.length === 0) return '';
  const predicted = new Map(run.prediction?.ops.map((o) => [o.index, o.cycles]) ?? []);
  const kinds = [...new Set(profile.ops.map((o) => o.kernel))];
  const bars = profile.ops.map((o) => ({
    label: `${o.index} ${o.name || o.kernel}`.slice(0, 30),
    value: o.cycles,
    caption: `${o.cycles.toLocaleString('en')}${o.macs ? ` · ${(o.cycles / o.macs).toFixed(2)}/MAC` : ''}`,
    kind: kinds.indexOf(o.kernel),
    ...(predicted.has(o.index) ? { hollow: predicted.get(o.index)! } : {}),
  }));
  const total = profile.totalCycles;
  const unit = profile.unit ?? 'cycles';
  const title = unit === 'instructions' ? 'Instructions' : 'Cycles';
  const rows = profile.ops.map((o) => [
    String(o.index),
    esc(o.kernel),
    esc(o.name),
    o.macs.toLocaleString('en'),
    o.cycles.toLocaleString('en'),
    `${((o.cycles / total) * 100).toFixed(1)} %`,
    o.macs ? (o.cycles / o.macs).toFixed(2) : '—',
    predicted.has(o.index) ? Math.round(predicted.get(o.index)!).toLocaleString('en') : '—',
  ]);
  const macs = profile.ops.reduce((n, o) => n + o.macs, 0);
  return (
    `<h2>${title} per operator</h2><p>${total.toLocaleString('en')} ${unit} an inference, ${macs.toLocaleString('en')} MACs: ` +
    `<strong>${(total / Math.max(1, macs)).toFixed(2)} ${unit}/MAC</strong>. Dashed outlines are predictions.</p>` +
    `<figure>${barChart({ title: `${title} per operator`, axis: unit, bars })}</figure>` +
    `<details><summary>Table</summary>${tableOf(['#', 'Kernel', 'Operator', 'MACs', title, 'Share', `${title}/MAC`, 'Predicted'], rows, [0, 3, 4, 5, 6, 7])}</details>`
  );
}

function layerEnergy(run: RunResult): string {
  const layers = layerTable(run);
  if (!layers) return '';
  const kinds = [...new Set(layers.rows.map((r) => r.kernel))];
  const bars = layers.rows.map((r) => ({
    label: `${r.index} ${r.name || r.kernel}`.slice(0, 30),
    value: r.energyUj,
    caption: `${r.energy} µJ · ${r.share} %`,
    kind: kinds.indexOf(r.kernel),
  }));
  const head = ['#', 'Kernel', 'Operator', 'µJ', 'µJ net of idle', 'ms', 'mA', 'Share', 'nJ/MAC'];
  const rows = layers.rows.map((r) => [
    String(r.index),
    esc(r.kernel),
    esc(r.name),
    r.energy,
    r.net,
    r.duration,
    r.current,
    `${r.share} %`,
    r.perMac || '—',
  ]);
  return (
    `<h2>Energy per layer</h2><p>${esc(layerSentence(layers))}</p>` +
    `<figure>${barChart({ title: 'Energy per layer', axis: 'µJ an inference', bars })}</figure>` +
    `<details><summary>Table</summary>${tableOf(head, rows, [0, 3, 4, 5, 6, 7, 8])}</details>`
  );
}

function codeProfileSection({ runId, profile }: RunCodeProfile): string {
  const share = (part: number, whole: number) => (whole > 0 ? `${((100 * part) / whole).toFixed(1)} %` : '—');
  const whole = (x: number) => Math.round(x).toLocaleString('en');
  const functions = functionRows(profile)
    .slice(0, 20)
    .map((f) => [
      esc(f.name),
      whole(f.cycles),
      share(f.cycles, profile.cycles),
      share(f.stallCycles, f.cycles),
      whole(f.calls),
      whole(f.instructions),
    ]);
  const lines = lineRows(profile)
    .slice(0, 20)
    .map((l) => [
      esc(l.file === null ? '(no line)' : `${l.file}:${l.line}`),
      esc(l.functionName),
      whole(l.cycles),
      share(l.cycles, profile.cycles),
    ]);
  return (
    `<h2>Where the cycles go</h2><p>Counted on the emulated board in an inference of run ${runId}, with nothing in the firmware for it: ` +
    `${share(profile.asleepCycles, profile.cycles)} of the cycles asleep, ${share(profile.stallCycles, profile.cycles)} waiting for memory` +
    `${profile.xipAccesses > 0 ? `, ${share(profile.xipHits, profile.xipAccesses)} of the flash accesses hit the cache` : ''}.</p>` +
    `<figure>${profileFlame(profile)}</figure>` +
    `<details><summary>Functions</summary>${tableOf(['Function', 'Cycles', 'Share', 'Stalled', 'Calls', 'Instructions'], functions, [1, 2, 3, 4, 5])}</details>` +
    `<details><summary>Source lines</summary>${tableOf(['Line', 'Function', 'Cycles', 'Share'], lines, [2, 3])}</details>`
  );
}

function predicted(model: ReportModel): string {
  const rows = model.runs.flatMap(agreementRows);
  if (rows.length === 0) return '';
  const table = tableOf(
    ['Figure', 'Predicted', '', 'Measured', '', 'Residual', "Within the prediction's interval"],
    rows.map((r) => [
      esc(r.what),
      esc(formatQuantity(r.predicted).line),
      badge('predicted'),
      esc(formatQuantity(r.measured).line),
      badge(r.measured.source),
      formatSignedPercent(r.residual),
      r.inside === null ? '—' : r.inside ? 'yes' : 'no',
    ]),
    [5],
  );
  const basis = [...new Set(model.runs.map((r) => r.prediction?.basis).filter((b): b is string => !!b))];
  const profiled = model.runs.find((r) => r.profile && r.prediction?.ops.length);
  const byIndex = new Map(profiled?.prediction?.ops.map((o) => [o.index, o.cycles]) ?? []);
  const kernels = [...new Set(profiled?.profile?.ops.map((o) => o.kernel) ?? [])];
  const points = (profiled?.profile?.ops ?? [])
    .filter((o) => byIndex.has(o.index))
    .map((o) => ({
      x: byIndex.get(o.index)!,
      y: o.cycles,
      label: `${o.index} ${o.kernel}: ${o.cycles} cycles, predicted ${Math.round(byIndex.get(o.index)!)}`,
      kind: kernels.indexOf(o.kernel),
    }));
  const chart =
    points.length > 1
      ? `<figure>${agreementChart({ title: 'Operators: predicted and measured cycles', xAxis: 'predicted cycles', yAxis: 'measured cycles', band: 0.1, points })}</figure>`
      : '';
  return `<h2>Predicted and measured</h2>${table}<p class="muted">Basis: ${esc(basis.join('; '))}</p>${chart}`;
}

function power(traces: readonly PowerTrace[]): string {
  if (traces.length === 0) return '';
  const figures = traces.map(
    (t) =>
      `<figure>${envelopeChart({ title: `Supply current, run ${t.runId}`, xAxis: 'time / s', yAxis: 'mA', fromX: t.fromS, toX: t.toS, min: t.minMa.map(orNaN), max: t.maxMa.map(orNaN), regions: t.regions })}</figure>`,
  );
  return `<h2>Supply current</h2><p>Minimum and maximum a column; shaded: windows between the sync edges.</p>${figures.join('')}`;
}

/** Every run beside the baseline, then where their inferences differ, operator by operator. */
function compared(model: ReportModel): string {
  const baseline = model.runs.find((r) => r.runId === model.baseline);
  if (!baseline || model.comparisons.length === 0) return '';
  const figures = comparisonRows(model).map((r) => [
    esc(r.comparison.figure),
    `run ${r.runId}${r.sameBench ? '' : ', other bench'}`,
    esc(formatQuantity(r.baseline).line),
    esc(formatQuantity(r.other).line),
    formatSignedPercent(r.comparison.change, 2),
    `<strong>${esc(verdictWord(r.comparison))}</strong>`,
  ]);
  const head = ['Figure', 'Run', `Baseline, run ${baseline.runId}`, 'This run', 'Change', 'Verdict'];
  const table = figures.length
    ? tableOf(head, figures, [2, 3, 4])
    : '<p>They share no figure: they were made in different modes.</p>';
  const others = model.runs.filter((r) => r.runId !== baseline.runId);
  return (
    `<h2>Compared with run ${baseline.runId}</h2><p>A verdict needs intervals that do not touch. What is systematic is common to runs on one bench ` +
    `and does not blur their difference; across benches it does.</p>${table}` +
    costComparison('cycles', baseline, others) +
    costComparison('energy', baseline, others)
  );
}

function costComparison(kind: CostKind, baseline: RunResult, others: readonly RunResult[]): string {
  const unit = kind === 'cycles' ? 'cycles' : 'µJ';
  const what = kind === 'cycles' ? 'Cycles' : 'Energy';
  const base = operatorCosts(baseline, kind);
  const have = others
    .map((r) => ({ run: r, operators: operatorCosts(r, kind) }))
    .filter((r) => r.operators.length > 0);
  if (base.length === 0 || have.length === 0) return '';
  const stack = operatorStack(`${what} by operator`, unit, [
    { label: `run ${baseline.runId} (baseline)`, operators: base },
    ...have.map(({ run, operators }) => ({ label: `run ${run.runId}`, operators })),
  ]);
  const differences = have.map(({ run, operators }) => {
    const title = `${what} of run ${run.runId} against run ${baseline.runId}`;
    const drawn = operatorsDiffer(base, operators)
      ? `<figure>${operatorDifferences(title, unit, base, operators)}</figure>`
      : '<p>The same in every operator.</p>';
    return `<h3>${what}, run ${run.runId} against run ${baseline.runId}</h3>${drawn}`;
  });
  return `<h3>${what} by operator</h3><figure>${stack}</figure>${differences.join('')}`;
}

/** JSON has no NaN: a gap travels as null. */
const orNaN = (x: number | null): number => x ?? NaN;

/** One row a check, one column a run: what differs between them is seen at once. */
function trust(runs: readonly RunResult[]): string {
  const rows: readonly (readonly [string, (run: RunResult) => string])[] = [
    ['Device = host', (r) => r.comparison.text.replace(/^device = host: /, '')],
    ['Kernels', referenceText],
    ['Firmware', (r) => r.identity?.firmwareHash ?? 'unknown'],
    ['Program', (r) => r.identity?.programHash ?? 'unknown'],
    [
      'Arena high-water mark',
      (r) => (r.profile?.arenaHighBytes ? `${r.profile.arenaHighBytes.toLocaleString('en')} bytes` : '—'),
    ],
  ];
  const table = tableOf(
    ['Check', ...runs.map((r) => `Run ${r.runId}, ${r.plan.mode}`)],
    rows.map(([what, text]) => [esc(what), ...runs.map((r) => esc(text(r)))]),
  );
  const models = [...new Set(runs.map((r) => `${r.plan.model.name}: SHA-256 ${r.plan.model.sha256}`))];
  return `${table}<p class="muted wrap">${models.map(esc).join('<br>')}</p>`;
}

function failureNote(run: RunResult): string {
  const { failure } = run;
  return failure ? `<p class="banner">${esc(`${failure.id}: ${failure.cause} ${failure.next}`)}</p>` : '';
}

function notes(runs: readonly RunResult[]): string {
  const lines = [...new Set(runs.flatMap((r) => r.notes))];
  return lines.length ? `<h3>Notes</h3><ul>${lines.map((n) => `<li>${esc(n)}</li>`).join('')}</ul>` : '';
}

/** One self-contained file: inline SVG, no script, the machine-readable result inside. */
export function reportHtml(model: ReportModel): string {
  const emulated = model.sources.includes('emulated')
    ? `<p class="banner">${badge('emulated')} Board and monitor of this report are simulated. These are no figures of silicon.</p>`
    : '';
  const body = [
    `<header><h1>${esc(model.title)}</h1><p class="muted">${esc(model.generator)} · runs ${model.runs.map((r) => r.runId).join(', ')} · started ${esc(model.runs[0]?.startedAt ?? '')}</p>${emulated}</header>`,
    `<section><h2>Figures</h2>${scores(model)}</section>`,
    `<section><h2>Can these be trusted?</h2>${trust(model.runs)}</section>`,
    `<section>${compared(model)}</section>`,
    `<section>${predicted(model)}</section>`,
    `<section>${model.runs.map(opProfile).find(Boolean) ?? ''}</section>`,
    `<section>${model.runs.map(layerEnergy).find(Boolean) ?? ''}</section>`,
    `<section>${model.codeProfiles.map(codeProfileSection).join('')}</section>`,
    `<section>${power(model.powerTraces)}</section>`,
    `<section><h2>Windows</h2>${model.runs.map((r) => `${r.windows.length ? `<h3>Run ${r.runId}, ${esc(r.plan.mode)}</h3>` : ''}${windowStrip(r) && `<figure>${windowStrip(r)}</figure>`}${windowTable(r)}${failureNote(r)}`).join('')}${notes(model.runs)}</section>`,
    `<section><h2>Run rules (MLPerf Tiny)</h2>${model.runs.map(validity).join('')}</section>`,
    `<section><h2>System</h2>${tableOf(
      ['Property', 'Value'],
      model.system.map(([k, v]) => [esc(k), esc(v || '—')]),
    )}</section>`,
    `<section><h2>Method</h2><dl>${model.method.map((m) => `<dt>${esc(m.heading)}</dt><dd>${esc(m.text)}</dd>`).join('')}</dl></section>`,
    `<section><h2>Data</h2><details><summary>The whole result as JSON</summary><pre id="microjoule-report">${esc(reportJson(model))}</pre></details></section>`,
  ];
  return (
    `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">` +
    `<meta name="color-scheme" content="light dark"><title>${esc(model.title)}</title><style>${reportStyle}</style></head><body>${body.filter((b) => b !== '<section></section>').join('\n')}</body></html>\n`
  );
}
