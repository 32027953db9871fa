import { Kernel } from '../../../abi/generated.ts';
import type { KernelRecord } from '../../kernel-record.ts';
import { doubledScalings, tiledTable, type DoubledScaling } from '../packed/doubled-scaling.ts';
import { CONV_2D, FULLY_CONNECTED, packedLayer, type PackedLayer } from '../packed/layer.ts';
import { depthOf, packedLowered, readsInPlace, roundUp } from '../packed/lowered.ts';

const TILE = 4;
const LANES = 8;
const PIXELS = 2;

/** For every four channels: eight weights of each in turn, 16 bits each. */
function vectors(layer: PackedLayer, paddedDepth: number): Uint8Array {
  const tiles = Math.ceil(layer.g.outC / TILE);
  const out = new Int16Array(tiles * TILE * paddedDepth);
  let at = 0;
  for (let first = 0; first < tiles * TILE; first += TILE)
    for (let k = 0; k < paddedDepth; k += LANES)
      for (let c = first; c < first + TILE; c++)
        for (let i = k; i < k + LANES; i++) out[at++] = layer.channels[c]?.weights[i] ?? 0;
  return new Uint8Array(out.buffer);
}

function convRecord(builtin: number): KernelRecord {
  return {
    kernel: Kernel.ConvWasm,
    name: 'conv_wasm',
    builtin,
    cores: ['wasm'],
    applies: (view) => {
      const layer = packedLayer(view);
      if (typeof layer === 'string') return layer;
      const scalings = doubledScalings(layer, TILE);
      return typeof scalings === 'string' ? scalings : true;
    },
    lower: (view) => {
      const layer = packedLayer(view) as PackedLayer;
      const paddedDepth = roundUp(depthOf(layer), LANES);
      const packing = {
        paddedDepth,
        weights: vectors(layer, paddedDepth),
        table: tiledTable(doubledScalings(layer, TILE) as DoubledScaling[], 1),
        scratchBytes:
          2 * Math.min(PIXELS, layer.g.outH * layer.g.outW) * paddedDepth +
          (readsInPlace(layer) ? 0 : paddedDepth),
      };
      const { batches, outH, outW, outC } = layer.g;
      return packedLowered(
        layer,
        packing,
        batches * outH * outW * (outC * (paddedDepth / 3 + 10) + paddedDepth),
      );
    },
    cost: (work) => work.macs,
  };
}

export const convWasm = convRecord(CONV_2D);
export const denseWasm = convRecord(FULLY_CONNECTED);
