import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fail, ok, type Result } from '../../base/errors.ts';
import type { ModelEntry } from '../../contract/bench/models.ts';
import { openModelFile } from '../../core/model-file.ts';

interface Known extends ModelEntry {
  readonly path: string;
  readonly dataDir: string | null;
}

/** The models a page can name: those that come with the product, and copies of what was handed over. */
export class BenchModels {
  readonly #shippedDir: string;
  readonly #addedDir: string;

  constructor(shippedDir: string, addedDir: string) {
    this.#shippedDir = shippedDir;
    this.#addedDir = addedDir;
  }

  list(): ModelEntry[] {
    return this.#known().map(toldOf);
  }

  /** `bench.no-model`. */
  find(token: string): Result<Known> {
    const found = this.#known().find((m) => m.token === token);
    return found
      ? ok(found)
      : fail('bench.no-model', { token }, 'The bench does not know this model.', 'Open the .tflite again.');
  }

  add(name: string, bytes: Uint8Array): Result<ModelEntry> {
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const there = this.#known().find((m) => m.sha256 === sha256);
    if (there) return ok(toldOf(there));
    const folder = join(this.#addedDir, sha256.slice(0, 16));
    const path = join(folder, `${plainName(name)}.tflite`);
    try {
      mkdirSync(folder, { recursive: true });
      writeFileSync(path, bytes);
    } catch (e) {
      return fail(
        'bench.cannot-keep-model',
        { path, code: (e as NodeJS.ErrnoException).code ?? '' },
        'The model cannot be kept with the files of the bench.',
        'Check free space and permissions of that folder.',
      );
    }
    const opened = openModelFile(path);
    if (opened.ok) return ok(toldOf(entryOf(path, 'added')));
    // what is no model must not stand in the list of models
    rmSync(folder, { recursive: true, force: true });
    return opened;
  }

  #known(): Known[] {
    const shipped = tfliteIn(this.#shippedDir).map((path) => entryOf(path, 'shipped'));
    const added = foldersIn(this.#addedDir)
      .flatMap(tfliteIn)
      .map((path) => entryOf(path, 'added'));
    return [...shipped, ...added];
  }
}

/** What a page is told: no path. */
function toldOf({ path: _path, dataDir: _dataDir, ...entry }: Known): ModelEntry {
  return entry;
}

/** A file name that no system takes offence at. */
function plainName(name: string): string {
  const plain = basename(name)
    .replace(/\.tflite$/i, '')
    .replace(/[^\w.-]+/g, '-')
    .slice(0, 80);
  return /\w/.test(plain) ? plain : 'model';
}

function entryOf(path: string, origin: ModelEntry['origin']): Known {
  const bytes = readFileSync(path);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const data = path.replace(/\.tflite$/, '-samples');
  const dataDir = existsSync(join(data, 'y_labels.csv')) ? data : null;
  return {
    token: sha256.slice(0, 16),
    name: basename(path, '.tflite'),
    sha256,
    fileBytes: bytes.length,
    origin,
    hasData: dataDir !== null,
    path,
    dataDir,
  };
}

function tfliteIn(dir: string): string[] {
  return entriesOf(dir)
    .filter((e) => e.isFile() && e.name.endsWith('.tflite'))
    .map((e) => join(dir, e.name));
}

function foldersIn(dir: string): string[] {
  return entriesOf(dir)
    .filter((e) => e.isDirectory())
    .map((e) => join(dir, e.name));
}

function entriesOf(dir: string) {
  try {
    return readdirSync(dir, { withFileTypes: true });
  } catch {
    return [];
  }
}
