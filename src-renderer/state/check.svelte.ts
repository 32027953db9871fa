import type { WiringStep, WiringStepId } from '../../src-main/contract/bench/wiring-step.ts';
import { bench } from './bench.svelte.ts';

/** The newest wiring check of the bench, step by step. */
class Check {
  steps = $state.raw<ReadonlyMap<WiringStepId, WiringStep>>(new Map());
  readonly activity = $derived(bench.activities.findLast((a) => a.kind === 'check') ?? null);
  readonly running = $derived(this.activity !== null && this.activity.state !== 'ended');

  constructor() {
    $effect.root(() => {
      const key = $derived(this.activity ? `${this.activity.id} ${this.activity.startedAt}` : '');
      $effect(() => {
        const id = Number(key.split(' ')[0]);
        let steps = new Map<WiringStepId, WiringStep>();
        this.steps = steps;
        if (!id) return;
        return bench.watch(id, ({ event }) => {
          if (event.type !== 'check') return;
          steps = new Map(steps).set(event.step.id, event.step);
          this.steps = steps;
        });
      });
    });
  }
}

export const check = new Check();
