/** MEAN, SUM, REDUCE_MAX along some dimensions, int8. */
import { ok, type Failure, type Result } from '../../base/errors.ts';
import type { Rng } from '../../base/rng.ts';
import { bool, flatTable } from '../flat-writer.ts';
import { generateReduce } from '../generate/reduce.ts';
import type { OperatorRecord } from '../operator-record.ts';
import {
  arity,
  constantInts,
  expressible,
  firstBroken,
  intsOf,
  noSuchAxis,
  ofRank,
  ofType,
  perTensor,
  positiveAxis,
  refuseOp,
  sameQuantization,
} from '../op-rules.ts';
import { attributesOf, inputOf, outputOf, scaleOf, type OpView } from '../op-view.ts';
import type { OpAttributes } from '../operators.ts';

/** TensorFlow Lite Micro's limits. */
const MOST_DIMENSIONS = 4;
const MOST_REDUCED = 2;
/** Sums of so many int8 with their zero points stay far inside 32 bits. */
const MOST_SUMMED = 2 ** 20;

/** The dimensions that go, each once, in ascending order. */
export function reducedAxes(view: OpView): number[] {
  const rank = inputOf(view, 0).shape.length;
  return [...new Set(intsOf(inputOf(view, 1)).map((axis) => positiveAxis(axis, rank)))].sort((a, b) => a - b);
}

export function reducedElements(view: OpView): number {
  return reducedAxes(view).reduce((n, axis) => n * inputOf(view, 0).shape[axis]!, 1);
}

function axesFit(view: OpView): Failure | null {
  const axes = intsOf(inputOf(view, 1));
  const wrong = axes.find((axis) => positiveAxis(axis, inputOf(view, 0).shape.length) < 0);
  if (wrong !== undefined) return noSuchAxis(view, wrong, inputOf(view, 0));
  if (reducedElements(view) <= MOST_SUMMED) return null;
  return refuseOp(
    view,
    'model.too-large-window',
    `makes one value of ${reducedElements(view)}; ${MOST_SUMMED} can be summed`,
    'Use smaller layers.',
  );
}

function check(view: OpView, ...own: (() => Failure | null)[]): Result<readonly number[]> {
  const broken =
    arity(view, 2, 2) ??
    firstBroken(
      () => ofType(view, inputOf(view, 0), 'int8') ?? ofType(view, outputOf(view), 'int8'),
      () => ofRank(view, inputOf(view, 0), 1, MOST_DIMENSIONS),
      () => constantInts(view, 1, 1, MOST_REDUCED),
      () => axesFit(view),
      () => perTensor(view, inputOf(view, 0)) ?? perTensor(view, outputOf(view)),
      ...own,
    );
  if (broken) return broken;
  const axes = reducedAxes(view);
  const { shape } = inputOf(view, 0);
  const { keepDims } = attributesOf(view.op.attributes, 'reduce');
  return ok(
    keepDims ? shape.map((d, i) => (axes.includes(i) ? 1 : d)) : shape.filter((_, i) => !axes.includes(i)),
  );
}

const record = {
  optionsType: 27,
  version: 2,
  readOptions: (t: Parameters<OperatorRecord['readOptions']>[0]): OpAttributes => ({
    kind: 'reduce',
    keepDims: t.u8(0) !== 0,
  }),
  writeOptions: (attributes: OpAttributes) =>
    flatTable({ 0: bool(attributesOf(attributes, 'reduce').keepDims) }),
  macs: () => 0,
};

const rescaled = (view: OpView) =>
  check(view, () => expressible(view, scaleOf(inputOf(view, 0)) / scaleOf(outputOf(view))));

export const mean: OperatorRecord = {
  name: 'MEAN',
  builtin: 40,
  ...record,
  check: rescaled,
  generate: (rng: Rng) => generateReduce(rng, 'MEAN'),
};

export const sum: OperatorRecord = {
  name: 'SUM',
  builtin: 74,
  ...record,
  check: rescaled,
  generate: (rng: Rng) => generateReduce(rng, 'SUM'),
};

export const reduceMax: OperatorRecord = {
  name: 'REDUCE_MAX',
  builtin: 82,
  ...record,
  check: (view) => check(view, () => sameQuantization(view, inputOf(view, 0), outputOf(view))),
  generate: (rng: Rng) => generateReduce(rng, 'REDUCE_MAX'),
};
