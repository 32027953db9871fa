import { ok, type Result } from '../../base/errors.ts';
import type { Trace } from '../trace.ts';
import { eachBlock, type ExportSink } from './exported.ts';

export const csvTables = ['samples', 'edges', 'gaps', 'marks', 'supplies'] as const;
export type CsvTable = (typeof csvTables)[number];

const encoder = new TextEncoder();

/** RFC 4180 quoting, where a cell needs it. */
function cell(value: string | number): string {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/**
 * Everything of a span as CSV, table by table: `samples` has a row for each sample period (an empty current where the
 * sample is missing), the others one for each entry. Currents have all digits of their double. `trace.damaged` and what
 * the sink fails with.
 */
export async function exportCsv(
  trace: Trace,
  from: number,
  to: number,
  table: CsvTable,
  sink: ExportSink,
): Promise<Result<void>> {
  if (table === 'samples') return exportSamples(trace, from, to, sink);
  const rows = rowsOf(trace, from, to, table);
  if (!rows.ok) return rows;
  const text = rows.value.map((row) => `${row.map(cell).join(',')}\n`).join('');
  return sink.write(encoder.encode(text));
}

async function exportSamples(
  trace: Trace,
  from: number,
  to: number,
  sink: ExportSink,
): Promise<Result<void>> {
  const channels = [0, 1, 2, 3, 4, 5, 6, 7].filter((c) => trace.header.logicMask & (1 << c));
  const head = ['sample', 'time_s', 'current_a', ...channels.map((c) => `D${c}`)].join(',');
  const begun = await sink.write(encoder.encode(`${head}\n`));
  if (!begun.ok) return begun;
  const rate = trace.header.sampleRateHz;
  return eachBlock(trace, from, to, async ({ firstSample, length, amperes, logic }) => {
    const lines: string[] = [];
    for (let i = 0; i < length; i++) {
      const a = amperes[i]!;
      const bits = channels.map((c) => `,${(logic[i]! >> c) & 1}`).join('');
      lines.push(`${firstSample + i},${(firstSample + i) / rate},${Number.isNaN(a) ? '' : a}${bits}\n`);
    }
    return sink.write(encoder.encode(lines.join('')));
  });
}

type Rows = readonly (readonly (string | number)[])[];

function rowsOf(trace: Trace, from: number, to: number, table: Exclude<CsvTable, 'samples'>): Result<Rows> {
  const rate = trace.header.sampleRateHz;
  switch (table) {
    case 'edges':
      return edgeRows(trace, from, to);
    case 'gaps': {
      const gaps = trace.gaps(from, to);
      if (!gaps.ok) return gaps;
      const rows = gaps.value.map((g) => [g.firstSample, g.firstSample / rate, g.missing, g.cause]);
      return ok([['sample', 'time_s', 'missing', 'cause'], ...rows]);
    }
    case 'marks': {
      const marks = trace.marks(from, to);
      if (!marks.ok) return marks;
      const rows = marks.value.map((m) => [m.sample, m.sample / rate, m.kind, m.detail]);
      return ok([['sample', 'time_s', 'kind', 'detail'], ...rows]);
    }
    case 'supplies': {
      const supplies = trace.source.supplies();
      if (!supplies.ok) return supplies;
      const rows = supplies.value.map((s) => [s.sample, s.sample / rate, s.volts, s.uncertaintyV, s.origin]);
      return ok([['sample', 'time_s', 'volts', 'plus_minus_v', 'origin'], ...rows]);
    }
  }
}

function edgeRows(trace: Trace, from: number, to: number): Result<Rows> {
  const rate = trace.header.sampleRateHz;
  const rows: (string | number)[][] = [];
  for (let channel = 0; channel < 8; channel++) {
    if (!(trace.header.logicMask & (1 << channel))) continue;
    const edges = trace.edges(channel, from, to);
    if (!edges.ok) return edges;
    for (const e of edges.value)
      rows.push([
        e.sample,
        e.sample / rate,
        `D${channel}`,
        e.level,
        e.uncertainSamples === Number.MAX_SAFE_INTEGER ? '' : e.uncertainSamples,
      ]);
  }
  rows.sort((a, b) => (a[0] as number) - (b[0] as number));
  return ok([['sample', 'time_s', 'channel', 'level', 'uncertain_samples'], ...rows]);
}
