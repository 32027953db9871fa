import { fail, ok, type Result } from '../../base/errors.ts';
import { float32Calibration } from '../float32.ts';
import type { Trace } from '../trace.ts';
import { eachBlock, type ExportSink } from './exported.ts';
import { IMPORT_BLOCK_SAMPLES, type ImportedTrace, type ImportReceiver } from './imported.ts';
import type { OpenBytes } from './ppk2-file.ts';

/** Steps that are looked at for the sample rate. */
const RATE_STEPS = 10_000;
/** A step longer than so many sample periods is a gap. */
const GAP_STEP = 1.5;

const encoder = new TextEncoder();

/**
 * CSV as the Power Profiler app exports it: `Timestamp(ms),Current(uA),D0-D7,D0,…,D7`. Current in float32 as in the
 * app's own files. Missing samples have no row: the step of the timestamps shows them.
 */
export async function exportPpkCsv(
  trace: Trace,
  from: number,
  to: number,
  sink: ExportSink,
): Promise<Result<void>> {
  const begun = await sink.write(encoder.encode('Timestamp(ms),Current(uA),D0-D7,D0,D1,D2,D3,D4,D5,D6,D7\n'));
  if (!begun.ok) return begun;
  const perMs = trace.header.sampleRateHz / 1000;
  return eachBlock(trace, from, to, async ({ firstSample, length, amperes, logic }) => {
    const lines: string[] = [];
    for (let i = 0; i < length; i++) {
      if (Number.isNaN(amperes[i]!)) continue;
      const bits = Array.from({ length: 8 }, (_, n) => (logic[i]! >> n) & 1);
      const microA = Math.fround(amperes[i]! * 1e6);
      lines.push(`${(firstSample + i - from) / perMs},${microA},${bits.join('')},${bits.join(',')}\n`);
    }
    return sink.write(encoder.encode(lines.join('')));
  });
}

interface Columns {
  readonly time: number;
  readonly secondsPerUnit: number;
  readonly current: number;
  readonly amperesPerUnit: number;
  /** Column of Dn, or −1. */
  readonly logic: readonly number[];
  /** Column `D0-D7`, or −1. */
  readonly logicText: number;
  readonly unused: readonly string[];
}

const TIME_UNITS: Readonly<Record<string, number>> = { s: 1, ms: 1e-3, us: 1e-6, µs: 1e-6 };
const CURRENT_UNITS: Readonly<Record<string, number>> = { a: 1, ma: 1e-3, ua: 1e-6, µa: 1e-6, na: 1e-9 };

/** `Timestamp(ms)`, `time_s`, `Current [mA]`: a name and a unit in brackets or behind the last underscore. */
function unitOf(head: string): { name: string; unit: string } {
  const text = head.trim().toLowerCase();
  const m = /^(.*?)[\s_]*[([]\s*([^)\]]*?)\s*[)\]]$/.exec(text) ?? /^(.*)_([^_]+)$/.exec(text);
  return m ? { name: m[1]!.trim(), unit: m[2]! } : { name: text, unit: '' };
}

function columnsOf(head: readonly string[]): Columns | null {
  const cells = head.map((h) => ({ head: h.trim(), ...unitOf(h) }));
  const time = cells.findIndex((c) => /time/.test(c.name) && c.unit in TIME_UNITS);
  const current = cells.findIndex((c) => /current|^i$/.test(c.name) && c.unit in CURRENT_UNITS);
  if (time < 0 || current < 0) return null;
  const at = (wanted: string) => cells.findIndex((c) => c.head.toUpperCase() === wanted);
  const logic = Array.from({ length: 8 }, (_, n) => at(`D${n}`));
  const logicText = at('D0-D7');
  const used = new Set([time, current, logicText, ...logic]);
  return {
    time,
    secondsPerUnit: TIME_UNITS[cells[time]!.unit]!,
    current,
    amperesPerUnit: CURRENT_UNITS[cells[current]!.unit]!,
    logic,
    logicText,
    unused: cells.filter((c, i) => !used.has(i) && c.head !== '').map((c) => c.head),
  };
}

interface Row {
  readonly line: number;
  readonly timeS: number;
  readonly value: number;
  readonly logic: number;
}

/**
 * Currents from a CSV file with a head that names a time column and a current column with their units. The rate is the
 * median step of the timestamps; longer steps are gaps. `trace.import-columns` without such a head,
 * `trace.import-damaged` where a line cannot be read or time goes back.
 */
