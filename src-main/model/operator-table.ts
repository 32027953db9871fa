import type { OperatorRecord } from './operator-record.ts';
import { hardSwish, leakyRelu, logistic, relu, relu6, tanh } from './ops/activation.ts';
import { add } from './ops/add.ts';
import { argMax } from './ops/arg-max.ts';
import { conv2d } from './ops/conv2d.ts';
import { depthwiseConv2d } from './ops/depthwise-conv2d.ts';
import { dequantize } from './ops/dequantize.ts';
import { maximum, minimum, mul, sub } from './ops/elementwise.ts';
import { fullyConnected } from './ops/fully-connected.ts';
import { batchMatmul } from './ops/batch-matmul.ts';
import { concatenation, pack } from './ops/joining.ts';
import { pad, padV2 } from './ops/pad.ts';
import { averagePool2d, maxPool2d } from './ops/pool2d.ts';
import { quantize } from './ops/quantize.ts';
import { mean, reduceMax, sum } from './ops/reduce.ts';
import { expandDims, squeeze } from './ops/renaming.ts';
import { reshape } from './ops/reshape.ts';
import { resizeNearest } from './ops/resize-nearest.ts';
import { slice, stridedSlice } from './ops/slicing.ts';
import { softmax } from './ops/softmax.ts';
import { split, splitV, unpack } from './ops/splitting.ts';
import { lstm } from './ops/lstm.ts';
import { svdf } from './ops/svdf.ts';
import { assignVariable, callOnce, readVariable, varHandle } from './ops/variables.ts';
import { transposeConv } from './ops/transpose-conv.ts';
import { transpose } from './ops/transpose.ts';

/** Every operator the product reads, checks and lowers. A new one is a file in ops/ and a line here. */
export const operatorTable: readonly OperatorRecord[] = [
  add,
  averagePool2d,
  conv2d,
  depthwiseConv2d,
  dequantize,
  fullyConnected,
  maxPool2d,
  quantize,
  reshape,
  softmax,
  sub,
  mul,
  minimum,
  maximum,
  relu,
  relu6,
  leakyRelu,
  hardSwish,
  logistic,
  tanh,
  expandDims,
  squeeze,
  slice,
  stridedSlice,
  transpose,
  pad,
  padV2,
  concatenation,
  pack,
  split,
  splitV,
  unpack,
  mean,
  sum,
  reduceMax,
  resizeNearest,
  argMax,
  transposeConv,
  batchMatmul,
  svdf,
  lstm,
  varHandle,
  readVariable,
  assignVariable,
  callOnce,
];

/** null for an operator the product does not know. `records` is for tests that add an operator. */
export function operatorRecord(
  builtin: number,
  records: readonly OperatorRecord[] = operatorTable,
): OperatorRecord | null {
  return records.find((r) => r.builtin === builtin) ?? null;
}

export function operatorNamed(
  name: string,
  records: readonly OperatorRecord[] = operatorTable,
): OperatorRecord | null {
  return records.find((r) => r.name === name) ?? null;
}
