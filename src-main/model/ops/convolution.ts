/** What CONV_2D and DEPTHWISE_CONV_2D have in common: sizes and rules. */
import { ok, type Failure, type Result } from '../../base/errors.ts';
import {
  arity,
  biasOf,
  clampable,
  countable,
  expressibleLayer,
  firstBroken,
  isConstant,
  layerActivations,
  ofRank,
  ofType,
  weightQuantization,
} from '../op-rules.ts';
import type { TensorType } from '../graph.ts';
import { inputOf, outputOf, type OpView } from '../op-view.ts';
import type { Activation, Padding } from '../operators.ts';
import { windowOutput, windowPadding } from '../window.ts';

/** All sizes of a CONV_2D (OHWI weights) or DEPTHWISE_CONV_2D (1HWO weights); NHWC activations. */
export interface ConvGeometry {
  readonly batches: number;
  readonly inH: number;
  readonly inW: number;
  readonly inC: number;
  readonly outH: number;
  readonly outW: number;
  readonly outC: number;
  readonly filterH: number;
  readonly filterW: number;
  /** Input channels one filter sees; smaller than inC in a grouped convolution. */
  readonly filterC: number;
  readonly padTop: number;
  readonly padLeft: number;
}

/** What CONV_2D and DEPTHWISE_CONV_2D say of their windows. */
interface WindowSteps {
  readonly padding: Padding;
  readonly strideH: number;
  readonly strideW: number;
  readonly dilationH: number;
  readonly dilationW: number;
}

/** Sizes of outputs and paddings from those of input and filter. */
export function geometryOf(
  view: OpView,
  a: WindowSteps,
  [filterH, filterW, filterC, outC]: readonly [number, number, number, number],
): ConvGeometry {
  const [batches, inH, inW, inC] = inputOf(view, 0).shape as [number, number, number, number];
  const h = { input: inH, filter: filterH, stride: a.strideH, dilation: a.dilationH };
  const w = { input: inW, filter: filterW, stride: a.strideW, dilation: a.dilationW };
  const outH = windowOutput(h, a.padding);
  const outW = windowOutput(w, a.padding);
  const padTop = windowPadding(h, outH);
  const padLeft = windowPadding(w, outW);
  return { batches, inH, inW, inC, outH, outW, outC, filterH, filterW, filterC, padTop, padLeft };
}

function countableSides(view: OpView, g: ConvGeometry): Failure | null {
  return countable(view, [g.filterH, g.filterW], [g.inH, g.inW, g.padTop, g.padLeft]);
}

export interface ConvolutionRules {
  readonly geometry: (view: OpView) => ConvGeometry;
  /** The rule on input channels, filters and output channels that is this operator's own. */
  readonly channels: (view: OpView) => Failure | null;
  /** Axis of the weights along which scales may differ: the output channels'. */
  readonly channelAxis: number;
  readonly activation: (view: OpView) => Activation;
  /** Types of a bias that TensorFlow Lite Micro adds to int16 activations. */
  readonly wideBias: readonly TensorType[];
}

function biasTypes(view: OpView, rules: ConvolutionRules): readonly TensorType[] {
  return inputOf(view, 0).type === 'int16' ? rules.wideBias : ['int32'];
}

/** The rules that both convolutions share; the shape of the output, NHWC. */
export function checkConvolution(view: OpView, rules: ConvolutionRules): Result<readonly number[]> {
  const g = () => rules.geometry(view);
  const broken =
    arity(view, 2, 3) ??
    firstBroken(
      () => layerActivations(view, inputOf(view, 0), outputOf(view)),
      () => ofType(view, inputOf(view, 1), 'int8'),
      () => ofRank(view, inputOf(view, 0), 4) ?? ofRank(view, inputOf(view, 1), 4),
      () => isConstant(view, inputOf(view, 1)),
      () => rules.channels(view),
      () => biasOf(view, view.inputs[2] ?? null, g().outC, biasTypes(view, rules)),
      () => countableSides(view, g()),
      () => weightQuantization(view, inputOf(view, 1), rules.channelAxis, g().outC),
      () => expressibleLayer(view, inputOf(view, 0), inputOf(view, 1), outputOf(view)),
      () => clampable(view, rules.activation(view), outputOf(view)),
    );
  if (broken) return broken;
  const { batches, outH, outW, outC } = g();
  return ok([batches, outH, outW, outC]);
}

/** Every output reads one window of every channel its filter sees. */
export function convolutionMacs(g: ConvGeometry): number {
  return g.batches * g.outH * g.outW * g.outC * g.filterH * g.filterW * g.filterC;
}
