import { crc32c } from '../base/crc.ts';
import type { ChunkRecord, SummaryRecord } from './format.ts';

function bytesOf(a: Uint32Array): Uint8Array {
  return new Uint8Array(a.buffer, a.byteOffset, a.byteLength);
}

/** CRC-32C over what a chunk is made of, in the order of docs/trace-file.md. */
export function chunkCrc(c: Omit<ChunkRecord, 'crc'>): number {
  const head = new Uint32Array([c.index, c.length, c.calibrationVersion, c.words.length]);
  return crc32c(bytesOf(c.words), crc32c(bytesOf(c.gaps), crc32c(c.decoderState, crc32c(bytesOf(head)))));
}

export function summaryCrc(s: Omit<SummaryRecord, 'crc'>): number {
  return crc32c(s.bytes, crc32c(bytesOf(new Uint32Array([s.level, s.block]))));
}
