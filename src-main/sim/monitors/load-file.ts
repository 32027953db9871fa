import { fail, ok, type Result } from '../../base/errors.ts';
import type { CurrentSink, TimedPart } from '../parts.ts';

/** One step of a load: this current and these logic levels from `timeUs` on. */
export interface LoadStep {
  readonly timeUs: number;
  readonly currentA: number;
  readonly logic: number;
}

/** The PPK2 measures to 1 A; more in a load file is a slip of the unit. */
const MAX_CURRENT_A = 1;

/**
 * Reads a load file: CSV with the header `time_us,current_a` or `time_us,current_a,logic`, one step a line, times in µs
 * from 0 ascending, current in A, logic 0–255 (D0 = 1); empty lines and lines that begin with `#` do not count.
 * `load.empty`, `load.bad-header`, `load.bad-line`, `load.time-order`, `load.out-of-range`, each with its line.
 */
export function parseLoadFile(text: string): Result<LoadStep[]> {
  const steps: LoadStep[] = [];
  let columns = 0;
  let line = 0;
  for (const raw of text.split(/\r?\n/)) {
    line++;
    const row = raw.trim();
    if (row === '' || row.startsWith('#')) continue;
    const cells = row.split(',').map((c) => c.trim());
    if (columns === 0) {
      const header = cells.join(',').toLowerCase();
      if (header !== 'time_us,current_a' && header !== 'time_us,current_a,logic')
        return fail(
          'load.bad-header',
          { line, header: header.slice(0, 80) },
          'A load file begins with its column names.',
          'Let the first line be time_us,current_a or time_us,current_a,logic.',
        );
      columns = cells.length;
      continue;
    }
    const step = parseStep(cells, columns, line, steps.at(-1));
    if (!step.ok) return step;
    steps.push(step.value);
  }
  if (steps.length === 0)
    return fail(
      'load.empty',
      {},
      'The load file holds no step.',
      'Give at least one line with a time and a current.',
    );
  return ok(steps);
}

function parseStep(
  cells: readonly string[],
  columns: number,
  line: number,
  before: LoadStep | undefined,
): Result<LoadStep> {
  const [timeUs, currentA, logic = 0] = cells.map((c) => (c === '' ? NaN : Number(c)));
  if (
    cells.length !== columns ||
    !Number.isFinite(timeUs) ||
    !Number.isFinite(currentA) ||
    !Number.isFinite(logic)
  )
    return fail(
      'load.bad-line',
      { line, columns, text: cells.join(',').slice(0, 80) },
      'This line does not hold one number a column.',
      'Write plain decimal numbers, separated by commas.',
    );
  const ascending = before ? timeUs! > before.timeUs : timeUs === 0;
  if (!ascending)
    return fail(
      'load.time-order',
      { line, timeUs: timeUs!, beforeUs: before?.timeUs ?? null },
      'Times begin at 0 and ascend.',
      'Sort the lines by time; the first one is at 0.',
    );
  if (Math.abs(currentA!) > MAX_CURRENT_A || !Number.isInteger(logic) || logic < 0 || logic > 255)
    return fail(
      'load.out-of-range',
      { line, currentA: currentA!, logic },
      'Currents are in A, up to 1; logic is a byte.',
      'Check the units of this line.',
    );
  return ok({ timeUs: timeUs!, currentA: currentA!, logic });
}

export interface LoadPlayer extends TimedPart {
  connect(sink: CurrentSink): void;
}

/**
 * Plays a load into a monitor twin. Once, the last step then holds; or repeated, where the time of the last step is the
 * period and its current is never reached.
 */
export function createLoadPlayer(
  steps: readonly LoadStep[],
  options: { repeat: boolean; startUs?: number },
): LoadPlayer {
  const sinks: CurrentSink[] = [];
  const lastUs = steps.at(-1)!.timeUs;
  const repeat = options.repeat && steps.length > 1;
  const count = repeat ? steps.length - 1 : steps.length;
  let roundUs = options.startUs ?? 0;
  let next = 0;
  return {
    connect(sink) {
      sinks.push(sink);
    },
    advanceTo(timeUs) {
      for (;;) {
        if (next === count) {
          if (!repeat) return;
          next = 0;
          roundUs += lastUs;
        }
        const step = steps[next]!;
        if (roundUs + step.timeUs > timeUs) return;
        for (const sink of sinks) sink.current(roundUs + step.timeUs, step.currentA, step.logic);
        next++;
      }
    },
  };
}
