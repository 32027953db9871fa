import { existsSync } from 'node:fs';
import { mkdir, open, rename, rm, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fail, ok, type Failure, type Result } from '../base/errors.ts';
import type { ExportSink, PlacedSink } from '../trace/formats/exported.ts';

/**
 * A file in the making under a name of its own: it gets its real name when it is whole, and goes away otherwise. Fails
 * with `trace.exists`, `trace.disk-full` and `trace.write-failed`.
 */
export class NewFile implements ExportSink, PlacedSink, AsyncDisposable {
  readonly path: string;
  readonly #file: FileHandle;
  readonly #part: string;
  readonly #signal: AbortSignal | undefined;
  #end = 0;
  #open = true;
  #kept = false;

  private constructor(path: string, part: string, file: FileHandle, signal: AbortSignal | undefined) {
    this.path = path;
    this.#part = part;
    this.#file = file;
    this.#signal = signal;
  }

  /** The signal ends it: the next write fails with `trace.interrupted`. */
  static async create(path: string, overwrite: boolean, signal?: AbortSignal): Promise<Result<NewFile>> {
    const refused = refuseExisting(path, overwrite);
    if (refused) return refused;
    const part = `${path}.part-${process.pid}`;
    try {
      await mkdir(dirname(path), { recursive: true });
      return ok(new NewFile(path, part, await open(part, 'w'), signal));
    } catch (e) {
      return writeFailure(path, e);
    }
  }

  get sizeBytes(): number {
    return this.#end;
  }

  write(bytes: Uint8Array): Promise<Result<void>> {
    return this.writeAt(this.#end, bytes);
  }

  async writeAt(at: number, bytes: Uint8Array): Promise<Result<void>> {
    if (this.#signal?.aborted) return interrupted(this.path);
    try {
      for (let done = 0; done < bytes.length;)
        done += (await this.#file.write(bytes, done, bytes.length - done, at + done)).bytesWritten;
      this.#end = Math.max(this.#end, at + bytes.length);
      return ok();
    } catch (e) {
      return writeFailure(this.path, e);
    }
  }

  /** Everything is on the disk and has its name. */
  async keep(): Promise<Result<void>> {
    try {
      await this.#file.sync();
      await this.#close();
      await rename(this.#part, this.path);
      this.#kept = true;
      return ok();
    } catch (e) {
      return writeFailure(this.path, e);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
    if (!this.#kept) await rm(this.#part, { force: true });
  }

  async #close(): Promise<void> {
    if (this.#open) await this.#file.close();
    this.#open = false;
  }
}

export function interrupted(path: string): Failure {
  return fail('trace.interrupted', { path }, 'It was interrupted.', 'Begin again; nothing was kept.');
}

export function refuseExisting(path: string, overwrite: boolean): Failure | null {
  if (overwrite || !existsSync(path)) return null;
  return fail(
    'trace.exists',
    { path },
    'There is already a file of this name.',
    'Choose another name, or overwrite it with --force.',
  );
}

export function writeFailure(path: string, error: unknown): Failure {
  const { code = '', message } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return fail('trace.disk-full', { path, code }, 'The disk is full.', 'Free space or choose another disk.');
  return fail(
    'trace.write-failed',
    { path, reason: message },
    'The file cannot be written.',
    'Check folder and permissions.',
  );
}
