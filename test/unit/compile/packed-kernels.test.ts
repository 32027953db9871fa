/** What the exactness of the larger cores' kernels rests on: proofs, and the cases in which they must refuse. */
import { describe, expect, it } from 'vitest';
import { Rng } from '../../../src-main/base/rng.ts';
import { quantizeMultiplier } from '../../../src-main/compile/fixed-point.ts';
import { doubledScalings } from '../../../src-main/compile/kernels/packed/doubled-scaling.ts';
import type { PackedChannel, PackedLayer } from '../../../src-main/compile/kernels/packed/layer.ts';
import { accRange } from '../../../src-main/compile/kernels/packed/scaling.ts';
import { mveChannels } from '../../../src-main/compile/kernels/mve/scaling-mve.ts';
import { groupLength, laneStream } from '../../../src-main/compile/kernels/rv32/lanes-rv32.ts';

const TWO31 = 2n ** 31n;

/** gemmlowp's rounding doubling high multiply and rounding division, in whole numbers without limit. */
function tflm(acc: bigint, multiplier: number, shift: number, offset: number): number {
  const product = acc * BigInt(multiplier);
  const nudge = product >= 0n ? 2n ** 30n : 1n - 2n ** 30n;
  const high = (product + nudge) / TWO31; // truncates
  const right = BigInt(-shift);
  const mask = (1n << right) - 1n;
  const remainder = high & mask;
  const threshold = (mask >> 1n) + (high < 0n ? 1n : 0n);
  const rounded = (high >> right) + (remainder > threshold ? 1n : 0n);
  return Number(rounded) + offset;
}

const saturated = (x: number) => Math.min(127, Math.max(-128, x));

/** m4_dsp.h and mj_doubled.h, in whole numbers without limit; throws where 32 bits would not do. */
function scaled(acc: bigint, s: { multiplier: number; addend: number; shift: number }, positive: boolean) {
  const fits = (x: bigint): bigint => {
    if (x < -TWO31 || x >= TWO31) throw new Error(`${x} takes more than 32 bits`);
    return x;
  };
  let high = (fits(2n * acc) * BigInt(s.multiplier) + TWO31) >> 32n;
  if (!positive) high += high >> 63n;
  return saturated(Number(fits(high + BigInt(s.addend)) >> BigInt(s.shift)));
}

function channel(weights: readonly number[], bias: number, real: number): PackedChannel {
  return { weights: Int8Array.from(weights), bias, factor: quantizeMultiplier(real) };
}

function layerOf(channels: readonly PackedChannel[], outputOffset: number, actMin = -128): PackedLayer {
  const depth = channels[0]!.weights.length;
  const one = { batches: 1, inH: 1, inW: 1, outH: 1, outW: 1, filterH: 1, filterW: 1, padTop: 0, padLeft: 0 };
  return {
    depthwise: false,
    g: { ...one, inC: depth, outC: channels.length, filterC: depth },
    ...{ strideH: 1, strideW: 1, dilationH: 1, dilationW: 1 },
    padValue: 0,
    outputOffset,
    clamp: { actMin, actMax: 127 },
    channels,
  };
}

/** Both sides of every place where the output changes, and the ends of what inputs can reach. */
function tellingAccumulators(c: PackedChannel, offset: number): bigint[] {
  const { low, high } = accRange(c);
  const of = (acc: number) => tflm(BigInt(acc), c.factor.multiplier, c.factor.shift, offset);
  const found = [low, high, 0, -1, 1].filter((a) => a >= low && a <= high);
  const search = (a: number, b: number, atA = of(a), atB = of(b)): void => {
    if (atA === atB) return;
    if (b - a <= 1) {
      found.push(a, b);
      return;
    }
    const middle = Math.floor((a + b) / 2);
    const here = of(middle);
    search(a, middle, atA, here);
    search(middle, b, here, atB);
  };
  search(low, high);
  return found.map(BigInt);
}

