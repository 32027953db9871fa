import { fail, ok, type Failure, type Result } from '../base/errors.ts';

/** A function or object of the symbol table; the Thumb bit is taken off. */
export interface ElfSymbol {
  readonly name: string;
  readonly address: number;
  readonly bytes: number;
  readonly kind: 'function' | 'object';
}

export interface ElfSection {
  readonly name: string;
  /** 0 where the section is not loaded. */
  readonly address: number;
  readonly bytes: Uint8Array;
}

/** What a profile needs of an ELF file: its symbols, and its sections by name. */
export interface ElfFile {
  readonly entry: number;
  readonly symbols: readonly ElfSymbol[];
  readonly sections: ReadonlyMap<string, ElfSection>;
}

const MACHINE_ARM = 40;
const SECTION_NOBITS = 8;
const SECTION_SYMTAB = 2;
const SYMBOL_OBJECT = 1;
const SYMBOL_FUNCTION = 2;
const UNDEFINED = 0;
/** Sections from here on are not in the file but have a meaning of their own (absolute, common). */
const RESERVED_SECTIONS = 0xff00;
const HEADER_BYTES = 52;
const SECTION_BYTES = 40;
const SYMBOL_BYTES = 16;

interface RawSection {
  readonly nameAt: number;
  readonly type: number;
  readonly address: number;
  readonly link: number;
  readonly bytes: Uint8Array;
}

/**
 * Reads a 32-bit little-endian ELF file for Arm (System V ABI, chapters 4 and 5; "ELF for the Arm Architecture").
 * `elf.not-elf` for another kind of file, `elf.other-machine` for another processor, `elf.damaged` where a table
 * or string reaches outside the file.
 */
export function readElf(file: Uint8Array): Result<ElfFile> {
  if (file.length < HEADER_BYTES || file[0] !== 0x7f || text(file.subarray(1, 4)) !== 'ELF')
    return fail(
      'elf.not-elf',
      { fileBytes: file.length },
      'The file does not begin as an ELF file does.',
      'Give the .elf file of the linker, not the .uf2, .bin or .hex made from it.',
    );
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const machine = view.getUint16(18, true);
  if (file[4] !== 1 || file[5] !== 1 || machine !== MACHINE_ARM)
    return fail(
      'elf.other-machine',
      { class: file[4]!, byteOrder: file[5]!, machine },
      'The file is not for a 32-bit little-endian Arm core.',
      'Give the .elf file of the firmware that runs on the board.',
    );
  const sections = readSections(file, view);
  if (!sections.ok) return sections;
  const names = new Map<string, ElfSection>();
  const nameTable = sections.value[view.getUint16(50, true)]?.bytes ?? new Uint8Array(0);
  for (const s of sections.value) {
    const name = stringAt(nameTable, s.nameAt);
    if (name !== '') names.set(name, { name, address: s.address, bytes: s.bytes });
  }
  return ok({ entry: view.getUint32(24, true), symbols: readSymbols(sections.value), sections: names });
}

function damaged(what: string): Failure {
  return fail(
    'elf.damaged',
    { what },
    'A table of the ELF file reaches outside it: the file was cut off or damaged.',
    'Link the firmware again, or copy the file again.',
  );
}

function readSections(file: Uint8Array, view: DataView): Result<RawSection[]> {
  const at = view.getUint32(32, true);
  const entryBytes = view.getUint16(46, true);
  const count = view.getUint16(48, true);
  if (count === 0) return ok([]);
  if (entryBytes < SECTION_BYTES || at + entryBytes * count > file.length) return damaged('section headers');
  const sections: RawSection[] = [];
  for (let i = 0; i < count; i++) {
    const h = at + i * entryBytes;
    const word = (offset: number) => view.getUint32(h + offset, true);
    const type = word(4);
    const size = type === SECTION_NOBITS || type === 0 ? 0 : word(20);
    if (size > 0 && word(16) + size > file.length) return damaged(`section ${i}`);
    sections.push({
      nameAt: word(0),
      type,
      address: word(12),
      link: word(24),
      bytes: file.subarray(word(16), word(16) + size),
    });
  }
  return ok(sections);
}

function readSymbols(sections: readonly RawSection[]): ElfSymbol[] {
  const symbols: ElfSymbol[] = [];
  for (const table of sections.filter((s) => s.type === SECTION_SYMTAB)) {
    const names = sections[table.link]?.bytes ?? new Uint8Array(0);
    const view = new DataView(table.bytes.buffer, table.bytes.byteOffset, table.bytes.byteLength);
    for (let at = 0; at + SYMBOL_BYTES <= table.bytes.length; at += SYMBOL_BYTES) {
      const type = view.getUint8(at + 12) & 15;
      const section = view.getUint16(at + 14, true);
      if (section === UNDEFINED || section >= RESERVED_SECTIONS) continue;
      if (type !== SYMBOL_FUNCTION && type !== SYMBOL_OBJECT) continue;
      const value = view.getUint32(at + 4, true);
      symbols.push({
        name: stringAt(names, view.getUint32(at, true)),
        address: type === SYMBOL_FUNCTION ? (value & ~1) >>> 0 : value,
        bytes: view.getUint32(at + 8, true),
        kind: type === SYMBOL_FUNCTION ? 'function' : 'object',
      });
    }
  }
  return symbols;
}

function stringAt(table: Uint8Array, at: number): string {
  if (at >= table.length) return '';
  const end = table.indexOf(0, at);
  return text(table.subarray(at, end < 0 ? table.length : end));
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
