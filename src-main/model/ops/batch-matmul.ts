import { ok, type Failure } from '../../base/errors.ts';
import { bool, flatTable } from '../flat-writer.ts';
import { generateBatchMatmul } from '../generate/batch-matmul.ts';
import type { OperatorRecord } from '../operator-record.ts';
import { arity, expressible, firstBroken, ofRank, ofType, perTensor, wrongShape } from '../op-rules.ts';
import { attributesOf, inputOf, outputOf, scaleOf, type OpView } from '../op-view.ts';
import { broadcastShape } from './elementwise.ts';

/** One side as matrices: its batch dimensions, and which of the last two dimensions is which. */
export interface MatmulGeometry {
  readonly batch: readonly number[];
  readonly rows: number;
  readonly depth: number;
  readonly columns: number;
}

const last = (shape: readonly number[], n: number): number => shape[shape.length - n]!;

/** After the ranks were checked; `batch` is null where the two do not broadcast. */
function shapes(view: OpView) {
  const a = attributesOf(view.op.attributes, 'batchMatmul');
  const [lhs, rhs] = [inputOf(view, 0).shape, inputOf(view, 1).shape];
  return {
    batch: broadcastShape(lhs.slice(0, -2), rhs.slice(0, -2)),
    rows: last(lhs, a.adjX ? 1 : 2),
    depth: last(lhs, a.adjX ? 2 : 1),
    rhsDepth: last(rhs, a.adjY ? 1 : 2),
    columns: last(rhs, a.adjY ? 2 : 1),
  };
}

export function batchMatmulGeometry(view: OpView): MatmulGeometry {
  const { batch, rows, depth, columns } = shapes(view);
  return { batch: batch!, rows, depth, columns };
}

function matricesFit(view: OpView): Failure | null {
  const { batch, depth, rhsDepth } = shapes(view);
  if (batch && depth === rhsDepth) return null;
  const rhs = inputOf(view, 1);
  return wrongShape(view, rhs, [...inputOf(view, 0).shape.slice(0, -2), depth, last(rhs.shape, 1)]);
}

export const batchMatmul: OperatorRecord = {
  name: 'BATCH_MATMUL',
  builtin: 126,
  optionsType: 101,
  version: 2,
  readOptions: (t) => ({ kind: 'batchMatmul', adjX: t.u8(0) !== 0, adjY: t.u8(1) !== 0 }),
  writeOptions: (attributes) => {
    const a = attributesOf(attributes, 'batchMatmul');
    return flatTable({ 0: bool(a.adjX), 1: bool(a.adjY) });
  },
  check: (view) => {
    const tensors = () => [inputOf(view, 0), inputOf(view, 1), outputOf(view)];
    const broken =
      arity(view, 2, 2) ??
      firstBroken(
        () => firstBroken(...tensors().map((t) => () => ofType(view, t, 'int8'))),
        () => firstBroken(...tensors().map((t) => () => ofRank(view, t, 2, 5))),
        () => matricesFit(view),
        () => firstBroken(...tensors().map((t) => () => perTensor(view, t))),
        () =>
          expressible(
            view,
            (scaleOf(inputOf(view, 0)) * scaleOf(inputOf(view, 1))) / scaleOf(outputOf(view)),
          ),
      );
    if (broken) return broken;
    const { batch, rows, columns } = batchMatmulGeometry(view);
    return ok([...batch, rows, columns]);
  },
  macs: (view) => {
    const { batch, rows, depth, columns } = batchMatmulGeometry(view);
    return batch.reduce((n, d) => n * d, rows * depth * columns);
  },
  generate: generateBatchMatmul,
};
