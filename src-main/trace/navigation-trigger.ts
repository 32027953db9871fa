import { fail, ok, type Result } from '../base/errors.ts';
import type { Buckets } from './buckets.ts';
import { CHUNK_SAMPLES, LEVEL_SAMPLES, type DecodedSamples } from './format.ts';
import { wholeSpan } from './navigation-envelope.ts';
import type { Trace } from './trace.ts';

/** What to look for. */
export type Trigger =
  /**
   * The first sample at or above `levelA` (`rising`) after one below `levelA − hysteresisA`; `falling`: at or below, after
   * one above `levelA + hysteresisA`.
   */
  | {
      readonly kind: 'level';
      readonly levelA: number;
      readonly direction: 'rising' | 'falling';
      readonly hysteresisA?: number;
    }
  /** A change of one logic channel. */
  | { readonly kind: 'edge'; readonly channel: number; readonly direction: 'rising' | 'falling' | 'any' }
  /** A pulse of one logic channel whose width lies in [minS, maxS]; found at its beginning. */
  | {
      readonly kind: 'pulse';
      readonly channel: number;
      readonly level: 0 | 1;
      readonly minS: number;
      readonly maxS: number;
    }
  /** The first sample with (logic & mask) = value after one without. */
  | { readonly kind: 'pattern'; readonly mask: number; readonly value: number };

export type TriggerHit =
  | { readonly kind: 'found'; readonly sample: number; readonly untilSample: number }
  | { readonly kind: 'none' }
  /** So far nothing; `sample` is where to go on. Only where logic changes all the time. */
  | { readonly kind: 'unfinished'; readonly sample: number };

/** Chunks that one call decodes at most: half a second. */
const MAX_CHUNKS = 400;
const EDGE_PAGE = 4096;

/**
 * The next place in [from, to) where the trigger fires. Whole buckets that cannot hold it are passed over, so that a
 * search through a day touches a few rows. Missing samples neither fire nor arm. `trace.bad-span`,
 * `trace.bad-trigger`, `trace.damaged`.
 */
export function nextTrigger(trace: Trace, trigger: Trigger, from: number, to: number): Result<TriggerHit> {
  const span = wholeSpan(trace, from, to);
  if (!span.ok) return span;
  const refused = refuse(trigger);
  if (refused) return refused;
  switch (trigger.kind) {
    case 'level':
      return nextLevel(trace, trigger, from, to);
    case 'pattern':
      return nextPattern(trace, trigger, from, to);
    case 'edge':
      return nextEdge(trace, trigger, from, to);
    case 'pulse':
      return nextPulse(trace, trigger, from, to);
  }
}

function refuse(t: Trigger): ReturnType<typeof fail> | null {
  const channel = (n: number) => Number.isInteger(n) && n >= 0 && n < 8;
  const byte = (n: number) => Number.isInteger(n) && n >= 0 && n < 256;
  const good =
    t.kind === 'level'
      ? Number.isFinite(t.levelA) && (t.hysteresisA ?? 0) >= 0
      : t.kind === 'edge'
        ? channel(t.channel)
        : t.kind === 'pulse'
          ? channel(t.channel) && t.minS >= 0 && t.maxS >= t.minS
          : byte(t.mask) && byte(t.value) && t.mask > 0 && (t.value & ~t.mask) === 0;
  if (good) return null;
  return fail(
    'trace.bad-trigger',
    { kind: t.kind },
    'The trigger’s values make no sense.',
    'Logic channels are 0–7, widths in seconds from the smaller to the larger, a pattern lies within its mask.',
  );
}

/** A condition on one sample, with what a bucket's summary says of all its samples. */
interface Condition {
  /** No sample of the bucket fulfils it. */
  excludes(row: Buckets, i: number): boolean;
  holds(samples: DecodedSamples, i: number): boolean;
}

function nextLevel(
  trace: Trace,
  t: Extract<Trigger, { kind: 'level' }>,
  from: number,
  to: number,
): Result<TriggerHit> {
  const { levelA, hysteresisA = 0 } = t;
  const below = (a: number): Condition => ({
    excludes: (row, i) => row.min[i]! >= a,
    holds: (s, i) => s.amperes[i]! < a,
  });
  const above = (a: number): Condition => ({
    excludes: (row, i) => row.max[i]! <= a,
    holds: (s, i) => s.amperes[i]! > a,
  });
  const reached: Condition =
    t.direction === 'rising'
      ? { excludes: (row, i) => row.max[i]! < levelA, holds: (s, i) => s.amperes[i]! >= levelA }
      : { excludes: (row, i) => row.min[i]! > levelA, holds: (s, i) => s.amperes[i]! <= levelA };
  const armed = t.direction === 'rising' ? below(levelA - hysteresisA) : above(levelA + hysteresisA);
  return firstAfter(trace, armed, reached, from, to);
}

