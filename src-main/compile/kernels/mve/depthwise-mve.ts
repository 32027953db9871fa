import { Kernel } from '../../../abi/generated.ts';
import type { KernelRecord } from '../../kernel-record.ts';
import { DEPTHWISE_CONV_2D, packedLayer, type PackedLayer } from '../packed/layer.ts';
import { depthOf, packedLowered, pixelsOf } from '../packed/lowered.ts';
import { mveChannels, mveTable, type MveChannel } from './scaling-mve.ts';

/** depthwise_mve.c keeps so many pointers. */
const MOST_TAPS = 64;
const BLOCK = 8;
/** VMOVLB and VMOVLT widen even and odd lanes. */
const QUAD_STARTS = [0, 1];

/** Eight channels of a tap, tap after tap, block after block. */
function blocks(layer: PackedLayer, channels: readonly MveChannel[]): Uint8Array {
  const taps = depthOf(layer);
  const out = new Int8Array(channels.length * taps);
  channels.forEach(({ live }, c) => {
    const at = Math.floor(c / BLOCK) * BLOCK * taps + (c % BLOCK);
    for (let tap = 0; tap < taps && live; tap++) out[at + BLOCK * tap] = layer.channels[c]!.weights[tap]!;
  });
  return new Uint8Array(out.buffer);
}

function order(channels: number): number[] {
  const out: number[] = [];
  for (let first = 0; first < channels; first += BLOCK)
    for (const start of QUAD_STARTS) for (let i = 0; i < 4; i++) out.push(first + start + 2 * i);
  return out;
}

export const depthwiseMve: KernelRecord = {
  kernel: Kernel.DepthwiseMve,
  name: 'depthwise_mve',
  builtin: DEPTHWISE_CONV_2D,
  cores: ['m55'],
  applies: (view) => {
    const layer = packedLayer(view);
    if (typeof layer === 'string') return layer;
    if (depthOf(layer) > MOST_TAPS) return `more than ${MOST_TAPS} taps`;
    // |activation| ≤ 128 and |weight| ≤ 127: two products are at most 32 512
    if (layer.channels.some((c) => c.weights.includes(-128)))
      return 'a weight of −128: two products may not fit 16 bits';
    const channels = mveChannels(layer, BLOCK);
    return typeof channels === 'string' ? channels : true;
  },
  lower: (view) => {
    const layer = packedLayer(view) as PackedLayer;
    const channels = mveChannels(layer, BLOCK) as MveChannel[];
    const taps = depthOf(layer);
    const packing = {
      paddedDepth: taps,
      weights: blocks(layer, channels),
      table: mveTable(channels, order(channels.length)),
      scratchBytes: layer.g.inC,
    };
    const pixel = 8 * taps + (channels.length / BLOCK) * (9 * taps + 30);
    return packedLowered(layer, packing, pixelsOf(layer) * pixel);
  },
  cost: (work) => work.macs,
};
