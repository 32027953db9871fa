/**
 * The stream firmware/engine/kernels/m0/conv_pixels.c executes, an output channel after the other; all words: start (24 bits)
 * over the distance from the channel before (8) · header: jump (16), bits of a piece (8), shift (8) · weights,
 * four a word · corrections: place of the tap (16), ends of groups, weight (8) · pieces of the multiplier · constant. Channels whose output is one value whatever the input
 * are not in it.
 */
import { laneFits } from './lane-groups.ts';
import { accRange, staysInside, type Channel } from './lane-stream.ts';
import {
  constantByte,
  magnitudeBits,
  solvePieces,
  twoRoundings,
  type AccRange,
  type Scaling,
} from './requantization.ts';

/** Chains of code in conv_pixels.c: taps between two splittings of the lanes, distance to its end, bytes and turns. */
interface Chain {
  readonly taps: number;
  readonly end: number;
  readonly turnBytes: number;
  readonly turns: number;
  /** Cycles of one turn. */
  readonly cycles: number;
}

const chains: readonly Chain[] = [
  { taps: 4, end: -572, turnBytes: 64, turns: 16, cycles: 41 },
  { taps: 8, end: -1606, turnBytes: 118, turns: 4, cycles: 77 },
  { taps: 16, end: -2088, turnBytes: 226, turns: 2, cycles: 149 },
];

/** Of the header: the lowest bit of the jump, which is even. */
const CORRECTED = 1 << 16;
/** Of the word of pieces. */
const TWO_ROUNDINGS = 1 << 31;
/** Of a correction. */
const LAST_OF_GROUP = 1 << 15;
const GROUP_FOLLOWS = 1 << 14;
const MOST_PIECE_BITS = 15;
const MOST_DISTANCE = 255;
const MOST_START = 2 ** 23;
/** A correction names its tap by bytes in 16 bits. */
const MOST_TAPS = 8192;
const CYCLES_OF_CORRECTIONS = 9;
const CYCLES_OF_GROUP = 15;
const CYCLES_OF_CORRECTION = 15;

/** A weight too large for its group: `excess` is taken from it and added apart. */
interface Correction {
  readonly tap: number;
  readonly excess: number;
}

interface Split {
  readonly chain: Chain;
  readonly weights: Int8Array;
  readonly corrections: readonly Correction[];
  readonly cycles: number;
}

/** Groups of a fixed length, with what exceeds 16 bits in a lane taken out; null when even that would overflow. */
export function splitWeights(weights: Int8Array, taps: number): Pick<Split, 'weights' | 'corrections'> {
  const reduced = Int8Array.from(weights);
  const corrections: Correction[] = [];
  for (let from = 0; from < weights.length; from += taps) reduceGroup(reduced, from, taps, corrections);
  return { weights: reduced, corrections };
}

/** Takes from the largest weights of a group until its lanes fit. */
function reduceGroup(weights: Int8Array, from: number, taps: number, corrections: Correction[]): void {
  const group = weights.subarray(from, from + taps);
  while (!sumFits([...group])) {
    let at = 0;
    for (let k = 1; k < taps; k++) if (Math.abs(group[k]!) > Math.abs(group[at]!)) at = k;
    const w = group[at]!;
    let take = 1;
    const trial = [...group];
    for (; take < Math.abs(w); take++) {
      trial[at] = w - Math.sign(w) * take;
      if (sumFits(trial)) break;
    }
    group[at] = w - Math.sign(w) * take;
    corrections.push({ tap: from + at, excess: Math.sign(w) * take });
  }
}

function sumFits(weights: readonly number[]): boolean {
  let positive = 0;
  let negative = 0;
  for (const w of weights) {
    if (w > 0) positive += w;
    else negative -= w;
  }
  return laneFits(positive, negative);
}

/** Corrections that can be added up in lanes before these are split. */
export function correctionGroups(corrections: readonly Correction[]): Correction[][] {
  const groups: Correction[][] = [];
  for (const c of corrections) {
    const last = groups.at(-1);
    if (last && sumFits([...last, c].map((one) => one.excess))) last.push(c);
    else groups.push([c]);
  }
  return groups;
}

