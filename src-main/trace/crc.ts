import { crc32c } from '../base/crc.ts';
import type { ChunkRecord, SummaryRecord } from './format.ts';

function bytesOf(a: Uint32Array): Uint8Array {
  return new Uint8Array(a.buffer, a.byteOffset, a.byteLength);
}

/** CRC-32C over what a chunk is made of, in the order of docs/trace-file.md. */
export function chunkCrc(c: Omit<ChunkRecord, 'crc'>): number {
  const first = [c.index, c.length, c.calibrationVersion, c.words.length];
  // the first channel as before there were others
  const head = Uint32Array.from(c.channel ? [...first, c.channel] : first);
  return crc32c(bytesOf(c.words), crc32c(bytesOf(c.gaps), crc32c(c.decoderState, crc32c(bytesOf(head)))));
}

export function summaryCrc(s: Omit<SummaryRecord, 'crc'>): number {
  const head = s.channel ? [s.level, s.block, s.channel] : [s.level, s.block];
  return crc32c(s.bytes, crc32c(bytesOf(Uint32Array.from(head))));
}

const text = new TextEncoder();

/** CRC-32C of a row's values as the text `a|b|c`, numbers in their shortest decimal form. */
export function rowCrc(...values: readonly (string | number)[]): number {
  return crc32c(text.encode(values.join('|')));
}
