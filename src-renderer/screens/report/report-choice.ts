import type { RunSummary } from '../../../src-main/contract/index.ts';

/** Run numbers of an address: `1,2,3`; what is none is left out. */
export function runNumbers(text: string | undefined): number[] {
  const numbers = (text ?? '').split(',').map((part) => (/^\d{1,9}$/.test(part) ? Number(part) : 0));
  return [...new Set(numbers.filter((n) => n > 0))];
}

/** As `microjoule report` without numbers: the newest finished run of each mode of the newest one's model and target. */
export function newestRuns(runs: readonly RunSummary[]): number[] {
  const finished = runs.filter((r) => r.status === 'finished').sort((a, b) => b.runId - a.runId);
  const newest = finished[0];
  if (!newest) return [];
  const modes = new Map<string, number>();
  for (const r of finished)
    if (r.modelSha256 === newest.modelSha256 && r.targetId === newest.targetId && !modes.has(r.mode))
      modes.set(r.mode, r.runId);
  return [...modes.values()].sort((a, b) => a - b);
}
