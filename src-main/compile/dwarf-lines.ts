import { fail, ok, type Result } from '../base/errors.ts';
import type { ElfFile } from './elf.ts';

/** From `address` to the next row's: this line of this file. `file` is an index; −1 ends a sequence. */
export interface LineRow {
  readonly address: number;
  readonly file: number;
  readonly line: number;
}

export interface LineTable {
  readonly files: readonly string[];
  /** Ascending by address. */
  readonly rows: readonly LineRow[];
}

/** Standard opcodes and forms by their numbers in DWARF 5, sections 6.2.5 and 7.5.6. */
const OP = { copy: 1, advancePc: 2, advanceLine: 3, setFile: 4, constAddPc: 8, fixedAdvancePc: 9 } as const;
const EXTENDED = { endSequence: 1, setAddress: 2, defineFile: 3 } as const;
const CONTENT_PATH = 1;
const CONTENT_DIRECTORY = 2;
const FORM = {
  block: 9,
  data1: 11,
  data2: 5,
  data4: 6,
  data8: 7,
  data16: 30,
  string: 8,
  strp: 14,
  lineStrp: 31,
};
const FORM_UDATA = 15;
/** An honest table has a few rows an instruction; a damaged one may not eat the memory. */
const MOST_ROWS = 4_000_000;

/** A walker that never leaves its bytes: beyond the end everything is 0 and `beyond` is set. */
class Cursor {
  readonly bytes: Uint8Array;
  at: number;
  readonly end: number;
  beyond = false;

  constructor(bytes: Uint8Array, at: number, end: number) {
    this.bytes = bytes;
    this.at = at;
    this.end = Math.min(end, bytes.length);
  }

  unsigned(count: 1 | 2 | 4 | 8): number {
    if (this.at + count > this.end) {
      this.beyond = true;
      this.at = this.end;
      return 0;
    }
    let value = 0;
    for (let i = count - 1; i >= 0; i--) value = value * 256 + this.bytes[this.at + i]!;
    this.at += count;
    return value;
  }

  uleb(): number {
    let value = 0;
    for (let shift = 1; ; shift *= 128) {
      const byte = this.unsigned(1);
      value += (byte & 127) * shift;
      if (byte < 128 || this.beyond || shift > 2 ** 56) return value;
    }
  }

  sleb(): number {
    let value = 0;
    for (let shift = 1; ; shift *= 128) {
      const byte = this.unsigned(1);
      value += (byte & 127) * shift;
      if (byte < 128 || this.beyond || shift > 2 ** 49) return byte & 64 ? value - shift * 128 : value;
    }
  }

  string(): string {
    const zero = this.bytes.indexOf(0, this.at);
    const end = zero < 0 || zero >= this.end ? this.end : zero;
    if (end === this.end) this.beyond = true;
    const s = new TextDecoder().decode(this.bytes.subarray(this.at, end));
    this.at = Math.min(end + 1, this.end);
    return s;
  }

  skip(count: number): void {
    if (!(count >= 0 && this.at + count <= this.end)) this.beyond = true;
    this.at = Math.min(this.at + Math.max(0, count), this.end);
  }
}

interface Unit {
  readonly minInstruction: number;
  readonly lineBase: number;
  readonly lineRange: number;
  readonly opcodeBase: number;
  readonly operands: readonly number[];
  readonly files: readonly string[];
  /** Files count from 1 before DWARF 5, from 0 in it. */
  readonly firstFile: number;
}

/**
 * The line table of an ELF file: `.debug_line` of DWARF 2 to 5 (section 6.2 of the standard). Empty where it was built
 * without debug information; `elf.damaged-lines` where the table does not end where it says.
 */
export function readLines(elf: ElfFile): Result<LineTable> {
  const section = elf.sections.get('.debug_line');
  const files = new Map<string, number>();
  const rows: LineRow[] = [];
  if (!section) return ok({ files: [], rows });
  for (let at = 0; at + 4 <= section.bytes.length;) {
    const length = new Cursor(section.bytes, at, at + 4).unsigned(4);
    const end = at + 4 + length;
    const cursor = new Cursor(section.bytes, at + 4, end);
    const unit = end <= section.bytes.length && length > 0 ? readHeader(cursor, elf) : null;
    if (!unit || !runProgram(cursor, unit, files, rows)) return damaged(at);
    at = end;
  }
  return ok({ files: [...files.keys()], rows: sorted(rows) });
}

function damaged(at: number): Result<LineTable> {
  return fail(
    'elf.damaged-lines',
    { at },
    'The line table of the ELF file is damaged or of a kind that is not known (64-bit DWARF, vendor forms).',
    'Compile with -g -gdwarf-4, or go without source lines.',
  );
}

/** Of rows at one address the last counts; where two sequences meet, the end of one gives way to the begin of the other. */
function sorted(rows: LineRow[]): LineRow[] {
  rows.sort((a, b) => a.address - b.address || Number(b.file < 0) - Number(a.file < 0));
  return rows.filter((row, i) => rows[i + 1]?.address !== row.address || i + 1 === rows.length);
}

