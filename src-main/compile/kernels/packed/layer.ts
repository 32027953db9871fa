import { attributesOf, inputOf, outputOf, zeroPointOf, type OpView } from '../../../model/op-view.ts';
import type { Activation } from '../../../model/operators.ts';
import { convGeometry } from '../../../model/ops/conv2d.ts';
import type { ConvGeometry } from '../../../model/ops/convolution.ts';
import { depthwiseGeometry } from '../../../model/ops/depthwise-conv2d.ts';
import { fullyConnectedGeometry } from '../../../model/ops/fully-connected.ts';
import { activationRange, type ClampRange, type FixedMultiplier } from '../../fixed-point.ts';
import { fullyConnectedFactors } from '../fully-connected-s8.ts';
import { channelFactors } from '../weighted.ts';

/** .tflite builtin codes. */
export const CONV_2D = 3;
export const DEPTHWISE_CONV_2D = 4;
export const FULLY_CONNECTED = 9;

/** One output channel: acc = bias + Σ weights · inputs, the input's zero point already in the bias. */
export interface PackedChannel {
  /** In the order of a patch: row, column, input channel. */
  readonly weights: Int8Array;
  /** Modulo 2^32, as the engine's sums are. */
  readonly bias: number;
  readonly factor: FixedMultiplier;
}

/** A layer as the packed kernels see it; a dense layer is a 1×1 filter over an image of one row. */
export interface PackedLayer {
  readonly depthwise: boolean;
  readonly g: ConvGeometry;
  readonly strideH: number;
  readonly strideW: number;
  readonly dilationH: number;
  readonly dilationW: number;
  readonly padValue: number;
  readonly outputOffset: number;
  readonly clamp: ClampRange;
  readonly channels: readonly PackedChannel[];
}

/** The layer, or why no packed kernel can do it. */
export function packedLayer(view: OpView): PackedLayer | string {
  switch (view.op.builtin) {
    case CONV_2D:
      return convolution(view);
    case DEPTHWISE_CONV_2D:
      return depthwise(view);
    default:
      return dense(view);
  }
}

interface Steps {
  readonly strideH: number;
  readonly strideW: number;
  readonly dilationH: number;
  readonly dilationW: number;
  readonly activation: Activation;
}

function convolution(view: OpView): PackedLayer | string {
  const g = convGeometry(view);
  if (g.filterC !== g.inC) return 'grouped convolution';
  const depth = g.filterH * g.filterW * g.filterC;
  const weights = weightsOf(view);
  const rows = Array.from({ length: g.outC }, (_, o) => weights.subarray(o * depth, (o + 1) * depth));
  return layer(view, g, attributesOf(view.op.attributes, 'conv2d'), rows, channelFactors(view, g.outC));
}

function depthwise(view: OpView): PackedLayer | string {
  const g = depthwiseGeometry(view);
  const a = attributesOf(view.op.attributes, 'depthwiseConv2d');
  if (a.depthMultiplier !== 1) return 'more than one filter a channel';
  const weights = weightsOf(view);
  const rows = Array.from({ length: g.outC }, (_, c) =>
    Int8Array.from({ length: g.filterH * g.filterW }, (_, tap) => weights[tap * g.outC + c]!),
  );
  return { ...layer(view, g, a, rows, channelFactors(view, g.outC)), depthwise: true };
}

function dense(view: OpView): PackedLayer {
  const { batches, inDepth, outDepth } = fullyConnectedGeometry(view);
  const { activation } = attributesOf(view.op.attributes, 'fullyConnected');
  const one = { batches: 1, inH: 1, outH: 1, filterH: 1, filterW: 1, padTop: 0, padLeft: 0 };
  const g = { ...one, inW: batches, outW: batches, inC: inDepth, outC: outDepth, filterC: inDepth };
  const weights = weightsOf(view);
  const rows = Array.from({ length: outDepth }, (_, o) => weights.subarray(o * inDepth, (o + 1) * inDepth));
  const steps = { strideH: 1, strideW: 1, dilationH: 1, dilationW: 1, activation };
  return layer(view, g, steps, rows, fullyConnectedFactors(view, outDepth));
}

function weightsOf(view: OpView): Int8Array {
  const data = inputOf(view, 1).data!;
  return new Int8Array(data.buffer, data.byteOffset, data.length);
}

function layer(
  view: OpView,
  g: ConvGeometry,
  steps: Steps,
  rows: readonly Int8Array[],
  factors: readonly FixedMultiplier[],
): PackedLayer {
  const padValue = zeroPointOf(inputOf(view, 0));
  const bias = view.inputs[2]?.data;
  const biases = bias ? new DataView(bias.buffer, bias.byteOffset, bias.length) : null;
  const channels = rows.map((weights, o) => {
    const sum = weights.reduce((a, w) => a + w, 0);
    return {
      weights,
      bias: ((biases?.getInt32(4 * o, true) ?? 0) - padValue * sum) | 0,
      factor: factors[o]!,
    };
  });
  const { strideH, strideW, dilationH, dilationW, activation } = steps;
  return {
    depthwise: false,
    g,
    ...{ strideH, strideW, dilationH, dilationW },
    padValue,
    outputOffset: zeroPointOf(outputOf(view)),
    clamp: activationRange(outputOf(view), activation),
    channels,
  };
}
