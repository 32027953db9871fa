import { z } from 'zod';
import { fail, ok, type Result } from '../base/errors.ts';
import { readElf } from './elf.ts';
import { readLines } from './dwarf-lines.ts';

export interface CodeFunction {
  readonly name: string;
  readonly address: number;
  readonly bytes: number;
}

export interface SourceLine {
  readonly file: string;
  readonly line: number;
}

const Word = z.number().int().nonnegative();

/** Addresses and lines as differences to the entry before. */
const CodeRows = z.object({
  functions: z.array(z.tuple([z.string(), Word, Word])),
  files: z.array(z.string()),
  /** address − address before, file (−1: no line), line − line before; three numbers a row. */
  rows: z.array(z.number().int()),
});
type CodeRows = z.infer<typeof CodeRows>;

/** As committed beside a prebuilt image. */
const CodeMapFile = CodeRows.extend({
  version: z.literal(2),
  /** CRC-32 of the image it belongs to, hex. */
  imageCrc32: z.string(),
  /** Addresses from the start of the blob. */
  kernels: z.array(z.object({ kernel: Word, run: CodeRows, check: CodeRows })),
});

/** Functions and lines of a kernel's two blobs, from the start of each. */
export interface KernelCodeMap {
  readonly kernel: number;
  readonly run: CodeMap;
  readonly check: CodeMap;
}

/** What a prebuilt image and its kernels consist of. */
export interface PrebuiltCode {
  readonly firmware: CodeMap;
  readonly kernels: readonly KernelCodeMap[];
}

/** What code lies where: functions and source lines of one image, ascending by address. */
export class CodeMap {
  readonly functions: readonly CodeFunction[];
  readonly #files: readonly string[];
  readonly #rowAddress: Uint32Array;
  readonly #rowFile: Int32Array;
  readonly #rowLine: Int32Array;

  constructor(
    functions: readonly CodeFunction[],
    files: readonly string[],
    rows: readonly { readonly address: number; readonly file: number; readonly line: number }[],
  ) {
    this.functions = withoutDoubles(functions);
    this.#files = files;
    this.#rowAddress = Uint32Array.from(rows, (r) => r.address);
    this.#rowFile = Int32Array.from(rows, (r) => r.file);
    this.#rowLine = Int32Array.from(rows, (r) => r.line);
  }

  /** The function that `address` lies in, or null: padding, literals of hand-written code, an unknown image. */
  functionAt(address: number): CodeFunction | null {
    const i = lastAtOrBelow(this.functions.length, (k) => this.functions[k]!.address, address);
    const f = this.functions[i];
    return f && address < f.address + f.bytes ? f : null;
  }

