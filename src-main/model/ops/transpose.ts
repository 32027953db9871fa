import { ok, type Failure } from '../../base/errors.ts';
import { flatTable } from '../flat-writer.ts';
import { generateTranspose } from '../generate/transpose.ts';
import type { OperatorRecord } from '../operator-record.ts';
import { arity, badOption, constantInts, firstBroken, intsOf, movesValues, ofRank } from '../op-rules.ts';
import { inputOf, outputOf, type OpView } from '../op-view.ts';

/** Output dimension i is input dimension permutation[i]. */
export function permutationOf(view: OpView): number[] {
  return intsOf(inputOf(view, 1));
}

function permutes(view: OpView): Failure | null {
  const permutation = permutationOf(view);
  const { shape } = inputOf(view, 0);
  // TensorFlow Lite Micro refuses dimensions counted from behind
  const once = permutation.every((axis, i) => shape[axis] !== undefined && permutation.indexOf(axis) === i);
  return once ? null : badOption(view, `has the order [${permutation.join(', ')}] of dimensions`);
}

export const transpose: OperatorRecord = {
  name: 'TRANSPOSE',
  builtin: 39,
  optionsType: 26,
  version: 2,
  readOptions: () => ({ kind: 'plain' }),
  writeOptions: () => flatTable({}),
  check: (view) => {
    const broken =
      arity(view, 2, 2) ??
      firstBroken(
        () => movesValues(view, inputOf(view, 0), outputOf(view), ['int8', 'int16', 'float32']),
        () => ofRank(view, inputOf(view, 0), 1, 5),
        () => constantInts(view, 1, inputOf(view, 0).shape.length),
        () => permutes(view),
      );
    return broken ?? ok(permutationOf(view).map((axis) => inputOf(view, 0).shape[axis]!));
  },
  macs: () => 0,
  generate: generateTranspose,
};
