import { WallClock, type Clock } from '../base/clock.ts';
import { fail, ok, type Failure, type Result } from '../base/errors.ts';
import type { SourceOrigin } from '../contract/index.ts';
import { FrameSplitter } from '../link/cobs.ts';
import { lineSplitter } from '../link/framing.ts';
import type { Link } from '../link/link.ts';
import { openLink } from '../link/open.ts';
import { BlockAssembler } from './block-assembler.ts';
import { ColumnReader } from './column-reader.ts';
import { cellsOf, guessColumns, mappingText, numberOf, type ColumnMapping } from './columns.ts';
import { unclearColumns } from './columns-source.ts';
import type { SampleFormat, StreamBlock } from './sample-block.ts';
import type { StreamSource } from './source.ts';

export interface SerialSourceOptions {
  readonly address: string;
  /** Lines of numbers, or COBS frames (docs/streams.md). */
  readonly kind: 'text' | 'frames';
  readonly format: SampleFormat;
  /** Only of the target; a board that streams lives in wall time. */
  readonly clock?: Clock;
  readonly baud: number;
  /** Of lines; guessed from the first ones where absent. */
  readonly mapping?: ColumnMapping;
}

export interface LinkSourceOptions extends Omit<SerialSourceOptions, 'address' | 'baud' | 'clock'> {
  readonly link: Link;
}

/** So long nothing usable may come. */
const SILENT_US = 3_000_000;
/** The rate is checked once, after so long: a board at another rate gives wrong answers without any error. */
const RATE_CHECK_US = 2_000_000;
const RATE_TOLERANCE = 0.1;
const LOOK_LINES = 8;

/** Samples that a board sends by itself over a serial port. */
export async function openSerialSource(options: SerialSourceOptions): Promise<Result<StreamSource>> {
  const link = await openLink(options.address, { clock: new WallClock(), baud: options.baud });
  return link.ok ? sourceOnLink({ ...options, link: link.value }) : link;
}

/** The same over a link that is open; it is the source's from now on. */
export async function sourceOnLink(options: LinkSourceOptions): Promise<Result<StreamSource>> {
  if (options.kind === 'frames')
    return ok(new LinkSource(options, new FrameFeed(options.format), 'serial-frames', []));
  const lines: string[] = [];
  const splitter = lineSplitter();
  const mapping = options.mapping ?? (await guessed(options, lines, splitter));
  if (!('channels' in mapping)) {
    await options.link[Symbol.asyncDispose]();
    return mapping;
  }
  const feed = new TextFeed(options.format, mapping, options.link.address, splitter, lines);
  return ok(new LinkSource(options, feed, 'serial-text', [mappingText(mapping, options.format.kind)]));
}

/** Looks at the first whole lines; they are streamed afterwards where the stream has not begun meanwhile. */
async function guessed(
  { link, format }: LinkSourceOptions,
  lines: string[],
  splitter: ReturnType<typeof lineSplitter>,
): Promise<ColumnMapping | Failure> {
  const deadlineUs = link.clock.nowUs() + SILENT_US;
  // the first line is rarely whole
  while (lines.length < LOOK_LINES + 1) {
    const read = await link.read({ deadlineUs });
    if (read.kind !== 'bytes') return silent(link, read.kind === 'closed' ? read.reason : 'no lines came', 0);
    lines.push(...splitter.push(read.bytes));
  }
  const rows = lines
    .slice(1)
    .map(cellsOf)
    .filter((cells) => cells.every((c) => !Number.isNaN(numberOf(c))));
  const guess = guessColumns(null, rows, format.kind);
  return guess.mapping ?? unclearColumns(link.address, guess);
}

function silent(link: Link, reason: string, samples: number): Failure {
  return fail(
    'stream.source-lost',
    { source: link.address, reason, samples },
    samples === 0
      ? 'Nothing usable came from the board: another rate of the line, another format, or it does not send.'
      : 'The board was unplugged, or stopped sending.',
    samples === 0
      ? 'Check --source-baud and what the board sends.'
      : 'Plug it in again and start anew; what was streamed is kept.',
  );
}

/** Bytes to samples and gaps. */
interface Feed {
  readonly assembler: BlockAssembler;
  /** Sample frames understood so far. */
  readonly samples: number;
  /** What came so far is of no use; what comes next may begin anywhere. */
  begin(): void;
  push(bytes: Uint8Array): Failure | null;
  notes(): readonly string[];
}

class TextFeed implements Feed {
  readonly assembler: BlockAssembler;
  samples = 0;
  readonly #reader: ColumnReader;
  #splitter: ReturnType<typeof lineSplitter>;
  #waiting: string[];
  #cut = false;

  constructor(
    format: SampleFormat,
    mapping: ColumnMapping,
    name: string,
    splitter: ReturnType<typeof lineSplitter>,
    waiting: string[],
  ) {
    this.assembler = new BlockAssembler(format, format.sampleRateHz);
    this.#reader = new ColumnReader({ name, mapping, sampleRateHz: format.sampleRateHz });
    this.#splitter = splitter;
    this.#waiting = waiting;
  }

  begin(): void {
    this.#splitter = lineSplitter();
    this.#waiting = [];
    this.#cut = true;
  }

