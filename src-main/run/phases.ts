import { BugError } from '../base/errors.ts';
import type { Phase } from '../contract/index.ts';

/**
 * The run as a state machine:
 *
 *   planned → deploying → identifying → tuning → measuring → profiling → checking → finished
 *
 * Every working phase may fail or be interrupted. Every phase that talks to hardware may pause, or recover from
 * trouble on the line; either way it goes back to identifying, because what answers now may be another board.
 */
const transitions: Readonly<Record<Phase, readonly Phase[]>> = {
  planned: ['deploying', 'failed', 'interrupted'],
  deploying: ['identifying', 'paused', 'failed', 'interrupted'],
  identifying: [
    'identifying',
    'tuning',
    'measuring',
    'profiling',
    'checking',
    'paused',
    'failed',
    'interrupted',
  ],
  tuning: ['identifying', 'measuring', 'paused', 'failed', 'interrupted'],
  measuring: ['identifying', 'profiling', 'checking', 'paused', 'failed', 'interrupted'],
  paused: ['identifying', 'failed', 'interrupted'],
  profiling: ['identifying', 'checking', 'paused', 'failed', 'interrupted'],
  checking: ['finished', 'failed', 'interrupted'],
  finished: [],
  interrupted: [],
  failed: [],
};

export const endPhases: ReadonlySet<Phase> = new Set<Phase>(['finished', 'interrupted', 'failed']);

export function mayFollow(from: Phase, to: Phase): boolean {
  return transitions[from].includes(to);
}

/** The current phase; an illegal step is a bug of the run, not a condition of the bench. */
export class PhaseMachine {
  #phase: Phase = 'planned';

  get phase(): Phase {
    return this.#phase;
  }

  /** Returns the phase that was left. */
  enter(next: Phase): Phase {
    const from = this.#phase;
    if (!mayFollow(from, next)) throw new BugError(`a run cannot go from ${from} to ${next}`);
    this.#phase = next;
    return from;
  }
}
