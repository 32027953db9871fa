/** Functions of one int8 element: RELU, RELU6, LEAKY_RELU, HARD_SWISH, LOGISTIC, TANH. */
import { ok, type Failure, type Result } from '../../base/errors.ts';
import { f32, flatTable } from '../flat-writer.ts';
import { generateActivation } from '../generate/activation.ts';
import type { OperatorRecord } from '../operator-record.ts';
import {
  arity,
  badOption,
  clampable,
  expressible,
  firstBroken,
  ofType,
  perTensor,
  refuseOp,
  sameQuantization,
} from '../op-rules.ts';
import { attributesOf, inputOf, outputOf, scaleOf, zeroPointOf, type OpView } from '../op-view.ts';
import type { OpAttributes } from '../operators.ts';

function checkUnary(view: OpView, ...own: (() => Failure | null)[]): Result<readonly number[]> {
  const broken =
    arity(view, 1, 1) ??
    firstBroken(
      () => ofType(view, inputOf(view, 0), 'int8') ?? ofType(view, outputOf(view), 'int8'),
      () => perTensor(view, inputOf(view, 0)) ?? perTensor(view, outputOf(view)),
      ...own,
    );
  return broken ?? ok(inputOf(view, 0).shape);
}

const identityFactor = (view: OpView): number => scaleOf(inputOf(view, 0)) / scaleOf(outputOf(view));

const plain = {
  optionsType: 0,
  readOptions: (): OpAttributes => ({ kind: 'plain' }),
  writeOptions: () => flatTable({}),
  macs: () => 0,
};

export const relu: OperatorRecord = {
  name: 'RELU',
  builtin: 19,
  version: 2,
  ...plain,
  check: (view) =>
    checkUnary(
      view,
      () => expressible(view, identityFactor(view)),
      () => clampable(view, 'relu', outputOf(view)),
    ),
  generate: (rng) => generateActivation(rng, 'RELU'),
};

/** TensorFlow Lite Micro clamps the input's bytes and does not rescale them. */
export const relu6: OperatorRecord = {
  name: 'RELU6',
  builtin: 21,
  version: 2,
  ...plain,
  check: (view) =>
    checkUnary(
      view,
      () => sameQuantization(view, inputOf(view, 0), outputOf(view)),
      () => clampable(view, 'relu6', outputOf(view)),
    ),
  generate: (rng) => generateActivation(rng, 'RELU6'),
};

export const leakyRelu: OperatorRecord = {
  name: 'LEAKY_RELU',
  builtin: 98,
  optionsType: 75,
  version: 2,
  readOptions: (t) => ({ kind: 'leakyRelu', alpha: t.f32(0) }),
  writeOptions: (attributes) => flatTable({ 0: f32(attributesOf(attributes, 'leakyRelu').alpha) }),
  macs: () => 0,
  check: (view) => {
    const { alpha } = attributesOf(view.op.attributes, 'leakyRelu');
    return checkUnary(
      view,
      () => (alpha >= 0 && Number.isFinite(alpha) ? null : badOption(view, `has the slope ${alpha}`)),
      () => expressible(view, identityFactor(view)),
      () => expressible(view, alpha * identityFactor(view)),
    );
  },
  generate: (rng) => generateActivation(rng, 'LEAKY_RELU'),
};

/** The 16-bit arithmetic shifts right by at most so much; TensorFlow Lite Micro refuses a shift to the left. */
const SMALLEST_16_BIT_FACTOR = 2 ** -15;
const HIGH_RESOLUTION = 128;
const RELUISH_SCALE = 3 / 32768;

function hardSwishFactors(view: OpView): Failure | null {
  const fine = Math.fround(scaleOf(inputOf(view, 0)) / HIGH_RESOLUTION);
  const output = Math.fround(fine / scaleOf(outputOf(view)));
  // a factor that rounds up to 1 has the exponent 1
  const tooLarge = output >= 1 - 2 ** -32;
  const tooSmall = output < SMALLEST_16_BIT_FACTOR || fine / RELUISH_SCALE < SMALLEST_16_BIT_FACTOR;
  if (!tooLarge && !tooSmall && fine / RELUISH_SCALE < 2 ** 30) return null;
  return refuseOp(
    view,
    'model.bad-quantization',
    `has scales that differ by the factor ${identityFactor(view)}, which its 16-bit arithmetic cannot express`,
    'Convert the model again with int8 quantisation.',
  );
}

export const hardSwish: OperatorRecord = {
  name: 'HARD_SWISH',
  builtin: 117,
  version: 1,
  ...plain,
  optionsType: 91,
  check: (view) => checkUnary(view, () => hardSwishFactors(view)),
  generate: (rng) => generateActivation(rng, 'HARD_SWISH'),
};

/** The tables of LOGISTIC and TANH hold inputs with 4 integer bits; below this scale nothing is left of them. */
const SMALLEST_STEP = 2 ** -27;

function fixedOutput(view: OpView, scale: number, zeroPoint: number): Failure | null {
  const output = outputOf(view);
  if (scaleOf(output) !== scale || zeroPointOf(output) !== zeroPoint)
    return refuseOp(
      view,
      'model.bad-quantization',
      `has an output other than scale 1/${1 / scale} and zero point ${zeroPoint}`,
      'Convert the model again with int8 quantisation.',
      output,
    );
  if (scaleOf(inputOf(view, 0)) >= SMALLEST_STEP) return null;
  return refuseOp(
    view,
    'model.bad-quantization',
    `has an input scale of ${scaleOf(inputOf(view, 0))}`,
    'Convert the model again with int8 quantisation.',
    inputOf(view, 0),
  );
}

export const logistic: OperatorRecord = {
  name: 'LOGISTIC',
  builtin: 14,
  version: 2,
  ...plain,
  check: (view) => checkUnary(view, () => fixedOutput(view, 1 / 256, -128)),
  generate: (rng) => generateActivation(rng, 'LOGISTIC'),
};

export const tanh: OperatorRecord = {
  name: 'TANH',
  builtin: 28,
  version: 2,
  ...plain,
  check: (view) => checkUnary(view, () => fixedOutput(view, 1 / 128, 0)),
  generate: (rng) => generateActivation(rng, 'TANH'),
};
