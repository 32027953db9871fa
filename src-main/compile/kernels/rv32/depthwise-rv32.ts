import { Kernel } from '../../../abi/generated.ts';
import type { KernelRecord } from '../../kernel-record.ts';
import { DEPTHWISE_CONV_2D, packedLayer, type PackedLayer } from '../packed/layer.ts';
import { depthOf, packedLowered, pixelsOf } from '../packed/lowered.ts';
import { doubledScalings, tiledTable, type DoubledScaling } from '../packed/doubled-scaling.ts';

/** depthwise_rv32.c keeps so many pointers. */
const MOST_TAPS = 64;
const QUAD = 4;

/** Four channels of a tap, tap after tap, quad after quad. */
function quads(layer: PackedLayer): Uint8Array {
  const taps = depthOf(layer);
  const out = new Int8Array(taps * layer.g.outC);
  let at = 0;
  for (let first = 0; first < layer.g.outC; first += QUAD)
    for (let tap = 0; tap < taps; tap++)
      for (let c = first; c < first + QUAD; c++) out[at++] = layer.channels[c]!.weights[tap]!;
  return new Uint8Array(out.buffer);
}

export const depthwiseRv32: KernelRecord = {
  kernel: Kernel.DepthwiseRv32,
  name: 'depthwise_rv32',
  builtin: DEPTHWISE_CONV_2D,
  cores: ['rv32imc'],
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
    const taps = depthOf(layer);
    const packing = {
      paddedDepth: taps,
      weights: quads(layer),
      table: tiledTable(doubledScalings(layer, QUAD) as DoubledScaling[], 1),
      scratchBytes: layer.g.inC,
    };
    const pixel = 8 * taps + layer.g.outC * (5 * taps + 20);
    return packedLowered(layer, packing, pixelsOf(layer) * pixel);
  },
  cost: (work) => 7 * work.macs,
};
