import { Kernel, ResizeNearestParamsBytes, writeResizeNearestParams } from '../../abi/generated.ts';
import { attributesOf, inputOf, outputOf } from '../../model/op-view.ts';
import { elementBits } from '../../model/tensor-type.ts';
import type { OpAttributes } from '../../model/operators.ts';
import { roundAway } from '../fixed-point.ts';
import type { KernelRecord } from '../kernel-record.ts';

type Mode = Extract<OpAttributes, { kind: 'resizeNearest' }>;

/** Which input row (or column) each output one is taken from; float32, as TensorFlow Lite computes it. */
export function nearest(input: number, output: number, mode: Mode): number[] {
  const { alignCorners, halfPixelCenters } = mode;
  const scale =
    alignCorners && output > 1 ? Math.fround((input - 1) / (output - 1)) : Math.fround(input / output);
  return Array.from({ length: output }, (_, i) => {
    const at = Math.fround(Math.fround(i + (halfPixelCenters ? 0.5 : 0)) * scale);
    return Math.max(0, Math.min(input - 1, alignCorners ? roundAway(at) : Math.floor(at)));
  });
}

const u16Bytes = (values: readonly number[]): Uint8Array => new Uint8Array(Uint16Array.from(values).buffer);

export const resizeNearest: KernelRecord = {
  kernel: Kernel.ResizeNearest,
  name: 'resize_nearest',
  builtin: 97,
  cores: 'all',
  applies: () => true,
  lower: (view) => {
    const mode = attributesOf(view.op.attributes, 'resizeNearest');
    const [batches, inH, inW, channels] = inputOf(view, 0).shape as [number, number, number, number];
    const [, outH, outW] = outputOf(view).shape as [number, number, number, number];
    return {
      paramsBytes: ResizeNearestParamsBytes,
      constants: { rows: u16Bytes(nearest(inH, outH, mode)), columns: u16Bytes(nearest(inW, outW, mode)) },
      operands: [0],
      writeParams: (bytes, at, offset) =>
        writeResizeNearestParams(bytes, at, {
          batches,
          inH,
          inW,
          outH,
          outW,
          pixelBytes: (channels * elementBits(outputOf(view).type)) / 8,
          rowsOffset: offset('rows'),
          columnsOffset: offset('columns'),
          reserved: [],
        }),
      scratchBytes: 0,
    };
  },
  cost: (work) => 5 * work.outputs,
};
