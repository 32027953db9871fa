import { attributesOf, inputOf, outputOf, scaleOf, zeroPointOf, type OpView } from '../model/op-view.ts';
import { logisticOf, requantize, roundingShiftRight, saturate, tanhOf } from './fixed-arithmetic.ts';
import { activationRange, quantizeMultiplier, roundAway } from './fixed-point.ts';

/**
 * int8 → int8 functions with TensorFlow Lite Micro's arithmetic, step by step (kernels/activations, leaky_relu,
 * hard_swish, logistic, tanh). They run once for every byte, when a model is compiled.
 */
export type Int8Function = (x: number) => number;

const clampByte = (x: number): number => saturate(x, 8);

function relu(view: OpView): Int8Function {
  const [input, output] = [inputOf(view, 0), outputOf(view)];
  const { multiplier, shift } = quantizeMultiplier(scaleOf(input) / scaleOf(output));
  const { actMin, actMax } = activationRange(output, 'relu');
  return (x) => {
    const scaled = zeroPointOf(output) + requantize(x - zeroPointOf(input), multiplier, shift);
    return Math.min(actMax, Math.max(actMin, scaled));
  };
}

function relu6(view: OpView): Int8Function {
  const input = inputOf(view, 0);
  const zero = zeroPointOf(input);
  const six = clampByte(zero + roundAway(Math.fround(6 / scaleOf(input))));
  return (x) => Math.min(six, Math.max(zero, x));
}

/** The factors are quotients in float32. */
function leakyRelu(view: OpView): Int8Function {
  const [input, output] = [inputOf(view, 0), outputOf(view)];
  const { alpha } = attributesOf(view.op.attributes, 'leakyRelu');
  const identity = quantizeMultiplier(Math.fround(scaleOf(input) / scaleOf(output)));
  const sloped = Math.fround(Math.fround(scaleOf(input) * Math.fround(alpha)) / scaleOf(output));
  const slope = quantizeMultiplier(sloped);
  return (x) => {
    const value = x - zeroPointOf(input);
    const { multiplier, shift } = value >= 0 ? identity : slope;
    return clampByte(zeroPointOf(output) + requantize(value, multiplier, shift));
  };
}

/** int16 · int16, doubled, the high half rounded to nearest with halves away from zero. */
function highMul16(a: number, b: number): number {
  if (a === -32768 && b === -32768) return 32767;
  const product = a * b;
  return Math.trunc((product + (product >= 0 ? 2 ** 14 : 1 - 2 ** 14)) / 2 ** 15);
}

/** A 31-bit multiplier in 15 bits. */
function halved(multiplier: number): number {
  const most = 2 ** 31 - 1 - 2 ** 15;
  return multiplier >= most ? 32767 : (multiplier + 2 ** 15) >> 16;
}

const HIGH_RESOLUTION_BITS = 7;
const RELUISH_SCALE = Math.fround(3 / 32768);

/** x · clamp(x + 3, 0, 6) / 6 in 16 bits: "reluish" is clamp(x / 3, −1, 1). */
function hardSwish(view: OpView): Int8Function {
  const [input, output] = [inputOf(view, 0), outputOf(view)];
  const fine = Math.fround(scaleOf(input) / 2 ** HIGH_RESOLUTION_BITS);
  const result = quantizeMultiplier(Math.fround(fine / scaleOf(output)));
  const reluish = quantizeMultiplier(Math.fround(fine / RELUISH_SCALE));
  return (x) => {
    const value = (x - zeroPointOf(input)) * 2 ** HIGH_RESOLUTION_BITS;
    const onOutputScale = highMul16(value, halved(result.multiplier));
    let gate = value;
    if (reluish.shift > 0) gate = saturate(gate * 2 ** (reluish.shift - 1), 16);
    gate = highMul16(gate, halved(reluish.multiplier));
    if (reluish.shift > 0) gate = saturate(gate * 2, 16);
    if (reluish.shift < 0) gate = roundingShiftRight(gate, -reluish.shift);
    gate = (gate + 2 ** 15) >> 1;
    const product = Math.trunc((gate * onOutputScale) / 2 ** 15);
    return clampByte(roundingShiftRight(product, -result.shift) + zeroPointOf(output));
  };
}

/** LOGISTIC and TANH see their input with 4 integer bits. */
const INPUT_INTEGER_BITS = 4;

interface Squashing {
  /** Differences to the zero point from which on the result is an end of the range. */
  readonly radius: number;
  readonly inQ4: Int8Function;
}

function squashing(view: OpView): Squashing {
  const input = inputOf(view, 0);
  const { multiplier, shift } = quantizeMultiplier(scaleOf(input) * 2 ** (31 - INPUT_INTEGER_BITS));
  const most = (2 ** INPUT_INTEGER_BITS - 1) * 2 ** (31 - INPUT_INTEGER_BITS);
  return { radius: Math.floor(most / 2 ** shift), inQ4: (value) => requantize(value, multiplier, shift) };
}

/** `of` is from Q4 to Q0; its result is rounded to `bits` fractional ones. */
function squashed(view: OpView, of: (a: number) => number, bits: number): Int8Function {
  const { radius, inQ4 } = squashing(view);
  const [zeroPoint, outputZeroPoint] = [zeroPointOf(inputOf(view, 0)), zeroPointOf(outputOf(view))];
  return (x) => {
    const value = x - zeroPoint;
    if (value <= -radius) return -128;
    if (value >= radius) return 127;
    return clampByte(roundingShiftRight(of(inQ4(value)), 31 - bits) + outputZeroPoint);
  };
}

export const lookupFunctions = {
  relu: { builtin: 19, make: relu },
  relu6: { builtin: 21, make: relu6 },
  leakyRelu: { builtin: 98, make: leakyRelu },
  hardSwish: { builtin: 117, make: hardSwish },
  logistic: { builtin: 14, make: (view) => squashed(view, logisticOf, 8) },
  tanh: { builtin: 28, make: (view) => squashed(view, tanhOf, 7) },
} as const satisfies Record<string, { builtin: number; make: (view: OpView) => Int8Function }>;

export type LookupOperator = keyof typeof lookupFunctions;
