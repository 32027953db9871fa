import { fail, ok, type Failure, type Result } from '../base/errors.ts';
import type { Graph, Operator, Tensor } from './graph.ts';
import { wrongShape } from './op-rules.ts';
import { viewOp, type OpView } from './op-view.ts';
import type { OperatorRecord } from './operator-record.ts';
import { operatorRecord, operatorTable } from './operator-table.ts';
import { elementCount, tensorBytes } from './tensor-type.ts';

/** Whether the product can lower every operator of the graph; the first that it cannot is named. */
export function checkGraph(graph: Graph, records: readonly OperatorRecord[] = operatorTable): Result<void> {
  for (const op of graph.ops) {
    const broken = checkOperator(graph, op, records);
    if (broken) return broken;
  }
  return ok();
}

function checkOperator(graph: Graph, op: Operator, records: readonly OperatorRecord[]): Failure | null {
  const record = operatorRecord(op.builtin, records);
  if (!record) return unsupported(graph, op, records);
  const view = viewOp(graph, op);
  const shape = record.check(view);
  if (!shape.ok) return shape;
  const output = view.outputs[0]!;
  const same =
    shape.value.length === output.shape.length && shape.value.every((d, i) => d === output.shape[i]);
  return same ? null : wrongShape(view, output, shape.value);
}

/** Ways out that are better than leaving the operator away. */
const waysOut: readonly (readonly [operators: RegExp, wayOut: string])[] = [
  [/^(SHAPE|GATHER|CAST|FILL)$/, 'It mostly computes a shape: fix the batch to 1 before converting.'],
  [/^RELU_/, 'Put the activation right behind the layer, so that the converter fuses it.'],
  [/^RESIZE_BILINEAR$/, 'Use nearest-neighbour resizing or a transposed convolution.'],
  [
    /^CUSTOM/,
    'Convert with TFLITE_BUILTINS_INT8 only, and leave what is custom to the code around the model.',
  ],
];

function unsupported(graph: Graph, op: Operator, records: readonly OperatorRecord[]): Failure {
  const output = graph.tensors[op.outputs[0] ?? -1];
  const known = records.map((r) => r.name);
  const wayOut =
    waysOut.find(([operators]) => operators.test(op.name))?.[1] ??
    'Replace it, or leave it to the code around the model.';
  return fail(
    'model.unsupported-operator',
    {
      operator: op.name,
      index: op.index,
      tensor: output?.index ?? -1,
      name: output?.name ?? '',
      supported: known,
    },
    `Operator ${op.index} (${op.name}) is not one this version can run; it makes tensor "${output?.name ?? ''}".`,
    `${wayOut} Supported: ${known.join(', ')}.`,
  );
}

/** What one operator has to do, after a successful check: the inputs of cost models and of the profile's columns. */
export interface OpWork {
  readonly macs: number;
  /** Elements written. */
  readonly outputs: number;
  /** Constants read: weights and biases. */
  readonly weightBytes: number;
  /** Activations read and written. */
  readonly activationBytes: number;
}

export function workOf(view: OpView, records: readonly OperatorRecord[] = operatorTable): OpWork {
  const bytes = (tensors: readonly Tensor[]) => tensors.reduce((n, t) => n + tensorBytes(t.type, t.shape), 0);
  const read = view.inputs.filter((t) => t !== null);
  return {
    macs: operatorRecord(view.op.builtin, records)!.macs(view),
    outputs: view.outputs.reduce((n, t) => n + elementCount(t.shape), 0),
    weightBytes: bytes(read.filter((t) => t.data !== null)),
    activationBytes: bytes(read.filter((t) => t.data === null)) + bytes(view.outputs),
  };
}
