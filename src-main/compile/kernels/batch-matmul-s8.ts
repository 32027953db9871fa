import { BatchMatmulParamsBytes, Kernel, writeBatchMatmulParams } from '../../abi/generated.ts';
import { attributesOf, inputOf, outputOf, scaleOf, zeroPointOf } from '../../model/op-view.ts';
import { batchMatmulGeometry } from '../../model/ops/batch-matmul.ts';
import { elementCount } from '../../model/tensor-type.ts';
import { quantizeMultiplier } from '../fixed-point.ts';
import type { KernelRecord } from '../kernel-record.ts';

const BATCH_RANK = 3;

/** Elements from one matrix of a side to the next along each of three batch dimensions; 0 where it is repeated. */
function batchStrides(shape: readonly number[], out: readonly number[]): number[] {
  const dims = [...new Array<number>(BATCH_RANK + 2 - shape.length).fill(1), ...shape];
  return [0, 1, 2].map((i) => (dims[i] === 1 && out[i] !== 1 ? 0 : elementCount(dims.slice(i + 1))));
}

export const batchMatmulS8: KernelRecord = {
  kernel: Kernel.BatchMatmulS8,
  name: 'batch_matmul_s8',
  builtin: 126,
  cores: 'all',
  applies: () => true,
  lower: (view) => {
    const [lhs, rhs, output] = [inputOf(view, 0), inputOf(view, 1), outputOf(view)];
    const { adjX, adjY } = attributesOf(view.op.attributes, 'batchMatmul');
    const { batch, rows, depth, columns } = batchMatmulGeometry(view);
    const batchDims = [...new Array<number>(BATCH_RANK - batch.length).fill(1), ...batch];
    // as FULLY_CONNECTED with one weight scale: the scales are multiplied in float32
    const factor = Math.fround(scaleOf(lhs) * scaleOf(rhs)) / scaleOf(output);
    return {
      paramsBytes: BatchMatmulParamsBytes,
      constants: {},
      writeParams: (bytes, at) =>
        writeBatchMatmulParams(bytes, at, {
          batchDims,
          lhsBatchStrides: batchStrides(lhs.shape, batchDims),
          rhsBatchStrides: batchStrides(rhs.shape, batchDims),
          rows,
          depth,
          columns,
          lhsRowStride: adjX ? 1 : depth,
          lhsDepthStride: adjX ? rows : 1,
          rhsDepthStride: adjY ? 1 : columns,
          rhsColumnStride: adjY ? depth : 1,
          lhsOffset: 0 - zeroPointOf(lhs),
          rhsOffset: 0 - zeroPointOf(rhs),
          outputOffset: zeroPointOf(output),
          ...quantizeMultiplier(factor),
          reserved: [],
        }),
      scratchBytes: 0,
    };
  },
  cost: (work) => 18 * work.macs + 120 * work.outputs,
};
