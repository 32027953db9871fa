import type { PackedChannel, PackedLayer } from './layer.ts';
import { accRange, constantOutput, fitsWord, isPositive } from './scaling.ts';

/**
 * Requantisation from the high word of a 64-bit product (firmware/engine/kernels: m4/m4_dsp.h, SMMLAR and SMMULR; mj_doubled.h,
 * MULH). With twice the accumulator, the high word of acc · multiplier + 2^31 is TensorFlow Lite's rounding doubling high
 * multiply, exactly; what follows is its rounding shift, with the zero point added before the shift.
 */
export interface DoubledScaling {
  /** Of the doubled accumulator. */
  readonly bias: number;
  readonly multiplier: number;
  readonly addend: number;
  readonly shift: number;
}

/** The doubled accumulator must fit 32 bits. */
const MOST_ACC = 2 ** 30;
/** With this shift the addend takes 29 bits, and its sum with a product of 30 bits still fits. */
const MOST_SHIFT = 21;

/** Of a channel that is not there: 0, whatever the input. */
const NOTHING: DoubledScaling = { bias: 0, multiplier: 0, addend: 0, shift: 0 };

function scalingOf(c: PackedChannel, outputOffset: number, positive: boolean): DoubledScaling | string {
  const range = accRange(c);
  if (!fitsWord(range)) return 'sums of a channel take more than 32 bits';
  const constant = constantOutput(range, c.factor, outputOffset);
  if (constant !== null) return { ...NOTHING, addend: constant };
  if (range.low <= -MOST_ACC || range.high >= MOST_ACC) return 'sums of a channel take more than 31 bits';
  const shift = -c.factor.shift;
  if (shift < 0) return 'a channel is scaled up';
  if (shift > MOST_SHIFT) return `a channel is scaled down by more than 2^${MOST_SHIFT} and is no constant`;
  // mj_rounding_shift_right rounds nothing when there is no shift; the signed form always moves negative numbers
  if (shift === 0 && !positive) return 'a channel with negative outputs is not shifted';
  const half = shift > 0 ? 2 ** (shift - 1) : 0;
  return {
    bias: 2 * c.bias,
    multiplier: c.factor.multiplier,
    addend: half + outputOffset * 2 ** shift,
    shift,
  };
}

/** One a channel, `to` a multiple, the last ones of channels that are not there; or why it cannot be. */
export function doubledScalings(layer: PackedLayer, to: number): DoubledScaling[] | string {
  const scalings: DoubledScaling[] = [];
  for (const channel of layer.channels) {
    const scaling = scalingOf(channel, layer.outputOffset, isPositive(layer));
    if (typeof scaling === 'string') return scaling;
    scalings.push(scaling);
  }
  while (scalings.length % to !== 0) scalings.push(NOTHING);
  return scalings;
}

/** A table in groups of `tile` channels: their biases, then multiplier, addend and shift of each. */
export function tiledTable(scalings: readonly DoubledScaling[], tile: number): Uint8Array {
  const words = new Int32Array(4 * scalings.length);
  for (let first = 0; first < scalings.length; first += tile)
    for (let c = 0; c < tile; c++) {
      const { bias, multiplier, addend, shift } = scalings[first + c]!;
      words[4 * first + c] = bias;
      words.set([multiplier, addend, shift], 4 * first + tile + 3 * c);
    }
  return new Uint8Array(words.buffer);
}

/** Twice the weights as 16-bit numbers. */
export function doubled(weights: Int8Array | undefined, k: number): number {
  return 2 * (weights?.[k] ?? 0);
}