function readHeader(c: Cursor, elf: ElfFile): Unit | null {
  const version = c.unsigned(2);
  if (version < 2 || version > 5) return null;
  if (version >= 5) c.skip(2);
  const headerBytes = c.unsigned(4);
  const programAt = c.at + headerBytes;
  const minInstruction = c.unsigned(1);
  if (version >= 4) c.skip(1);
  c.skip(1);
  const lineBase = (c.unsigned(1) << 24) >> 24;
  const lineRange = c.unsigned(1);
  const opcodeBase = c.unsigned(1);
  const operands = Array.from({ length: Math.max(0, opcodeBase - 1) }, () => c.unsigned(1));
  const files = version >= 5 ? filesOf5(c, elf) : filesBefore5(c);
  if (c.beyond || lineRange === 0 || files === null || programAt > c.end || programAt < c.at) return null;
  c.at = programAt;
  const firstFile = version >= 5 ? 0 : 1;
  return { minInstruction, lineBase, lineRange, opcodeBase, operands, files, firstFile };
}

function joined(directory: string | undefined, name: string): string {
  return !directory || name.startsWith('/') ? name : `${directory}/${name}`;
}

function filesBefore5(c: Cursor): string[] | null {
  const directories: string[] = [''];
  for (let s = c.string(); s !== '' && !c.beyond; s = c.string()) directories.push(s);
  const files: string[] = [];
  for (let s = c.string(); s !== '' && !c.beyond; s = c.string()) {
    files.push(joined(directories[c.uleb()], s));
    c.uleb();
    c.uleb();
  }
  return c.beyond ? null : files;
}

function filesOf5(c: Cursor, elf: ElfFile): string[] | null {
  const directories = entries(c, elf);
  const files = directories && entries(c, elf);
  return files?.map((f) => joined(directories![f.directory]?.path, f.path)) ?? null;
}

interface Entry {
  path: string;
  directory: number;
}

function entries(c: Cursor, elf: ElfFile): Entry[] | null {
  const format = Array.from({ length: c.unsigned(1) }, () => [c.uleb(), c.uleb()] as const);
  const count = c.uleb();
  if (c.beyond || count > c.end - c.at) return null;
  const found: Entry[] = [];
  for (let i = 0; i < count; i++) {
    const entry: Entry = { path: '', directory: 0 };
    for (const [content, form] of format) {
      const value = readForm(c, form, elf);
      if (value === null) return null;
      if (content === CONTENT_PATH && typeof value === 'string') entry.path = value;
      if (content === CONTENT_DIRECTORY && typeof value === 'number') entry.directory = value;
    }
    found.push(entry);
  }
  return c.beyond ? null : found;
}

function readForm(c: Cursor, form: number, elf: ElfFile): string | number | null {
  switch (form) {
    case FORM.string:
      return c.string();
    case FORM.strp:
    case FORM.lineStrp: {
      const strings = elf.sections.get(form === FORM.strp ? '.debug_str' : '.debug_line_str');
      const at = c.unsigned(4);
      return strings && at < strings.bytes.length ? new Cursor(strings.bytes, at, Infinity).string() : null;
    }
    case FORM_UDATA:
      return c.uleb();
    case FORM.data1:
      return c.unsigned(1);
    case FORM.data2:
      return c.unsigned(2);
    case FORM.data4:
      return c.unsigned(4);
    case FORM.data8:
      return c.unsigned(8);
    case FORM.data16:
      c.skip(16);
      return 0;
    case FORM.block:
      c.skip(c.uleb());
      return 0;
    default:
      return null;
  }
}

/** Runs one line-number program; false where it leaves its bytes. */
function runProgram(c: Cursor, unit: Unit, files: Map<string, number>, rows: LineRow[]): boolean {
  const { lineBase, lineRange, opcodeBase, minInstruction } = unit;
  let address = 0;
  let file = 1;
  let line = 1;
  const indexOf = (name: string) => {
    const known = files.get(name) ?? files.size;
    files.set(name, known);
    return known;
  };
  const emit = (index: number) => rows.push({ address: address >>> 0, file: index, line });
  while (c.at < c.end) {
    if (rows.length > MOST_ROWS) return false;
    const op = c.unsigned(1);
    if (op >= opcodeBase) {
      const adjusted = op - opcodeBase;
      address += Math.floor(adjusted / lineRange) * minInstruction;
      line += lineBase + (adjusted % lineRange);
      emit(indexOf(unit.files[file - unit.firstFile] ?? '?'));
    } else if (op === 0) {
      const bytes = c.uleb();
      const next = c.at + bytes;
      const kind = bytes > 0 ? c.unsigned(1) : 0;
      if (kind === EXTENDED.setAddress && bytes === 5) address = c.unsigned(4);
      else if (kind === EXTENDED.endSequence) {
        emit(-1);
        address = 0;
        file = 1;
        line = 1;
      }
      if (next > c.end) return false;
      c.at = next;
    } else if (op === OP.copy) emit(indexOf(unit.files[file - unit.firstFile] ?? '?'));
    else if (op === OP.advancePc) address += c.uleb() * minInstruction;
    else if (op === OP.advanceLine) line += c.sleb();
    else if (op === OP.setFile) file = c.uleb();
    else if (op === OP.constAddPc) address += Math.floor((255 - opcodeBase) / lineRange) * minInstruction;
    else if (op === OP.fixedAdvancePc) address += c.unsigned(2);
    else for (let i = unit.operands[op - 1] ?? 0; i > 0; i--) c.uleb();
  }
  return !c.beyond;
}
