import { attributesOf, inputOf, outputOf, zeroPointOf, type OpView } from '../../../model/op-view.ts';
import type { Activation } from '../../../model/operators.ts';
import { convGeometry } from '../../../model/ops/conv2d.ts';
import type { ConvGeometry } from '../../../model/ops/convolution.ts';
import { fullyConnectedGeometry } from '../../../model/ops/fully-connected.ts';
import { activationRange, type FixedMultiplier } from '../../fixed-point.ts';
import { fullyConnectedFactors } from '../fully-connected-s8.ts';
import { channelFactors } from '../weighted.ts';
import type { Channel } from './lane-stream.ts';

export const CONV_2D = 3;
export const FULLY_CONNECTED = 9;

/** A layer as one convolution: a dense layer is a 1×1 filter over one row of batches. */
export interface Layer {
  readonly g: ConvGeometry;
  readonly strideH: number;
  readonly strideW: number;
  readonly activation: Activation;
  readonly factors: readonly FixedMultiplier[];
}

/** What the kernels of this folder can do, or why not. */
export function layerOf(view: OpView): Layer | string {
  const { activation } = view.op.attributes as { activation: Activation };
  const { actMin, actMax } = activationRange(outputOf(view), activation);
  if (actMin !== -128 || actMax !== 127) return `clamp ${actMin}…${actMax}`;
  return view.op.builtin === CONV_2D ? convolution(view) : dense(view);
}

function convolution(view: OpView): Layer | string {
  const g = convGeometry(view);
  const { dilationH, dilationW, strideH, strideW, activation } = attributesOf(view.op.attributes, 'conv2d');
  if (g.filterC !== g.inC) return 'grouped convolution';
  if (dilationH !== 1 || dilationW !== 1) return 'dilated filter';
  const factors = channelFactors(view, g.outC);
  const flat = g.filterH === 1 && g.filterW === 1 && strideH === 1 && strideW === 1;
  return { g: flat ? inOneRow(g) : g, strideH, strideW, activation, factors };
}

/** Pixels that do not see each other may as well be in one row. */
function inOneRow(g: ConvGeometry): ConvGeometry {
  const pixels = g.batches * g.outH * g.outW;
  return { ...g, batches: 1, inH: 1, outH: 1, inW: pixels, outW: pixels };
}

function dense(view: OpView): Layer {
  const { batches, inDepth, outDepth } = fullyConnectedGeometry(view);
  const { activation } = attributesOf(view.op.attributes, 'fullyConnected');
  const one = { batches: 1, inH: 1, outH: 1, filterH: 1, filterW: 1, padTop: 0, padLeft: 0 };
  const g = { ...one, inW: batches, outW: batches, inC: inDepth, outC: outDepth, filterC: inDepth };
  return { g, strideH: 1, strideW: 1, activation, factors: fullyConnectedFactors(view, outDepth) };
}

/** Weights OHWI, with taps in that order, or column by column for kernels that spread columns. */
export function channelsOf(view: OpView, { g, factors }: Layer, byColumns: boolean): Channel[] {
  const { filterH, filterW, filterC, outC } = g;
  const data = inputOf(view, 1).data!;
  const weights = new Int8Array(data.buffer, data.byteOffset, data.length);
  const bias = view.inputs[2]?.data;
  const biases = bias ? new DataView(bias.buffer, bias.byteOffset, bias.length) : null;
  const offset = -zeroPointOf(inputOf(view, 0));
  const outputOffset = zeroPointOf(outputOf(view));
  return Array.from({ length: outC }, (_, o) => {
    const taps = new Int8Array(filterH * filterW * filterC);
    let at = 0;
    let sum = 0;
    const [outer, inner] = byColumns ? [filterW, filterH] : [filterH, filterW];
    for (let i = 0; i < outer; i++)
      for (let k = 0; k < inner; k++)
        for (let c = 0; c < filterC; c++) {
          const [y, x] = byColumns ? [k, i] : [i, k];
          const w = weights[((o * filterH + y) * filterW + x) * filterC + c]!;
          taps[at++] = w;
          sum += w;
        }
    const start = (biases?.getInt32(4 * o, true) ?? 0) + offset * sum;
    return { weights: taps, start, scaling: { ...factors[o]!, outputOffset } };
  });
}
