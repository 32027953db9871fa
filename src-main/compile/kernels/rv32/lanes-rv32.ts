import { Kernel } from '../../../abi/generated.ts';
import type { KernelRecord } from '../../kernel-record.ts';
import { CONV_2D, FULLY_CONNECTED, packedLayer, type PackedLayer } from '../packed/layer.ts';
import { depthOf, packedLowered, readsInPlace, roundUp, type Packing } from '../packed/lowered.ts';
import { doubledScalings, tiledTable, type DoubledScaling } from '../packed/doubled-scaling.ts';

/** Channels of a block: four words of two weights each. */
export const BLOCK = 8;
const PIXELS = 4;
/** |activation| ≤ 128: with weights of at most 255 together a sum of products is at most 32 640, which 16 bits hold. */
export const MOST_WEIGHT = 255;

/**
 * How many of the depth, from `from` on, a block's lanes can take before one may overflow; a whole number of pairs. Two
 * weights are 254 together at most, or 256 with a weight of −128, which lanes-rv32 refuses.
 */
export function groupLength(rows: readonly Int8Array[], from: number, depth: number): number {
  const sums = rows.map(() => 0);
  let to = from;
  while (to < depth) {
    rows.forEach((w, c) => (sums[c] = sums[c]! + Math.abs(w[to] ?? 0) + Math.abs(w[to + 1] ?? 0)));
    if (sums.some((s) => s > MOST_WEIGHT)) break;
    to += 2;
  }
  return to - from;
}

/** Of every block: groups, each a count and then as many times four words. */
export function laneStream(layer: PackedLayer, paddedDepth: number): Uint32Array {
  const words: number[] = [];
  for (let first = 0; first < layer.g.outC; first += BLOCK) {
    const rows = Array.from(
      { length: BLOCK },
      (_, c) => layer.channels[first + c]?.weights ?? new Int8Array(0),
    );
    for (let k = 0; k < paddedDepth;) {
      const group = groupLength(rows, k, paddedDepth);
      words.push(group);
      for (const end = k + group; k < end; k++)
        for (let c = 0; c < BLOCK; c += 2)
          words.push(((rows[c]![k] ?? 0) + 0x1_0000 * (rows[c + 1]![k] ?? 0)) >>> 0);
    }
  }
  return Uint32Array.from(words);
}

function packed(layer: PackedLayer): Packing {
  const paddedDepth = roundUp(depthOf(layer), 2);
  const inPlace = readsInPlace(layer) && paddedDepth === depthOf(layer);
  return {
    paddedDepth,
    weights: new Uint8Array(laneStream(layer, paddedDepth).buffer),
    table: tiledTable(doubledScalings(layer, BLOCK) as DoubledScaling[], 1),
    scratchBytes: inPlace ? 0 : PIXELS * paddedDepth,
  };
}

/** Counted in the loops of lanes_rv32.c: a pair of the depth, a group's end, an output; all for four pixels or for one. */
function instructions(layer: PackedLayer, { paddedDepth, weights, scratchBytes }: Packing): number {
  const blocks = Math.ceil(layer.g.outC / BLOCK);
  const groups = weights.length / 4 - 4 * paddedDepth * blocks;
  const four = 48 * paddedDepth * blocks + 215 * groups + PIXELS * layer.g.outC * 24 + 4 * scratchBytes;
  const one = 14.5 * paddedDepth * blocks + 60 * groups + layer.g.outC * 24 + scratchBytes;
  const fours = Math.floor((layer.g.outH * layer.g.outW) / PIXELS);
  return layer.g.batches * (fours * four + ((layer.g.outH * layer.g.outW) % PIXELS) * one);
}

function convRecord(builtin: number): KernelRecord {
  return {
    kernel: Kernel.LanesRv32,
    name: 'lanes_rv32',
    builtin,
    cores: ['rv32imc'],
    applies: (view) => {
      const layer = packedLayer(view);
      if (typeof layer === 'string') return layer;
      const extreme = layer.channels.some((c) => c.weights.includes(-128));
      if (extreme) return 'a weight of −128: a pair of products may not fit a lane';
      const scalings = doubledScalings(layer, BLOCK);
      return typeof scalings === 'string' ? scalings : true;
    },
    lower: (view) => {
      const layer = packedLayer(view) as PackedLayer;
      const packing = packed(layer);
      return packedLowered(layer, packing, instructions(layer, packing));
    },
    cost: (work) => 3 * work.macs,
  };
}

export const lanesRv32 = convRecord(CONV_2D);
export const denseLanesRv32 = convRecord(FULLY_CONNECTED);
