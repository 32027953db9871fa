import { Kernel } from '../../../abi/generated.ts';
import type { KernelRecord } from '../../kernel-record.ts';
import { CONV_2D, FULLY_CONNECTED, packedLayer, type PackedLayer } from '../packed/layer.ts';
import { depthOf, packedLowered, pixelsOf, readsInPlace, roundUp, type Packing } from '../packed/lowered.ts';
import { doubled, doubledScalings, tiledTable, type DoubledScaling } from '../packed/doubled-scaling.ts';

/** Weights a round of an inner loop takes of each channel. */
const ROUND = 8;

/**
 * Pairs of 16-bit weights in the order the tiles use them: for every four of the depth the even two of each channel, then
 * the odd two (SXTB16 takes bytes 0 and 2, then 1 and 3, of a word of activations).
 */
function pairs(layer: PackedLayer, tile: number, paddedDepth: number): Uint8Array {
  const tiles = Math.ceil(layer.g.outC / tile);
  const out = new Int16Array(tiles * tile * paddedDepth);
  let at = 0;
  for (let first = 0; first < tiles * tile; first += tile)
    for (let k = 0; k < paddedDepth; k += 4)
      for (const half of [0, 1])
        for (let c = 0; c < tile; c++) {
          const weights = layer.channels[first + c]?.weights;
          out[at++] = doubled(weights, k + half);
          out[at++] = doubled(weights, k + half + 2);
        }
  return new Uint8Array(out.buffer);
}

function packed(layer: PackedLayer, tile: number, scratchBytes: number): Packing {
  const paddedDepth = roundUp(depthOf(layer), ROUND);
  const table = tiledTable(doubledScalings(layer, tile) as DoubledScaling[], tile);
  return { paddedDepth, weights: pairs(layer, tile, paddedDepth), table, scratchBytes };
}

/** Whole words of a pixel can be read where it is. */
function inPlace(layer: PackedLayer): boolean {
  return readsInPlace(layer) && depthOf(layer) % 4 === 0;
}

const cores = ['m4f', 'm7', 'm55'] as const;

function convRecord(builtin: number): KernelRecord {
  return {
    kernel: Kernel.ConvM4,
    name: 'conv_m4',
    builtin,
    cores,
    applies: (view) => {
      const layer = packedLayer(view);
      if (typeof layer === 'string') return layer;
      const scalings = doubledScalings(layer, 4);
      return typeof scalings === 'string' ? scalings : true;
    },
    lower: (view) => {
      const layer = packedLayer(view) as PackedLayer;
      const padded = roundUp(depthOf(layer), ROUND);
      const packing = packed(layer, 4, (inPlace(layer) ? 0 : 2 * padded) + 4 * padded);
      const tiles = Math.ceil(layer.g.outC / 4);
      const pairOfPixels = tiles * (65 + (47 * padded) / ROUND) + (inPlace(layer) ? 2.5 : 5) * padded + 60;
      return packedLowered(layer, packing, Math.ceil(pixelsOf(layer) / 2) * pairOfPixels);
    },
    cost: (work) => work.macs,
  };
}

export const convM4 = convRecord(CONV_2D);
export const rowsM4 = convRecord(FULLY_CONNECTED);

/** One row at a time: the only form for a batch of one. */
export const denseM4: KernelRecord = {
  kernel: Kernel.DenseM4,
  name: 'dense_m4',
  builtin: FULLY_CONNECTED,
  cores,
  applies: (view) => {
    const scalings = doubledScalings(packedLayer(view) as PackedLayer, 8);
    return typeof scalings === 'string' ? scalings : true;
  },
  lower: (view) => {
    const layer = packedLayer(view) as PackedLayer;
    const padded = roundUp(depthOf(layer), ROUND);
    const tiles = Math.ceil(layer.g.outC / 8);
    const row = tiles * (60 + (51 * padded) / ROUND) + 1.2 * padded + 60;
    return packedLowered(layer, packed(layer, 8, 2 * padded), pixelsOf(layer) * row);
  },
  cost: (work) => work.macs,
};
