import { ConvParamsBytes, Kernel, writeConvParams } from '../../abi/generated.ts';
import { attributesOf, inputOf, outputOf, zeroPointOf } from '../../model/op-view.ts';
import { asConvolution, transposeConvGeometry } from '../../model/ops/transpose-conv.ts';
import { activationRange } from '../fixed-point.ts';
import type { KernelRecord } from '../kernel-record.ts';
import { channelFactors, factorBytes, plainConstants } from './weighted.ts';

export const transposeConvS8: KernelRecord = {
  kernel: Kernel.TransposeConvS8,
  name: 'transpose_conv_s8',
  builtin: 67,
  cores: 'all',
  applies: () => true,
  lower: (view) => {
    const g = transposeConvGeometry(view);
    const { strideH, strideW } = attributesOf(view.op.attributes, 'transposeConv');
    const conv = asConvolution(view);
    return {
      paramsBytes: ConvParamsBytes,
      constants: { ...plainConstants(conv), ...factorBytes(channelFactors(conv, g.outC)) },
      operands: [2],
      writeParams: (bytes, at, offset) =>
        writeConvParams(bytes, at, {
          ...g,
          ...activationRange(outputOf(view), 'none'),
          strideH,
          strideW,
          dilationH: 1,
          dilationW: 1,
          depthMultiplier: 0,
          inputOffset: 0 - zeroPointOf(inputOf(conv, 0)),
          outputOffset: zeroPointOf(outputOf(view)),
          weightsOffset: offset('weights'),
          biasOffset: offset('bias'),
          multipliersOffset: offset('multipliers'),
          shiftsOffset: offset('shifts'),
          reserved: [],
        }),
      scratchBytes: 0,
    };
  },
  cost: (work) => 16 * work.macs + 200 * work.outputs,
};
