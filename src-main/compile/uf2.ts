/**
 * UF2 files for the RP2040 (github.com/microsoft/uf2; RP2040 data sheet 2.8.4.2): blocks of 512 bytes with 256 of
 * payload each. Erratum E14: a 4 KiB sector that is not the last must be written whole, or pages can be lost.
 */
import { fail, ok, type Result } from '../base/errors.ts';

const BLOCK_BYTES = 512;
const PAYLOAD_BYTES = 256;
const SECTOR_BYTES = 4096;
const MAGIC_START = 0x0a32_4655;
const MAGIC_SECOND = 0x9e5d_5157;
const MAGIC_END = 0x0ab1_6f30;
const FLAG_NOT_MAIN_FLASH = 0x0001;
const FLAG_FAMILY = 0x2000;
const DATA_AT = 32;

export interface FlashSegment {
  /** Absolute, a multiple of 256. */
  readonly address: number;
  readonly bytes: Uint8Array;
}

export interface Uf2Target {
  readonly familyId: number;
  readonly flash: { readonly base: number; readonly bytes: number };
}

/** Pads to whole sectors with 0xFF, the erased state, so that E14 cannot strike. */
function wholeSectors(segments: readonly FlashSegment[]): Map<number, Uint8Array> {
  const sectors = new Map<number, Uint8Array>();
  for (const { address, bytes } of segments) {
    for (let at = 0; at < bytes.length;) {
      const sector = Math.floor((address + at) / SECTOR_BYTES) * SECTOR_BYTES;
      const offset = address + at - sector;
      const count = Math.min(SECTOR_BYTES - offset, bytes.length - at);
      const filled = sectors.get(sector) ?? new Uint8Array(SECTOR_BYTES).fill(0xff);
      filled.set(bytes.subarray(at, at + count), offset);
      sectors.set(sector, filled);
      at += count;
    }
  }
  return sectors;
}

/** Segments (not overlapping) → a UF2 file, blocks in address order. */
export function encodeUf2(segments: readonly FlashSegment[], familyId: number): Uint8Array {
  const sectors = [...wholeSectors(segments)].sort(([a], [b]) => a - b);
  const total = sectors.length * (SECTOR_BYTES / PAYLOAD_BYTES);
  const file = new Uint8Array(total * BLOCK_BYTES);
  const view = new DataView(file.buffer);
  let number = 0;
  for (const [sector, bytes] of sectors) {
    for (let offset = 0; offset < SECTOR_BYTES; offset += PAYLOAD_BYTES, number++) {
      const at = number * BLOCK_BYTES;
      const header = [
        MAGIC_START,
        MAGIC_SECOND,
        FLAG_FAMILY,
        sector + offset,
        PAYLOAD_BYTES,
        number,
        total,
        familyId,
      ];
      header.forEach((word, i) => view.setUint32(at + 4 * i, word >>> 0, true));
      file.set(bytes.subarray(offset, offset + PAYLOAD_BYTES), at + DATA_AT);
      view.setUint32(at + BLOCK_BYTES - 4, MAGIC_END, true);
    }
  }
  return file;
}

export interface DecodedUf2 {
  /** Lowest address written. */
  readonly address: number;
  /** From there to the highest, gaps 0xFF. */
  readonly bytes: Uint8Array;
  /** Runs of pages that are really in the file, in address order. */
  readonly segments: readonly FlashSegment[];
}

interface Block {
  readonly address: number;
  readonly payload: Uint8Array;
  readonly number: number;
  readonly total: number;
}

const rebuild = 'Build the image again, or fetch the file again.';

function bad(id: string, block: number, facts: Record<string, number | string>, cause: string) {
  return fail(`uf2.${id}`, { block, ...facts }, cause, rebuild);
}

