import { ok, type Failure } from '../../base/errors.ts';
import { bool, flatTable } from '../flat-writer.ts';
import { generateResizeNearest } from '../generate/resize-nearest.ts';
import type { OperatorRecord } from '../operator-record.ts';
import { arity, constantInts, firstBroken, intsOf, movesValues, ofRank, refuseOp } from '../op-rules.ts';
import { attributesOf, inputOf, outputOf, type OpView } from '../op-view.ts';
import { LARGEST_EXTENT } from '../window.ts';

function sizesFit(view: OpView): Failure | null {
  const { shape } = inputOf(view, 0);
  const sides = [shape[1]!, shape[2]!, ...intsOf(inputOf(view, 1))];
  if (sides.every((s) => s >= 1 && s <= LARGEST_EXTENT)) return null;
  return refuseOp(
    view,
    'model.bad-shape',
    `has pictures of [${sides.join(', ')}] elements a side; 1…${LARGEST_EXTENT} are right`,
    'Use smaller layers.',
  );
}

export const resizeNearest: OperatorRecord = {
  name: 'RESIZE_NEAREST_NEIGHBOR',
  builtin: 97,
  optionsType: 74,
  version: 2,
  readOptions: (t) => ({
    kind: 'resizeNearest',
    alignCorners: t.u8(0) !== 0,
    halfPixelCenters: t.u8(1) !== 0,
  }),
  writeOptions: (attributes) => {
    const a = attributesOf(attributes, 'resizeNearest');
    return flatTable({ 0: bool(a.alignCorners), 1: bool(a.halfPixelCenters) });
  },
  check: (view) => {
    const broken =
      arity(view, 2, 2) ??
      firstBroken(
        () => movesValues(view, inputOf(view, 0), outputOf(view), ['int8', 'int16', 'float32']),
        () => ofRank(view, inputOf(view, 0), 4),
        () => constantInts(view, 1, 2),
        () => sizesFit(view),
      );
    if (broken) return broken;
    const [batches, , , channels] = inputOf(view, 0).shape;
    const [height, width] = intsOf(inputOf(view, 1));
    return ok([batches!, height!, width!, channels!]);
  },
  macs: () => 0,
  generate: generateResizeNearest,
};
