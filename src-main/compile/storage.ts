import type { Graph, Operator } from '../model/graph.ts';
import { tensorBytes } from '../model/tensor-type.ts';

/**
 * Which tensors share memory, and from when to when each piece of it is needed. A RESHAPE, EXPAND_DIMS or SQUEEZE only
 * renames bytes, so its two tensors are one storage and the operator leaves the plan.
 */
export interface Storages {
  /** Tensor index → index of the tensor whose memory it is; −1 for tensors no operator of the plan touches. */
  readonly root: Int32Array;
  /** The operators that are left. */
  readonly ops: readonly Operator[];
}

/** RESHAPE, SQUEEZE, EXPAND_DIMS. */
const RENAMING: ReadonlySet<number> = new Set([22, 43, 70]);

export function shareStorage(graph: Graph): Storages {
  const root = Int32Array.from(graph.tensors, (t) => t.index);
  const inputs = new Set(graph.inputs);
  const outputs = new Set(graph.outputs);
  const ops: Operator[] = [];
  for (const op of graph.ops) {
    const [from, to] = [op.inputs[0]!, op.outputs[0]!];
    if (!RENAMING.has(op.builtin)) ops.push(op);
    else if (mustCopy(graph, inputs, outputs, root[from]!, to)) ops.push(op);
    else root[to] = root[from]!;
  }
  return { root, ops };
}

/**
 * A program output must be bytes of its own when its storage would be a program input (the harness writes the next
 * sample there) or a constant (the harness reads outputs from the arena). Looks at the last name a storage may get:
 * an output reached through several RESHAPEs is copied by the last of them.
 */
function mustCopy(
  graph: Graph,
  inputs: ReadonlySet<number>,
  outputs: ReadonlySet<number>,
  root: number,
  to: number,
): boolean {
  const { data, variable } = graph.tensors[root]!;
  // a state is written anew while the run goes on
  if (variable) return true;
  return outputs.has(to) && (inputs.has(root) || data !== null);
}

/** A stretch of arena needed from operator `from` to operator `to` of the plan, both included. */
export interface Piece {
  readonly bytes: number;
  readonly from: number;
  readonly to: number;
}

/** Before the first operator: program inputs are written. */
export const BEFORE_RUN = -1;

/**
 * Lifetimes by storage root (constants excluded). Program inputs live from before the run; outputs, and inputs when
 * `keepInputs`, to behind its last operator.
 */
export function lifetimes(graph: Graph, storages: Storages, keepInputs: boolean): Map<number, Piece> {
  const spans = new Map<number, { from: number; to: number }>();
  const touch = (tensor: number, at: number): void => {
    const root = storages.root[tensor]!;
    if (graph.tensors[root]!.data) return;
    const span = spans.get(root);
    if (span) span.to = Math.max(span.to, at);
    else spans.set(root, { from: at, to: at });
  };
  const afterRun = storages.ops.length;
  // states keep their place from one run to the next
  const states = graph.tensors.filter((t) => t.variable).map((t) => t.index);
  for (const t of states) touch(t, BEFORE_RUN);
  for (const t of graph.inputs) touch(t, BEFORE_RUN);
  storages.ops.forEach((op, at) => {
    for (const t of op.inputs) if (t >= 0 && !isShapeOperand(op, t)) touch(t, at);
    for (const t of op.outputs) touch(t, at);
  });
  for (const t of states) touch(t, afterRun);
  for (const t of keepInputs ? [...graph.inputs, ...graph.outputs] : graph.outputs) touch(t, afterRun);
  const sized = [...spans].map(([root, span]) => {
    const { type, shape } = graph.tensors[root]!;
    return [root, { bytes: tensorBytes(type, shape), ...span }] as const;
  });
  return new Map(sized);
}

/** The second operand of what only renames says what the output's shape already says. */
function isShapeOperand(op: Operator, tensor: number): boolean {
  return RENAMING.has(op.builtin) && op.inputs[1] === tensor && op.inputs[0] !== tensor;
}
