import { ok, type Failure } from '../../base/errors.ts';
import { bool, f32, flatTable, i8 } from '../flat-writer.ts';
import { generateLstm } from '../generate/lstm.ts';
import type { Tensor } from '../graph.ts';
import type { OperatorRecord } from '../operator-record.ts';
import {
  arity,
  badOption,
  biasOf,
  expressible,
  firstBroken,
  isConstant,
  ofRank,
  ofType,
  perTensor,
  refuseOp,
  sameQuantization,
  symmetric,
  wrongShape,
} from '../op-rules.ts';
import { attributesOf, inputOf, outputOf, scaleOf, type OpView } from '../op-view.ts';
import { activationCode, readActivation } from '../option-fields.ts';
import { elementCount } from '../tensor-type.ts';

/** Positions of the operands; four gates in the order input, forget, cell, output. */
export const LSTM = {
  input: 0,
  fromInput: 1,
  fromOutput: 5,
  bias: 12,
  output: 18,
  cell: 19,
  count: 24,
} as const;
export const GATES = [0, 1, 2, 3] as const;
/** Peepholes, projection, layer normalisation: what TensorFlow Lite Micro's kernel leaves out. */
const ABSENT = [9, 10, 11, 16, 17, 20, 21, 22, 23];

export interface LstmGeometry {
  readonly batches: number;
  readonly steps: number;
  readonly inputs: number;
  readonly cells: number;
}

export function lstmGeometry(view: OpView): LstmGeometry {
  const [a, b, inputs] = inputOf(view, LSTM.input).shape as [number, number, number];
  const { timeMajor } = attributesOf(view.op.attributes, 'lstm');
  const cells = inputOf(view, LSTM.fromOutput).shape[0]!;
  return { batches: timeMajor ? b : a, steps: timeMajor ? a : b, inputs, cells };
}

/** Gates see steps of 2^-12 and give steps of 2^-15. */
const GATE_INPUT_SCALE = 2 ** -12;
export const GATE_OUTPUT_SCALE = 2 ** -15;

/** Real factors from sums to gates: scales are multiplied in float32, as in FULLY_CONNECTED. */
export function gateFactors(view: OpView, gate: number): { input: number; recurrent: number } {
  const of = (activation: number, weights: number) =>
    Math.fround(scaleOf(inputOf(view, activation)) * scaleOf(inputOf(view, weights))) / GATE_INPUT_SCALE;
  return { input: of(LSTM.input, LSTM.fromInput + gate), recurrent: of(LSTM.output, LSTM.fromOutput + gate) };
}

function plainKind(view: OpView): Failure | null {
  const extra = ABSENT.find((n) => view.inputs[n]);
  if (extra !== undefined)
    return badOption(view, `has peepholes, a projection or layer normalisation (operand ${extra})`);
  const missing = GATES.find((g) => !view.inputs[LSTM.fromInput + g] || !view.inputs[LSTM.bias + g]);
  if (missing !== undefined) return badOption(view, 'couples its input gate to its forget gate');
  const { activation, cellClip } = attributesOf(view.op.attributes, 'lstm');
  if (activation !== 'tanh') return badOption(view, `has the activation ${activation}`);
  return cellClip >= 0 ? null : badOption(view, `clips its cell at ${cellClip}`);
}

function statesFit(view: OpView): Failure | null {
  const { batches, cells } = lstmGeometry(view);
  for (const n of [LSTM.output, LSTM.cell]) {
    const state = inputOf(view, n);
    if (!state.variable) return badOption(view, `has a state (tensor ${state.index}) that is no variable`);
    if (elementCount(state.shape) !== batches * cells) return wrongShape(view, state, [batches, cells]);
  }
  return null;
}

function cellScale(view: OpView): Failure | null {
  const scale = scaleOf(inputOf(view, LSTM.cell));
  const power = Math.log2(scale);
  if (Number.isInteger(power) && power >= -24 && power <= -9) return null;
  return refuseOp(
    view,
    'model.bad-quantization',
    `has a cell scale of ${scale}, which is no power of two between 2^-24 and 2^-9`,
    'Convert the model again with int8 quantisation.',
    inputOf(view, LSTM.cell),
  );
}

function weightsFit(view: OpView, gate: number): Failure | null {
  const { inputs, cells } = lstmGeometry(view);
  const matrix = (tensor: Tensor, width: number): Failure | null =>
    firstBroken(
      () => ofType(view, tensor, 'int8') ?? ofRank(view, tensor, 2),
      () => isConstant(view, tensor),
      () =>
        tensor.shape[0] === cells && tensor.shape[1] === width
          ? null
          : wrongShape(view, tensor, [cells, width]),
      () => perTensor(view, tensor) ?? symmetric(view, tensor),
    );
  return firstBroken(
    () => matrix(inputOf(view, LSTM.fromInput + gate), inputs),
    () => matrix(inputOf(view, LSTM.fromOutput + gate), cells),
    () => biasOf(view, inputOf(view, LSTM.bias + gate), cells),
    () => expressible(view, gateFactors(view, gate).input),
    () => expressible(view, gateFactors(view, gate).recurrent),
  );
}

export const lstm: OperatorRecord = {
  name: 'UNIDIRECTIONAL_SEQUENCE_LSTM',
  builtin: 44,
  optionsType: 71,
  version: 3,
  readOptions: (t) => ({
    kind: 'lstm',
    activation: readActivation(t, 0),
    cellClip: t.f32(1),
    projectionClip: t.f32(2),
    timeMajor: t.u8(3) !== 0,
  }),
  writeOptions: (attributes) => {
    const a = attributesOf(attributes, 'lstm');
    return flatTable({
      0: i8(activationCode(a.activation)),
      1: f32(a.cellClip),
      2: f32(a.projectionClip),
      3: bool(a.timeMajor),
    });
  },
  check: (view) => {
    const [input, output] = [() => inputOf(view, LSTM.input), () => inputOf(view, LSTM.output)];
    const broken =
      arity(view, 1, LSTM.count) ??
      firstBroken(
        () =>
          view.inputs.length === LSTM.count ? null : badOption(view, `has ${view.inputs.length} operands`),
        () => plainKind(view),
        () => ofType(view, input(), 'int8') ?? ofType(view, outputOf(view), 'int8'),
        () => ofType(view, output(), 'int8') ?? ofType(view, inputOf(view, LSTM.cell), 'int16'),
        () => ofRank(view, input(), 3),
        () => statesFit(view),
        () =>
          firstBroken(
            ...[input(), output(), inputOf(view, LSTM.cell), outputOf(view)].map(
              (t) => () => perTensor(view, t),
            ),
          ),
        () => symmetric(view, inputOf(view, LSTM.cell)) ?? cellScale(view),
        () => sameQuantization(view, output(), outputOf(view)),
        () => firstBroken(...GATES.map((gate) => () => weightsFit(view, gate))),
      );
    if (broken) return broken;
    return ok([...input().shape.slice(0, 2), lstmGeometry(view).cells]);
  },
  macs: (view) => {
    const { batches, steps, inputs, cells } = lstmGeometry(view);
    return batches * steps * cells * (GATES.length * (inputs + cells) + 3);
  },
  generate: (rng) => generateLstm(rng),
};