describe('requantisation from the high word of a doubled accumulator', () => {
  it.each([
    ['signed', 3, -128, false],
    ['of a fused ReLU', -128, -128, true],
    ['of a ReLU with a zero point inside', -20, -20, true],
  ] as const)('%s: TFLM’s at every threshold of random channels', (_name, offset, actMin, positive) => {
    const rng = new Rng(7);
    for (let n = 0; n < 6; n++) {
      const weights = Array.from({ length: 64 }, () => rng.int(-127, 127));
      const c = channel(
        weights,
        rng.int(-200_000, 200_000),
        2 ** rng.int(-13, -2) * (0.5 + rng.int(0, 999) / 2000),
      );
      const layer = layerOf([c], offset, actMin);
      const scalings = doubledScalings(layer, 1);
      if (typeof scalings === 'string') throw new Error(scalings);
      for (const acc of tellingAccumulators(c, offset)) {
        const wanted = Math.max(actMin, saturated(tflm(acc, c.factor.multiplier, c.factor.shift, offset)));
        expect(Math.max(actMin, scaled(acc, scalings[0]!, positive))).toBe(wanted);
      }
    }
  });

  it('makes a channel that no input changes a constant, however large its bias is', () => {
    const dead = channel([0, 0, 0, 0], 2 ** 30 + 5, 2 ** -31);
    const scalings = doubledScalings(layerOf([dead], 3), 1);
    expect(scalings).toEqual([{ bias: 0, multiplier: 0, addend: 4, shift: 0 }]);
    expect(tflm(BigInt(dead.bias), dead.factor.multiplier, dead.factor.shift, 3)).toBe(4);
  });

  it.each([
    ['sums of 31 bits', channel([127, 127], 32.5 * 2 ** 25, 2 ** -25), 0, 'more than 31 bits'],
    ['sums that wrap', channel([127, 127], 2 ** 31 - 1, 0.001), 0, 'more than 32 bits'],
    ['a factor above 1', channel([1, 2], 0, 1.5), 0, 'scaled up'],
    ['a factor near 1 with negative outputs', channel([1, 2], 0, 0.75), 0, 'not shifted'],
    ['a shift whose addend does not fit', channel([127], 2.5 * 2 ** 25, 2 ** -25), 0, 'more than 2^21'],
  ] as const)('refuses %s', (_name, c, offset, why) => {
    expect(doubledScalings(layerOf([c], offset), 1)).toContain(why);
  });

  it('takes a factor near 1 where nothing below the zero point survives', () => {
    expect(doubledScalings(layerOf([channel([1, 2], 0, 0.75)], -128), 1)).toHaveLength(1);
  });
});

describe('requantisation by VQRDMULH and VRSHL', () => {
  it.each([
    [-128, true],
    [5, false],
  ] as const)(
    'a constant channel gives its constant from a bias alone, zero point %i',
    (offset, positive) => {
      for (let wanted = -128; wanted < 128; wanted += 5) {
        const c = channel([0], (wanted - offset) * 4, 0.25);
        const [only] = mveChannels(layerOf([c], offset, positive ? offset : -128), 1) as Exclude<
          ReturnType<typeof mveChannels>,
          string
        >;
        const high = Math.floor((only!.bias * only!.multiplier + 2 ** 30) / 2 ** 31);
        const nudged = positive || high >= 0 ? high : high - 1;
        const right = -only!.shift;
        const rounded = Math.floor((nudged + (right > 0 ? 2 ** (right - 1) : 0)) / 2 ** right);
        expect([only!.live, rounded + offset]).toEqual([false, wanted]);
      }
    },
  );

  it('refuses what its shifts cannot say', () => {
    expect(mveChannels(layerOf([channel([1], 0, 1.5)], 0), 1)).toContain('scaled up');
    expect(mveChannels(layerOf([channel([1], 0, 0.75)], 0), 1)).toContain('not shifted');
  });
});

describe('two channels in one product', () => {
  const worst = (w: number) => (w > 0 ? -128 : 127);

  it('keeps both lanes inside 16 bits for the worst activations, in groups as long as that allows', () => {
    const rng = new Rng(3);
    for (let n = 0; n < 200; n++) {
      const rows = Array.from({ length: 8 }, () => Int8Array.from({ length: 32 }, () => rng.int(-127, 127)));
      for (let k = 0; k < 32;) {
        const group = groupLength(rows, k, 32);
        expect(group).toBeGreaterThanOrEqual(2);
        for (const w of rows) {
          const sum = w.subarray(k, k + group).reduce((a, x) => a + x * worst(x), 0);
          expect(sum).toBeGreaterThanOrEqual(-32768);
          expect(-sum).toBeLessThanOrEqual(32767);
        }
        const longer = rows.some(
          (w) => w.subarray(k, k + group + 2).reduce((a, x) => a + Math.abs(x), 0) > 255,
        );
        if (k + group < 32) expect(longer).toBe(true);
        k += group;
      }
    }
  });

  it('goes through the whole depth of every block, channels that are not there included', () => {
    const channels = Array.from({ length: 11 }, (_, c) => channel([c, -c, 127, -127, 5], 0, 0.01));
    const words = [...laneStream(layerOf(channels, 0), 6)];
    let at = 0;
    for (let block = 0; block < 2; block++)
      for (let left = 6; left > 0;) {
        const group = words[at]!;
        left -= group;
        at += 1 + 4 * group;
      }
    expect(at).toBe(words.length);
  });
});
