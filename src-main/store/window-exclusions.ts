import { EXCLUDED_BY_HAND, type WindowResult } from '../contract/index.ts';
import type { Table } from './context.ts';

/** Reasons by index of the window. Call inside a transaction. */
export function exclusionsOf(t: Table, runId: number): ReadonlyMap<number, string> {
  const rows = t.all('SELECT window_index, reason FROM window_exclusions WHERE run_id = ?', runId);
  return new Map(rows.map((r) => [r.window_index as number, r.reason as string]));
}

export function putExclusion(t: Table, runId: number, index: number, reason: string, at: string): void {
  t.run(
    `INSERT INTO window_exclusions (run_id, window_index, excluded_at, reason) VALUES (?, ?, ?, ?)
     ON CONFLICT (run_id, window_index) DO UPDATE SET reason = excluded.reason, excluded_at = excluded.excluded_at`,
    runId,
    index,
    at,
    reason,
  );
}

/** False when there was none. */
export function removeExclusion(t: Table, runId: number, index: number): boolean {
  const there = exclusionsOf(t, runId).has(index);
  t.run('DELETE FROM window_exclusions WHERE run_id = ? AND window_index = ?', runId, index);
  return there;
}

/** The windows as they count: those that were left out by hand are excluded, with the reason. */
export function asCounted(
  windows: readonly WindowResult[],
  reasons: ReadonlyMap<number, string>,
): readonly WindowResult[] {
  if (reasons.size === 0) return windows;
  return windows.map((w) => {
    const reason = w.status === 'finished' ? reasons.get(w.index) : undefined;
    if (reason === undefined) return w;
    const exclusion = {
      id: EXCLUDED_BY_HAND,
      facts: { window: w.index + 1 },
      cause: `Left out by hand: ${reason}`,
      next: 'Undo it to count the window again.',
    };
    return { ...w, status: 'excluded' as const, exclusion };
  });
}
