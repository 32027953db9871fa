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

const byBuiltin = new Map(operatorTable.map((r) => [r.builtin, r]));
const byName = new Map(operatorTable.map((r) => [r.name, r]));

/** null for an operator the product does not know. */
export function operatorRecord(builtin: number): OperatorRecord | null {
  return byBuiltin.get(builtin) ?? null;
}

export function operatorNamed(name: string): OperatorRecord | null {
  return byName.get(name) ?? null;
}
