/**
 * The stream firmware/engine/kernels/m0/dense_bytes.c executes, four output channels after the other; all words: starts ·
 * groups (a jump into the chain, then a word a tap with the four weights plus 128) · the jump to the requantisation ·
 * four shifts · its form, as in lane-stream.ts · multiplier and constant of each channel.
 */
import { laneGroups } from './lane-groups.ts';
import {
  byPiecesOf,
  byTwoRoundings,
  filledUp,
  MOST_TWO_PIECE_BITS,
  solved,
  type Channel,
  type Solved,
} from './lane-stream.ts';
import { magnitudeBits } from './requantization.ts';

const QUAD = 4;
/** Code of dense_bytes.c: bytes of a pair of taps, pairs in the chain, distances from its `add pc`. */
const PAIR_CODE_BYTES = 40;
const CHAIN_PAIRS = 32;
const END = -54;
const REQUANTIZE = -2;

export interface DenseStream {
  readonly words: Int32Array;
  readonly groups: number;
  /** Word at which the last quad begins. */
  readonly lastQuad: number;
}

/** Byte of each channel: the even ones share a multiplication, the odd ones another. */
const BYTE_OF = [0, 16, 8, 24] as const;

function tapWord(weights: readonly Int8Array[], k: number): number {
  return weights.reduce((word, w, c) => word | ((w[k]! + 128) << BYTE_OF[c]!), 0);
}

/** Shifts, form, then multiplier and constant of each channel. */
function requantization(quad: readonly Solved[]): number[] | null {
  const bits = Math.min(MOST_TWO_PIECE_BITS, 30 - magnitudeBits(quad.map((s) => s.range)));
  const two = bits >= 1 ? byPiecesOf(2, bits, bits, quad) : null;
  if (two) {
    const [form, ...words] = two;
    const each = Array.from({ length: QUAD }, (_, c) => words.slice(4 * c, 4 * c + 4));
    if (each.every(([low, high]) => low! < 0x1_0000 && high! < 0x1_0000))
      return tailOf(
        form!,
        each.map(([low, high, constant, shift]) => [(low! | (high! << 16)) >>> 0, constant!, shift!]),
      );
  }
  const exact = byTwoRoundings(quad);
  if (!exact) return null;
  const [form, ...words] = exact;
  const each = Array.from({ length: QUAD }, (_, c) => words.slice(6 * c, 6 * c + 6));
  return tailOf(
    form!,
    each.map(([a, b, c, d, rounding, shift]) => [
      a! | (b! << 8) | (c! << 16) | (d! << 24),
      rounding!,
      shift!,
    ]),
  );
}

function tailOf(form: number, channels: readonly (readonly number[])[]): number[] {
  const shifts = channels.reduce((word, [, , shift], c) => word | (shift! << (8 * c)), 0);
  return [shifts, form, ...channels.flatMap(([multiplier, constant]) => [multiplier!, constant!])];
}

/** `taps` is even. Null when a bound or a requantisation cannot be proven. */
export function denseStream(channels: readonly Channel[], taps: number): DenseStream | null {
  const words: number[] = [];
  const scaling = { multiplier: 0, shift: 0, outputOffset: 0 };
  const nothing: Channel = { weights: new Int8Array(taps), start: 0, scaling };
  let [count, lastQuad] = [0, 0];
  for (let first = 0; first < channels.length; first += QUAD) {
    const quad = Array.from({ length: QUAD }, (_, i) => {
      const channel = channels[first + i] ?? nothing;
      return solved({ ...channel, weights: filledUp(channel.weights, taps) });
    });
    if (!quad.every((s) => s !== null)) return null;
    const weights = quad.map((s) => s.channel.weights);
    const groups = laneGroups(weights, 2, 2 * CHAIN_PAIRS);
    const tail = requantization(quad);
    if (!groups || !tail) return null;
    lastQuad = words.length;
    count += groups.length;
    for (const s of quad) words.push(s.channel.start);
    let k = 0;
    for (const length of groups) {
      words.push(END - (PAIR_CODE_BYTES * length) / 2);
      for (const end = k + length; k < end; k++) words.push(tapWord(weights, k));
    }
    words.push(REQUANTIZE, ...tail);
  }
  return { words: Int32Array.from(words), groups: count, lastQuad };
}
