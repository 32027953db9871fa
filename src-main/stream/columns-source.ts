import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { createHash } from 'node:crypto';
import { fail, ok, type Failure, type Result } from '../base/errors.ts';
import type { SourceOrigin } from '../contract/index.ts';
import { BlockAssembler } from './block-assembler.ts';
import { ColumnReader } from './column-reader.ts';
import {
  cellsOf,
  guessColumns,
  isHeader,
  mappingText,
  numberOf,
  secondsOf,
  type ColumnGuess,
  type ColumnMapping,
} from './columns.ts';
import type { SampleFormat, StreamBlock } from './sample-block.ts';
import type { StreamSource } from './source.ts';

export interface ColumnsOptions {
  readonly format: SampleFormat;
  /** Guessed from header and contents where absent. */
  readonly mapping?: ColumnMapping;
  /** Of the lines, where they hold no times. Default: the format's. */
  readonly sampleRateHz?: number;
}

/** The file's beginning, which decides what the columns are. */
const LOOK_BYTES = 65_536;
const LOOK_LINES = 400;
/** The times may differ by so much from the rate wanted and still be that rate: a crystal or an RC oscillator. */
const SAME_RATE = 0.02;
/** More is no recording of this kind of sensor. */
const MOST_RESAMPLING = 8;

export interface ColumnsLook {
  /** Lines before the first with numbers. */
  readonly headerLines: number;
  readonly guess: ColumnGuess;
  readonly rows: readonly (readonly string[])[];
}

/** Reads the beginning of a file of columns: what a person is asked about, and what the source goes by. */
export async function lookAtColumns(path: string, format: SampleFormat): Promise<Result<ColumnsLook>> {
  let text: string;
  let whole: boolean;
  try {
    const file = await open(path, 'r');
    const bytes = new Uint8Array(LOOK_BYTES);
    const { bytesRead } = await file.read(bytes, 0, LOOK_BYTES, 0);
    await file.close();
    whole = bytesRead < LOOK_BYTES;
    text = new TextDecoder().decode(bytes.subarray(0, bytesRead));
  } catch (e) {
    return fail(
      'stream.cannot-read',
      { path, code: (e as NodeJS.ErrnoException).code ?? '' },
      'The file cannot be read.',
      'Check the path given with --source.',
    );
  }
  if (text.length === 0)
    return fail('stream.file-empty', { path }, 'The file has no bytes at all.', 'Record or copy it again.');
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/);
  if (!whole) lines.pop();
  const used = lines.map((l) => (l.trim() === '' || l.startsWith('#') ? null : cellsOf(l)));
  const firstRow = used.findIndex((cells) => cells !== null && cells.some((c) => !Number.isNaN(numberOf(c))));
  if (firstRow < 0)
    return fail(
      'stream.no-numbers',
      { path, begins: text.slice(0, 60) },
      'No line of the file’s beginning holds numbers.',
      'Give a file of lines with numbers in columns, or a .wav.',
    );
  const above = used
    .slice(0, firstRow)
    .filter((cells): cells is string[] => cells !== null && isHeader(cells));
  const header = above.findLast((cells) => cells.length === used[firstRow]!.length) ?? above.at(-1) ?? null;
  const rows = used
    .slice(firstRow, firstRow + LOOK_LINES)
    .filter((cells): cells is string[] => cells !== null);
  return ok({ headerLines: firstRow, guess: guessColumns(header, rows, format.kind), rows });
}

/** Opens a .csv (or tab- or blank-separated) file of samples. */
export async function openColumnsFile(path: string, options: ColumnsOptions): Promise<Result<StreamSource>> {
  const { format } = options;
  const look = await lookAtColumns(path, format);
  if (!look.ok) return look;
  const mapping = options.mapping ?? look.value.guess.mapping;
  if (!mapping) return unclearColumns(path, look.value.guess);
  if (mapping.channels.length !== format.channels)
    return fail(
      'stream.wrong-format',
      { path, channels: mapping.channels.length, wanted: format.channels },
      'The model wants another number of channels.',
      'Map as many columns as the model has channels, with --columns.',
    );
  const rate = rateOf(path, look.value, mapping, options);
  if (!rate.ok) return rate;
  return ok(new ColumnsSource(path, look.value, mapping, rate.value, format));
}

export function unclearColumns(name: string, guess: ColumnGuess): Failure {
  return fail(
    'stream.columns-unclear',
    {
      source: name,
      problem: guess.unclear,
      columns: guess.columns.map((c, i) => `${i}: ${c.name} (${c.example})`),
    },
    'What is in which column cannot be told from the header and the numbers.',
    'Say it with --columns, for example --columns time=0:ms,ax=1:g,ay=2:g,az=3:g,gx=4:dps,gy=5:dps,gz=6:dps.',
  );
}

interface LineRate {
  readonly hz: number;
  readonly how: string;
}

