import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  DType,
  Kernel,
  Memory,
  ProgramFlag,
  ProgramHeaderBytes,
  readAddParams,
  readConvParams,
  readFullyConnectedParams,
} from '../../../src-main/abi/generated.ts';
import { orThrow, type Result } from '../../../src-main/base/errors.ts';
import { Rng } from '../../../src-main/base/rng.ts';
import type { BoardDescriptor } from '../../../src-main/board/board.ts';
import { pico } from '../../../src-main/board/pico.ts';
import { compile, type CompileOptions } from '../../../src-main/compile/compile.ts';
import type { Program } from '../../../src-main/compile/program.ts';
import type { ModelSpec, OpSpec, TensorSpec } from '../../../src-main/model/model-spec.ts';
import { operatorNamed, operatorTable } from '../../../src-main/model/operator-table.ts';
import { readModel } from '../../../src-main/model/reader.ts';
import { writeModel } from '../../../src-main/model/writer.ts';
import { describeWith, needs, root, sharedDir } from '../../needs.ts';

const tiny = readFileSync(join(root, 'models/tiny-ad.tflite'));

/** With the general kernels, whose parameters and sizes are simple, unless a test asks for others. */
function program(
  file: Uint8Array,
  options: CompileOptions = {},
  board: BoardDescriptor = pico,
): Result<Program> {
  return compile(orThrow(readModel(file, 'm')), board, { choice: 'general', ...options });
}

const specProgram = (spec: ModelSpec, options: CompileOptions = {}) =>
  orThrow(program(writeModel(spec), options));

const int8 = (name: string, shape: number[], scale = 0.5): TensorSpec => ({
  name,
  type: 'int8',
  shape,
  quantization: { scales: [scale], zeroPoints: [0] },
});
const float = (name: string, shape: number[]): TensorSpec => ({ name, type: 'float32', shape });
const reshapeOp = (from: number, to: number): OpSpec => ({
  name: 'RESHAPE',
  attributes: { kind: 'reshape' },
  inputs: [from],
  outputs: [to],
});
const softmaxOp = (from: number, to: number): OpSpec => ({
  name: 'SOFTMAX',
  attributes: { kind: 'softmax', beta: 1 },
  inputs: [from],
  outputs: [to],
});
const probabilities = (name: string, shape: number[]): TensorSpec => ({
  ...int8(name, shape),
  quantization: { scales: [1 / 256], zeroPoints: [-128] },
});