function correctionWords(corrections: readonly Correction[]): number[] {
  const groups = correctionGroups(corrections);
  return groups.flatMap((group, g) =>
    group.map((c, i) => {
      const last = i === group.length - 1 ? LAST_OF_GROUP : 0;
      const follows = last && g < groups.length - 1 ? GROUP_FOLLOWS : 0;
      return ((8 * c.tap) << 16) | last | follows | (c.excess & 0xff);
    }),
  );
}

function cheapestSplit(weights: Int8Array): Split | null {
  let best: Split | null = null;
  for (const chain of chains) {
    if (weights.length % chain.taps !== 0) continue;
    const found = splitWeights(weights, chain.taps);
    const groups = correctionGroups(found.corrections);
    const cycles =
      (chain.cycles * weights.length) / chain.taps +
      (groups.length > 0 ? CYCLES_OF_CORRECTIONS : 0) +
      CYCLES_OF_GROUP * groups.length +
      CYCLES_OF_CORRECTION * found.corrections.length;
    if (!best || cycles < best.cycles) best = { chain, ...found, cycles };
  }
  return best;
}

function jumpOf({ taps, end, turnBytes, turns }: Chain, length: number): number {
  return end - turnBytes * (((length / taps - 1) % turns) + 1);
}

interface Requantization {
  readonly header: number;
  readonly pieces: number;
  readonly constant: number;
  readonly cycles: number;
}

function requantization(range: AccRange, scaling: Scaling): Requantization | null {
  const bits = Math.min(MOST_PIECE_BITS, 30 - magnitudeBits([range]));
  const two = bits >= 1 ? solvePieces(2, bits, range, scaling) : null;
  if (two && two.multipliers.every((m) => m < 2 ** 15)) {
    const pieces = two.multipliers[0]! + two.multipliers[1]! * 0x1_0000;
    return { header: two.shift | (bits << 8), pieces, constant: two.constant, cycles: 0 };
  }
  const exact = twoRoundings(range, scaling);
  if (!exact) return null;
  return {
    header: exact.shift,
    pieces: scaling.multiplier | TWO_ROUNDINGS,
    constant: exact.rounding,
    cycles: 78,
  };
}

export interface PixelStream {
  readonly words: Int32Array;
  /** Outputs of constant channels, 0 for the others; null when there is none. */
  readonly constants: Int8Array | null;
  /** Of all channels, for four pixels. */
  readonly cycles: number;
  readonly channels: number;
}

/** Cycles of a channel and four pixels beside the taps. */
const CYCLES_OF_CHANNEL = 128;

/** `taps` is a multiple of 4; fewer weights are filled up with zeros. Null when a bound or a requantisation cannot be proven. */
export function pixelStream(channels: readonly Channel[], taps: number): PixelStream | null {
  if (taps > MOST_TAPS) return null;
  const words: number[] = [];
  const constants = new Int8Array(channels.length);
  let [last, live, cycles] = [0, 0, 0];
  for (const [index, channel] of channels.entries()) {
    const range = accRange(channel);
    if (!staysInside(range, channel.scaling)) return null;
    const constant = constantByte(range, channel.scaling);
    if (constant !== null) {
      constants[index] = constant - 128;
      continue;
    }
    const weights = new Int8Array(taps);
    weights.set(channel.weights);
    const split = cheapestSplit(weights);
    const form = requantization(range, channel.scaling);
    if (!split || !form || Math.abs(channel.start) >= MOST_START || index - last > MOST_DISTANCE) return null;
    words.push(...channelWords(channel.start, index - last, split, form));
    cycles += split.cycles + form.cycles + CYCLES_OF_CHANNEL;
    last = index;
    live++;
  }
  const some = live < channels.length;
  return { words: Int32Array.from(words), constants: some ? constants : null, cycles, channels: live };
}

function channelWords(start: number, distance: number, split: Split, form: Requantization): number[] {
  const { chain, weights, corrections } = split;
  const corrected = corrections.length > 0 ? CORRECTED : 0;
  return [
    (start << 8) | distance,
    form.header | corrected | (jumpOf(chain, weights.length) << 16),
    ...new Int32Array(weights.buffer),
    ...correctionWords(corrections),
    form.pieces,
    form.constant,
  ];
}
