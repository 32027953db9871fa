import {
  FullyConnected16ParamsBytes,
  FullyConnectedParamsBytes,
  Kernel,
  writeFullyConnected16Params,
  writeFullyConnectedParams,
} from '../../abi/generated.ts';
import {
  attributesOf,
  inputOf,
  outputOf,
  quantizationOf,
  scaleOf,
  zeroPointOf,
  type OpView,
} from '../../model/op-view.ts';
import { fullyConnectedGeometry } from '../../model/ops/fully-connected.ts';
import { activationRange, quantizeMultiplier, type FixedMultiplier } from '../fixed-point.ts';
import type { KernelRecord } from '../kernel-record.ts';
import { channelFactors, factorBytes, plainConstants, wideBias } from './weighted.ts';

/**
 * With one weight scale TensorFlow Lite multiplies the two scales in float32 before it divides in double
 * (GetQuantizedConvolutionMultipler); with one a channel it stays in double.
 */
export function fullyConnectedFactors(view: OpView, outDepth: number): FixedMultiplier[] {
  const weights = inputOf(view, 1);
  if (quantizationOf(weights).scales.length > 1) return channelFactors(view, outDepth);
  const product = Math.fround(scaleOf(inputOf(view, 0)) * scaleOf(weights));
  const factor = quantizeMultiplier(product / scaleOf(outputOf(view)));
  return new Array<FixedMultiplier>(outDepth).fill(factor);
}

export const fullyConnectedS8: KernelRecord = {
  kernel: Kernel.FullyConnectedS8,
  name: 'fully_connected_s8',
  builtin: 9,
  cores: 'all',
  inputTypes: ['int8'],
  applies: () => true,
  lower: (view) => {
    const geometry = fullyConnectedGeometry(view);
    const { activation } = attributesOf(view.op.attributes, 'fullyConnected');
    const isWide = inputOf(view, 0).type === 'int16';
    const common = (offset: (constant: string) => number) => ({
      ...geometry,
      ...activationRange(outputOf(view), activation),
      inputOffset: 0 - zeroPointOf(inputOf(view, 0)),
      filterOffset: 0,
      outputOffset: zeroPointOf(outputOf(view)),
      weightsOffset: offset('weights'),
      biasOffset: offset('bias'),
      multipliersOffset: offset('multipliers'),
      shiftsOffset: offset('shifts'),
      reserved: [],
    });
    return {
      paramsBytes: isWide ? FullyConnected16ParamsBytes : FullyConnectedParamsBytes,
      constants: { ...plainConstants(view), ...factorBytes(fullyConnectedFactors(view, geometry.outDepth)) },
      writeParams: (bytes, at, offset) =>
        isWide
          ? writeFullyConnected16Params(bytes, at, { ...common(offset), wideBias: wideBias(view) })
          : writeFullyConnectedParams(bytes, at, common(offset)),
      scratchBytes: 0,
      reads: {
        bytes: (geometry.inDepth + 12) * geometry.outDepth,
        sweeps: geometry.batches,
        onceBytes: FullyConnectedParamsBytes,
      },
    };
  },
  cost: (work) => 9 * work.macs + 100 * work.outputs,
};

/** The same with int16 activations. */
export const fullyConnectedS16: KernelRecord = {
  ...fullyConnectedS8,
  kernel: Kernel.FullyConnectedS16,
  name: 'fully_connected_s16',
  inputTypes: ['int16'],
  cost: (work) => 25 * work.macs + 200 * work.outputs,
};
