import { ok, type Failure } from '../../base/errors.ts';
import { flatTable, i8 } from '../flat-writer.ts';
import type { OperatorRecord } from '../operator-record.ts';
import {
  arity,
  clampable,
  expressible,
  firstBroken,
  ofRank,
  ofType,
  perTensor,
  wrongShape,
} from '../op-rules.ts';
import { attributesOf, inputOf, outputOf, scaleOf, type OpView } from '../op-view.ts';
import { activationCode, readActivation } from '../option-fields.ts';
import { generateAdd } from '../generate/add.ts';

/** The shape two shapes broadcast to as NumPy does it, or null. */
export function broadcastShape(a: readonly number[], b: readonly number[]): number[] | null {
  const rank = Math.max(a.length, b.length);
  const out: number[] = [];
  for (let i = 0; i < rank; i++) {
    const x = a[a.length - rank + i] ?? 1;
    const y = b[b.length - rank + i] ?? 1;
    if (x !== y && x !== 1 && y !== 1) return null;
    out.push(Math.max(x, y));
  }
  return out;
}

function broadcasts(view: OpView): Failure | null {
  const [a, b] = [inputOf(view, 0), inputOf(view, 1)];
  return broadcastShape(a.shape, b.shape) ? null : wrongShape(view, b, a.shape);
}

/** TensorFlow Lite Micro aborts on a factor that rounds to 1 or more; the sum has 20 bits of headroom. */
const LARGEST_OUTPUT_FACTOR = 1 - 2 ** -31;
const HEADROOM = 2 ** 20;

function outputFactor(view: OpView): Failure | null {
  const twice = 2 * Math.max(scaleOf(inputOf(view, 0)), scaleOf(inputOf(view, 1)));
  return expressible(view, twice / (HEADROOM * scaleOf(outputOf(view))), LARGEST_OUTPUT_FACTOR);
}

export const add: OperatorRecord = {
  name: 'ADD',
  builtin: 0,
  optionsType: 11,
  version: 2,
  readOptions: (t) => ({ kind: 'add', activation: readActivation(t, 0) }),
  writeOptions: (attributes) =>
    flatTable({ 0: i8(activationCode(attributesOf(attributes, 'add').activation)) }),
  check: (view) => {
    const tensors = () => [inputOf(view, 0), inputOf(view, 1), outputOf(view)];
    const broken =
      arity(view, 2, 2) ??
      firstBroken(
        () => firstBroken(...tensors().map((t) => () => ofType(view, t, 'int8'))),
        () => firstBroken(...tensors().map((t) => () => ofRank(view, t, 0, 4))),
        () => firstBroken(...tensors().map((t) => () => perTensor(view, t))),
        () => broadcasts(view),
        () => outputFactor(view),
        () => clampable(view, attributesOf(view.op.attributes, 'add').activation, outputOf(view)),
      );
    return broken ?? ok(broadcastShape(inputOf(view, 0).shape, inputOf(view, 1).shape)!);
  },
  macs: () => 0,
  generate: generateAdd,
};
