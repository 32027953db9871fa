import { ok, type Result } from '../base/errors.ts';
import type { ChunkSource } from '../trace/chunk-store.ts';
import type { Envelope } from '../trace/navigation-envelope.ts';

/** Edges of one channel that are read for a picture; of more the stored counts must do. */
const MAX_EDGES = 50_000;

/**
 * Levels of the columns of a trace whose words carry none (an import): from its edges, in place. A channel that was never seen
 * to change is low, as its codec reads it.
 */
export function levelsFromEdges(
  source: ChunkSource,
  { borders, or, and }: Pick<Envelope, 'borders' | 'or' | 'and'>,
): Result<void> {
  const from = borders[0]!;
  const to = borders[borders.length - 1]!;
  for (let channel = 0; channel < 8; channel++) {
    if (!(source.header.logicMask & (1 << channel))) continue;
    const edges = source.edges(channel, 0, to, MAX_EDGES + 1);
    if (!edges.ok) return edges;
    if (edges.value.length > MAX_EDGES) continue;
    const bit = 1 << channel;
    let next = 0;
    let level: 0 | 1 = 0;
    while (next < edges.value.length && edges.value[next]!.sample <= from) level = edges.value[next++]!.level;
    for (let k = 0; k < or.length; k++) {
      let high = level === 1;
      let low = level === 0;
      while (next < edges.value.length && edges.value[next]!.sample < borders[k + 1]!) {
        const edge = edges.value[next++]!;
        level = edge.level;
        // one at the very beginning of the column leaves nothing of the level before it
        if (edge.sample === borders[k]!) high = low = false;
        if (level === 1) high = true;
        else low = true;
      }
      or[k] = high ? or[k]! | bit : or[k]! & ~bit;
      and[k] = high && !low ? and[k]! | bit : and[k]! & ~bit;
    }
  }
  return ok();
}