  push(bytes: Uint8Array): Failure | null {
    const lines = [...this.#waiting.splice(0), ...this.#splitter.push(bytes)];
    // the rest of a line may look like a whole one with other numbers
    if (this.#cut && lines.length > 0) {
      lines.shift();
      this.#cut = false;
    }
    for (const line of lines)
      for (const event of this.#reader.read(line.replace(/\r$/, ''))) {
        if (event.kind === 'failure') return event.failure;
        if (event.kind === 'missing') this.assembler.gap(event.count, event.reason);
        else if (event.kind === 'sample') {
          this.samples++;
          this.assembler.sample(event.values);
        }
      }
    return null;
  }

  notes(): readonly string[] {
    const { unreadable } = this.#reader;
    return unreadable > 0 ? [`${unreadable} lines could not be used: their samples are gaps`] : [];
  }
}

/**
 * Frames of link/cobs.ts whose payload is u32 LE: index of the first sample frame, then int16 LE samples, interleaved.
 * The index tells exactly what is missing; a damaged frame costs its own samples and nothing after the next delimiter.
 */
class FrameFeed implements Feed {
  readonly assembler: BlockAssembler;
  samples = 0;
  readonly #channels: number;
  readonly #splitter = new FrameSplitter();
  #next: number | null = null;
  #bad = 0;

  constructor(format: SampleFormat) {
    this.assembler = new BlockAssembler(format, format.sampleRateHz);
    this.#channels = format.channels;
  }

  /** The next delimiter and CRC tell what is whole. */
  begin(): void {}

  push(bytes: Uint8Array): Failure | null {
    for (const event of this.#splitter.push(bytes)) {
      const frameBytes = this.#channels * 2;
      if (event.kind === 'bad' || event.payload.length < 4 || (event.payload.length - 4) % frameBytes !== 0) {
        // noise before the first good frame is the middle of a frame
        if (this.#next !== null) this.#bad++;
        continue;
      }
      const failure = this.#frame(event.payload, (event.payload.length - 4) / frameBytes);
      if (failure) return failure;
    }
    return null;
  }

  #frame(payload: Uint8Array, frames: number): Failure | null {
    const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
    const first = view.getUint32(0, true);
    const missing = this.#next === null ? 0 : (first - this.#next) | 0;
    if (missing < 0)
      return fail(
        'stream.source-restarted',
        { expectedSample: this.#next!, firstSample: first },
        'The board counts its samples anew: it was reset in mid-stream.',
        'Start the stream again.',
      );
    if (missing > 0) this.assembler.gap(missing, `${missing} samples missing on the line`);
    const values = new Float64Array(this.#channels);
    for (let f = 0; f < frames; f++) {
      for (let c = 0; c < this.#channels; c++)
        values[c] = view.getInt16(4 + 2 * (f * this.#channels + c), true);
      this.assembler.sample(values);
    }
    this.samples += frames;
    this.#next = (first + frames) >>> 0;
    return null;
  }

  notes(): readonly string[] {
    return this.#bad > 0 ? [`${this.#bad} frames came damaged: their samples are gaps`] : [];
  }
}

class LinkSource implements StreamSource {
  readonly format: SampleFormat;
  readonly origin: SourceOrigin;
  readonly live = true;
  readonly frameCount = null;
  readonly #link: Link;
  readonly #feed: Feed;
  #heardUs: number;
  /** When the rate began to be measured, and at how many samples. */
  #rateFrom: { readonly us: number; readonly samples: number } | null = null;
  #rateChecked = false;

  constructor(
    { link, format }: LinkSourceOptions,
    feed: Feed,
    kind: SourceOrigin['kind'],
    details: readonly string[],
  ) {
    this.#link = link;
    this.#feed = feed;
    this.format = format;
    this.#heardUs = link.clock.nowUs();
    this.origin = { kind, name: link.address, sha256: null, details: [...details] };
  }

  begin(): void {
    this.#link.discardInput();
    this.#feed.begin();
    this.#heardUs = this.#link.clock.nowUs();
  }

  async next(): Promise<Result<StreamBlock | null>> {
    const { clock } = this.#link;
    for (;;) {
      const block = this.#feed.assembler.next();
      if (block) return ok(block);
      const before = this.#feed.samples;
      const read = await this.#link.read({ deadlineUs: this.#heardUs + SILENT_US });
      if (read.kind === 'closed') return silent(this.#link, read.reason, before);
      if (read.kind === 'bytes') {
        const failure = this.#feed.push(read.bytes);
        if (failure) return failure;
      }
      const nowUs = clock.nowUs();
      if (this.#feed.samples > before) this.#heardUs = nowUs;
      else if (nowUs - this.#heardUs >= SILENT_US)
        return silent(this.#link, `nothing usable for ${SILENT_US / 1e6} s`, before);
      const wrong = this.#checkRate(nowUs);
      if (wrong) return wrong;
    }
  }

  #checkRate(nowUs: number): Failure | null {
    const { samples } = this.#feed;
    if (this.#rateChecked || samples === 0) return null;
    this.#rateFrom ??= { us: nowUs, samples };
    const elapsedUs = nowUs - this.#rateFrom.us;
    if (elapsedUs < RATE_CHECK_US) return null;
    this.#rateChecked = true;
    const foundHz = ((samples - this.#rateFrom.samples) * 1e6) / elapsedUs;
    const { sampleRateHz } = this.format;
    // fewer may have been lost on the line, which gaps say; more cannot be
    const lossless = this.#feed.notes().length === 0;
    const wrong =
      foundHz > sampleRateHz * (1 + RATE_TOLERANCE) ||
      (lossless && foundHz < sampleRateHz * (1 - RATE_TOLERANCE));
    return wrong
      ? fail(
          'stream.wrong-rate',
          { source: this.#link.address, foundHz: Math.round(foundHz), wantedHz: sampleRateHz },
          'The board sends its samples at another rate than the model wants.',
          'Set the sensor to the rate of the model.',
        )
      : null;
  }

  truth(): null {
    return null;
  }

  notes(): readonly string[] {
    return this.#feed.notes();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve(this.#link[Symbol.asyncDispose]());
  }
}
