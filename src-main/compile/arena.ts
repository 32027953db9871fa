import { PROGRAM_ALIGN } from '../abi/generated.ts';
import { BugError } from '../base/errors.ts';
import { Rng } from '../base/rng.ts';
import type { Piece } from './storage.ts';

/** Where each piece lies and what that costs. */
export interface Arena {
  /** Byte offset of each piece, a multiple of 16. */
  readonly offsets: readonly number[];
  readonly arenaBytes: number;
  /** The largest sum of pieces needed at one time; no arrangement can be smaller. */
  readonly lowerBoundBytes: number;
}

export function alignUp(bytes: number): number {
  return Math.ceil(bytes / PROGRAM_ALIGN) * PROGRAM_ALIGN;
}

/**
 * Places pieces of memory with known lifetimes. First fit in order of size is near the lower bound for most networks;
 * where it is not, other orders are tried: for every arrangement there is an order in which first fit does at least as
 * well (by rising offset), so up to 8 pieces all orders are tried, and for more a seeded search swaps neighbours of
 * the best order found. Deterministic.
 */
export function planArena(pieces: readonly Piece[]): Arena {
  if (pieces.length > MOST_SEARCHED) return { ...placeInTime(pieces), lowerBoundBytes: lowerBound(pieces) };
  const task = new Placement(pieces);
  const lowerBoundBytes = lowerBound(pieces);
  let best = task.place(ordersBySize(pieces)[0]!);
  const consider = (order: readonly number[]): boolean => {
    const found = task.place(order, best.bytes);
    if (found.bytes < best.bytes) best = found;
    return best.bytes === lowerBoundBytes;
  };
  const done = ordersBySize(pieces).some(consider);
  if (!done) {
    if (pieces.length <= MOST_EXHAUSTIVE) permutations(pieces.length, consider);
    else improve(pieces.length, best.order, consider, () => best.order);
  }
  return { offsets: best.offsets, arenaBytes: best.bytes, lowerBoundBytes };
}

const MOST_EXHAUSTIVE = 8;
/** Beyond what any network on a microcontroller has; the orders tried take time with the square of it. */
const MOST_SEARCHED = 2000;
/** Bounds the search to some 10 ms for the networks that fit a microcontroller. */
const SEARCH_STEPS = 2_000_000;
const SEARCH_SEED = 0x4d4a;

export function lowerBound(pieces: readonly Piece[]): number {
  const changes = new Map<number, number>();
  const change = (at: number, by: number) => changes.set(at, (changes.get(at) ?? 0) + by);
  for (const p of pieces) {
    change(p.from, alignUp(p.bytes));
    change(p.to + 1, -alignUp(p.bytes));
  }
  let live = 0;
  let most = 0;
  for (const at of [...changes.keys()].sort((a, b) => a - b)) {
    live += changes.get(at)!;
    most = Math.max(most, live);
  }
  return most;
}

/** What first fit in order of size takes, as the greedy planner of an interpreter on the device places them. */
export function greedyBytes(pieces: readonly Piece[]): number {
  if (pieces.length > MOST_SEARCHED) return lowerBound(pieces);
  return new Placement(pieces).place(ordersBySize(pieces)[0]!).bytes;
}

/** Bytes of all pieces that are needed at each operator of a plan. */
export function liveBytes(pieces: Iterable<Piece>, operators: number): number[] {
  const live = new Array<number>(operators).fill(0);
  for (const { bytes, from, to } of pieces)
    for (let at = Math.max(0, from); at <= Math.min(to, operators - 1); at++) live[at]! += alignUp(bytes);
  return live;
}

/** By size, by lifetime × size, by lifetime, by start: each falling, ties by position so that plans are stable. */
function ordersBySize(pieces: readonly Piece[]): number[][] {
  const span = (p: Piece) => p.to - p.from + 1;
  const keys: ((p: Piece) => number)[] = [
    (p) => p.bytes,
    (p) => p.bytes * span(p),
    (p) => span(p) * 2 ** 32 + p.bytes,
    (p) => -p.from,
  ];
  return keys.map((key) =>
    pieces.map((_, i) => i).sort((a, b) => key(pieces[b]!) - key(pieces[a]!) || a - b),
  );
}