describe('a Program', () => {
  it('has the model’s layers in order, its hash and the sum of its MACs', () => {
    const p = orThrow(program(tiny));
    expect(p.ops.map((op) => op.name)).toEqual(new Array(4).fill('FULLY_CONNECTED'));
    expect(p.ops.map((op) => op.sourceIndex)).toEqual([0, 1, 2, 3]);
    expect(p.header.macs).toBe(4608);
    expect(p.modelName).toBe('m');
    expect(Buffer.from(p.header.modelSha256).toString('hex')).toBe(orThrow(readModel(tiny, 'm')).sha256);
    expect(p.programHash).toMatch(/^[0-9a-f]{8}$/);
  });

  it('is the same every time', () => {
    expect(orThrow(program(tiny)).bytes).toEqual(orThrow(program(tiny)).bytes);
  });

  it('puts every section, parameter block, constant and tensor at a multiple of 16', () => {
    for (const record of operatorTable)
      for (let seed = 0; seed < 10; seed++) {
        const p = specProgram(record.generate(new Rng(seed)));
        const { header } = p;
        const places = [
          header.tensorsOffset,
          header.opsOffset,
          header.ioOffset,
          header.constsOffset,
          header.totalBytes,
        ];
        for (const at of [...places, header.namesOffset, ...p.ops.map((op) => op.paramsOffset)])
          expect(at % 16).toBe(0);
        for (const t of p.tensors) expect(t.offset % 16).toBe(0);
      }
  });

  it('holds the weights, bias and one multiplier a channel where the parameters say', () => {
    const graph = orThrow(readModel(tiny, 'm'));
    const p = orThrow(program(tiny));
    const view = new DataView(p.bytes.buffer, p.bytes.byteOffset);
    const params = readFullyConnectedParams(view, p.ops[1]!.paramsOffset);
    const at = (offset: number, length: number) => p.bytes.subarray(offset, offset + length);
    const [weights, bias] = graph.ops[1]!.inputs.slice(1).map((t) => graph.tensors[t]!.data!) as [
      Uint8Array,
      Uint8Array,
    ];
    expect(params).toMatchObject({ batches: 1, inDepth: 32, outDepth: 8, actMin: -128, actMax: 127 });
    expect(at(params.weightsOffset, weights.length)).toEqual(weights);
    expect(at(params.biasOffset, bias.length)).toEqual(bias);
    const multipliers = new Int32Array(at(params.multipliersOffset, 32).slice().buffer);
    expect(new Set(multipliers).size).toBe(1);
    expect(multipliers[0]).toBeGreaterThanOrEqual(2 ** 30);
  });

  it('multiplies the scales of a fully connected layer in float32 first, as TensorFlow Lite does, and of a convolution not', () => {
    const scales = { input: Math.fround(0.1), weights: Math.fround(0.3), output: Math.fround(0.7) };
    const factor = (kind: 'FULLY_CONNECTED' | 'CONV_2D'): number => {
      const conv = kind === 'CONV_2D';
      const lead = conv ? [1, 1] : [];
      const weights = { ...int8('w', [1, ...lead, 1], scales.weights), data: Int8Array.of(1) };
      const p = specProgram({
        name: 'main',
        tensors: [
          int8('x', [1, ...lead, 1], scales.input),
          weights,
          int8('y', [1, ...lead, 1], scales.output),
        ],
        ops: [
          {
            name: kind,
            attributes: conv
              ? {
                  kind: 'conv2d',
                  padding: 'valid',
                  strideH: 1,
                  strideW: 1,
                  dilationH: 1,
                  dilationW: 1,
                  activation: 'none',
                }
              : { kind: 'fullyConnected', activation: 'none', keepNumDims: false },
            inputs: [0, 1],
            outputs: [2],
          },
        ],
        inputs: [0],
        outputs: [2],
      });
      const view = new DataView(p.bytes.buffer, p.bytes.byteOffset);
      const params = (conv ? readConvParams : readFullyConnectedParams)(view, p.ops[0]!.paramsOffset);
      const [m, s] = [params.multipliersOffset, params.shiftsOffset].map((o) => view.getInt32(o, true)) as [
        number,
        number,
      ];
      return m * 2 ** (s - 31);
    };
    const single = Math.fround(scales.input * scales.weights) / scales.output;
    const double = (scales.input * scales.weights) / scales.output;
    expect(Math.abs(factor('FULLY_CONNECTED') - single)).toBeLessThan(2 ** -36);
    expect(Math.abs(factor('CONV_2D') - double)).toBeLessThan(2 ** -36);
    expect(Math.abs(single - double)).toBeGreaterThan(2 ** -35);
  });

  it('stores equal constants once', () => {
    const weights = { ...int8('w', [64, 64]), data: new Int8Array(64 * 64).fill(3) };
    const layer = (from: number, to: number, w: number): OpSpec => ({
      name: 'FULLY_CONNECTED',
      attributes: { kind: 'fullyConnected', activation: 'none', keepNumDims: false },
      inputs: [from, w],
      outputs: [to],
    });
    const tensors = [
      int8('x', [1, 64]),
      weights,
      { ...weights, name: 'w2' },
      int8('h', [1, 64]),
      int8('y', [1, 64]),
    ];
    const p = specProgram({
      name: 'm',
      tensors,
      ops: [layer(0, 3, 1), layer(3, 4, 2)],
      inputs: [0],
      outputs: [4],
    });
    expect(p.header.constsBytes).toBeLessThan(2 * 64 * 64);
  });

  it('repeats the smaller side of an addition by strides of 0', () => {
    const tensors = [int8('a', [1, 2, 3, 4]), int8('b', [3, 1]), int8('y', [1, 2, 3, 4])];
    const add: OpSpec = {
      name: 'ADD',
      attributes: { kind: 'add', activation: 'none' },
      inputs: [0, 1],
      outputs: [2],
    };
    const p = specProgram({ name: 'm', tensors, ops: [add], inputs: [0, 1], outputs: [2] });
    const params = readAddParams(new DataView(p.bytes.buffer, p.bytes.byteOffset), p.ops[0]!.paramsOffset);
    expect(params).toMatchObject({ broadcast: 1, outDims: [1, 2, 3, 4], elements: 24, leftShift: 20 });
    expect(params.strides1).toEqual([24, 12, 4, 1]);
    expect(params.strides2).toEqual([3, 0, 1, 0]);
  });

  it('keeps a constant operand of an addition as a tensor in the Program', () => {
    const tensors = [
      int8('a', [1, 4]),
      { ...int8('b', [4]), data: Int8Array.of(1, 2, 3, 4) },
      int8('y', [1, 4]),
    ];
    const add: OpSpec = {
      name: 'ADD',
      attributes: { kind: 'add', activation: 'none' },
      inputs: [0, 1],
      outputs: [2],
    };
    const p = specProgram({ name: 'm', tensors, ops: [add], inputs: [0], outputs: [2] });
    const operand = p.tensors[p.ops[0]!.inputs[1]!]!;
    expect(operand.memory).toBe(Memory.Const);
    expect([...p.bytes.subarray(operand.offset, operand.offset + 4)]).toEqual([1, 2, 3, 4]);
  });
});

