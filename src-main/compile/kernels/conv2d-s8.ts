import {
  Conv16ParamsBytes,
  ConvParamsBytes,
  Kernel,
  writeConv16Params,
  writeConvParams,
} from '../../abi/generated.ts';
import { CONV_BLOCK_PIXELS, convScratchBytes } from '../../abi/scratch.ts';
import { attributesOf, inputOf, outputOf, zeroPointOf, type OpView } from '../../model/op-view.ts';
import { convGeometry } from '../../model/ops/conv2d.ts';
import type { ConvGeometry } from '../../model/ops/convolution.ts';
import { depthwiseGeometry } from '../../model/ops/depthwise-conv2d.ts';
import type { OpAttributes } from '../../model/operators.ts';
import { activationRange } from '../fixed-point.ts';
import type { ConstantReads, KernelRecord, Lowered } from '../kernel-record.ts';
import { channelFactors, factorBytes, plainConstants, wideBias } from './weighted.ts';

type ConvAttributes = Extract<OpAttributes, { kind: 'conv2d' | 'depthwiseConv2d' }>;

function lowerConv(view: OpView, g: ConvGeometry, a: ConvAttributes): Lowered {
  const range = activationRange(outputOf(view), a.activation);
  const isWide = inputOf(view, 0).type === 'int16';
  const common = (offset: (constant: string) => number) => ({
    ...g,
    ...range,
    strideH: a.strideH,
    strideW: a.strideW,
    dilationH: a.dilationH,
    dilationW: a.dilationW,
    depthMultiplier: a.kind === 'depthwiseConv2d' ? a.depthMultiplier : 0,
    inputOffset: 0 - zeroPointOf(inputOf(view, 0)),
    outputOffset: zeroPointOf(outputOf(view)),
    weightsOffset: offset('weights'),
    biasOffset: offset('bias'),
    multipliersOffset: offset('multipliers'),
    shiftsOffset: offset('shifts'),
    reserved: [],
  });
  return {
    paramsBytes: isWide ? Conv16ParamsBytes : ConvParamsBytes,
    constants: { ...plainConstants(view), ...factorBytes(channelFactors(view, g.outC)) },
    writeParams: (bytes, at, offset) =>
      isWide
        ? writeConv16Params(bytes, at, { ...common(offset), wideBias: wideBias(view) })
        : writeConvParams(bytes, at, common(offset)),
    scratchBytes: a.kind === 'conv2d' && !isWide ? convScratchBytes(g) : 0,
    reads: a.kind === 'conv2d' ? convReads(g) : depthwiseReads(g),
  };
}

/** Weights, multipliers and shifts at each block of pixels; before that the bias is folded in a sweep of its own. */
function convReads(g: ConvGeometry): ConstantReads {
  return {
    bytes: g.filterH * g.filterW * g.filterC * g.outC + 8 * g.outC,
    sweeps: 1 + g.batches * g.outH * Math.ceil(g.outW / CONV_BLOCK_PIXELS),
    onceBytes: ConvParamsBytes + 4 * g.outC,
  };
}

function depthwiseReads(g: ConvGeometry): ConstantReads {
  return {
    bytes: g.filterH * g.filterW * g.outC + 12 * g.outC,
    sweeps: g.batches * g.outH * g.outW,
    onceBytes: ConvParamsBytes,
  };
}

/** Any shape, stride, dilation and grouping; weights OHWI as in the file. */
export const conv2dS8: KernelRecord = {
  kernel: Kernel.Conv2dS8,
  name: 'conv2d_s8',
  builtin: 3,
  cores: 'all',
  inputTypes: ['int8'],
  applies: () => true,
  lower: (view) => lowerConv(view, convGeometry(view), attributesOf(view.op.attributes, 'conv2d')),
  cost: (work) => 12 * work.macs + 120 * work.outputs,
};

/** Any shape and channel multiplier; weights 1HWC as in the file. */
export const depthwiseConv2dS8: KernelRecord = {
  kernel: Kernel.DepthwiseConv2dS8,
  name: 'depthwise_conv2d_s8',
  builtin: 4,
  cores: 'all',
  inputTypes: ['int8'],
  applies: () => true,
  lower: (view) =>
    lowerConv(view, depthwiseGeometry(view), attributesOf(view.op.attributes, 'depthwiseConv2d')),
  cost: (work) => 20 * work.macs + 120 * work.outputs,
};

/** The same with int16 activations: slow, for every case. */
export const conv2dS16: KernelRecord = {
  ...conv2dS8,
  kernel: Kernel.Conv2dS16,
  name: 'conv2d_s16',
  inputTypes: ['int16'],
  cost: (work) => 30 * work.macs + 200 * work.outputs,
};

export const depthwiseConv2dS16: KernelRecord = {
  ...depthwiseConv2dS8,
  kernel: Kernel.DepthwiseConv2dS16,
  name: 'depthwise_conv2d_s16',
  inputTypes: ['int16'],
  cost: (work) => 50 * work.macs + 200 * work.outputs,
};
