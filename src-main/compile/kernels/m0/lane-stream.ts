/**
 * The stream firmware/engine/kernels/m0/conv_lanes.c executes, a quad (four output channels) after the other; all words:
 * 4 accumulators' starts · groups of taps · epilogue. A group is two taps (two words a tap), the jump, the other taps. A
 * jump is a distance from the one `add pc` to the right place in an unrolled chain of pairs of taps.
 */
import { constantByte, magnitudeBits, solvePieces, twoRoundings } from './requantization.ts';
import type { AccRange, Pieces, Scaling, TwoRoundings } from './requantization.ts';
import { laneGroups, laneWord } from './lane-groups.ts';

/** Pairs of taps in each of the two chains; a group has one pair before its jump. */
export const CHAIN_PAIRS = 31;
/** Bytes of code of one pair, and of the way between the chains: conv_lanes.c. */
const PAIR_CODE_BYTES = 20;
const INNER_END = -46;
const LAST_END = -2 + PAIR_CODE_BYTES * CHAIN_PAIRS;

export const LONGEST_GROUP = 2 * (CHAIN_PAIRS + 1);
const QUAD = 4;
export const MOST_TWO_PIECE_BITS = 15;
const THREE_PIECE_BITS = 11;
/** Tells the form of the requantisation: below 16 two pieces of so many bits. */
const THREE_PIECES = 32;
const TWO_ROUNDINGS = 64;

/** One output channel. */
export interface Channel {
  readonly weights: Int8Array;
  /** Bias and folded input offset. */
  readonly start: number;
  readonly scaling: Scaling;
}

export function accRange({ weights, start }: Pick<Channel, 'weights' | 'start'>): AccRange {
  let positive = 0;
  let negative = 0;
  for (const w of weights) {
    if (w > 0) positive += w;
    else negative -= w;
  }
  return { low: start - 128 * positive - 127 * negative, high: start + 127 * positive + 128 * negative };
}

/** No accumulator may come near 32 bits, neither before nor after a left shift. */
export function staysInside(range: AccRange, { shift }: Scaling): boolean {
  const left = Math.max(0, shift);
  return Math.max(-range.low, range.high) * 2 ** left < 2 ** 31;
}

/** A channel whose output is one value whatever the input has no taps and a constant form. */
export interface Solved {
  readonly channel: Channel;
  readonly range: AccRange;
  readonly constant: number | null;
}

export function solved(channel: Channel): Solved | null {
  const range = accRange(channel);
  if (!staysInside(range, channel.scaling)) return null;
  const constant = constantByte(range, channel.scaling);
  if (constant === null) return { channel, range, constant };
  const weights = new Int8Array(channel.weights.length);
  return { channel: { ...channel, weights, start: 0 }, range: { low: 0, high: 0 }, constant };
}

/** Form, then constants of four channels. Null: no form is exact. */
function epilogue(quad: readonly Solved[]): number[] | null {
  const bits = magnitudeBits(quad.map((s) => s.range));
  const two = Math.min(MOST_TWO_PIECE_BITS, 30 - bits);
  return (
    (two >= 1 ? byPiecesOf(2, two, two, quad) : null) ??
    (bits + THREE_PIECE_BITS <= 30
      ? byPiecesOf(3, THREE_PIECE_BITS, THREE_PIECES + THREE_PIECE_BITS, quad)
      : null) ??
    byTwoRoundings(quad)
  );
}

export function byPiecesOf(
  count: 2 | 3,
  bits: number,
  form: number,
  quad: readonly Solved[],
): number[] | null {
  const words = [form];
  for (const s of quad) {
    const pieces =
      s.constant === null
        ? solvePieces(count, bits, s.range, s.channel.scaling)
        : constantPieces(s.constant, count);
    if (!pieces) return null;
    words.push(...pieces.multipliers, pieces.constant, pieces.shift);
  }
  return words;
}

function constantPieces(value: number, count: number): Pieces {
  return { multipliers: new Array<number>(count).fill(0), bits: 0, constant: value, shift: 0 };
}

export function byTwoRoundings(quad: readonly Solved[]): number[] | null {
  const words = [TWO_ROUNDINGS];
  for (const s of quad) {
    const form: TwoRoundings | null =
      s.constant === null
        ? twoRoundings(s.range, s.channel.scaling)
        : { bytes: [0, 0, 0, 0], rounding: s.constant, shift: 0 };
    if (!form) return null;
    words.push(...form.bytes, form.rounding, form.shift);
  }
  return words;
}

/** Taps of four channels: starts, groups and jumps. */
function quadTaps(quad: readonly Channel[]): number[] | null {
  const weights = quad.map((c) => c.weights);
  const groups = laneGroups(weights, 2, LONGEST_GROUP);
  if (!groups) return null;
  const words = quad.map((c) => c.start);
  let k = 0;
  for (const [g, length] of groups.entries()) {
    const end = g === groups.length - 1 ? LAST_END : INNER_END;
    for (let i = 0; i < length; i++, k++) {
      if (i === 2) words.push(end - PAIR_CODE_BYTES * (length / 2 - 1));
      words.push(laneWord(weights[0]![k]!, weights[1]![k]!), laneWord(weights[2]![k]!, weights[3]![k]!));
    }
    if (length === 2) words.push(end);
  }
  return words;
}

/** What one quad's stream is made of, and what the cost formula counts. */
export interface LaneStream {
  readonly words: Int32Array;
  readonly groups: number;
  /** Word at which the last quad begins. */
  readonly lastQuad: number;
}

/**
 * `taps` is even: an odd number of taps is filled up with a zero. `backStep` bytes lie between the end of a pixel's taps
 * and the next pixel's first. Null when some channel's bounds or requantisation cannot be proven.
 */
export function laneStream(channels: readonly Channel[], taps: number, backStep: number): LaneStream | null {
  const words: number[] = [];
  const padded = channels.map((c) => ({ ...c, weights: filledUp(c.weights, taps) }));
  const nothing: Channel = {
    weights: new Int8Array(taps),
    start: 0,
    scaling: { multiplier: 0, shift: 0, outputOffset: 0 },
  };
  let groups = 0;
  let lastQuad = 0;
  for (let first = 0; first < channels.length; first += QUAD) {
    const quad = Array.from({ length: QUAD }, (_, i) => solved(padded[first + i] ?? nothing));
    if (!quad.every((s) => s !== null)) return null;
    const tail = epilogue(quad);
    const body = quadTaps(quad.map((s) => s.channel));
    if (!tail || !body) return null;
    groups += body.length - QUAD - 2 * taps;
    lastQuad = words.length;
    for (const w of body) words.push(w);
    words.push(backStep, ...tail);
  }
  return { words: Int32Array.from(words), groups, lastQuad };
}

export function filledUp(weights: Int8Array, taps: number): Int8Array {
  const out = new Int8Array(taps);
  out.set(weights);
  return out;
}
