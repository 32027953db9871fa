import { Worker } from 'node:worker_threads';
import { fail, ok, type Failure, type Result } from '../base/errors.ts';
import type { ChunkSource, ChunkStore, TraceBatch } from '../trace/chunk-store.ts';
import type { TraceHeader, TraceState } from '../trace/format.ts';
import { TraceFile, type TraceFileOptions } from './trace-file.ts';
import type { TraceWriterAnswer, TraceWriterCall, TraceWriterStart } from './trace-writer-calls.ts';

/**
 * A new trace file that a thread of its own writes: this one goes on reading the monitor while the disk is slow. Its
 * read side sees what was committed.
 */
export class ThreadedTraceFile implements ChunkStore, AsyncDisposable {
  readonly path: string;
  readonly header: TraceHeader;
  readonly #thread: WriterThread;
  #reader: TraceFile | undefined;

  private constructor(path: string, header: TraceHeader, thread: WriterThread, reader: TraceFile) {
    this.path = path;
    this.header = header;
    this.#thread = thread;
    this.#reader = reader;
  }

  /** Fails as `TraceFile.create` does, and with `trace.writer-died`. */
  static async create(
    path: string,
    header: TraceHeader,
    options: Omit<TraceFileOptions, 'freeBytes'> = {},
  ): Promise<Result<ThreadedTraceFile>> {
    const thread = new WriterThread({ path, header, ...options });
    const created = await thread.started;
    if (!created.ok) {
      await thread.end();
      return created;
    }
    const reader = TraceFile.open(path);
    if (reader.ok) return ok(new ThreadedTraceFile(path, header, thread, reader.value));
    await thread.ask({ call: 'close' });
    await thread.end();
    return reader;
  }

  async commit(batch: TraceBatch): Promise<Result<void>> {
    const done = await this.#thread.ask({ call: 'commit', batch }, buffersOf(batch));
    return done.ok ? (this.#reader?.refresh() ?? ok()) : done;
  }

  async finish(state: TraceState, reason: string): Promise<Result<void>> {
    const done = await this.#thread.ask({ call: 'finish', state, reason });
    return done.ok ? (this.#reader?.refresh() ?? ok()) : done;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const reader = this.#reader;
    if (!reader) return;
    // the writer can only put the log away when nobody else has the file open
    this.#reader = undefined;
    reader[Symbol.dispose]();
    await this.#thread.ask({ call: 'close' });
    await this.#thread.end();
  }

  lengthSamples(): number {
    return this.#open.lengthSamples();
  }
  state(): TraceState {
    return this.#open.state();
  }
  channel(index: number): ChunkSource {
    return index === 0 ? this : this.#open.channel(index);
  }
  chunk(index: number): ReturnType<ChunkSource['chunk']> {
    return this.#open.chunk(index);
  }
  summary(level: number, block: number): ReturnType<ChunkSource['summary']> {
    return this.#open.summary(level, block);
  }
  summaries(level: number, from: number, to: number): ReturnType<ChunkSource['summaries']> {
    return this.#open.summaries(level, from, to);
  }
  valueCounts(level: number, block: number): ReturnType<ChunkSource['valueCounts']> {
    return this.#open.valueCounts(level, block);
  }
  calibration(version: number): ReturnType<ChunkSource['calibration']> {
    return this.#open.calibration(version);
  }
  supplies(): ReturnType<ChunkSource['supplies']> {
    return this.#open.supplies();
  }
  edges(channel: number, from: number, to: number, limit?: number): ReturnType<ChunkSource['edges']> {
    return this.#open.edges(channel, from, to, limit);
  }
  gaps(from: number, to: number): ReturnType<ChunkSource['gaps']> {
    return this.#open.gaps(from, to);
  }
  marks(from: number, to: number): ReturnType<ChunkSource['marks']> {
    return this.#open.marks(from, to);
  }
  clockPoints(): ReturnType<ChunkSource['clockPoints']> {
    return this.#open.clockPoints();
  }

  get #open(): TraceFile {
    if (!this.#reader) throw new Error('the trace was closed');
    return this.#reader;
  }
}

/** The records are not looked at again here: their memory moves to the other thread instead of being copied. */
function buffersOf(batch: TraceBatch): ArrayBuffer[] {
  return [
    ...batch.chunks.map((c) => c.words.buffer as ArrayBuffer),
    ...batch.summaries.map((s) => s.bytes.buffer as ArrayBuffer),
    ...batch.valueCounts.map((v) => v.bytes.buffer as ArrayBuffer),
  ];
}

class WriterThread {
  readonly started: Promise<TraceWriterAnswer>;
  readonly #worker: Worker;
  readonly #path: string;
  readonly #waiting: ((answer: TraceWriterAnswer) => void)[] = [];
  readonly #exited: Promise<void>;
  #dead: Failure | null = null;

  constructor(start: TraceWriterStart) {
    this.#path = start.path;
    this.#worker = new Worker(new URL('./trace-writer-worker.ts', import.meta.url), { workerData: start });
    this.started = new Promise((resolve) => this.#waiting.push(resolve));
    this.#worker.on('message', (answer: TraceWriterAnswer) => this.#waiting.shift()?.(answer));
    this.#worker.on('error', (e) => this.#died(e instanceof Error ? e.message : String(e)));
    this.#exited = new Promise((resolve) =>
      this.#worker.on('exit', () => {
        this.#died('its thread has ended');
        resolve();
      }),
    );
  }

  ask(call: TraceWriterCall, transfer: readonly ArrayBuffer[] = []): Promise<TraceWriterAnswer> {
    if (this.#dead) return Promise.resolve(this.#dead);
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#worker.postMessage(call, transfer);
    });
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
    await this.#exited;
  }

  #died(reason: string): void {
    this.#dead ??= fail(
      'trace.writer-died',
      { path: this.#path, reason },
      'The thread that writes the trace ended; what it committed is in the file.',
      'Record again; if it happens twice, report it as a bug.',
    );
    for (const resolve of this.#waiting.splice(0)) resolve(this.#dead);
  }
}
