/** Inputs for a comparison: the extremes first, then random ones. */
import { DType, type TensorRecord } from '../../src-main/abi/generated.ts';
import type { Rng } from '../../src-main/base/rng.ts';

type Draw = (element: number) => number;

/** From int8's lowest to int16's: what every element of an extreme input is. */
function extremes(low: number, high: number, zeroPoint: number): Draw[] {
  return [
    () => low,
    () => high,
    (i) => (i % 2 === 0 ? low : high),
    () => zeroPoint,
    (i) => low + ((i * 7) % (high - low + 1)),
  ];
}

/** Halves, neighbours of halves, signed zeros and values far outside, in steps of the tensor it feeds. */
const FLOAT_STEPS = [
  0, -0, 0.5, -0.5, 1.5, -1.5, 2.5, 0.49999997, 126.5, 127.5, -127.5, -128.5, 1e6, -1e6, 1e-20, 3.25,
];

function floatBytes(draw: Draw, count: number): Uint8Array {
  return new Uint8Array(Float32Array.from({ length: count }, (_, i) => draw(i)).buffer);
}

function integerBytes(t: TensorRecord, draw: Draw): Uint8Array {
  if (t.dtype !== DType.Int16) return Uint8Array.from({ length: t.bytes }, (_, i) => draw(i) & 0xff);
  return new Uint8Array(Int16Array.from({ length: t.bytes / 2 }, (_, i) => draw(i)).buffer);
}

const ranges: Partial<Record<DType, readonly [number, number]>> = {
  [DType.Int8]: [-128, 127],
  [DType.UInt8]: [0, 255],
  [DType.Int16]: [-32768, 32767],
};

function oneTensor(t: TensorRecord, set: number, rng: Rng, floatStep: number): Uint8Array {
  if (t.dtype === DType.Float32) {
    const draws: Draw[] = [
      (i) => FLOAT_STEPS[i % FLOAT_STEPS.length]! * floatStep,
      (i) => (i - 20 + 0.5) * floatStep,
      () => 0,
    ];
    return floatBytes(draws[set] ?? (() => rng.normal() * 80 * floatStep), t.bytes / 4);
  }
  const [low, high] = ranges[t.dtype as DType] ?? [0, 1];
  return integerBytes(t, extremes(low, high, t.zeroPoint)[set] ?? (() => rng.int(low, high)));
}

/** `count` sets of all inputs; `floatStep` is the scale of the tensor a float input is quantised to. */
export function inputSets(
  inputs: readonly TensorRecord[],
  count: number,
  rng: Rng,
  floatStep = 1,
): Uint8Array[][] {
  return Array.from({ length: count }, (_, set) => inputs.map((t) => oneTensor(t, set, rng, floatStep)));
}
