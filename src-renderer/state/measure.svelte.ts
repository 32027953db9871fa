import type { Activity } from '../../src-main/contract/bench/activity.ts';
import type { FailureDto } from '../../src-main/contract/failure.ts';
import type { RecordStatus } from '../../src-main/contract/trace.ts';
import { bench } from './bench.svelte.ts';
import { withEvent, type RunView } from './run-view.ts';

const isRun = (a: Activity): boolean => a.kind === 'run' || a.kind === 'demo';
const goesOn = (a: Activity): boolean => a.state !== 'ended';

/** What is measured now, or was last: the newest run or demo of the bench and what its events have told. */
class Measure {
  runs = $state.raw<readonly RunView[]>([]);
  /** Of the newest recording that goes on. */
  recording = $state.raw<RecordStatus | null>(null);
  readonly activity = $derived(
    bench.activities.findLast((a) => isRun(a) && goesOn(a)) ?? bench.activities.findLast(isRun) ?? null,
  );
  /** Whatever goes on, newest last. */
  readonly active = $derived(bench.activities.filter(goesOn));
  readonly current = $derived(this.runs.at(-1) ?? null);
  readonly running = $derived(this.activity !== null && goesOn(this.activity));

  constructor() {
    $effect.root(() => {
      const key = $derived(this.activity ? `${this.activity.id} ${this.activity.startedAt}` : '');
      $effect(() => this.#watchRun(key));
      const recordingId = $derived(this.active.findLast((a) => a.kind === 'record')?.id ?? null);
      $effect(() => this.#watchRecording(recordingId));
    });
  }

  /** As Esc and Ctrl-C: what was measured is kept. */
  async stop(id: number): Promise<FailureDto | null> {
    const answer = await bench.request('activities.stop', { id });
    return answer.ok ? null : answer;
  }

  #watchRun(key: string): (() => void) | undefined {
    this.runs = [];
    const id = Number(key.split(' ')[0]);
    if (!id) return undefined;
    let runs: readonly RunView[] = [];
    return bench.watch(id, ({ event }) => {
      if (event.type === 'run') this.runs = runs = withEvent(runs, event.event);
    });
  }

  #watchRecording(id: number | null): (() => void) | undefined {
    this.recording = null;
    if (id === null) return undefined;
    return bench.watch(id, ({ event }) => {
      if (event.type === 'record') this.recording = event.status;
    });
  }
}

export const measure = new Measure();
