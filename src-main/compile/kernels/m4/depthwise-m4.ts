import { Kernel } from '../../../abi/generated.ts';
import type { KernelRecord } from '../../kernel-record.ts';
import { DEPTHWISE_CONV_2D, packedLayer, type PackedLayer } from '../packed/layer.ts';
import { depthOf, packedLowered, pixelsOf } from '../packed/lowered.ts';
import { doubled, doubledScalings, tiledTable, type DoubledScaling } from '../packed/doubled-scaling.ts';

/** depthwise_m4.c keeps so many pointers. */
const MOST_TAPS = 64;
const QUAD = 4;

/** For every four channels and tap: weights of channels 0 and 2, then of 1 and 3, as 16-bit pairs. */
function lanes(layer: PackedLayer): Uint8Array {
  const taps = depthOf(layer);
  const out = new Int16Array(taps * layer.g.outC);
  let at = 0;
  for (let first = 0; first < layer.g.outC; first += QUAD)
    for (let tap = 0; tap < taps; tap++)
      for (const c of [0, 2, 1, 3]) out[at++] = doubled(layer.channels[first + c]!.weights, tap);
  return new Uint8Array(out.buffer);
}

export const depthwiseM4: KernelRecord = {
  kernel: Kernel.DepthwiseM4,
  name: 'depthwise_m4',
  builtin: DEPTHWISE_CONV_2D,
  cores: ['m4f', 'm7', 'm55'],
  applies: (view) => {
    const layer = packedLayer(view);
    if (typeof layer === 'string') return layer;
    if (layer.g.outC % QUAD !== 0) return 'channels are no multiple of four';
    if (depthOf(layer) > MOST_TAPS) return `more than ${MOST_TAPS} taps`;
    const scalings = doubledScalings(layer, QUAD);
    return typeof scalings === 'string' ? scalings : true;
  },
  lower: (view) => {
    const layer = packedLayer(view) as PackedLayer;
    const table = tiledTable(doubledScalings(layer, QUAD) as DoubledScaling[], QUAD);
    const taps = depthOf(layer);
    const packing = { paddedDepth: taps, weights: lanes(layer), table, scratchBytes: layer.g.inC };
    const pixel = 14 * taps + (layer.g.outC / QUAD) * (9 * taps + 40);
    return packedLowered(layer, packing, pixelsOf(layer) * pixel);
  },
  cost: (work) => 3 * work.macs,
};
