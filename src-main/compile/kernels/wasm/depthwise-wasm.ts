import { Kernel } from '../../../abi/generated.ts';
import type { KernelRecord } from '../../kernel-record.ts';
import { doubledScalings, tiledTable, type DoubledScaling } from '../packed/doubled-scaling.ts';
import { DEPTHWISE_CONV_2D, packedLayer, type PackedLayer } from '../packed/layer.ts';
import { depthOf, packedLowered, roundUp } from '../packed/lowered.ts';

/** depthwise_wasm.c keeps so many pointers. */
const MOST_TAPS = 64;
const BLOCK = 8;

/** For every eight channels and pair of taps: both taps' weights of each channel, 16 bits each. */
function pairs(layer: PackedLayer, paddedTaps: number): Uint8Array {
  const out = new Int16Array(paddedTaps * layer.g.outC);
  let at = 0;
  for (let first = 0; first < layer.g.outC; first += BLOCK)
    for (let tap = 0; tap < paddedTaps; tap += 2)
      for (let c = first; c < first + BLOCK; c++)
        for (const t of [tap, tap + 1]) out[at++] = layer.channels[c]!.weights[t] ?? 0;
  return new Uint8Array(out.buffer);
}

export const depthwiseWasm: KernelRecord = {
  kernel: Kernel.DepthwiseWasm,
  name: 'depthwise_wasm',
  builtin: DEPTHWISE_CONV_2D,
  cores: ['wasm'],
  applies: (view) => {
    const layer = packedLayer(view);
    if (typeof layer === 'string') return layer;
    if (layer.g.outC % BLOCK !== 0) return 'channels are no multiple of eight';
    if (depthOf(layer) > MOST_TAPS) return `more than ${MOST_TAPS} taps`;
    const scalings = doubledScalings(layer, BLOCK);
    return typeof scalings === 'string' ? scalings : true;
  },
  lower: (view) => {
    const layer = packedLayer(view) as PackedLayer;
    const taps = depthOf(layer);
    const packing = {
      paddedDepth: roundUp(taps, 2),
      weights: pairs(layer, roundUp(taps, 2)),
      table: tiledTable(doubledScalings(layer, BLOCK) as DoubledScaling[], 1),
      scratchBytes: layer.g.inC,
    };
    const { batches, outH, outW, outC } = layer.g;
    return packedLowered(layer, packing, batches * outH * outW * (outC * (taps / 2 + 10) + 8 * taps));
  },
  cost: (work) => work.macs,
};
