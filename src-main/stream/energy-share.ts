import { fail, ok, type Result } from '../base/errors.ts';

/** Energy or time of one period of a stream (a hop, or a whole run), by what it went into. Any one unit. */
export interface StreamParts {
  readonly frontEnd: number;
  readonly inference: number;
  /** All else: receiving, sleep. 0 where idle was subtracted. */
  readonly rest: number;
}

export interface StreamShares {
  readonly frontEnd: number;
  readonly inference: number;
  readonly rest: number;
  readonly total: number;
}

export interface FrontEndSwap {
  readonly before: StreamShares;
  readonly after: StreamShares;
  /** Total before over total after. */
  readonly gain: number;
}

function refuse(facts: Record<string, number>): Result<never> {
  return fail(
    'stream.bad-parts',
    facts,
    'A part is negative or no number, or all are 0.',
    'Give the parts as measured, idle subtracted at most once.',
  );
}

/** Shares of the sum of all parts. */
export function sharesOf(parts: StreamParts): Result<StreamShares> {
  const { frontEnd, inference, rest } = parts;
  const total = frontEnd + inference + rest;
  if (!(frontEnd >= 0 && inference >= 0 && rest >= 0 && total > 0 && Number.isFinite(total)))
    return refuse({ frontEnd, inference, rest });
  return ok({ frontEnd: frontEnd / total, inference: inference / total, rest: rest / total, total });
}

/**
 * What if the front end took `divisor` times less and nothing else changed: share' = (f/d)/(f/d + 1 − f). With the
 * 85 % and ÷29 of arXiv 2201.03386 the share falls to 16.3 % and the total by 5.6.
 */
export function swapFrontEnd(parts: StreamParts, divisor: number): Result<FrontEndSwap> {
  if (!(divisor > 0 && Number.isFinite(divisor))) return refuse({ divisor });
  const before = sharesOf(parts);
  if (!before.ok) return before;
  const after = sharesOf({ ...parts, frontEnd: parts.frontEnd / divisor });
  if (!after.ok) return after;
  return ok({
    before: before.value,
    after: after.value,
    gain: before.value.total / after.value.total,
  });
}

/** Levels of a monitor's logic inputs while a stream runs (docs/stream-format.md, pins). */
export interface PhasePins {
  /** D0: an inference is under way. */
  readonly window: boolean;
  /** D4: low while the front end works. */
  readonly timestamp: boolean;
}

export type StreamPhase = keyof StreamParts;

export function phaseOf(pins: PhasePins): StreamPhase {
  if (pins.window) return 'inference';
  return pins.timestamp ? 'rest' : 'frontEnd';
}

/** A stretch of a trace between two edges: its energy or charge, and the levels that held in it. */
export interface PhaseSpan extends PhasePins {
  readonly amount: number;
}

/** Sums of a trace's spans by phase; `sharesOf` gives their shares. */
export function partsOf(spans: Iterable<PhaseSpan>): StreamParts {
  const parts = { frontEnd: 0, inference: 0, rest: 0 };
  for (const span of spans) parts[phaseOf(span)] += span.amount;
  return parts;
}
