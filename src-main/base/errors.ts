/**
 * Errors are values. Every failure carries a stable id, the facts that were seen, the likely cause and the
 * next step; see docs/errors.md for the list. Code throws only for bugs.
 */
export interface Failure {
  readonly ok: false;
  /** Stable, dotted, lower case: `device.no-reply`. Never reworded once released. */
  readonly id: string;
  /** What was seen: plain JSON values with units in their names. */
  readonly facts: Readonly<Record<string, FactValue>>;
  /** One sentence: the most likely cause, or '' where nothing can be said. */
  readonly cause: string;
  /** One sentence: what the user should do next. */
  readonly next: string;
}

export type FactValue = string | number | boolean | null | readonly (string | number)[];

export interface Ok<T> {
  readonly ok: true;
  readonly value: T;
}

export type Result<T> = Ok<T> | Failure;

export function ok(): Ok<void>;
export function ok<T>(value: T): Ok<T>;
export function ok<T>(value?: T): Ok<T | void> {
  return { ok: true, value };
}

/** `fail('device.no-reply', {port, waitedMs: 2000}, 'The board is not running.', 'Press reset, then retry.')` */
export function fail(
  id: string,
  facts: Readonly<Record<string, FactValue>>,
  cause: string,
  next: string,
): Failure {
  return { ok: false, id, facts, cause, next };
}

/** One line for a terminal or a log: id, facts, cause, next step. */
export function failureText(f: Failure): string {
  const facts = Object.entries(f.facts)
    .map(([k, v]) => `${k}=${Array.isArray(v) ? v.join(',') : String(v)}`)
    .join(' ');
  return `${f.id}${facts ? ` (${facts})` : ''}${f.cause ? `: ${f.cause}` : ''} ${f.next}`.trim();
}

/** A bug: an invariant of our own code is broken. */
export class BugError extends Error {
  override readonly name = 'BugError';
}

export function unreachable(value: never): never {
  throw new BugError(`unreachable: ${JSON.stringify(value)}`);
}

/** For hosts and tests only: turn a failure into an exception that keeps it. */
export class FailureError extends Error {
  override readonly name = 'FailureError';
  readonly failure: Failure;
  constructor(failure: Failure) {
    super(failureText(failure));
    this.failure = failure;
  }
}

export function orThrow<T>(r: Result<T>): T {
  if (!r.ok) throw new FailureError(r);
  return r.value;
}
