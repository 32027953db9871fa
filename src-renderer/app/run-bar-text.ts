import { formatDuration } from '../../src-main/base/units.ts';
import type { Activity } from '../../src-main/contract/bench/activity.ts';
import type { RunView } from '../state/run-view.ts';

export interface RunBarText {
  readonly what: string;
  /** 0…1 of the whole; null while nobody knows. */
  readonly share: number | null;
}

/** What goes on, short. */
export function runBarText(activity: Activity, view: RunView | null): RunBarText {
  if (activity.state === 'stopping') return { what: `Stopping: ${activity.title}`, share: null };
  if (!view) return { what: activity.title, share: null };
  if (view.paused)
    return {
      what: `Paused: plug it back to continue window ${view.paused.window + 1}/${view.paused.of}`,
      share: share(view.paused.window, view.paused.of),
    };
  const eta = view.progress?.etaS;
  const left = eta === null || eta === undefined || eta <= 0 ? '' : `, ${formatDuration(eta)} left`;
  if (view.items)
    return {
      what: `Item ${view.items.done}/${view.items.total}${left}`,
      share: share(view.items.done, view.items.total),
    };
  if (view.phase === 'measuring') {
    const done = view.windows.filter((w) => w.status === 'finished').length;
    const total = view.plan.windows;
    return { what: `Window ${Math.min(done + 1, total)}/${total}${left}`, share: share(done, total) };
  }
  const { progress } = view;
  const text = progress?.text || activity.title;
  return {
    what: text.charAt(0).toUpperCase() + text.slice(1),
    share: progress ? share(progress.done, progress.total) : null,
  };
}

function share(done: number, total: number): number | null {
  return total > 0 ? Math.min(1, done / total) : null;
}
