import type { Rng } from '../../base/rng.ts';
import type { ModelSpec, TensorSpec } from '../model-spec.ts';
import { activationTensor, randomScale, randomZeroPoint } from './random-tensors.ts';

const GATES = 4;

export interface LstmSizes {
  readonly batches: number;
  readonly steps: number;
  readonly inputs: number;
  readonly cells: number;
}

/** Small and odd. */
function randomSizes(rng: Rng): LstmSizes {
  const [batches, steps] = [rng.pick([1, 1, 2]), rng.int(1, 6)];
  return { batches, steps, inputs: rng.int(1, 9), cells: rng.int(1, 9) };
}

/** Operands in the order of the file; peepholes, projection and layer normalisation are absent. */
export function generateLstm(rng: Rng, sizes: LstmSizes = randomSizes(rng)): ModelSpec {
  const { batches, steps, inputs, cells } = sizes;
  const timeMajor = rng.float() < 0.3;
  const rows = timeMajor ? [steps, batches] : [batches, steps];
  const [inScale, outScale] = [randomScale(rng, 1e-2, 0.1), Math.fround(1 / 128)];
  const outZeroPoint = rng.float() < 0.5 ? 0 : randomZeroPoint(rng);
  const cellScale = 2 ** -rng.int(10, 13);
  const tensors: TensorSpec[] = [activationTensor('input', [...rows, inputs], inScale, randomZeroPoint(rng))];
  const add = (t: TensorSpec): number => tensors.push(t) - 1;
  const weights = (width: number, activationScale: number) => {
    const scale = Math.fround(
      (1.5 / (activationScale * 74 * 74 * Math.sqrt(width))) * 2 ** (2 * rng.float() - 1),
    );
    const data = Int8Array.from({ length: cells * width }, () => rng.int(-127, 127));
    const quantization = { scales: [scale], zeroPoints: [0] };
    return { at: add({ name: 'weights', type: 'int8', shape: [cells, width], data, quantization }), scale };
  };
  const fromInput = Array.from({ length: GATES }, () => weights(inputs, inScale));
  const fromOutput = Array.from({ length: GATES }, () => weights(cells, outScale));
  const bias = fromInput.map(({ scale }) => {
    const step = Math.fround(inScale * scale);
    const data = Int32Array.from({ length: cells }, () => Math.round((rng.float() - 0.5) / step));
    return add({
      name: 'bias',
      type: 'int32',
      shape: [cells],
      data,
      quantization: { scales: [step], zeroPoints: [0] },
    });
  });
  const state: TensorSpec = activationTensor('remembered', [batches, cells], outScale, outZeroPoint);
  const output = add({ ...state, isVariable: true });
  const cell = add({
    name: 'cell',
    type: 'int16',
    shape: [batches, cells],
    quantization: { scales: [cellScale], zeroPoints: [0] },
    isVariable: true,
  });
  const result = add(activationTensor('output', [...rows, cells], outScale, outZeroPoint));
  const none = [-1, -1, -1];
  return {
    name: 'main',
    description: 'one UNIDIRECTIONAL_SEQUENCE_LSTM',
    tensors,
    ops: [
      {
        name: 'UNIDIRECTIONAL_SEQUENCE_LSTM',
        attributes: {
          kind: 'lstm',
          activation: 'tanh',
          cellClip: rng.pick([0, 0, 10, 1]),
          projectionClip: 0,
          timeMajor,
        },
        inputs: [
          0,
          ...fromInput.map((w) => w.at),
          ...fromOutput.map((w) => w.at),
          ...none,
          ...bias,
          ...[-1, -1, output, cell],
          ...[...none, -1],
        ],
        outputs: [result],
      },
    ],
    inputs: [0],
    outputs: [result],
  };
}
