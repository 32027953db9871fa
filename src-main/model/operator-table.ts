import type { OperatorRecord } from './operator-record.ts';
import { add } from './ops/add.ts';
import { conv2d } from './ops/conv2d.ts';
import { depthwiseConv2d } from './ops/depthwise-conv2d.ts';
import { dequantize } from './ops/dequantize.ts';
import { fullyConnected } from './ops/fully-connected.ts';
import { averagePool2d, maxPool2d } from './ops/pool2d.ts';
import { quantize } from './ops/quantize.ts';
import { reshape } from './ops/reshape.ts';
import { softmax } from './ops/softmax.ts';

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
