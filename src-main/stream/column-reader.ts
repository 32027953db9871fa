import { fail, type Failure } from '../base/errors.ts';
import { cellsOf, countsOf, numberOf, secondsOf, type ColumnMapping } from './columns.ts';

/** What a line means for the stream of samples. */
export type LineEvent =
  /** The next sample, in counts, not rounded. */
  | { readonly kind: 'sample'; readonly values: Float64Array }
  /** So many samples before the next one are missing. */
  | { readonly kind: 'missing'; readonly count: number; readonly reason: string }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'failure'; readonly failure: Failure };

export interface ReaderOptions {
  readonly name: string;
  readonly mapping: ColumnMapping;
  readonly sampleRateHz: number;
}

/** A step of less than this many periods is jitter of the clock, of more a gap. */
const GAP_PERIODS = 1.5;
/** So many unusable lines in a row, or of them all, and it is the wrong file or mapping. */
const MOST_BAD_IN_A_ROW = 50;
const MOST_BAD_SHARE = 0.2;
const SHARE_AFTER_LINES = 100;

/**
 * Lines of columns to samples. With a time column a step of 1.5 periods or more is a gap; a line that goes back in time
 * is dropped, and a clock that jumped back for good is a failure. Without a time column a line that cannot be read is
 * one missing sample.
 */
export class ColumnReader {
  readonly #options: ReaderOptions;
  #line = 0;
  #bad = 0;
  #badInARow = 0;
  #backwards = 0;
  #good = 0;
  #lastS: number | null = null;
  #pending = 0;
  #pendingReason = '';

  constructor(options: ReaderOptions) {
    this.#options = options;
  }

  get unreadable(): number {
    return this.#bad;
  }

  /** One line, without its end. May be asked again with '' after 'missing': the sample follows. */
  *read(line: string): Generator<LineEvent> {
    this.#line++;
    if (line.trim() === '' || line.startsWith('#')) return;
    const cells = cellsOf(line);
    const values = countsOf(cells, this.#options.mapping);
    const { time } = this.#options.mapping;
    const atS = time ? numberOf(cells[time.column]) * secondsOf[time.unit] : 0;
    if (values === null || !Number.isFinite(atS)) {
      yield* this.#unreadable(line);
      return;
    }
    if (time) {
      const stepped = this.#step(atS);
      if (stepped) {
        yield stepped;
        if (stepped.kind !== 'missing') return;
      }
    } else if (this.#pending > 0) {
      yield { kind: 'missing', count: this.#pending, reason: this.#pendingReason };
    }
    this.#pending = 0;
    this.#badInARow = 0;
    this.#good++;
    yield { kind: 'sample', values };
  }

  *#unreadable(line: string): Generator<LineEvent> {
    this.#bad++;
    this.#badInARow++;
    if (this.#pending === 0) this.#pendingReason = `unreadable line ${this.#line}`;
    // before the first sample there is nothing that could be missing: the rest of a header, half a line
    if (this.#good > 0) this.#pending++;
    const share = this.#bad / (this.#bad + this.#good);
    const hopeless =
      this.#badInARow > MOST_BAD_IN_A_ROW || (this.#line > SHARE_AFTER_LINES && share > MOST_BAD_SHARE);
    if (!hopeless) return;
    yield {
      kind: 'failure',
      failure: fail(
        'stream.lines-unreadable',
        { source: this.#options.name, line: this.#line, unreadable: this.#bad, text: line.slice(0, 80) },
        'Too many lines do not hold numbers where the mapping says so.',
        'Check --columns, or the program that writes the lines.',
      ),
    };
  }

  /** A gap before this sample, a line to drop, a failure, or undefined: the next sample. */
  #step(atS: number): LineEvent | undefined {
    const lastS = this.#lastS;
    if (lastS === null) {
      this.#lastS = atS;
      return undefined;
    }
    const periods = (atS - lastS) * this.#options.sampleRateHz;
    if (periods <= 0) {
      this.#bad++;
      this.#backwards++;
      if (this.#backwards <= MOST_BAD_IN_A_ROW) return { kind: 'nothing' };
      return {
        kind: 'failure',
        failure: fail(
          'stream.time-not-monotonic',
          { source: this.#options.name, line: this.#line, lastS, atS },
          'The times go back: the sensor was restarted, or two recordings were joined.',
          'Split the file there, or map no time column.',
        ),
      };
    }
    this.#backwards = 0;
    this.#lastS = atS;
    if (periods < GAP_PERIODS) return undefined;
    const reason = this.#pending > 0 ? this.#pendingReason : `times jump at line ${this.#line}`;
    return { kind: 'missing', count: Math.round(periods) - 1, reason };
  }
}
