import type { FlashCache } from '../board/board.ts';
import type { ConstantReads } from './kernel-record.ts';

/**
 * Words the core waits for in each operator of one inference, from the order in which the kernels read. An operator's
 * constants are new to the cache when all of the Program's do not fit into it; what exceeds the cache is gone when the
 * next sweep comes back to it, with the oldest line replaced first.
 */
export function flashWords(reads: readonly ConstantReads[], cache: FlashCache): number[] {
  const all = reads.reduce((n, r) => n + r.bytes + r.onceBytes, 0);
  return all <= cache.cacheBytes ? reads.map(() => 0) : reads.map((r) => wordsAfterOthers(r, cache));
}

/** The same of one operator whose constants others have driven out of the cache since the inference before. */
export function wordsAfterOthers(r: ConstantReads, cache: FlashCache): number {
  return (r.bytes + r.onceBytes + Math.max(0, r.sweeps - 1) * lostBytes(r.bytes, cache)) / 4;
}

/** Of so many bytes in a row, swept in a circle, those that miss: sets that hold more lines than ways keep none. */
function lostBytes(bytes: number, { cacheBytes, lineBytes, ways }: FlashCache): number {
  const sets = cacheBytes / (lineBytes * ways);
  const lines = bytes / lineBytes;
  const each = Math.floor(lines / sets);
  const fuller = lines - each * sets;
  const lost = (each + 1 > ways ? (each + 1) * fuller : 0) + (each > ways ? each * (sets - fuller) : 0);
  return lost * lineBytes;
}
