import { Kernel, SvdfParamsBytes, writeSvdfParams } from '../../abi/generated.ts';
import { inputOf, outputOf, zeroPointOf } from '../../model/op-view.ts';
import { svdfFactors, svdfGeometry } from '../../model/ops/svdf.ts';
import { quantizeMultiplier } from '../fixed-point.ts';
import type { KernelRecord } from '../kernel-record.ts';

export const svdfS8: KernelRecord = {
  kernel: Kernel.SvdfS8,
  name: 'svdf_s8',
  builtin: 27,
  cores: 'all',
  applies: () => true,
  lower: (view) => {
    const factors = svdfFactors(view);
    const [feature, output] = [quantizeMultiplier(factors.feature), quantizeMultiplier(factors.output)];
    return {
      paramsBytes: SvdfParamsBytes,
      constants: {
        features: inputOf(view, 1).data!,
        times: inputOf(view, 2).data!,
        bias: inputOf(view, 3).data!,
      },
      operands: [0, 4],
      updates: [4],
      writeParams: (bytes, at, offset) =>
        writeSvdfParams(bytes, at, {
          ...svdfGeometry(view),
          inputOffset: 0 - zeroPointOf(inputOf(view, 0)),
          outputOffset: zeroPointOf(outputOf(view)),
          featureMultiplier: feature.multiplier,
          featureShift: feature.shift,
          outputMultiplier: output.multiplier,
          outputShift: output.shift,
          featureWeightsOffset: offset('features'),
          timeWeightsOffset: offset('times'),
          biasOffset: offset('bias'),
          reserved: [],
        }),
      scratchBytes: 0,
    };
  },
  cost: (work) => 14 * work.macs + 150 * work.outputs,
};
