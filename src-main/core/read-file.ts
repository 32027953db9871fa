import { closeSync, createReadStream, fstatSync, openSync, readSync } from 'node:fs';
import { fail, ok, type Failure, type Result } from '../base/errors.ts';
import type { PlacedBytes } from '../trace/formats/imported.ts';
import type { OpenBytes } from '../trace/formats/ppk2-file.ts';
import { interrupted } from './new-file.ts';

/** A file that is read at any place and as a stream. `trace.import-unreadable`. */
export class ReadFile implements PlacedBytes, Disposable {
  readonly path: string;
  readonly sizeBytes: number;
  readonly #fd: number;
  readonly #signal: AbortSignal | undefined;

  private constructor(path: string, fd: number, sizeBytes: number, signal: AbortSignal | undefined) {
    this.path = path;
    this.#fd = fd;
    this.sizeBytes = sizeBytes;
    this.#signal = signal;
  }

  /** The signal ends it: the next read fails with `trace.interrupted`. */
  static open(path: string, signal?: AbortSignal): Result<ReadFile> {
    let fd: number | undefined;
    try {
      fd = openSync(path, 'r');
      const stat = fstatSync(fd);
      if (stat.isFile()) return ok(new ReadFile(path, fd, stat.size, signal));
      closeSync(fd);
      return unreadable(path, 'it is no file');
    } catch (e) {
      if (fd !== undefined) closeSync(fd);
      return unreadable(path, (e as Error).message);
    }
  }

  readAt(at: number, length: number): Result<Uint8Array> {
    if (this.#signal?.aborted) return interrupted(this.path);
    const bytes = new Uint8Array(length);
    try {
      for (let done = 0; done < length;) {
        const n = readSync(this.#fd, bytes, done, length - done, at + done);
        if (n === 0) return unreadable(this.path, `it ends before byte ${at + length}`);
        done += n;
      }
      return ok(bytes);
    } catch (e) {
      return unreadable(this.path, (e as Error).message);
    }
  }

  /** All of it in pieces, as often as it is asked for. */
  get pieces(): OpenBytes {
    const signal = this.#signal;
    return () => createReadStream(this.path, { highWaterMark: 1 << 20, ...(signal ? { signal } : {}) });
  }

  /** What reading in pieces threw; null for what is a bug. */
  failureOf(error: unknown): Failure | null {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined) return null;
    return this.#signal?.aborted ? interrupted(this.path) : unreadable(this.path, message);
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
  }
}

function unreadable(path: string, reason: string): Failure {
  return fail(
    'trace.import-unreadable',
    { path, reason },
    'The file cannot be read.',
    'Check the path, its permissions and the disk.',
  );
}
