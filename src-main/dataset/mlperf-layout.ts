import { closeSync, existsSync, fstatSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { isAbsolute, join, normalize } from 'node:path';
import { fail, ok, type Result } from '../base/errors.ts';

/**
 * The MLPerf Tiny data-set layout (PROTOCOLS §2): a folder with `y_labels.csv` of `file,nclasses,class[,width,stride]`
 * and raw .bin inputs in the DUT's input encoding. A file with width and stride holds several overlapping windows
 * (ad01: 2560 B every 512 B, 196 of them in 102 400 B).
 */
export interface LayoutEntry {
  readonly file: string;
  readonly classCount: number;
  readonly label: number;
  /** Bytes a window, null = the whole file is one input. */
  readonly widthBytes: number | null;
  readonly strideBytes: number | null;
}

export interface DataItem {
  readonly name: string;
  readonly label: number;
  /** One input each; more than one only where the entry has width and stride. */
  readonly windows: readonly Uint8Array[];
}

export interface MlperfLayout {
  readonly dir: string;
  readonly labelsFile: string;
  readonly entries: readonly LayoutEntry[];
  /** Reads one file now. `inputBytes` is what the model takes: a file of another length is refused. */
  read(index: number, inputBytes: number): Result<DataItem>;
}

/** Longest list and longest file that are read at all. */
const MAX_LABELS_BYTES = 16 * 1024 * 1024;
const MAX_FILE_BYTES = 64 * 1024 * 1024;

/** The short list where there is one: ad01's 72 files instead of 248, which take 10.5 h on a slow board. */
export function preferredLabels(dir: string): string {
  return existsSync(join(dir, 'y_labels_alt.csv')) ? 'y_labels_alt.csv' : 'y_labels.csv';
}

export function openMlperfLayout(dir: string, labelsFile = preferredLabels(dir)): Result<MlperfLayout> {
  const path = join(dir, labelsFile);
  let text: string;
  try {
    const size = statSync(path).size;
    if (size > MAX_LABELS_BYTES)
      return fail(
        'dataset.labels-malformed',
        { path, bytes: size },
        'This is no list of labels.',
        'Point --data at a folder with a y_labels.csv.',
      );
    text = readFileSync(path, 'utf8');
  } catch (e) {
    return fail(
      'dataset.no-labels',
      { path, errno: (e as NodeJS.ErrnoException).code ?? '' },
      'A data-set folder holds a list of its files.',
      'Point --data at a folder with a y_labels.csv.',
    );
  }
  const entries = parseLabels(text, path);
  if (!entries.ok) return entries;
  return ok({
    dir,
    labelsFile,
    entries: entries.value,
    read: (i, bytes) => readItem(dir, entries.value, i, bytes),
  });
}

/** Lenient on spaces, blank lines, CR, a byte-order mark and a header line; strict on numbers. */
export function parseLabels(text: string, path: string): Result<LayoutEntry[]> {
  const entries: LayoutEntry[] = [];
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/);
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i]!.trim();
    if (line === '' || line.startsWith('#')) continue;
    const cells = line.split(',').map((c) => c.trim());
    if (entries.length === 0 && /^file/i.test(cells[0]!) && /^n_?class/i.test(cells[1] ?? '')) continue;
    const entry = parseEntry(cells);
    if (typeof entry === 'string')
      return fail(
        'dataset.labels-malformed',
        { path, line: i + 1, text: line.slice(0, 80), problem: entry },
        'A line reads file,nclasses,class[,width,stride].',
        `Correct line ${i + 1} of ${path}.`,
      );
    entries.push(entry);
  }
  if (entries.length === 0)
    return fail(
      'dataset.empty',
      { path },
      'The list names no file.',
      'Point --data at a folder whose y_labels.csv has entries.',
    );
  return ok(entries);
}

function parseEntry(cells: readonly string[]): LayoutEntry | string {
  // trailing empty cells (`a.bin,2,1,,`) mean absent
  while (cells.length > 3 && cells.at(-1) === '') cells = cells.slice(0, -1);
  if (cells.length !== 3 && cells.length !== 5) return `${cells.length} cells, expected 3 or 5`;
  const file = cells[0]!;
  if (file === '') return 'no file name';
  if (isAbsolute(file) || normalize(file).startsWith('..') || file.includes('\0'))
    return 'the file lies outside the folder';
  const numbers = cells.slice(1).map((c) => (/^\d{1,9}$/.test(c) ? Number(c) : NaN));
  if (numbers.some(Number.isNaN)) return 'not a whole number';
  const [classCount, label, width, stride] = numbers as [number, number, number?, number?];
  if (classCount < 1) return 'no classes';
  if (label >= classCount) return `class ${label} of ${classCount}`;
  if (width !== undefined && (width < 1 || stride! < 1)) return 'width and stride must be positive';
  return { file, classCount, label, widthBytes: width ?? null, strideBytes: stride ?? null };
}

function readItem(
  dir: string,
  entries: readonly LayoutEntry[],
  index: number,
  inputBytes: number,
): Result<DataItem> {
  const entry = entries[index];
  if (!entry)
    return fail('dataset.no-item', { index, items: entries.length }, '', 'Ask for an item of the data set.');
  const bytes = readWhole(join(dir, entry.file));
  if (!bytes.ok) return bytes;
  const width = entry.widthBytes ?? inputBytes;
  const facts = { file: entry.file, fileBytes: bytes.value.length, inputBytes };
  if (width !== inputBytes)
    return fail(
      'dataset.wrong-width',
      { ...facts, widthBytes: width },
      'The data set was made for another model.',
      'Use the data set of this model.',
    );
  if (bytes.value.length < width)
    return fail(
      'dataset.file-short',
      facts,
      'The file was cut or belongs to another model.',
      'Fetch the file again, or use the data set of this model.',
    );
  if (entry.strideBytes === null && bytes.value.length !== width)
    return fail(
      'dataset.file-long',
      facts,
      'The file belongs to another model, or the list lacks width and stride.',
      'Use the data set of this model.',
    );
  return ok({ name: entry.file, label: entry.label, windows: cut(bytes.value, width, entry.strideBytes) });
}

function cut(bytes: Uint8Array, width: number, stride: number | null): Uint8Array[] {
  if (stride === null) return [bytes];
  const windows: Uint8Array[] = [];
  for (let at = 0; at + width <= bytes.length; at += stride) windows.push(bytes.subarray(at, at + width));
  return windows;
}

function readWhole(path: string): Result<Uint8Array> {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch (e) {
    return fail(
      'dataset.file-missing',
      { path, errno: (e as NodeJS.ErrnoException).code ?? '' },
      'The list names a file that cannot be read.',
      'Restore the file, or remove its line from the list.',
    );
  }
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile() || stat.size > MAX_FILE_BYTES)
      return fail(
        'dataset.file-missing',
        { path, bytes: stat.size },
        'This is no file of inputs.',
        'Restore the file, or remove its line from the list.',
      );
    const bytes = new Uint8Array(stat.size);
    let at = 0;
    while (at < bytes.length) {
      const got = readSync(fd, bytes, at, bytes.length - at, at);
      if (got === 0) break;
      at += got;
    }
    return ok(bytes.subarray(0, at));
  } catch (e) {
    return fail(
      'dataset.file-missing',
      { path, errno: (e as NodeJS.ErrnoException).code ?? '' },
      'Reading the file failed.',
      'Check the disk, then retry.',
    );
  } finally {
    closeSync(fd);
  }
}
