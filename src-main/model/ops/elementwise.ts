/** Operators of two int8 tensors, element by element, with NumPy broadcasting: SUB, MUL, MINIMUM, MAXIMUM. */
import { ok, type Failure, type Result } from '../../base/errors.ts';
import type { Rng } from '../../base/rng.ts';
import { flatTable, i8 } from '../flat-writer.ts';
import { generateBinary, generateMinMax } from '../generate/elementwise.ts';
import type { OperatorRecord } from '../operator-record.ts';
import {
  arity,
  clampable,
  expressible,
  firstBroken,
  ofRank,
  ofType,
  perTensor,
  sameQuantization,
  wrongShape,
} from '../op-rules.ts';
import { attributesOf, inputOf, outputOf, scaleOf, type OpView } from '../op-view.ts';
import type { Activation, OpAttributes } from '../operators.ts';
import { activationCode, readActivation } from '../option-fields.ts';

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

/** The rules of every elementwise operator, then its own; the output shape. */
export function checkElementwise(view: OpView, ...own: (() => Failure | null)[]): Result<readonly number[]> {
  const tensors = () => [inputOf(view, 0), inputOf(view, 1), outputOf(view)];
  const each = (rule: (t: ReturnType<typeof outputOf>) => Failure | null) => () =>
    firstBroken(...tensors().map((t) => () => rule(t)));
  const broken =
    arity(view, 2, 2) ??
    firstBroken(
      each((t) => ofType(view, t, 'int8')),
      each((t) => ofRank(view, t, 0, 4)),
      each((t) => perTensor(view, t)),
      () => broadcasts(view),
      ...own,
    );
  return broken ?? ok(broadcastShape(inputOf(view, 0).shape, inputOf(view, 1).shape)!);
}

/** TensorFlow Lite Micro aborts on a factor that rounds to 1 or more; a sum has 20 bits of headroom. */
const LARGEST_OUTPUT_FACTOR = 1 - 2 ** -31;
const HEADROOM = 2 ** 20;

/** ADD and SUB: the sum at twice the larger input scale can be brought to the output's. */
export function sumFactor(view: OpView): Failure | null {
  const twice = 2 * Math.max(scaleOf(inputOf(view, 0)), scaleOf(inputOf(view, 1)));
  return expressible(view, twice / (HEADROOM * scaleOf(outputOf(view))), LARGEST_OUTPUT_FACTOR);
}

function fused(view: OpView): Activation {
  const a = view.op.attributes;
  return a.kind === 'sub' || a.kind === 'mul' ? a.activation : 'none';
}

const activationOption = (kind: 'sub' | 'mul') => ({
  readOptions: (t: Parameters<OperatorRecord['readOptions']>[0]): OpAttributes => ({
    kind,
    activation: readActivation(t, 0),
  }),
  writeOptions: (attributes: OpAttributes) =>
    flatTable({ 0: i8(activationCode(attributesOf(attributes, kind).activation)) }),
});

export const sub: OperatorRecord = {
  name: 'SUB',
  builtin: 41,
  optionsType: 28,
  version: 2,
  ...activationOption('sub'),
  check: (view) =>
    checkElementwise(
      view,
      () => sumFactor(view),
      () => clampable(view, fused(view), outputOf(view)),
    ),
  macs: () => 0,
  generate: (rng) => generateBinary(rng, 'SUB', 'sub'),
};

export const mul: OperatorRecord = {
  name: 'MUL',
  builtin: 18,
  optionsType: 21,
  version: 2,
  ...activationOption('mul'),
  check: (view) =>
    checkElementwise(
      view,
      () =>
        expressible(view, (scaleOf(inputOf(view, 0)) * scaleOf(inputOf(view, 1))) / scaleOf(outputOf(view))),
      () => clampable(view, fused(view), outputOf(view)),
    ),
  macs: () => 0,
  generate: (rng) => generateBinary(rng, 'MUL', 'mul'),
};

/** TensorFlow Lite Micro compares the bytes as they are, so all three tensors need one quantisation. */
const minMax = {
  optionsType: 39,
  version: 2,
  readOptions: (): OpAttributes => ({ kind: 'plain' }),
  writeOptions: () => flatTable({}),
  check: (view: OpView) =>
    checkElementwise(
      view,
      () => sameQuantization(view, inputOf(view, 0), inputOf(view, 1)),
      () => sameQuantization(view, inputOf(view, 0), outputOf(view)),
    ),
  macs: () => 0,
};

export const minimum: OperatorRecord = {
  name: 'MINIMUM',
  builtin: 57,
  ...minMax,
  generate: (rng: Rng) => generateMinMax(rng, 'MINIMUM'),
};

export const maximum: OperatorRecord = {
  name: 'MAXIMUM',
  builtin: 55,
  ...minMax,
  generate: (rng: Rng) => generateMinMax(rng, 'MAXIMUM'),
};