describe('memory', () => {
  it('keeps the input through the run unless told otherwise, and says so', () => {
    const kept = orThrow(program(tiny));
    const free = orThrow(program(tiny, { keepInputs: false }));
    expect(kept.header.flags).toBe(ProgramFlag.InputsKept);
    expect(free.header.flags).toBe(ProgramFlag.None);
    const overlapsInput = (p: Program) => {
      const input = p.tensors[p.inputs[0]!]!;
      return p.tensors.some(
        (t, i) =>
          i !== p.inputs[0] && t.offset < input.offset + input.bytes && input.offset < t.offset + t.bytes,
      );
    };
    expect(overlapsInput(kept)).toBe(false);
    expect(overlapsInput(free)).toBe(true);
    expect(kept.plan.arenaBytes).toBeGreaterThan(free.plan.arenaBytes);
  });

  it('a RESHAPE between layers costs nothing: two tensors in one place', () => {
    const tensors = [int8('x', [1, 2, 2, 2]), int8('flat', [1, 8]), probabilities('y', [1, 8])];
    const p = specProgram({
      name: 'm',
      tensors,
      ops: [reshapeOp(0, 1), softmaxOp(1, 2)],
      inputs: [0],
      outputs: [2],
    });
    expect(p.ops.map((op) => op.name)).toEqual(['SOFTMAX']);
    expect(p.tensors[p.ops[0]!.inputs[0]!]).toMatchObject({
      offset: p.tensors[p.inputs[0]!]!.offset,
      rank: 2,
    });
  });

  it('a RESHAPE at the end renames the output', () => {
    const tensors = [int8('x', [1, 8]), probabilities('y', [1, 8]), probabilities('z', [1, 2, 4])];
    const p = specProgram({
      name: 'm',
      tensors,
      ops: [softmaxOp(0, 1), reshapeOp(1, 2)],
      inputs: [0],
      outputs: [2],
    });
    expect(p.ops).toHaveLength(1);
    expect(p.tensors[p.outputs[0]!]).toMatchObject({
      rank: 3,
      offset: p.tensors[p.ops[0]!.outputs[0]!]!.offset,
    });
  });

  it('a RESHAPE from input to output is a copy, so that the next input does not change the last output', () => {
    const tensors = [int8('x', [1, 8]), int8('flat', [8]), int8('y', [2, 4])];
    const p = specProgram({
      name: 'm',
      tensors,
      ops: [reshapeOp(0, 1), reshapeOp(1, 2)],
      inputs: [0],
      outputs: [2],
    });
    expect(p.ops.map((op) => op.kernel)).toEqual([Kernel.Copy]);
    expect(p.tensors[p.outputs[0]!]!.offset).not.toBe(p.tensors[p.inputs[0]!]!.offset);
  });

  it('a model with float ends is quantised on the device', () => {
    const tensors = [float('x', [1, 8]), int8('q', [1, 8]), probabilities('p', [1, 8]), float('y', [1, 8])];
    const quantize: OpSpec = {
      name: 'QUANTIZE',
      attributes: { kind: 'quantize' },
      inputs: [0],
      outputs: [1],
    };
    const dequantize: OpSpec = {
      name: 'DEQUANTIZE',
      attributes: { kind: 'dequantize' },
      inputs: [2],
      outputs: [3],
    };
    const ops = [quantize, softmaxOp(1, 2), dequantize];
    const p = specProgram({ name: 'm', tensors, ops, inputs: [0], outputs: [3] });
    expect(p.ops.map((op) => op.kernel)).toEqual([Kernel.Quantize, Kernel.SoftmaxS8, Kernel.Dequantize]);
    expect(p.tensors[p.inputs[0]!]).toMatchObject({ dtype: DType.Float32, bits: 32, bytes: 32 });
    expect(p.tensors[p.outputs[0]!]).toMatchObject({ dtype: DType.Float32, bytes: 32 });
  });
});