  lineAt(address: number): SourceLine | null {
    const i = lastAtOrBelow(this.#rowAddress.length, (k) => this.#rowAddress[k]!, address);
    const file = this.#files[this.#rowFile[i] ?? -1];
    return file === undefined ? null : { file, line: this.#rowLine[i]! };
  }

  /** The functions of this map with the lines of another link of the same code. */
  withLinesOf(other: CodeMap): CodeMap {
    return new CodeMap(this.functions, other.#files, other.#rows());
  }

  /** What lies in `bytes` bytes from `start`, with addresses from there. */
  within(start: number, bytes: number): CodeMap {
    const inside = (at: number) => at >= start && at < start + bytes;
    return new CodeMap(
      this.functions.filter((f) => inside(f.address)),
      this.#files,
      this.#rows().filter((r) => inside(r.address)),
    ).movedBy(-start);
  }

  movedBy(distance: number): CodeMap {
    return new CodeMap(
      this.functions.map((f) => ({ ...f, address: f.address + distance })),
      this.#files,
      this.#rows().map((r) => ({ ...r, address: r.address + distance })),
    );
  }

  /** Several maps of code at different addresses as one. */
  static joined(maps: readonly CodeMap[]): CodeMap {
    const files = [...new Set(maps.flatMap((m) => m.#files))];
    const rows = maps.flatMap((m) =>
      m.#rows().map((r) => ({ ...r, file: r.file < 0 ? r.file : files.indexOf(m.#files[r.file]!) })),
    );
    return new CodeMap(
      maps.flatMap((m) => m.functions),
      files,
      rows.sort((a, b) => a.address - b.address),
    );
  }

  #rows(): { address: number; file: number; line: number }[] {
    return Array.from(this.#rowAddress, (address, i) => ({
      address,
      file: this.#rowFile[i]!,
      line: this.#rowLine[i]!,
    }));
  }

  toRows(): CodeRows {
    const rows: number[] = [];
    let address = 0;
    let line = 0;
    for (let i = 0; i < this.#rowAddress.length; i++) {
      rows.push(this.#rowAddress[i]! - address, this.#rowFile[i]!, this.#rowLine[i]! - line);
      address = this.#rowAddress[i]!;
      line = this.#rowLine[i]!;
    }
    const functions = this.functions.map((f): [string, number, number] => [f.name, f.address, f.bytes]);
    return { functions, files: [...this.#files], rows };
  }
}

export function codeMapFile(code: PrebuiltCode, imageCrc32: string): z.infer<typeof CodeMapFile> {
  const kernels = code.kernels.map(({ kernel, run, check }) => ({
    kernel,
    run: run.toRows(),
    check: check.toRows(),
  }));
  return { version: 2, imageCrc32, ...code.firmware.toRows(), kernels };
}

/** Aliases share an address; the longer entry is the function itself, then the name decides. */
function withoutDoubles(functions: readonly CodeFunction[]): CodeFunction[] {
  const ordered = functions
    .filter((f) => f.bytes > 0)
    .sort((a, b) => a.address - b.address || b.bytes - a.bytes || (a.name < b.name ? -1 : 1));
  return ordered.filter((f, i) => ordered[i - 1]?.address !== f.address);
}

function lastAtOrBelow(length: number, at: (index: number) => number, address: number): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (at(middle) <= address) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/**
 * Functions and lines of an ELF file. Paths below `sourceRoot` are shortened to what comes after it. A function
 * without a size (hand-written assembly) reaches to the next symbol or the end of its section.
 */
export function codeMapOfElf(bytes: Uint8Array, sourceRoot = ''): Result<CodeMap> {
  const elf = readElf(bytes);
  if (!elf.ok) return elf;
  const lines = readLines(elf.value);
  if (!lines.ok) return lines;
  const symbols = elf.value.symbols.filter((s) => s.kind === 'function');
  const starts = [...new Set(symbols.map((s) => s.address))].sort((a, b) => a - b);
  const sectionEnd = (address: number) =>
    [...elf.value.sections.values()].find(
      (s) => s.address <= address && address < s.address + s.bytes.length,
    );
  const functions = symbols.map((s) => {
    if (s.bytes > 0) return s;
    const section = sectionEnd(s.address);
    const end = section ? section.address + section.bytes.length : s.address;
    const next = starts[lastAtOrBelow(starts.length, (k) => starts[k]!, s.address) + 1] ?? end;
    return { ...s, bytes: Math.min(next, end) - s.address };
  });
  const files = lines.value.files.map((f) => shortened(f, sourceRoot));
  return ok(new CodeMap(functions, files, lines.value.rows));
}

function shortened(path: string, sourceRoot: string): string {
  return sourceRoot !== '' && path.startsWith(`${sourceRoot}/`) ? path.slice(sourceRoot.length + 1) : path;
}

/** The code map that lies beside a prebuilt image; `image.bad-code-map` when it is not one or of another image. */
export function codeMapOfFile(parsed: unknown, imageCrc32: string): Result<PrebuiltCode> {
  const file = CodeMapFile.safeParse(parsed);
  if (!file.success || file.data.rows.length % 3 !== 0 || file.data.imageCrc32 !== imageCrc32)
    return fail(
      'image.bad-code-map',
      { wanted: imageCrc32, found: file.success ? file.data.imageCrc32 : null },
      'The list of functions and lines does not belong to this image.',
      'Run npm run build:firmware, or give the ELF file with --elf.',
    );
  const kernels = file.data.kernels.map(({ kernel, run, check }) => ({
    kernel,
    run: mapOfRows(run),
    check: mapOfRows(check),
  }));
  return ok({ firmware: mapOfRows(file.data), kernels });
}

function mapOfRows({ functions, files, rows: flat }: CodeRows): CodeMap {
  const rows: { address: number; file: number; line: number }[] = [];
  let address = 0;
  let line = 0;
  for (let i = 0; i < flat.length; i += 3) {
    address += flat[i]!;
    line += flat[i + 2]!;
    rows.push({ address, file: flat[i + 1]!, line });
  }
  return new CodeMap(
    functions.map(([name, at, bytes]) => ({ name, address: at, bytes })),
    files,
    rows,
  );
}