export async function importCurrentCsv(
  open: OpenBytes,
  title: string,
  supplyV: number | null,
): Promise<Result<ImportedTrace>> {
  const steps: number[] = [];
  let before: number | null = null;
  const columns = await eachRow(open, async (row) => {
    if (before !== null) steps.push(row.timeS - before);
    before = row.timeS;
    return ok(steps.length < RATE_STEPS);
  });
  if (!columns.ok) return columns;
  const periodS = steps.sort((a, b) => a - b)[steps.length >> 1];
  if (periodS === undefined || !(periodS > 0)) return damaged(0, 'fewer than two rows with rising time');
  // timestamps are printed with few digits: the rate is taken as a whole number where it is nearly one
  const rate = 1 / periodS;
  const sampleRateHz = Math.abs(rate - Math.round(rate)) < 1e-3 * rate ? Math.round(rate) : rate;
  const c = columns.value;
  const logicMask =
    c.logicText >= 0 ? 0xff : c.logic.reduce((mask, at, n) => (at >= 0 ? mask | (1 << n) : mask), 0);
  return ok({
    format: 'csv',
    title,
    sampleRateHz,
    startedAt: null,
    logicMask,
    monitor: { kind: 'csv', serial: null, firmware: null },
    accuracy: null,
    dropped: c.unused.map((name) => `column ${name}`),
    calibration: float32Calibration({ amperesPerUnit: c.amperesPerUnit }),
    feed: (receiver) => feed(open, receiver, sampleRateHz, supplyV),
  });
}

function damaged(line: number, what: string): Result<never> {
  return fail(
    'trace.import-damaged',
    { format: 'csv', line, what },
    'The file cannot be read as a table of times and currents.',
    'Export it again; every row needs a time and a current, and time must rise.',
  );
}

/** Calls `use` for each row until it says stop; gives the columns. */
async function eachRow(
  open: OpenBytes,
  use: (row: Row) => Promise<Result<boolean>>,
): Promise<Result<Columns>> {
  let columns: Columns | null = null;
  let line = 0;
  for await (const text of linesOf(open())) {
    line++;
    if (text.trim() === '') continue;
    const cells = text.split(text.includes(';') && !text.includes(',') ? ';' : ',');
    if (!columns) {
      columns = columnsOf(cells);
      if (!columns)
        return fail(
          'trace.import-columns',
          { head: cells.slice(0, 12) },
          'The first line names no time column and no current column with a unit.',
          'Give heads like Timestamp(ms) and Current(uA), or time_s and current_a.',
        );
      continue;
    }
    const row = rowOf(cells, columns, line);
    if (!row) return damaged(line, text.slice(0, 80));
    const more = await use(row);
    if (!more.ok) return more;
    if (!more.value) break;
  }
  return columns ? ok(columns) : damaged(line, 'no line');
}

function rowOf(cells: readonly string[], c: Columns, line: number): Row | null {
  const time = cells[c.time]?.trim() ?? '';
  const value = cells[c.current]?.trim() ?? '';
  const timeS = time === '' ? NaN : Number(time) * c.secondsPerUnit;
  // an empty current is a missing sample
  const amount = value === '' ? NaN : Number(value);
  if (!Number.isFinite(timeS) || (value !== '' && !Number.isFinite(amount))) return null;
  let logic = 0;
  const text = c.logicText >= 0 ? (cells[c.logicText]?.trim() ?? '') : '';
  for (let n = 0; n < 8; n++) {
    const bit = c.logic[n]! >= 0 ? cells[c.logic[n]!]?.trim() : text[n];
    if (bit === '1') logic |= 1 << n;
  }
  return { line, timeS, value: amount, logic };
}

async function* linesOf(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const piece of bytes) {
    const text = rest + decoder.decode(piece, { stream: true });
    const lines = text.split(/\r?\n/);
    rest = lines.pop()!;
    yield* lines;
  }
  if (rest !== '') yield rest;
}

async function feed(
  open: OpenBytes,
  receiver: ImportReceiver,
  rate: number,
  supplyV: number | null,
): Promise<Result<void>> {
  if (supplyV !== null) receiver.supply({ volts: supplyV, uncertaintyV: 0, origin: 'set-point' });
  const values = new Float32Array(IMPORT_BLOCK_SAMPLES);
  const words = new Uint32Array(values.buffer);
  const logic = new Uint8Array(IMPORT_BLOCK_SAMPLES);
  let count = 0;
  let firstS: number | null = null;
  let next = 0;
  let gap = 0;
  const flush = () => {
    if (count > 0) receiver.wordsWithLogic(words, logic, 0, count);
    count = 0;
  };
  const close = () => {
    flush();
    receiver.gap(gap, 'lost');
    gap = 0;
  };
  const done = await eachRow(open, async (row) => {
    firstS ??= row.timeS;
    const position = (row.timeS - firstS) * rate;
    const missing = position - next > GAP_STEP - 1 ? Math.round(position) - next : 0;
    if (position < next - 0.5) return damaged(row.line, 'time goes back');
    gap += missing + (Number.isNaN(row.value) ? 1 : 0);
    if (!Number.isNaN(row.value)) {
      if (gap > 0) close();
      values[count] = row.value;
      logic[count++] = row.logic;
    }
    next += missing + 1;
    if (count < values.length) return ok(true);
    flush();
    const settled = await receiver.settle();
    return settled.ok ? ok(true) : settled;
  });
  if (!done.ok) return done;
  close();
  return receiver.settle();
}
