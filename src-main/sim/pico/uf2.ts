/** Reading UF2 as the RP2040's loader does: UF2 specification; RP2040 data sheet 2.8.4.2. */
import { fail, ok, type Result } from '../../base/errors.ts';

export const RP2040_FAMILY = 0xe48b_ff56;
const BLOCK = 512;
const PAYLOAD = 256;
const FLASH_START = 0x1000_0000;
const FLASH_END = 0x1100_0000;

export interface Uf2Page {
  /** Offset in flash, a multiple of 256. */
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** The pages of a flash image for a chip of `flashBytes`. Everything is checked before anything is returned. */
export function readUf2(file: Uint8Array, flashBytes: number): Result<readonly Uf2Page[]> {
  if (file.length === 0 || file.length % BLOCK !== 0)
    return bad('the length is no multiple of 512', 0, { bytes: file.length });
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const pages = new Map<number, Uf2Page>();
  let total = -1;
  for (let at = 0; at < file.length; at += BLOCK) {
    const word = (offset: number) => view.getUint32(at + offset, true);
    const index = at / BLOCK;
    if (word(0) !== 0x0a32_4655 || word(4) !== 0x9e5d_5157 || word(508) !== 0x0ab1_6f30)
      return bad('a block has no UF2 magic numbers', index);
    if (word(8) & 1) continue; // not for main flash
    if (!(word(8) & 0x2000) || word(28) !== RP2040_FAMILY)
      return bad('a block is not for the RP2040 family', index, { family: word(28) });
    const problem = checkBlock(word(12), word(16), word(20), word(24), total, flashBytes);
    if (problem) return bad(problem, index, { address: word(12) });
    total = word(24);
    const offset = word(12) - FLASH_START;
    pages.set(word(20), { offset, bytes: file.subarray(at + 32, at + 32 + PAYLOAD) });
  }
  if (total < 0) return bad('there is no block for flash', 0);
  if (pages.size !== total) return bad('blocks are missing', 0, { blocks: pages.size, expected: total });
  return ok([...pages.values()]);
}

function checkBlock(
  address: number,
  payload: number,
  number: number,
  count: number,
  total: number,
  flashBytes: number,
): string | null {
  if (payload !== PAYLOAD) return 'a payload is not 256 bytes';
  if (address < FLASH_START || address >= FLASH_END)
    return 'a target address is not in flash (RAM images are not modelled)';
  if (address % PAYLOAD !== 0) return 'a target address is no multiple of 256';
  if (address - FLASH_START >= flashBytes) return 'a target address is beyond the end of the flash';
  if (number >= count) return 'a block number is beyond the count';
  return total >= 0 && count !== total ? 'blocks disagree on their count' : null;
}

function bad(problem: string, block: number, more: Record<string, number> = {}): Result<never> {
  return fail(
    'programmer.bad-uf2',
    { problem, block, ...more },
    'The file is no complete UF2 for an RP2040.',
    'Build the image again.',
  );
}
