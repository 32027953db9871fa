import {
  DequantizeParamsBytes,
  Kernel,
  QuantizeParamsBytes,
  writeDequantizeParams,
  writeQuantizeParams,
} from '../../abi/generated.ts';
import { inputOf, outputOf, scaleOf, zeroPointOf } from '../../model/op-view.ts';
import { elementCount } from '../../model/tensor-type.ts';
import { dtypeOf } from '../dtype.ts';
import { quantizeMultiplier } from '../fixed-point.ts';
import type { KernelRecord } from '../kernel-record.ts';

/** float32 → integer by division, or integer → integer by a fixed-point factor. */
export const quantize: KernelRecord = {
  kernel: Kernel.Quantize,
  name: 'quantize',
  builtin: 114,
  cores: 'all',
  applies: () => true,
  lower: (view) => {
    const [input, output] = [inputOf(view, 0), outputOf(view)];
    const isFloat = input.type === 'float32';
    const factor = isFloat
      ? { multiplier: 0, shift: 0 }
      : quantizeMultiplier(scaleOf(input) / scaleOf(output));
    return {
      paramsBytes: QuantizeParamsBytes,
      constants: {},
      writeParams: (bytes, at) =>
        writeQuantizeParams(bytes, at, {
          elements: elementCount(output.shape),
          fromType: dtypeOf(input.type),
          toType: dtypeOf(output.type),
          pad: 0,
          scale: scaleOf(output),
          inputZeroPoint: isFloat ? 0 : zeroPointOf(input),
          outputZeroPoint: zeroPointOf(output),
          ...factor,
          reserved: [],
        }),
      scratchBytes: 0,
    };
  },
  cost: (work) => 150 * work.outputs,
};

export const dequantize: KernelRecord = {
  kernel: Kernel.Dequantize,
  name: 'dequantize',
  builtin: 6,
  cores: 'all',
  applies: () => true,
  lower: (view) => {
    const input = inputOf(view, 0);
    return {
      paramsBytes: DequantizeParamsBytes,
      constants: {},
      writeParams: (bytes, at) =>
        writeDequantizeParams(bytes, at, {
          elements: elementCount(input.shape),
          fromType: dtypeOf(input.type),
          pad: [],
          scale: scaleOf(input),
          zeroPoint: zeroPointOf(input),
          reserved: [],
        }),
      scratchBytes: 0,
    };
  },
  cost: (work) => 150 * work.outputs,
};
