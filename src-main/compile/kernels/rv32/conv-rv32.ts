import { Kernel } from '../../../abi/generated.ts';
import type { KernelRecord } from '../../kernel-record.ts';
import { CONV_2D, FULLY_CONNECTED, packedLayer, type PackedLayer } from '../packed/layer.ts';
import { depthOf, packedLowered, pixelsOf, readsInPlace, roundUp, type Packing } from '../packed/lowered.ts';
import { doubledScalings, tiledTable, type DoubledScaling } from '../packed/doubled-scaling.ts';

const TILE = 4;
const ROUND = 4;
const PIXELS = 4;

/** Four channels' weights of each of the depth in turn. */
export function interleaved(layer: PackedLayer, paddedDepth: number): Uint8Array {
  const tiles = Math.ceil(layer.g.outC / TILE);
  const out = new Int8Array(tiles * TILE * paddedDepth);
  let at = 0;
  for (let first = 0; first < tiles * TILE; first += TILE)
    for (let k = 0; k < paddedDepth; k++)
      for (let c = first; c < first + TILE; c++) out[at++] = layer.channels[c]?.weights[k] ?? 0;
  return new Uint8Array(out.buffer);
}

function packed(layer: PackedLayer): Packing {
  const paddedDepth = roundUp(depthOf(layer), ROUND);
  const inPlace = readsInPlace(layer) && paddedDepth === depthOf(layer);
  return {
    paddedDepth,
    weights: interleaved(layer, paddedDepth),
    table: tiledTable(doubledScalings(layer, TILE) as DoubledScaling[], 1),
    scratchBytes: inPlace ? 0 : PIXELS * paddedDepth,
  };
}

function convRecord(builtin: number): KernelRecord {
  return {
    kernel: Kernel.ConvRv32,
    name: 'conv_rv32',
    builtin,
    cores: ['rv32imc'],
    applies: (view) => {
      const layer = packedLayer(view);
      if (typeof layer === 'string') return layer;
      const scalings = doubledScalings(layer, TILE);
      return typeof scalings === 'string' ? scalings : true;
    },
    lower: (view) => {
      const layer = packedLayer(view) as PackedLayer;
      const packing = packed(layer);
      const four =
        (layer.g.outC / TILE) * (41.5 * packing.paddedDepth + 90 + 22 * 16) + 2 * packing.scratchBytes + 100;
      return packedLowered(layer, packing, Math.ceil(pixelsOf(layer) / PIXELS) * four);
    },
    cost: (work) => 3 * work.macs,
  };
}

export const convRv32 = convRecord(CONV_2D);
export const denseRv32 = convRecord(FULLY_CONNECTED);
