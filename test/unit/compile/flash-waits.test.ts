/** Words that come from the flash chip, counted by hand: a cache of 1024 sets, two ways, 8-byte lines. */
import { describe, expect, it } from 'vitest';
import { orThrow } from '../../../src-main/base/errors.ts';
import { pico } from '../../../src-main/board/pico.ts';
import { compile } from '../../../src-main/compile/compile.ts';
import { flashWords } from '../../../src-main/compile/flash-waits.ts';
import type { ConstantReads } from '../../../src-main/compile/kernel-record.ts';
import type { ModelSpec } from '../../../src-main/model/model-spec.ts';
import { readModel } from '../../../src-main/model/reader.ts';
import { writeModel } from '../../../src-main/model/writer.ts';
import { readsOf } from '../../../src-main/predict/features.ts';
import { conv, dense, depthwise } from '../../golden/layers.ts';

const cache = { wordCycles: 50, cacheBytes: 16 * 1024, lineBytes: 8, ways: 2 };

/** What the general kernel of a layer reads, as it stands in its Program. */
function readsOfLayer(spec: ModelSpec): ConstantReads {
  const graph = orThrow(readModel(writeModel(spec), 'layer'));
  return readsOf(orThrow(compile(graph, pico, { choice: 'general' })).ops[0]!);
}

const square = (c: number, out: number, filter: number, outC: number) =>
  conv(1, { h: out, w: out, c, outC, filter: [filter, filter], padding: 'same' });
const words = (...reads: ConstantReads[]) => flashWords(reads, cache);
const PARAMS = 64;

describe('what the general kernels read', () => {
  it('CONV_2D: weights, multiplier and shift of each channel for every four pixels of a row, and to fold the bias', () => {
    expect(readsOfLayer(square(16, 10, 3, 32))).toEqual({
      bytes: 9 * 16 * 32 + 8 * 32,
      sweeps: 1 + 10 * 3,
      onceBytes: 4 * 32 + 112,
    });
  });

  it('DEPTHWISE_CONV_2D: all of them for every pixel', () => {
    const layer = depthwise(1, { h: 5, w: 6, c: 8, filter: [3, 3], padding: 'same', multiplier: 1 });
    expect(readsOfLayer(layer)).toEqual({ bytes: 9 * 8 + 12 * 8, sweeps: 30, onceBytes: 112 });
  });

  it('FULLY_CONNECTED: once for each row of the batch', () => {
    expect(readsOfLayer(dense(1, { batches: 2, inDepth: 40, outDepth: 4 }))).toEqual({
      bytes: (40 + 12) * 4,
      sweeps: 2,
      onceBytes: PARAMS,
    });
  });
});

describe('words an inference waits for', () => {
  const dense1000 = { bytes: 1000 * 40 + 480, sweeps: 1, onceBytes: PARAMS };

  it('none when all constants of the Program fit into the cache', () => {
    const small = { bytes: 6000, sweeps: 9, onceBytes: PARAMS };
    expect(words(small, small)).toEqual([0, 0]);
  });

  it('each constant once where it is read once', () => {
    expect(words(dense1000)).toEqual([(40_000 + 480 + PARAMS) / 4]);
  });

  it('each constant once where the layer fits, however often it is swept', () => {
    // the second layer is there only to make the Program larger than the cache
    const fits = { bytes: 9 * 16 * 32 + 8 * 32, sweeps: 31, onceBytes: 128 };
    expect(words(fits, dense1000)[0]).toBe((9 * 16 * 32 + 8 * 32 + 128) / 4);
  });

  it('all of it at each sweep where no set can keep its lines', () => {
    // 3·3·64·64 weights and 8 bytes a channel are 4672 lines, at least 4 in each of 1024 sets of 2 ways
    const swept = 9 * 64 * 64 + 8 * 64;
    expect(words({ bytes: swept, sweeps: 17, onceBytes: 320 })).toEqual([(17 * swept + 320) / 4]);
  });

  it('part of it where some sets can: 2560 lines leave 2 in half the sets and 3 in the others', () => {
    // 512 sets hold 3 lines and lose them, 512 keep 2
    const lost = 3 * 512 * 8;
    expect(words({ bytes: 20_480, sweeps: 5, onceBytes: 0 })).toEqual([(20_480 + 4 * lost) / 4]);
  });
});
