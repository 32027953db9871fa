/** Reading UF2 as the RP2040's loader does: UF2 specification; RP2040 data sheet 2.8.4.2. */
import { fail, ok, type Result } from '../../base/errors.ts';

export const RP2040_FAMILY = 0xe48b_ff56;
const BLOCK = 512;
const PAYLOAD = 256;
const FLASH_START = 0x1000_0000;
const FLASH_END = 0x1100_0000;
const SRAM_START = 0x2000_0000;
const SRAM_END = 0x2004_2000;
const SECTOR = 4096;

export interface Uf2Page {
  /** Offset in flash, a multiple of 256. */
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** What a RAM image puts into SRAM. */
export interface RamPage {
  readonly address: number;
  readonly bytes: Uint8Array;
}

export type Uf2Image =
  | {
      readonly kind: 'flash';
      readonly pages: readonly Uf2Page[];
      /** Addresses of sectors filled in part, other than the last: the ROM of silicon can lose their pages (RP2040-E14). */
      readonly sparseSectors: readonly number[];
    }
  | { readonly kind: 'ram'; readonly pages: readonly RamPage[] };

/**
 * The image a file carries, for a chip of `flashBytes`; the first block decides whether it is one for flash or for RAM.
 * Everything is checked before anything is returned.
 */
export function readUf2Image(file: Uint8Array, flashBytes: number): Result<Uf2Image> {
  if (file.length === 0 || file.length % BLOCK !== 0)
    return bad('the length is no multiple of 512', 0, { bytes: file.length });
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const pages = new Map<number, RamPage>();
  let first: BlockHead | null = null;
  for (let at = 0; at < file.length; at += BLOCK) {
    const word = (offset: number) => view.getUint32(at + offset, true);
    const index = at / BLOCK;
    if (word(0) !== 0x0a32_4655 || word(4) !== 0x9e5d_5157 || word(508) !== 0x0ab1_6f30)
      return bad('a block has no UF2 magic numbers', index);
    if (word(8) & 1) continue; // not for main flash
    if (!(word(8) & 0x2000) || word(28) !== RP2040_FAMILY)
      return bad('a block is not for the RP2040 family', index, { family: word(28) });
    const head = { address: word(12), payload: word(16), number: word(20), count: word(24) };
    const problem = checkBlock(head, first, flashBytes);
    if (problem) return bad(problem, index, { address: head.address });
    first ??= head;
    pages.set(head.number, { address: head.address, bytes: file.subarray(at + 32, at + 32 + PAYLOAD) });
  }
  if (!first) return bad('there is no block for flash', 0);
  if (pages.size !== first.count)
    return bad('blocks are missing', 0, { blocks: pages.size, expected: first.count });
  return ok(imageOf([...pages.values()]));
}

/** The pages of a flash image; a RAM image is refused. */
export function readUf2(file: Uint8Array, flashBytes: number): Result<readonly Uf2Page[]> {
  const image = readUf2Image(file, flashBytes);
  if (!image.ok) return image;
  return image.value.kind === 'flash'
    ? ok(image.value.pages)
    : bad('a target address is not in flash', 0, { address: image.value.pages[0]!.address });
}

interface BlockHead {
  readonly address: number;
  readonly payload: number;
  readonly number: number;
  readonly count: number;
}

const inFlash = (address: number) => address >= FLASH_START && address < FLASH_END;
const inSram = (address: number) => address >= SRAM_START && address + PAYLOAD <= SRAM_END;

function checkBlock(b: BlockHead, first: BlockHead | null, flashBytes: number): string | null {
  if (b.payload !== PAYLOAD) return 'a payload is not 256 bytes';
  const flash = inFlash(b.address);
  if (!flash && !inSram(b.address))
    return 'a target address is not in flash or SRAM (cache RAM is not loaded by this model)';
  if (first && inFlash(first.address) !== flash) return 'blocks for flash and blocks for RAM are mixed';
  if (flash && b.address % PAYLOAD !== 0) return 'a target address is no multiple of 256';
  if (flash && b.address - FLASH_START >= flashBytes)
    return 'a target address is beyond the end of the flash';
  if (b.number >= b.count) return 'a block number is beyond the count';
  return first && b.count !== first.count ? 'blocks disagree on their count' : null;
}

function imageOf(pages: readonly RamPage[]): Uf2Image {
  if (!inFlash(pages[0]!.address)) return { kind: 'ram', pages };
  const offsets = pages.map((p) => ({ offset: p.address - FLASH_START, bytes: p.bytes }));
  const filled = Map.groupBy(new Set(offsets.map((p) => p.offset)), (o) => Math.floor(o / SECTOR));
  const last = Math.max(...filled.keys());
  const sparse = [...filled].filter(([sector, own]) => sector !== last && own.length < SECTOR / PAYLOAD);
  return {
    kind: 'flash',
    pages: offsets,
    sparseSectors: sparse.map(([sector]) => FLASH_START + sector * SECTOR).sort((a, b) => a - b),
  };
}

function bad(problem: string, block: number, more: Record<string, number> = {}): Result<never> {
  return fail(
    'programmer.bad-uf2',
    { problem, block, ...more },
    'The file is no complete UF2 for an RP2040.',
    'Build the image again.',
  );
}