interface Placed {
  readonly bytes: number;
  readonly offsets: readonly number[];
  readonly order: readonly number[];
}

/** First fit of one order after the other over the same pieces. */
class Placement {
  readonly #pieces: readonly Piece[];

  constructor(pieces: readonly Piece[]) {
    this.#pieces = pieces;
  }

  /** Gives up, with bytes = Infinity, as soon as `limit` is reached. */
  place(order: readonly number[], limit = Infinity): Placed {
    const offsets = new Array<number>(this.#pieces.length).fill(0);
    /** Placed so far, by rising offset. */
    const placed: number[] = [];
    let bytes = 0;
    for (const i of order) {
      offsets[i] = this.#firstGap(i, placed, offsets);
      bytes = Math.max(bytes, offsets[i] + alignUp(this.#pieces[i]!.bytes));
      if (bytes >= limit) return { bytes: Infinity, offsets, order };
      let at = placed.length;
      while (at > 0 && offsets[placed[at - 1]!]! > offsets[i]) at--;
      placed.splice(at, 0, i);
    }
    return { bytes, offsets, order };
  }

  #firstGap(i: number, placed: readonly number[], offsets: readonly number[]): number {
    const piece = this.#pieces[i]!;
    const wanted = alignUp(piece.bytes);
    let at = 0;
    for (const k of placed) {
      const other = this.#pieces[k]!;
      if (other.to < piece.from || other.from > piece.to) continue;
      if (at + wanted <= offsets[k]!) break;
      at = Math.max(at, offsets[k]! + alignUp(other.bytes));
    }
    return at;
  }
}

/** First fit in order of start, against the pieces still alive only: for graphs too long to search. */
function placeInTime(pieces: readonly Piece[]): { offsets: number[]; arenaBytes: number } {
  const offsets = new Array<number>(pieces.length).fill(0);
  const order = pieces.map((_, i) => i).sort((a, b) => pieces[a]!.from - pieces[b]!.from || a - b);
  /** By rising offset. */
  let alive: number[] = [];
  let arenaBytes = 0;
  for (const i of order) {
    const wanted = alignUp(pieces[i]!.bytes);
    alive = alive.filter((k) => pieces[k]!.to >= pieces[i]!.from);
    let at = 0;
    for (const k of alive) {
      if (at + wanted <= offsets[k]!) break;
      at = Math.max(at, offsets[k]! + alignUp(pieces[k]!.bytes));
    }
    offsets[i] = at;
    const above = alive.findIndex((k) => offsets[k]! > at);
    alive.splice(above < 0 ? alive.length : above, 0, i);
    arenaBytes = Math.max(arenaBytes, at + wanted);
  }
  return { offsets, arenaBytes };
}

/** Visits all orders until `visit` says stop (Heap's algorithm, recursive form). */
function permutations(count: number, visit: (order: readonly number[]) => boolean): void {
  const order = Array.from({ length: count }, (_, i) => i);
  const swap = (a: number, b: number) => ([order[a], order[b]] = [order[b]!, order[a]!]);
  const go = (k: number): boolean => {
    if (k <= 1) return visit([...order]);
    for (let i = 0; i < k; i++) {
      if (go(k - 1)) return true;
      swap(k % 2 === 0 ? i : 0, k - 1);
    }
    return false;
  };
  go(count);
}

function improve(
  count: number,
  start: readonly number[],
  visit: (order: readonly number[]) => boolean,
  best: () => readonly number[],
): void {
  if (start.length !== count) throw new BugError('order of another task');
  const rng = new Rng(SEARCH_SEED);
  const tries = Math.floor(SEARCH_STEPS / (count * count));
  for (let k = 0; k < tries; k++) {
    const order = [...best()];
    for (let swaps = rng.int(1, 3); swaps > 0; swaps--) {
      const [piece] = order.splice(rng.int(0, count - 1), 1);
      order.splice(rng.int(0, count - 1), 0, piece!);
    }
    if (visit(order)) return;
  }
}
