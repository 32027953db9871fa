import { Kernel } from '../../../abi/generated.ts';
import type { KernelRecord } from '../../kernel-record.ts';
import { CONV_2D, FULLY_CONNECTED, packedLayer, type PackedLayer } from '../packed/layer.ts';
import { depthOf, packedLowered, pixelsOf, readsInPlace, roundUp, type Packing } from '../packed/lowered.ts';
import { mveChannels, mveTable, type MveChannel } from './scaling-mve.ts';

/** Bytes of a vector. */
const BLOCK = 16;
const QUAD = 4;

/** For every four channels: sixteen weights of each in turn. */
function blocks(layer: PackedLayer, channels: readonly MveChannel[], paddedDepth: number): Uint8Array {
  const out = new Int8Array(channels.length * paddedDepth);
  let at = 0;
  for (let first = 0; first < channels.length; first += QUAD)
    for (let k = 0; k < paddedDepth; k += BLOCK)
      for (let c = first; c < first + QUAD; c++, at += BLOCK)
        if (channels[c]!.live) out.set(layer.channels[c]!.weights.subarray(k, k + BLOCK), at);
  return new Uint8Array(out.buffer);
}

function packed(layer: PackedLayer): Packing {
  const channels = mveChannels(layer, QUAD) as MveChannel[];
  const paddedDepth = roundUp(depthOf(layer), BLOCK);
  const inPlace = readsInPlace(layer) && paddedDepth === depthOf(layer);
  return {
    paddedDepth,
    weights: blocks(layer, channels, paddedDepth),
    table: mveTable(
      channels,
      channels.map((_, i) => i),
    ),
    scratchBytes: inPlace ? 0 : paddedDepth,
  };
}

function convRecord(builtin: number): KernelRecord {
  return {
    kernel: Kernel.ConvMve,
    name: 'conv_mve',
    builtin,
    cores: ['m55'],
    applies: (view) => {
      const layer = packedLayer(view);
      if (typeof layer === 'string') return layer;
      const channels = mveChannels(layer, QUAD);
      return typeof channels === 'string' ? channels : true;
    },
    lower: (view) => {
      const layer = packedLayer(view) as PackedLayer;
      const packing = packed(layer);
      const quads = Math.ceil(layer.g.outC / QUAD);
      const gather = packing.scratchBytes === 0 ? 0 : 0.6 * depthOf(layer) + 20 * layer.g.filterH;
      const pixel = quads * (25 + (10 * packing.paddedDepth) / BLOCK) + gather + 25;
      return packedLowered(layer, packing, pixelsOf(layer) * pixel);
    },
    cost: (work) => work.macs,
  };
}

export const convMve = convRecord(CONV_2D);
export const denseMve = convRecord(FULLY_CONNECTED);
