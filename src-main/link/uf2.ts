import { fail, ok, type Failure, type Result } from '../base/errors.ts';

const BLOCK_BYTES = 512;
const MAGIC_START = 0x0a324655;
const MAGIC_SECOND = 0x9e5d5157;
const MAGIC_END = 0x0ab16f30;
const FLAG_NOT_MAIN_FLASH = 0x1;
const FLAG_FAMILY = 0x2000;
const PAYLOAD_BYTES = 256;

export interface Uf2Summary {
  readonly blocks: number;
  readonly familyId: number | null;
  readonly lowestAddress: number;
  readonly endAddress: number;
}

/**
 * Is this a complete UF2 that a boot loader will take to its end? Format: the UF2 specification; the RP2040's
 * loader wants 256-byte payloads at multiples of 256, and counts blocks by number.
 */
export function checkUf2(bytes: Uint8Array): Result<Uf2Summary> {
  if (bytes.length === 0 || bytes.length % BLOCK_BYTES !== 0)
    return malformed(
      { fileBytes: bytes.length },
      'The length is no multiple of 512 bytes: the file is cut off or of another type.',
    );
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const blocks = bytes.length / BLOCK_BYTES;
  const seen = { familyId: null as number | null, lowest: Infinity, end: 0 };
  for (let block = 0; block < blocks; block++) {
    const wrong = checkBlock(view, block, blocks, seen);
    if (wrong) return wrong;
  }
  if (seen.end === 0) return malformed({ blocks }, 'No block of it goes to flash.');
  return ok({ blocks, familyId: seen.familyId, lowestAddress: seen.lowest, endAddress: seen.end });
}

function checkBlock(
  view: DataView,
  block: number,
  blocks: number,
  seen: { familyId: number | null; lowest: number; end: number },
): Failure | undefined {
  const at = block * BLOCK_BYTES;
  const word = (index: number) => view.getUint32(at + 4 * index, true);
  if (word(0) !== MAGIC_START || word(1) !== MAGIC_SECOND || view.getUint32(at + 508, true) !== MAGIC_END)
    return malformed({ block }, 'A block has not the marks of a UF2.');
  if (word(5) !== block || word(6) !== blocks)
    return malformed(
      { block, saysBlock: word(5), saysBlocks: word(6) },
      'Blocks are missing or out of order; the boot loader would wait for them for ever.',
    );
  const flags = word(2);
  if (flags & FLAG_NOT_MAIN_FLASH) return undefined;
  const address = word(3);
  if (word(4) !== PAYLOAD_BYTES || address % PAYLOAD_BYTES !== 0)
    return malformed(
      { block, payloadBytes: word(4), address },
      'A payload is not 256 bytes at a multiple of 256.',
    );
  const familyId = flags & FLAG_FAMILY ? word(7) : null;
  if (seen.end > 0 && familyId !== seen.familyId)
    return malformed({ block }, 'Blocks for different processors are mixed.');
  seen.familyId = familyId;
  seen.lowest = Math.min(seen.lowest, address);
  seen.end = Math.max(seen.end, address + PAYLOAD_BYTES);
  return undefined;
}

function malformed(facts: Record<string, number>, cause: string): Failure {
  return fail('programmer.bad-uf2', facts, cause, 'Build the image again; nothing was written to the board.');
}
