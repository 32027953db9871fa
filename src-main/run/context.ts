import { fail, type Failure, type Result } from '../base/errors.ts';
import type { RunEvent } from '../contract/index.ts';
import type { RunPorts, StepOptions } from './ports.ts';
import type { RunState } from './state.ts';

type Body<E> = E extends RunEvent ? Omit<E, 'runId' | 'at'> : never;
/** An event before it is stamped with run and time. */
export type RunEventBody = Body<RunEvent>;

/** What the parts of a run share. */
export interface RunContext {
  readonly ports: RunPorts;
  readonly state: RunState;
  readonly signal: AbortSignal;
  emit(event: RunEventBody): void;
  /** Options of one step: the signal, and progress as events of the phase. */
  step(): StepOptions;
}

export function failed(r: Result<unknown>): Failure | null {
  return r.ok ? null : r;
}

/** The step, or `run.interrupted` as soon as the signal says so: a DUT in a long window cannot be talked out of it. */
export function orAborted<T>(step: Promise<Result<T>>, signal: AbortSignal): Promise<Result<T>> {
  const aborted = () =>
    fail(
      'run.interrupted',
      {},
      'The run was stopped.',
      'Resume it when you like: what was measured is kept.',
    );
  if (signal.aborted) {
    step.catch(() => {});
    return Promise.resolve(aborted());
  }
  return new Promise((resolve, reject) => {
    const onAbort = () => resolve(aborted());
    signal.addEventListener('abort', onAbort, { once: true });
    step.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
