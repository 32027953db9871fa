/**
 * The fixed-point arithmetic that TensorFlow Lite Micro runs on the device (gemmlowp's), for what the compiler
 * tabulates ahead of time. Numbers are int32 unless said otherwise; "Qn" has n integer bits and 31 − n fractional ones.
 * firmware/engine/mj_fixed.h and kernels/softmax_s8.c are the same arithmetic in C.
 */

const INT32_MAX = 2 ** 31 - 1;
const INT32_MIN = -(2 ** 31);

/** floor((a·b + 2^30) / 2^31), saturated where both are the lowest. */
export function highMul(a: number, b: number): number {
  if (a === INT32_MIN && b === INT32_MIN) return INT32_MAX;
  return Number(BigInt.asIntN(32, (BigInt(a) * BigInt(b) + (1n << 30n)) >> 31n));
}

/** x / 2^bits, halves away from zero. */
export function roundingShiftRight(x: number, bits: number): number {
  const magnitude = Math.floor(Math.abs(x) / 2 ** bits + 0.5);
  return x < 0 ? -magnitude : magnitude;
}

/** acc · multiplier · 2^(shift − 31) with TensorFlow Lite's two roundings; a left shift goes before and wraps. */
export function requantize(acc: number, multiplier: number, shift: number): number {
  if (shift > 0) return highMul(Number(BigInt.asIntN(32, BigInt(acc) << BigInt(shift))), multiplier);
  return roundingShiftRight(highMul(acc, multiplier), -shift);
}

export function saturate(x: number, bits = 32): number {
  const limit = 2 ** (bits - 1);
  return Math.min(limit - 1, Math.max(-limit, x));
}

const saturatingShiftLeft = (x: number, bits: number): number => saturate(x * 2 ** bits);

const EXP_MINUS_EIGHTH = 1895147668;
const THIRD = 715827883;

/** exp(a) in Q0 for −1/4 ≤ a < 0 in Q0: a polynomial about −1/8. */
function expNearZero(a: number): number {
  const x = a + 2 ** 28;
  const x2 = highMul(x, x);
  const x3 = highMul(x2, x);
  const x4 = highMul(x2, x2);
  const cubic = highMul(roundingShiftRight(x4, 2) + x3, THIRD) + x2;
  return EXP_MINUS_EIGHTH + highMul(EXP_MINUS_EIGHTH, x + roundingShiftRight(cubic, 1));
}

/** exp(−2^k) in Q0 for k = −2 … 4. */
const powers = [1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242];

/** exp(a) in Q0 for a ≤ 0 with `integerBits` integer bits (4 or 5). */
export function expOfNegative(a: number, integerBits: number): number {
  if (a === 0) return INT32_MAX;
  const quarter = 2 ** (29 - integerBits);
  const fraction = (a & (quarter - 1)) - quarter;
  const whole = fraction - a;
  let result = expNearZero(saturatingShiftLeft(fraction, integerBits));
  for (const [k, power] of powers.entries()) {
    if (k - 2 >= integerBits) break;
    if (((whole >>> (29 - integerBits + k)) & 1) !== 0) result = highMul(result, power);
  }
  return result;
}

const LINE_CONSTANT = 1515870810;
const LINE_SLOPE = -1010580540;

/** 2 / (1 + a) in Q2 for 0 ≤ a < 1 in Q0: Newton's method. */
function twiceReciprocal(a: number): number {
  const halfDenominator = Math.floor((a + 2 ** 31) / 2);
  let x = LINE_CONSTANT + highMul(halfDenominator, LINE_SLOPE);
  for (let i = 0; i < 3; i++) {
    const error = 2 ** 29 - highMul(halfDenominator, x);
    x = (x + saturatingShiftLeft(highMul(x, error), 2)) | 0;
  }
  return x;
}

/** 1 / (1 + exp(−a)) in Q0 for a in Q4. */
export function logisticOf(a: number): number {
  if (a === 0) return 2 ** 30;
  const positive = saturatingShiftLeft(twiceReciprocal(expOfNegative(-Math.abs(a), 4)), 1);
  return a > 0 ? positive : INT32_MAX - positive;
}

/** tanh(a) in Q0 for a in Q4. */
export function tanhOf(a: number): number {
  if (a === 0) return 0;
  // exp(−2|a|): the same bits with one integer bit more
  const x = twiceReciprocal(expOfNegative(-Math.abs(a), 5));
  const positive = saturatingShiftLeft(x - 2 ** 29, 2);
  return a > 0 ? positive : -positive;
}
