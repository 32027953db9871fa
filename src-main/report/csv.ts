import type { RunResult } from '../contract/result.ts';

type Cell = string | number | null;

/** What an export holds: a head of column names and one row an item. */
export interface ExportTable {
  readonly head: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}

/** The rows as objects by column name, for JSON. */
export function rowObjects({ head, rows }: ExportTable): Record<string, Cell>[] {
  return rows.map((row) => Object.fromEntries(head.map((name, c) => [name, row[c] ?? null])));
}

/** RFC 4180 with LF; decimals always `.`. Text that a spreadsheet would run as a formula gets a leading apostrophe. */
export function csv(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const cell = (v: Cell) => {
    if (v === null) return '';
    if (typeof v === 'number') return String(v);
    const text = /^[=+\-@\t\r]/.test(v) ? `'${v}` : v;
    return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [head, ...rows].map((r) => r.map(cell).join(',')).join('\n') + '\n';
}

/** One row a run, every figure with source and both uncertainties. */
export function runsTable(runs: readonly RunResult[]): ExportTable {
  const q = (x: RunResult['latency']) => [
    x?.value ?? null,
    x?.interval.low ?? null,
    x?.interval.high ?? null,
    x?.systematic?.plusMinus ?? null,
  ];
  return {
    head: [
      'run',
      'status',
      'mode',
      'model',
      'model_sha256',
      'target',
      'source',
      'started_at',
      'firmware',
      'program',
      'latency_us',
      'latency_low_us',
      'latency_high_us',
      'latency_systematic_us',
      'energy_uj_per_inf',
      'energy_low',
      'energy_high',
      'energy_systematic',
      'net_energy_uj_per_inf',
      'net_low',
      'net_high',
      'net_systematic',
      'score',
      'score_low',
      'score_high',
      'score_systematic',
      'compared',
      'equal',
      'valid',
    ],
    rows: runs.map((r) => [
      r.runId,
      r.status,
      r.plan.mode,
      r.plan.model.name,
      r.plan.model.sha256,
      r.plan.targetId,
      r.source,
      r.startedAt,
      r.identity?.firmwareHash ?? null,
      r.identity?.programHash ?? null,
      ...q(r.latency),
      ...q(r.energyPerInference),
      ...q(r.netEnergyPerInference),
      ...q(r.accuracy?.score ?? null),
      r.comparison.compared,
      r.comparison.equal,
      r.validity.valid ? 1 : 0,
    ]),
  };
}

/** One row an operator a run. */
export function profilesTable(runs: readonly RunResult[]): ExportTable {
  return {
    head: [
      'run',
      'model',
      'target',
      'source',
      'index',
      'kernel',
      'operator',
      'macs',
      'cycles',
      'predicted_cycles',
      'energy_uj',
      'energy_plus_minus_uj',
      'energy_common_uj',
      'energy_net_uj',
      'energy_duration_us',
    ],
    rows: runs.flatMap((r) => {
      const predicted = new Map(r.prediction?.ops.map((o) => [o.index, o.cycles]) ?? []);
      const layers = new Map(r.layerEnergies?.map((l) => [l.index, l]) ?? []);
      return (r.profile?.ops ?? []).map((o) => [
        r.runId,
        r.plan.model.name,
        r.plan.targetId,
        r.source,
        o.index,
        o.kernel,
        o.name,
        o.macs,
        o.cycles,
        predicted.get(o.index) ?? null,
        layers.get(o.index)?.energyUj ?? null,
        layers.get(o.index)?.plusMinusUj ?? null,
        layers.get(o.index)?.commonUj ?? null,
        layers.get(o.index)?.netUj ?? null,
        layers.get(o.index)?.durationUs ?? null,
      ]);
    }),
  };
}