/** One block; null for one that is not for the main flash. */
function readBlock(file: Uint8Array, index: number, target: Uf2Target): Result<Block | null> {
  const at = index * BLOCK_BYTES;
  const view = new DataView(file.buffer, file.byteOffset + at, BLOCK_BYTES);
  const [start, second, flags, address, size, number, total, family] = Array.from({ length: 8 }, (_, i) =>
    view.getUint32(4 * i, true),
  ) as [number, number, number, number, number, number, number, number];
  if (start !== MAGIC_START || second !== MAGIC_SECOND || view.getUint32(BLOCK_BYTES - 4, true) !== MAGIC_END)
    return bad('bad-magic', index, {}, 'This is not a UF2 file, or it is damaged.');
  if (flags & FLAG_NOT_MAIN_FLASH) return ok(null);
  if (!(flags & FLAG_FAMILY) || family !== target.familyId)
    return bad('wrong-family', index, { family, expected: target.familyId }, 'The file is for another chip.');
  if (size !== PAYLOAD_BYTES)
    return bad(
      'bad-payload-size',
      index,
      { payloadBytes: size },
      'The RP2040 takes blocks of 256 bytes only.',
    );
  const { base, bytes } = target.flash;
  if (address % PAYLOAD_BYTES !== 0 || address < base || address + PAYLOAD_BYTES > base + bytes)
    return bad('bad-address', index, { address }, 'A block lies outside the flash or across a page.');
  return ok({ address, payload: file.subarray(at + DATA_AT, at + DATA_AT + PAYLOAD_BYTES), number, total });
}

function checkNumbers(blocks: readonly Block[]): Result<void> {
  const seen = new Set<number>();
  for (const [i, b] of blocks.entries()) {
    if (b.total !== blocks.length)
      return bad(
        'incomplete',
        i,
        { blocks: blocks.length, expected: b.total },
        'Blocks are missing from the file.',
      );
    if (b.number >= b.total || seen.has(b.number))
      return bad(
        'bad-numbering',
        i,
        { number: b.number, total: b.total },
        'A block number repeats or is too large.',
      );
    seen.add(b.number);
  }
  return ok();
}

function joinPages(blocks: readonly Block[]): Result<FlashSegment[]> {
  const sorted = [...blocks].sort((a, b) => a.address - b.address);
  const segments: FlashSegment[] = [];
  let from = 0;
  for (let i = 1; i <= sorted.length; i++) {
    const gap = i === sorted.length ? Infinity : sorted[i]!.address - sorted[i - 1]!.address;
    if (gap === 0)
      return bad(
        'overlap',
        sorted[i]!.number,
        { address: sorted[i]!.address },
        'Two blocks write the same page.',
      );
    if (gap === PAYLOAD_BYTES) continue;
    const run = sorted.slice(from, i);
    const bytes = new Uint8Array(run.length * PAYLOAD_BYTES);
    run.forEach((b, k) => bytes.set(b.payload, k * PAYLOAD_BYTES));
    segments.push({ address: run[0]!.address, bytes });
    from = i;
  }
  return ok(segments);
}

function checkSectors(segments: readonly FlashSegment[]): Result<void> {
  for (const [i, s] of segments.entries()) {
    const end = s.address + s.bytes.length;
    const startsInside = s.address % SECTOR_BYTES !== 0;
    if (startsInside || (end % SECTOR_BYTES !== 0 && i + 1 < segments.length))
      return bad(
        'sparse-sector',
        i,
        { address: s.address, bytes: s.bytes.length },
        'A flash sector is only partly filled: RP2040 erratum E14 can lose its pages.',
      );
  }
  return ok();
}

/** Strict: everything the RP2040's loader would take badly, ignore or lose silently is a failure. */
export function decodeUf2(file: Uint8Array, target: Uf2Target): Result<DecodedUf2> {
  if (file.length === 0 || file.length % BLOCK_BYTES !== 0)
    return fail(
      'uf2.bad-length',
      { fileBytes: file.length },
      'A UF2 file is a whole number of 512-byte blocks.',
      rebuild,
    );
  const blocks: Block[] = [];
  for (let i = 0; i < file.length / BLOCK_BYTES; i++) {
    const block = readBlock(file, i, target);
    if (!block.ok) return block;
    if (block.value) blocks.push(block.value);
  }
  if (blocks.length === 0)
    return fail(
      'uf2.empty',
      { fileBytes: file.length },
      'No block of the file is for the main flash.',
      rebuild,
    );
  const numbers = checkNumbers(blocks);
  if (!numbers.ok) return numbers;
  const segments = joinPages(blocks);
  if (!segments.ok) return segments;
  const sectors = checkSectors(segments.value);
  if (!sectors.ok) return sectors;
  const address = segments.value[0]!.address;
  const last = segments.value.at(-1)!;
  const bytes = new Uint8Array(last.address + last.bytes.length - address).fill(0xff);
  for (const s of segments.value) bytes.set(s.bytes, s.address - address);
  return ok({ address, bytes, segments: segments.value });
}
