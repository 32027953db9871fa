import { FullyConnectedParamsBytes, Kernel, writeFullyConnectedParams } from '../../abi/generated.ts';
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
import { activationRange, quantizeMultiplier } from '../fixed-point.ts';
import { i32Bytes, type KernelRecord } from '../kernel-record.ts';
import { channelMultipliers, plainConstants } from './weighted.ts';

/**
 * With one weight scale TensorFlow Lite multiplies the two scales in float32 before it divides in double
 * (GetQuantizedConvolutionMultipler); with one a channel it stays in double.
 */
function multipliers(view: OpView, outDepth: number): { multipliers: Uint8Array; shifts: Uint8Array } {
  const weights = inputOf(view, 1);
  if (quantizationOf(weights).scales.length > 1) return channelMultipliers(view, outDepth);
  const product = Math.fround(scaleOf(inputOf(view, 0)) * scaleOf(weights));
  const { multiplier, shift } = quantizeMultiplier(product / scaleOf(outputOf(view)));
  const repeat = (x: number) => i32Bytes(new Array<number>(outDepth).fill(x));
  return { multipliers: repeat(multiplier), shifts: repeat(shift) };
}

export const fullyConnectedS8: KernelRecord = {
  kernel: Kernel.FullyConnectedS8,
  name: 'fully_connected_s8',
  builtin: 9,
  cores: 'all',
  applies: () => true,
  lower: (view) => {
    const geometry = fullyConnectedGeometry(view);
    const { activation } = attributesOf(view.op.attributes, 'fullyConnected');
    return {
      paramsBytes: FullyConnectedParamsBytes,
      constants: { ...plainConstants(view), ...multipliers(view, geometry.outDepth) },
      writeParams: (bytes, at, offset) =>
        writeFullyConnectedParams(bytes, at, {
          ...geometry,
          ...activationRange(outputOf(view), activation),
          inputOffset: -zeroPointOf(inputOf(view, 0)),
          filterOffset: 0,
          outputOffset: zeroPointOf(outputOf(view)),
          weightsOffset: offset('weights'),
          biasOffset: offset('bias'),
          multipliersOffset: offset('multipliers'),
          shiftsOffset: offset('shifts'),
          reserved: [],
        }),
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
