import { describe, expect, it } from 'vitest';
import { Rng } from '../../../src-main/base/rng.ts';
import {
  activationRange,
  quantizeMultiplier,
  roundAway,
  softmaxScaling,
} from '../../../src-main/compile/fixed-point.ts';
import type { Tensor } from '../../../src-main/model/graph.ts';

/** A double as an exact fraction: mantissa · 2^exponent. */
function exact(x: number): { mantissa: bigint; exponent: number } {
  const bits = new BigUint64Array(Float64Array.of(x).buffer)[0]!;
  const biased = Number((bits >> 52n) & 0x7ffn);
  const fraction = bits & ((1n << 52n) - 1n);
  return biased === 0
    ? { mantissa: fraction, exponent: -1074 }
    : { mantissa: fraction | (1n << 52n), exponent: biased - 1075 };
}

/** The specification in integers: 31 significant bits, half rounded up, zero below 2^-32. */
function multiplierByIntegers(x: number): { multiplier: number; shift: number } {
  const { mantissa, exponent } = exact(x);
  const length = mantissa.toString(2).length;
  const wide = mantissa << 32n;
  let top = ((wide >> BigInt(length)) + 1n) >> 1n;
  let shift = exponent + length;
  if (top === 1n << 31n) {
    top >>= 1n;
    shift++;
  }
  return shift < -31 ? { multiplier: 0, shift: 0 } : { multiplier: Number(top), shift };
}

describe('quantizeMultiplier', () => {
  it('agrees with exact integer arithmetic over all magnitudes', () => {
    const rng = new Rng(1);
    for (let k = 0; k < 50_000; k++) {
      const x = (0.5 + rng.float() / 2) * 2 ** rng.int(-40, 30);
      expect(quantizeMultiplier(x)).toEqual(multiplierByIntegers(x));
    }
  });

  it('agrees where rounding decides: ties, carries, subnormals, the smallest factor', () => {
    const tie = (k: number) => (2 ** 30 + k + 0.5) / 2 ** 31;
    const corners = [
      0.5,
      1,
      2,
      1 - 2 ** -53,
      1 - 2 ** -33,
      1 - 2 ** -32,
      tie(0),
      tie(1),
      tie(12345),
      2 ** -1074,
      2 ** -1022,
    ];
    for (const x of [
      ...corners,
      2 ** -31,
      2 ** -32,
      2 ** -33,
      (1 - 2 ** -40) * 2 ** -31,
      (1 - 2 ** -40) * 2 ** -32,
    ])
      expect(quantizeMultiplier(x), String(x)).toEqual(multiplierByIntegers(x));
  });

  it('gives the values of hand: 1 = 2^30 · 2^(1−31), 0 = 0', () => {
    expect(quantizeMultiplier(1)).toEqual({ multiplier: 2 ** 30, shift: 1 });
    expect(quantizeMultiplier(0.375)).toEqual({ multiplier: 0.75 * 2 ** 31, shift: -1 });
    expect(quantizeMultiplier(0)).toEqual({ multiplier: 0, shift: 0 });
  });

  it('is within half a unit of the exact quotient of three float32 scales', () => {
    const rng = new Rng(2);
    for (let k = 0; k < 5000; k++) {
      const [a, b, c] = [1, 2, 3].map(() => Math.fround(2 ** (10 * rng.float() - 10))) as [
        number,
        number,
        number,
      ];
      const { multiplier, shift } = quantizeMultiplier((a * b) / c);
      const [ea, eb, ec] = [exact(a), exact(b), exact(c)];
      // multiplier · 2^(shift−31) · c against a · b, both as integers over one power of two
      const low = Math.min(shift - 31 + ec.exponent, ea.exponent + eb.exponent);
      const left = (BigInt(multiplier) * ec.mantissa) << BigInt(shift - 31 + ec.exponent - low);
      const right = (ea.mantissa * eb.mantissa) << BigInt(ea.exponent + eb.exponent - low);
      const difference = left > right ? left - right : right - left;
      expect(difference * (1n << 31n) <= right + (right >> 20n)).toBe(true);
    }
  });
});

describe('activationRange', () => {
  const out = (scale: number, zeroPoint: number): Tensor => ({
    index: 0,
    name: 'y',
    type: 'int8',
    shape: [1],
    quantization: { scales: [scale], zeroPoints: [zeroPoint], axis: 0 },
    data: null,
  });

  it.each([
    ['none', 0.1, 3, -128, 127],
    ['relu', 0.1, 3, 3, 127],
    ['relu', 0.1, -128, -128, 127],
    ['relu6', 0.5, -128, -128, -116],
    ['relu6', 0.01, 0, 0, 127],
    ['relu_n1_to_1', 2, 0, -1, 1],
    ['relu_n1_to_1', 0.25, 126, 122, 127],
  ] as const)('%s at scale %d, zero point %i: %i…%i', (activation, scale, zeroPoint, actMin, actMax) => {
    expect(activationRange(out(scale, zeroPoint), activation)).toEqual({ actMin, actMax });
  });

  it('rounds half away from zero, as C does and JavaScript does not', () => {
    expect([-2.5, -0.5, 0.5, 2.5, -2.4, 2.6].map(roundAway)).toEqual([-3, -1, 1, 3, -2, 3]);
  });
});

describe('softmaxScaling', () => {
  it('keeps 5 integer bits of the difference to the largest logit', () => {
    // 0.1 · 2^26 = 6 710 886.4 = 0.8 · 2^23; 31 · 2^26 / 2^23 = 248
    expect(softmaxScaling(1, 0.1)).toEqual({
      multiplier: Math.round(0.8 * 2 ** 31),
      shift: 23,
      diffMin: -248,
    });
  });

  it('saturates where one step of the input is already everything', () => {
    expect(softmaxScaling(1, 100)).toEqual({ multiplier: 2 ** 31 - 1, shift: 31, diffMin: 0 });
  });
});
