import { randomUUID } from 'node:crypto';
import {
  closeSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { basename, extname, join } from 'node:path';
import { fail, ok, type Result } from '../../base/errors.ts';
import { MAX_IMPORT_BYTES, PIECE_BYTES } from '../../contract/bench/traces.ts';

/** Files of one bench that pass at once; the oldest makes room. */
const MAX_FILES = 8;
const STALE_MS = 24 * 3600 * 1000;

interface Incoming {
  readonly path: string;
  readonly sizeBytes: number;
  readonly handle: number;
  received: number;
}

/**
 * Files on their way between a page and the bench, by token, in pieces: the page never names a path, and no piece is larger
 * than a message. Each has a folder of its own that goes away with it.
 */
export class PassingFiles implements Disposable {
  readonly #folder: string;
  readonly #incoming = new Map<string, Incoming>();
  readonly #ready = new Map<string, string>();

  constructor(folder: string) {
    this.#folder = folder;
    this.#forgetStale();
  }

  /** Files that a bench left behind which did not end in order; another one of this folder may be at work now. */
  #forgetStale(): void {
    for (const token of entriesOf(this.#folder)) {
      const path = join(this.#folder, token);
      const changedMs = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Infinity;
      if (Date.now() - changedMs > STALE_MS) rmSync(path, { recursive: true, force: true });
    }
  }

  /** `bench.import-too-large`, `bench.cannot-keep-file`. */
  begin(name: string, sizeBytes: number): Result<string> {
    if (sizeBytes > MAX_IMPORT_BYTES)
      return fail(
        'bench.import-too-large',
        { sizeBytes, mostBytes: MAX_IMPORT_BYTES },
        'The file is larger than a page may hand over.',
        'Import it with `microjoule trace import FILE`.',
      );
    const token = randomUUID();
    const path = join(this.#folder, token, plainFileName(name));
    try {
      mkdirSync(join(this.#folder, token), { recursive: true });
      this.#incoming.set(token, { path, sizeBytes, handle: openSync(path, 'wx'), received: 0 });
    } catch (e) {
      return cannotKeep(path, e);
    }
    if (this.#incoming.size > MAX_FILES) this.discard(this.#incoming.keys().next().value!);
    return ok(token);
  }

  /** Pieces come in order. `bench.no-file`, `bench.bad-piece`, `bench.cannot-keep-file`. */
  piece(token: string, offset: number, bytes: Uint8Array): Result<{ received: number }> {
    const file = this.#incoming.get(token);
    if (!file) return noFile(token);
    if (offset !== file.received || offset + bytes.length > file.sizeBytes)
      return fail(
        'bench.bad-piece',
        { offset, received: file.received, sizeBytes: file.sizeBytes },
        'A piece of the file does not follow the one before it.',
        'Drop the file again.',
      );
    try {
      for (let done = 0; done < bytes.length;) done += writeSync(file.handle, bytes, done);
    } catch (e) {
      this.discard(token);
      return cannotKeep(file.path, e);
    }
    file.received += bytes.length;
    return ok({ received: file.received });
  }

  /** The whole file; it stays until it is discarded. */
  whole(token: string): Result<string> {
    const file = this.#incoming.get(token);
    if (!file) return noFile(token);
    if (file.received < file.sizeBytes)
      return fail(
        'bench.bad-piece',
        { received: file.received, sizeBytes: file.sizeBytes },
        'The file has not arrived whole.',
        'Drop the file again.',
      );
    return ok(file.path);
  }

  /** Where a file to be fetched is to be written. */
  place(name: string): { readonly token: string; readonly path: string } {
    const token = randomUUID();
    return { token, path: join(this.#folder, token, plainFileName(name)) };
  }

  ready(token: string, path: string): void {
    this.#ready.set(token, path);
    if (this.#ready.size > MAX_FILES) this.discard(this.#ready.keys().next().value!);
  }

  read(token: string, offset: number): Result<{ bytes: Uint8Array }> {
    const path = this.#ready.get(token);
    if (path === undefined) return noFile(token);
    let handle: number | undefined;
    try {
      handle = openSync(path, 'r');
      const bytes = new Uint8Array(Math.max(0, Math.min(PIECE_BYTES, fstatSync(handle).size - offset)));
      let at = 0;
      while (at < bytes.length) {
        const n = readSync(handle, bytes, at, bytes.length - at, offset + at);
        if (n === 0) break;
        at += n;
      }
      return ok({ bytes: bytes.subarray(0, at) });
    } catch {
      return noFile(token);
    } finally {
      if (handle !== undefined) closeSync(handle);
    }
  }

  discard(token: string): void {
    const incoming = this.#incoming.get(token);
    if (incoming) closeSync(incoming.handle);
    if (!incoming && !this.#ready.has(token)) return;
    this.#incoming.delete(token);
    this.#ready.delete(token);
    rmSync(join(this.#folder, token), { recursive: true, force: true });
  }

  [Symbol.dispose](): void {
    for (const token of [...this.#incoming.keys(), ...this.#ready.keys()]) this.discard(token);
  }
}

function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Nothing of a name but its last part, of letters that every file system takes. */
function plainFileName(name: string): string {
  const last = basename(name.replaceAll('\\', '/'));
  const extension = extname(last).slice(0, 12);
  const stem = last.slice(0, last.length - extname(last).length);
  const plain = (text: string) => text.replace(/[^\p{L}\p{N}._ -]/gu, '-');
  return `${plain(stem).replace(/^\.+/, '').slice(0, 80) || 'file'}${plain(extension)}`;
}

function noFile(token: string): Result<never> {
  return fail(
    'bench.no-file',
    { token },
    'The file is no longer there: it was fetched, or the bench was started again.',
    'Do it once more.',
  );
}

function cannotKeep(path: string, e: unknown): Result<never> {
  return fail(
    'bench.cannot-keep-file',
    { path, code: (e as NodeJS.ErrnoException).code ?? '' },
    "The file cannot be kept with the bench's files.",
    'Check free space and permissions of that folder.',
  );
}
