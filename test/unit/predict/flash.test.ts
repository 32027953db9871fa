/** Words that come from the flash chip, counted by hand: a cache of 1024 sets, two ways, 8-byte lines. */
import { describe, expect, it } from 'vitest';
import {
  type ConvParams,
  ConvParamsBytes,
  Kernel,
  writeConvParams,
  writeFullyConnectedParams,
} from '../../../src-main/abi/generated.ts';
import type { Program } from '../../../src-main/compile/program.ts';
import { flashWords } from '../../../src-main/predict/flash.ts';

const cache = { wordCycles: 50, cacheBytes: 16 * 1024, lineBytes: 8, ways: 2 };
const PARAMS = 128;

interface Layer {
  readonly kernel: number;
  write(view: DataView, at: number): void;
}

function convolution(filter: number, inC: number, outC: number, out: number): Layer {
  return {
    kernel: Kernel.Conv2dS8,
    write(view, at) {
      const zeros = new DataView(new ArrayBuffer(ConvParamsBytes));
      const p: ConvParams = {
        ...readZeros(zeros),
        batches: 1,
        filterH: filter,
        filterW: filter,
        filterC: inC,
        inC,
        outC,
        outH: out,
        outW: out,
      };
      writeConvParams(view, at, p);
    },
  };
}

function readZeros(view: DataView): ConvParams {
  const names =
    'batches inH inW inC outH outW outC filterH filterW filterC strideH strideW dilationH dilationW padTop padLeft depthMultiplier inputOffset outputOffset actMin actMax weightsOffset biasOffset multipliersOffset shiftsOffset';
  const zeros = Object.fromEntries(names.split(' ').map((n) => [n, view.getInt32(0)]));
  return { ...zeros, reserved: [0, 0, 0] } as unknown as ConvParams;
}

const dense = (inDepth: number, outDepth: number): Layer => ({
  kernel: Kernel.FullyConnectedS8,
  write: (view, at) =>
    writeFullyConnectedParams(view, at, {
      batches: 1, inDepth, outDepth, inputOffset: 0, filterOffset: 0, outputOffset: 0, actMin: 0, actMax: 0,
      weightsOffset: 0, biasOffset: 0, multipliersOffset: 0, shiftsOffset: 0, reserved: [0, 0, 0, 0],
    }), // prettier-ignore
});

function words(...layers: Layer[]): number[] {
  const bytes = new Uint8Array(PARAMS * layers.length);
  const view = new DataView(bytes.buffer);
  const ops = layers.map(({ kernel }, i) => ({ kernel, paramsOffset: i * PARAMS, paramsBytes: 64 }));
  layers.forEach((l, i) => l.write(view, i * PARAMS));
  return flashWords({ bytes, ops } as unknown as Program, cache);
}

describe('words an inference waits for', () => {
  it('none when all constants of the Program fit into the cache', () => {
    expect(words(dense(100, 100), dense(100, 4))).toEqual([0, 0]);
  });

  it('each constant once where it is read once: weights, then bias, multiplier and shift of each output', () => {
    // 1000 · 40 weights, 12 bytes an output, 64 of parameters
    expect(words(dense(1000, 40))).toEqual([(40_000 + 480 + 64) / 4]);
  });

  it('each constant once where the layer fits, however often it is swept', () => {
    // the second layer is there only to make the Program larger than the cache
    expect(words(convolution(3, 16, 32, 10), dense(1000, 40))[0]).toBe((9 * 16 * 32 + 12 * 32 + 64) / 4);
  });

  it('all of it at each sweep where no set can keep its lines', () => {
    // 3·3·64·64 weights and 8 bytes a channel are 4672 lines, at least 4 in each of 1024 sets of 2 ways.
    // Sweeps: one folds the bias, then 8 rows of 8 pixels in blocks of 4
    const swept = 9 * 64 * 64 + 8 * 64;
    expect(words(convolution(3, 64, 64, 8))).toEqual([(17 * swept + 4 * 64 + 64) / 4]);
  });

  it('part of it where some sets can: 2560 lines leave 2 in half the sets and 3 in the others', () => {
    // 1·1·312·64 = 19968 weights and 512 are 20480 bytes; 512 sets hold 3 lines and lose them, 512 keep 2
    const lost = 3 * 512 * 8;
    expect(words(convolution(1, 312, 64, 4))).toEqual([(20_480 + 4 * lost + 4 * 64 + 64) / 4]);
  });
});