function nextPattern(
  trace: Trace,
  { mask, value }: Extract<Trigger, { kind: 'pattern' }>,
  from: number,
  to: number,
): Result<TriggerHit> {
  const matches: Condition = {
    // a bit that must be 1 was never, or one that must be 0 always was
    excludes: (row, i) => (value & ~row.or[i]!) !== 0 || (mask & ~value & row.and[i]!) !== 0,
    holds: (s, i) => !Number.isNaN(s.amperes[i]!) && (s.logic[i]! & mask) === value,
  };
  const differs: Condition = {
    // all bits were constant and as wanted
    excludes: (row, i) => (row.or[i]! & mask) === value && (row.and[i]! & mask) === value,
    holds: (s, i) => !Number.isNaN(s.amperes[i]!) && (s.logic[i]! & mask) !== value,
  };
  return firstAfter(trace, differs, matches, from, to);
}

function firstAfter(
  trace: Trace,
  armed: Condition,
  reached: Condition,
  from: number,
  to: number,
): Result<TriggerHit> {
  const search = new Search(trace);
  const arm = search.first(armed, from, to);
  if (!arm.ok || arm.value.kind !== 'found') return arm;
  return search.first(reached, arm.value.sample + 1, to);
}

class Search {
  readonly #trace: Trace;
  readonly #settled: number;
  #chunks = 0;
  #chunk = -1;

  constructor(trace: Trace) {
    this.#trace = trace;
    this.#settled = trace.settledSamples;
  }

  first(condition: Condition, from: number, to: number): Result<TriggerHit> {
    let at = from;
    while (at < to) {
      const passed = this.#passOver(condition, at, Math.min(to, this.#settled));
      if (!passed.ok) return passed;
      if (passed.value > at) {
        at = passed.value;
        continue;
      }
      const index = Math.floor(at / CHUNK_SAMPLES);
      if (index !== this.#chunk && ++this.#chunks > MAX_CHUNKS) return ok({ kind: 'unfinished', sample: at });
      this.#chunk = index;
      const found = this.#scan(condition, index, at, to);
      if (!found.ok) return found;
      if (found.value.hit)
        return ok({ kind: 'found', sample: found.value.at, untilSample: found.value.at + 1 });
      at = found.value.at;
    }
    return ok({ kind: 'none' });
  }

  /** Behind the largest bucket at `at` that holds nothing; `at` itself where the samples must be looked at. */
  #passOver(condition: Condition, at: number, to: number): Result<number> {
    for (let level = LEVEL_SAMPLES.length - 1; level >= 0; level--) {
      const size = LEVEL_SAMPLES[level]!;
      if (at % size !== 0 || at + size > to) continue;
      const found = this.#trace.bucketRow(level, at / size);
      if (!found.ok) return found;
      const { row, at: i } = found.value;
      if (row.valid[i] === 0 || condition.excludes(row, i)) return ok(at + size);
    }
    return ok(at);
  }

  /** Raw samples up to where a bucket could begin. */
  #scan(
    condition: Condition,
    index: number,
    at: number,
    to: number,
  ): Result<{ readonly hit: boolean; readonly at: number }> {
    const base = index * CHUNK_SAMPLES;
    const smallest = LEVEL_SAMPLES[0]!;
    const next = base < this.#settled ? (Math.floor(at / smallest) + 1) * smallest : base + CHUNK_SAMPLES;
    const end = Math.min(to, next);
    const chunk = this.#trace.decodedChunk(index);
    if (!chunk.ok) return chunk;
    const { samples } = chunk.value;
    for (let i = at - base; i < end - base; i++)
      if (condition.holds(samples, i)) return ok({ hit: true, at: base + i });
    return ok({ hit: false, at: end });
  }
}

function nextEdge(
  trace: Trace,
  { channel, direction }: Extract<Trigger, { kind: 'edge' }>,
  from: number,
  to: number,
): Result<TriggerHit> {
  let at = from;
  for (;;) {
    const edges = trace.source.edges(channel, at, to, direction === 'any' ? 1 : 2);
    if (!edges.ok) return edges;
    const hit = edges.value.find((e) => direction === 'any' || (e.level === 1) === (direction === 'rising'));
    if (hit) return ok({ kind: 'found', sample: hit.sample, untilSample: hit.sample + 1 });
    if (edges.value.length < 2) return ok({ kind: 'none' });
    at = edges.value.at(-1)!.sample + 1;
  }
}

/** A pulse that begins in [from, to); its end may lie behind. One whose beginning was not seen does not count. */
function nextPulse(
  trace: Trace,
  { channel, level, minS, maxS }: Extract<Trigger, { kind: 'pulse' }>,
  from: number,
  to: number,
): Result<TriggerHit> {
  const rate = trace.header.sampleRateHz;
  let open = -1;
  let at = from;
  for (;;) {
    const edges = trace.source.edges(channel, at, Infinity, EDGE_PAGE);
    if (!edges.ok) return edges;
    for (const e of edges.value) {
      if (open >= 0 && e.level !== level) {
        const width = (e.sample - open) / rate;
        if (width >= minS && width <= maxS) return ok({ kind: 'found', sample: open, untilSample: e.sample });
      }
      open = e.level === level && e.uncertainSamples < Number.MAX_SAFE_INTEGER ? e.sample : -1;
      if (open >= to || (open < 0 && e.sample >= to)) return ok({ kind: 'none' });
    }
    if (edges.value.length < EDGE_PAGE) return ok({ kind: 'none' });
    at = edges.value.at(-1)!.sample + 1;
  }
}