/** The median step of the times, or what was said, or what the model wants. */
function rateOf(
  path: string,
  { rows }: ColumnsLook,
  { time }: ColumnMapping,
  { format, sampleRateHz }: ColumnsOptions,
): Result<LineRate> {
  const wanted = format.sampleRateHz;
  let measured: number | null = null;
  if (time) {
    const times = rows.map((r) => numberOf(r[time.column]) * secondsOf[time.unit]).filter(Number.isFinite);
    const steps = times
      .slice(1)
      .map((t, i) => t - times[i]!)
      .filter((s) => s > 0)
      .sort((a, b) => a - b);
    if (steps.length < 2)
      return fail(
        'stream.time-not-monotonic',
        { source: path, column: time.column, lines: rows.length },
        'The times do not rise from line to line.',
        'Name the column with the times in --columns, or leave time out.',
      );
    const middle = steps[steps.length >> 1]!;
    // times jitter and are quantised: the mean of all steps that are no gaps is finer than the median
    const near = steps.filter((s) => s < 1.5 * middle);
    measured = near.length / near.reduce((a, b) => a + b, 0);
  }
  if (measured !== null && sampleRateHz !== undefined && Math.abs(measured / sampleRateHz - 1) > 0.1)
    return wrongRate(path, measured, sampleRateHz);
  const hz = sampleRateHz ?? measured ?? wanted;
  if (hz > wanted * MOST_RESAMPLING || hz < wanted / MOST_RESAMPLING) return wrongRate(path, hz, wanted);
  if (Math.abs(hz / wanted - 1) <= SAME_RATE)
    return ok({
      hz: wanted,
      how:
        measured === null && sampleRateHz === undefined
          ? `no times: taken as ${wanted} Hz`
          : `${Number(hz.toPrecision(4))} Hz`,
    });
  const rounded = Math.round(hz * 1000) / 1000;
  return ok({ hz: rounded, how: `${Number(rounded.toPrecision(5))} Hz resampled to ${wanted} Hz` });
}

function wrongRate(source: string, foundHz: number, wantedHz: number): Failure {
  return fail(
    'stream.wrong-rate',
    { source, foundHz: Number(foundHz.toPrecision(5)), wantedHz },
    'The lines come at another rate than they should.',
    'Check the unit of the time column (--columns time=0:ms) and --rate.',
  );
}

class ColumnsSource implements StreamSource {
  readonly format: SampleFormat;
  readonly origin: SourceOrigin;
  readonly live = false;
  readonly frameCount = null;
  readonly #path: string;
  readonly #reader: ColumnReader;
  readonly #assembler: BlockAssembler;
  readonly #lines: AsyncIterator<string>;
  readonly #hash = createHash('sha256');
  #toSkip: number;
  #ended = false;
  #samples = 0;

  constructor(path: string, look: ColumnsLook, mapping: ColumnMapping, rate: LineRate, format: SampleFormat) {
    this.#path = path;
    this.format = format;
    this.#reader = new ColumnReader({ name: path, mapping, sampleRateHz: rate.hz });
    this.#assembler = new BlockAssembler(format, rate.hz);
    this.#toSkip = look.headerLines;
    const input = createReadStream(path);
    input.on('data', (bytes) => this.#hash.update(bytes));
    this.#lines = createInterface({ input, crlfDelay: Infinity })[Symbol.asyncIterator]();
    this.origin = {
      kind: 'columns',
      name: path,
      sha256: null,
      details: [rate.how, mappingText(mapping, format.kind)],
    };
  }

  async next(): Promise<Result<StreamBlock | null>> {
    for (;;) {
      const block = this.#assembler.next();
      if (block) return ok(block);
      if (this.#ended) return ok(null);
      const read = await this.#readLine();
      if (!read.ok) return read;
    }
  }

  async #readLine(): Promise<Result<void>> {
    let line: IteratorResult<string>;
    try {
      line = await this.#lines.next();
    } catch (e) {
      return fail(
        'stream.source-lost',
        { source: this.#path, code: (e as NodeJS.ErrnoException).code ?? String(e) },
        'The file went away while it was read.',
        'Plug the disk in again, or copy the file to this computer.',
      );
    }
    if (line.done) {
      this.#ended = true;
      this.#assembler.end();
      return this.#samples > 0
        ? ok()
        : fail('stream.no-samples', { path: this.#path }, 'The file holds no samples.', 'Record it again.');
    }
    if (this.#toSkip > 0) {
      this.#toSkip--;
      return ok();
    }
    for (const event of this.#reader.read(line.value)) {
      if (event.kind === 'failure') return event.failure;
      if (event.kind === 'missing') this.#assembler.gap(event.count, event.reason);
      else if (event.kind === 'sample') {
        this.#samples++;
        this.#assembler.sample(event.values);
      }
    }
    return ok();
  }

  truth(): null {
    return null;
  }

  notes(): readonly string[] {
    const { unreadable } = this.#reader;
    const { clipped } = this.#assembler;
    return [
      ...(unreadable > 0 ? [`${unreadable} lines could not be used: their samples are gaps`] : []),
      ...(clipped > 0 ? [`${clipped} values exceeded the range of the counts and were clipped`] : []),
    ];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#lines.return?.();
  }
}
