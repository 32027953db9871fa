import { fail, ok, type Result } from '../base/errors.ts';
import type { Graph } from './graph.ts';

/**
 * The file's order is the order of execution: every tensor is written once, by an operator, an input or a constant,
 * before it is read. The arena planner trusts this.
 */
export function checkOrder(graph: Graph): Result<void> {
  const written = new Uint8Array(graph.tensors.length);
  for (const t of graph.tensors) if (t.data || t.variable) written[t.index] = 1;
  for (const i of graph.inputs) {
    if (written[i]) return wrong(graph, i, 'is an input twice, or an input and a constant');
    written[i] = 1;
  }
  for (const op of graph.ops) {
    for (const i of op.inputs)
      if (i >= 0 && !written[i])
        return wrong(graph, i, `is read by operator ${op.index} before it is written`);
    for (const i of op.outputs) {
      if (written[i] && !graph.tensors[i]!.variable)
        return wrong(graph, i, `is written by operator ${op.index} though it has a value already`);
      written[i] = 1;
    }
  }
  if (graph.ops.length === 0 || graph.inputs.length === 0 || graph.outputs.length === 0)
    return fail(
      'model.empty',
      { operators: graph.ops.length, inputs: graph.inputs.length, outputs: graph.outputs.length },
      'The model computes nothing: it has no operators, no inputs or no outputs.',
      'Convert the model again.',
    );
  const missing = graph.outputs.find((i) => !written[i]);
  return missing === undefined ? ok() : wrong(graph, missing, 'is an output that nothing writes');
}

function wrong(graph: Graph, tensor: number, what: string): Result<void> {
  return fail(
    'model.bad-graph',
    { tensor, name: graph.tensors[tensor]!.name, what },
    `Tensor ${tensor} "${graph.tensors[tensor]!.name}" ${what}.`,
    'Convert the model again; its operators are not in an order they can run in.',
  );
}