describe('what does not fit is refused before anything is flashed', () => {
  const board = (flashBytes: number, arenaBytes: number): BoardDescriptor => ({
    ...pico,
    flash: { ...pico.flash, bytes: pico.image.programOffset + flashBytes },
    image: { ...pico.image, arenaBytes },
  });
  const { bytes, plan } = orThrow(program(tiny));

  it('fits exactly', () => {
    expect(program(tiny, {}, board(bytes.length, plan.arenaBytes)).ok).toBe(true);
  });

  it('one byte over the flash', () => {
    expect(program(tiny, {}, board(bytes.length - 1, plan.arenaBytes))).toMatchObject({
      ok: false,
      id: 'compile.flash-too-small',
      facts: { programBytes: bytes.length, availableBytes: bytes.length - 1, overBytes: 1 },
    });
  });

  it('one byte over the RAM', () => {
    expect(program(tiny, {}, board(bytes.length, plan.arenaBytes - 1))).toMatchObject({
      ok: false,
      id: 'compile.arena-too-small',
      facts: { arenaBytes: plan.arenaBytes, availableBytes: plan.arenaBytes - 1, overBytes: 1 },
    });
  });

  it('a float model', () => {
    const tensors = [
      float('x', [1, 2]),
      { ...float('w', [2, 2]), data: new Float32Array(4) },
      float('y', [1, 2]),
    ];
    const { generate: _, ...record } = operatorNamed('FULLY_CONNECTED')!;
    const op: OpSpec = {
      name: record.name,
      attributes: { kind: 'fullyConnected', activation: 'none', keepNumDims: false },
      inputs: [0, 1],
      outputs: [2],
    };
    const refused = program(writeModel({ name: 'm', tensors, ops: [op], inputs: [0], outputs: [2] }));
    expect(refused).toMatchObject({ ok: false, id: 'model.float' });
  });

  it('a constant output', () => {
    const constant = { ...int8('c', [1, 4]), data: new Int8Array(4) };
    const tensors = [int8('x', [1, 4]), probabilities('y', [1, 4]), constant];
    const refused = program(
      writeModel({ name: 'm', tensors, ops: [softmaxOp(0, 1)], inputs: [0], outputs: [1, 2] }),
    );
    expect(refused).toMatchObject({ ok: false, id: 'compile.constant-output', facts: { tensor: 2 } });
  });

  it('more dimensions than a Program holds', () => {
    const tensors = [int8('x', [1, 1, 1, 1, 1, 4]), int8('y', [4]), probabilities('z', [4])];
    const file = writeModel({
      name: 'm',
      tensors,
      ops: [reshapeOp(0, 1), softmaxOp(1, 2)],
      inputs: [0],
      outputs: [2],
    });
    expect(program(file)).toMatchObject({ ok: false, id: 'compile.too-many-dimensions' });
  });
});

describeWith([needs.shared], 'reference models', () => {
  it.each(['kws01', 'ic01', 'vww01', 'ad01'])(
    '%s fits a Pico, its arena within 2 %% of the lower bound',
    (name) => {
      const file = readFileSync(join(sharedDir!, `data/models/${name}_int8.tflite`));
      for (const keepInputs of [true, false]) {
        const { plan, bytes, tensors } = orThrow(program(file, { keepInputs }));
        expect(plan.arenaBytes).toBeGreaterThanOrEqual(plan.lowerBoundBytes);
        expect(plan.arenaBytes).toBeLessThanOrEqual(plan.lowerBoundBytes * 1.02);
        expect(bytes.length).toBeGreaterThan(ProgramHeaderBytes);
        expect(Math.max(...tensors.map((t) => t.offset + t.bytes))).toBeLessThanOrEqual(plan.arenaBytes);
      }
    },
  );
});
