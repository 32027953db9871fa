import { Kernel, LstmParamsBytes, writeLstmParams } from '../../abi/generated.ts';
import { attributesOf, inputOf, outputOf, scaleOf, zeroPointOf, type OpView } from '../../model/op-view.ts';
import { GATES, GATE_OUTPUT_SCALE, LSTM, gateFactors, lstmGeometry } from '../../model/ops/lstm.ts';
import { quantizeMultiplier } from '../fixed-point.ts';
import type { KernelRecord } from '../kernel-record.ts';

/**
 * By how much TensorFlow Lite's table departs from the rounded function at n/24, n = 0 … 255, plus 1: its values are
 * chosen for interpolation between them.
 */
const DEPARTURES =
  '111121112111212222122221121222221222121222122221122111211111112221211111111111111121112111111211' +
  '111121121111111121112111111111111111111211111111111111111111111111111111111111111111111111111111' +
  '1111111111111111111111111111111111111111111111111111111111111112';

/** The logistic function at n/24 in 1/65536: TensorFlow Lite's table for int16. */
const sigmoidTable = Uint16Array.from(
  DEPARTURES,
  (digit, n) => Math.round(65_536 / (1 + Math.exp(-n / 24))) + Number(digit) - 1,
);

const INTEGER_BITS = 3;

/** The cell in the table's steps: times 3, and the power of two of its scale. */
function tanhInput(cellScale: number): { tanhMultiplier: number; tanhShift: number } {
  const left = 15 + Math.log2(cellScale) - INTEGER_BITS;
  return left < 0 ? { tanhMultiplier: 3, tanhShift: -left } : { tanhMultiplier: 3 * 2 ** left, tanhShift: 0 };
}

function cellClip(view: OpView, cellScale: number): number {
  const clip = attributesOf(view.op.attributes, 'lstm').cellClip;
  return clip > 0 ? Math.max(1, Math.min(32_767, Math.trunc(clip / cellScale))) : 0;
}

export const lstmS8: KernelRecord = {
  kernel: Kernel.LstmS8,
  name: 'lstm_s8',
  builtin: 44,
  cores: 'all',
  applies: () => true,
  lower: (view) => {
    const geometry = lstmGeometry(view);
    const cellScale = scaleOf(inputOf(view, LSTM.cell));
    const factors = GATES.map((g) => gateFactors(view, g));
    const [fromInput, fromOutput] = [
      factors.map((f) => quantizeMultiplier(f.input)),
      factors.map((f) => quantizeMultiplier(f.recurrent)),
    ];
    const forget = quantizeMultiplier((GATE_OUTPUT_SCALE * cellScale) / cellScale);
    const update = quantizeMultiplier((GATE_OUTPUT_SCALE * GATE_OUTPUT_SCALE) / cellScale);
    const output = quantizeMultiplier((GATE_OUTPUT_SCALE * GATE_OUTPUT_SCALE) / scaleOf(outputOf(view)));
    const gates = (title: string, from: number) =>
      GATES.map((g) => [`${title}${g}`, inputOf(view, from + g).data!] as const);
    return {
      paramsBytes: LstmParamsBytes,
      constants: {
        ...Object.fromEntries([
          ...gates('input', LSTM.fromInput),
          ...gates('recurrent', LSTM.fromOutput),
          ...gates('bias', LSTM.bias),
        ]),
        sigmoid: new Uint8Array(sigmoidTable.buffer),
      },
      operands: [LSTM.input, LSTM.output, LSTM.cell],
      updates: [LSTM.output, LSTM.cell],
      writeParams: (bytes, at, offset) =>
        writeLstmParams(bytes, at, {
          ...geometry,
          timeMajor: attributesOf(view.op.attributes, 'lstm').timeMajor ? 1 : 0,
          inputOffset: 0 - zeroPointOf(inputOf(view, LSTM.input)),
          outputOffset: zeroPointOf(outputOf(view)),
          inputWeightsOffset: GATES.map((g) => offset(`input${g}`)),
          recurrentWeightsOffset: GATES.map((g) => offset(`recurrent${g}`)),
          biasOffset: GATES.map((g) => offset(`bias${g}`)),
          inputMultiplier: fromInput.map((m) => m.multiplier),
          inputShift: fromInput.map((m) => m.shift),
          recurrentMultiplier: fromOutput.map((m) => m.multiplier),
          recurrentShift: fromOutput.map((m) => m.shift),
          forgetMultiplier: forget.multiplier,
          forgetShift: forget.shift,
          updateMultiplier: update.multiplier,
          updateShift: update.shift,
          outputMultiplier: output.multiplier,
          outputShift: output.shift,
          ...tanhInput(cellScale),
          cellClip: cellClip(view, cellScale),
          sigmoidOffset: offset('sigmoid'),
          reserved: [],
        }),
      scratchBytes: 2 * geometry.cells,
    };
  },
  cost: (work) => 14 * work.macs + 600 * work.outputs,
};
