import type { PackedChannel, PackedLayer } from '../packed/layer.ts';
import { accRange, constantOutput, fitsWord, isPositive } from '../packed/scaling.ts';

/**
 * A channel for VQRDMULH and VRSHL (firmware/engine/kernels/mve/mve.h). VQRDMULH computes floor((acc · multiplier + 2^30) / 2^31),
 * TensorFlow Lite's rounding doubling high multiply; sums wrap as the general kernel's do, so no bound is needed.
 */
export interface MveChannel {
  /** False: the output is constant, its weights are stored as zeros. */
  readonly live: boolean;
  readonly bias: number;
  readonly multiplier: number;
  /** 0 or negative. */
  readonly shift: number;
}

const HALF = 2 ** 30;
const NOTHING: MveChannel = { live: false, bias: 0, multiplier: 0, shift: 0 };

/** `above` the zero point, from a bias alone; where negative halves are moved, a shift of 1 takes that back. */
function constant(above: number, positive: boolean): MveChannel {
  return positive
    ? { live: false, bias: 2 * above, multiplier: HALF, shift: 0 }
    : { live: false, bias: 4 * above, multiplier: HALF, shift: -1 };
}

function channelOf(c: PackedChannel, outputOffset: number, positive: boolean): MveChannel | string {
  const range = accRange(c);
  const same = fitsWord(range) ? constantOutput(range, c.factor, outputOffset) : null;
  if (same !== null) return constant(same - outputOffset, positive);
  const { multiplier, shift } = c.factor;
  if (shift > 0) return 'a channel is scaled up';
  // mj_rounding_shift_right rounds nothing when there is no shift; the signed form always moves negative numbers
  if (shift === 0 && !positive) return 'a channel with negative outputs is not shifted';
  return { live: true, bias: c.bias, multiplier, shift };
}

/** One a channel, `to` a multiple, the last ones of channels that are not there; or why it cannot be. */
export function mveChannels(layer: PackedLayer, to: number): MveChannel[] | string {
  const channels: MveChannel[] = [];
  for (const channel of layer.channels) {
    const one = channelOf(channel, layer.outputOffset, isPositive(layer));
    if (typeof one === 'string') return one;
    channels.push(one);
  }
  while (channels.length % to !== 0) channels.push(NOTHING);
  return channels;
}

/** Quads of biases, multipliers and shifts, of the channels named by `order`. */
export function mveTable(channels: readonly MveChannel[], order: readonly number[]): Uint8Array {
  const words = new Int32Array(3 * order.length);
  for (let first = 0; first < order.length; first += 4)
    for (let lane = 0; lane < 4; lane++) {
      const { bias, multiplier, shift } = channels[order[first + lane]!]!;
      words[3 * first + lane] = bias;
      words[3 * first + 4 + lane] = multiplier;
      words[3 * first + 8 + lane] = shift;
    }
  return new Uint8Array(words.buffer);
}
