import { describe, expect, it } from 'vitest';
import type { Failure, Result } from '../../../src-main/base/errors.ts';
import { orThrow } from '../../../src-main/base/errors.ts';
import { checkGraph } from '../../../src-main/model/graph-check.ts';
import {
  bytes,
  f32s,
  flatTable,
  i32,
  i32s,
  i64s,
  i8,
  string,
  table,
  tables,
  u32,
  u8,
  writeFlatBuffer,
  type FlatNode,
  type FlatValue,
} from '../../../src-main/model/flat-writer.ts';
import type { ModelSpec, TensorSpec } from '../../../src-main/model/model-spec.ts';
import { readModel } from '../../../src-main/model/reader.ts';
import { writeModel } from '../../../src-main/model/writer.ts';

/** Field overrides of the one-operator file below, by the schema's numbers. */
interface Overrides {
  readonly model?: Record<number, FlatValue | null>;
  readonly code?: Record<number, FlatValue | null>;
  readonly subgraph?: Record<number, FlatValue | null>;
  readonly operator?: Record<number, FlatValue | null>;
  readonly input?: Record<number, FlatValue | null>;
  readonly weights?: Record<number, FlatValue | null>;
}

const affine = (scale: number, zeroPoint = 0): FlatValue =>
  table(flatTable({ 2: f32s([scale]), 3: i64s([zeroPoint]) }));

function tensor(name: string, shape: number[], fields: Record<number, FlatValue | null> = {}): FlatNode {
  return flatTable({ 0: i32s(shape), 1: i8(9), 2: u32(0), 3: string(name), 4: affine(0.5), ...fields });
}

/** FULLY_CONNECTED 2 → 2 written field by field, so that each field can be made wrong. */
function file(o: Overrides = {}): Uint8Array {
  const operator = flatTable({
    0: u32(0),
    1: i32s([0, 1]),
    2: i32s([2]),
    3: u8(8),
    4: table(flatTable({})),
    ...o.operator,
  });
  const weights = tensor('weights', [2, 2], { 2: u32(1), ...o.weights });
  const subgraph = flatTable({
    0: tables([tensor('in', [1, 2], o.input), weights, tensor('out', [1, 2])]),
    1: i32s([0]),
    2: i32s([2]),
    3: tables([operator]),
    ...o.subgraph,
  });
  const model = flatTable({
    0: u32(3),
    1: tables([flatTable({ 0: i8(9), 2: i32(4), ...o.code })]),
    2: tables([subgraph]),
    4: tables([flatTable({}), flatTable({ 0: bytes(Uint8Array.of(1, 2, 3, 4)) })]),
    ...o.model,
  });
  return writeFlatBuffer(model, 'TFL3');
}

function failureOf(result: Result<unknown>): Failure {
  if (result.ok) throw new Error('expected a failure');
  return result;
}

const readFailure = (o: Overrides): Failure => failureOf(readModel(file(o), 'x'));

describe('readModel', () => {
  it('reads a file written field by field', () => {
    const graph = orThrow(readModel(file(), 'two'));
    expect(graph.name).toBe('two');
    expect(graph.ops.map((op) => op.name)).toEqual(['FULLY_CONNECTED']);
    expect(graph.tensors[1]).toMatchObject({
      name: 'weights',
      shape: [2, 2],
      quantization: { scales: [0.5] },
    });
    expect([...graph.tensors[1]!.data!]).toEqual([1, 2, 3, 4]);
    expect(checkGraph(graph).ok).toBe(true);
  });

  it('gives constants as views into the file, not copies', () => {
    const whole = file();
    const { data } = orThrow(readModel(Buffer.from(whole.buffer), 'x')).tensors[1]!;
    expect(data!.buffer).toBe(whole.buffer);
    expect(data!.constructor).toBe(Uint8Array);
  });

  it('reads a file that lies at an odd place in a larger buffer', () => {
    const whole = file();
    const shifted = new Uint8Array(whole.length + 3);
    shifted.set(whole, 3);
    const graph = orThrow(readModel(shifted.subarray(3), 'x'));
    expect([...graph.tensors[1]!.data!]).toEqual([1, 2, 3, 4]);
  });

  it('reads weights stored behind the FlatBuffer, as files beyond 2 GB have them', () => {
    const inner = (offset: number) =>
      file({ model: { 4: tables([flatTable({}), flatTable({ 1: u64(offset), 2: u64(4) })]) } });
    const whole = inner(inner(16).length);
    const graph = orThrow(readModel(Uint8Array.from([...whole, 5, 6, 7, 8]), 'x'));
    expect([...graph.tensors[1]!.data!]).toEqual([5, 6, 7, 8]);
    expect(failureOf(readModel(whole, 'x')).id).toBe('model.truncated');
  });

  it('takes the larger of the old and the new operator code', () => {
    const graph = orThrow(readModel(file({ code: { 0: i8(127), 3: i32(150) } }), 'x'));
    expect(graph.ops[0]).toMatchObject({ builtin: 150, name: 'GELU', attributes: { kind: 'unsupported' } });
  });

  it('takes a batch marked as free but given as 1, and no other free dimension', () => {
    expect(readModel(file({ input: { 7: i32s([-1, 2]) } }), 'x').ok).toBe(true);
    expect(readFailure({ input: { 7: i32s([1, -1]) } }).id).toBe('model.dynamic-shape');
    expect(readFailure({ input: { 0: i32s([1, -1]) } }).id).toBe('model.dynamic-shape');
  });

  it('reads past a second subgraph nothing calls, and refuses one that is called or exported', () => {
    const two = (more: Record<number, FlatValue | null>): Overrides => ({ model: more });
    const unused = flatTable({ 0: tables([]) });
    const withSecond = (o: Overrides) => {
      const first = flatTable({
        0: tables([tensor('in', [1, 2]), tensor('out', [1, 2])]),
        1: i32s([0]),
        2: i32s([1]),
        3: tables([flatTable({ 0: u32(0), 1: i32s([0]), 2: i32s([1]) })]),
      });
      return file({ ...o, model: { 2: tables([first, unused]), ...o.model } });
    };
    expect(readModel(withSecond({ code: { 0: i8(22) } }), 'x').ok).toBe(true);
    const whileLoop = failureOf(readModel(withSecond({ code: { 0: i8(119) } }), 'x'));
    expect(whileLoop).toMatchObject({ id: 'model.subgraphs', facts: { calledBy: ['WHILE'] } });
    const signature = two({ 7: tables([flatTable({ 4: u32(1) })]) });
    expect(failureOf(readModel(withSecond({ code: { 0: i8(22) }, ...signature }), 'x')).id).toBe(
      'model.subgraphs',
    );
  });
});

function u64(value: number): FlatValue {
  return { kind: 'u64', value };
}

describe('what is refused, and how', () => {
  it.each<[string, string, Overrides]>([
    ['another schema version', 'model.version', { model: { 0: u32(2) } }],
    ['no subgraph', 'model.empty', { model: { 2: tables([]) } }],
    ['no operators', 'model.empty', { subgraph: { 3: tables([]), 2: i32s([0]) } }],
    ['a tensor index beyond the table', 'model.bad-index', { operator: { 1: i32s([0, 3]) } }],
    ['a negative output', 'model.bad-index', { operator: { 2: i32s([-1]) } }],
    ['an operator code beyond the table', 'model.bad-index', { operator: { 0: u32(1) } }],
    ['a buffer beyond the table', 'model.bad-index', { weights: { 2: u32(9) } }],
    ['a buffer of another size than the shape', 'model.bad-buffer', { weights: { 0: i32s([2, 3]) } }],
    ['a float16 tensor', 'model.unsupported-type', { weights: { 1: i8(1) } }],
    ['a type from the future', 'model.unsupported-type', { weights: { 1: i8(99) } }],
    ['an empty dimension', 'model.bad-shape', { input: { 0: i32s([1, 0]) } }],
    ['2^62 elements', 'model.bad-shape', { input: { 0: i32s([0x7fffffff, 0x7fffffff]) } }],
    ['nine dimensions', 'model.bad-shape', { input: { 0: i32s([1, 1, 1, 1, 1, 1, 1, 1, 1]) } }],
    ['an input that is a variable', 'model.bad-graph', { input: { 5: u8(1) } }],
    ['a sparse tensor', 'model.unsupported-tensor', { weights: { 6: table(flatTable({})) } }],
    ['a tensor in another file', 'model.unsupported-tensor', { weights: { 10: u32(1) } }],
    ['a scale that is not a number', 'model.bad-quantization', { input: { 4: affine(NaN) } }],
    ['an infinite scale', 'model.bad-quantization', { input: { 4: affine(Infinity) } }],
    ['a negative scale', 'model.bad-quantization', { input: { 4: affine(-1) } }],
    ['a zero point outside int8', 'model.bad-quantization', { input: { 4: affine(1, 128) } }],
    [
      'more zero points than scales',
      'model.bad-quantization',
      { input: { 4: table(flatTable({ 2: f32s([1]), 3: i64s([0, 0]) })) } },
    ],
    [
      'three scales along two channels',
      'model.bad-quantization',
      { weights: { 4: table(flatTable({ 2: f32s([1, 1, 1]), 3: i64s([0, 0, 0]), 6: i32(0) })) } },
    ],
    ['blockwise quantisation', 'model.bad-quantization', { weights: { 4: table(flatTable({ 4: u8(2) })) } }],
    ['the options of another operator', 'model.bad-options', { operator: { 3: u8(1) } }],
    [
      'an activation that does not exist',
      'model.bad-options',
      { operator: { 4: table(flatTable({ 0: i8(6) })) } },
    ],
    ['shuffled weights', 'model.bad-options', { operator: { 4: table(flatTable({ 1: i8(1) })) } }],
    ['an operator that reads its own output', 'model.bad-graph', { operator: { 1: i32s([2, 1]) } }],
    ['an output that nothing writes', 'model.bad-graph', { operator: { 2: i32s([]) } }],
    ['a constant as input', 'model.bad-graph', { subgraph: { 1: i32s([0, 1]) } }],
    ['an output written twice', 'model.bad-graph', { operator: { 2: i32s([2, 2]) } }],
  ])('%s: %s', (_, id, overrides) => {
    const failure = readFailure(overrides);
    expect(failure.id).toBe(id);
    expect(failure.cause).not.toBe('');
    expect(failure.next).not.toBe('');
  });

  it.each([
    ['nothing', new Uint8Array(0), /empty/],
    ['a zip archive', text('PK\x03\x04 and more than enough'), /zip/],
    ['a picture', text('\x89PNG\r\n\x1a\n0000'), /PNG/],
    ['a program', text('\x7fELF\x02\x01\x01\0\0\0'), /ELF/],
    ['JSON', text('{"model": "kws"}'), /JSON/],
    ['a web page', text('<!DOCTYPE html><html>404'), /HTML/],
    ['plain text', text('accuracy 0.9, 12 classes'), /text/],
    ['an LFS pointer', text('version https://git-lfs.github.com/spec/v1'), /lfs/],
    ['a Keras file', text('\x89HDF\r\n\x1a\n'), /Keras/],
    ['noise', Uint8Array.from({ length: 64 }, (_, i) => (i * 37 + 128) & 0xff), /unknown kind/],
    ['an older .tflite', text('\x10\0\0\0TFL2\0\0\0\0'), /older/],
  ])('%s is no .tflite, and the message says what it is', (_, content, what) => {
    const failure = failureOf(readModel(content, 'x'));
    expect(failure.id).toBe('model.not-tflite');
    expect(failure.cause).toMatch(what);
  });
});

function text(s: string): Uint8Array {
  return Uint8Array.from(s, (c) => c.charCodeAt(0));
}

const int8 = (name: string, shape: number[], scale = 0.5): TensorSpec => ({
  name,
  type: 'int8',
  shape,
  quantization: { scales: [scale], zeroPoints: [0] },
});

describe('checkGraph', () => {
  const check = (spec: ModelSpec): Failure =>
    failureOf(checkGraph(orThrow(readModel(writeModel(spec), 'x'))));
  const dense = (tensors: readonly TensorSpec[]): ModelSpec => ({
    name: 'main',
    tensors,
    ops: [
      {
        name: 'FULLY_CONNECTED',
        attributes: { kind: 'fullyConnected', activation: 'none', keepNumDims: false },
        inputs: tensors.slice(0, -1).map((_, i) => i),
        outputs: [tensors.length - 1],
      },
    ],
    inputs: [0],
    outputs: [tensors.length - 1],
  });
  const weights: TensorSpec = { ...int8('w', [2, 2]), data: new Int8Array(4) };

  it('names an unsupported operator, its place, its tensor and the way out', () => {
    const gelu = orThrow(readModel(file({ code: { 0: i8(127), 3: i32(150) } }), 'x'));
    const failure = failureOf(checkGraph(gelu));
    expect(failure).toMatchObject({
      id: 'model.unsupported-operator',
      facts: { operator: 'GELU', index: 0, tensor: 2, name: 'out' },
    });
    expect(failure.next).toContain('CONV_2D');
  });

  it('knows a better way out for operators converters often leave', () => {
    const shape = orThrow(readModel(file({ code: { 0: i8(77) } }), 'x'));
    expect(failureOf(checkGraph(shape)).next).toMatch(/batch to 1/);
  });

  it('names a custom operator by its own name', () => {
    const graph = orThrow(readModel(file({ code: { 0: i8(32), 1: string('Mel') } }), 'x'));
    expect(failureOf(checkGraph(graph)).facts['operator']).toBe('CUSTOM Mel');
  });

  it('says of a float model that it is one', () => {
    const float = (name: string, shape: number[]): TensorSpec => ({ name, type: 'float32', shape });
    const spec = dense([
      float('in', [1, 2]),
      { ...float('w', [2, 2]), data: new Float32Array(4) },
      float('out', [1, 2]),
    ]);
    expect(check(spec)).toMatchObject({
      id: 'model.float',
      facts: { operator: 'FULLY_CONNECTED', tensor: 0 },
    });
  });

  it.each<[string, string, TensorSpec[]]>([
    [
      'int16 activations',
      'model.unsupported-type',
      [{ ...int8('in', [1, 2]), type: 'int16' }, weights, int8('out', [1, 2])],
    ],
    [
      'weights that are computed',
      'model.bad-graph',
      [int8('in', [1, 2]), int8('w', [2, 2]), int8('out', [1, 2])],
    ],
    [
      'an output of another shape',
      'model.shape-mismatch',
      [int8('in', [1, 2]), weights, int8('out', [2, 1])],
    ],
    [
      'rows that do not come out even',
      'model.shape-mismatch',
      [int8('in', [1, 3]), weights, int8('out', [1, 2])],
    ],
    [
      'no quantisation',
      'model.bad-quantization',
      [{ ...int8('in', [1, 2]), quantization: null }, weights, int8('out', [1, 2])],
    ],
    ['an output scale of 0', 'model.bad-quantization', [int8('in', [1, 2]), weights, int8('out', [1, 2], 0)]],
    [
      'scales no multiplier bridges',
      'model.bad-quantization',
      [int8('in', [1, 2], 1e38), weights, int8('out', [1, 2], 1e-38)],
    ],
    [
      'weights with a zero point',
      'model.bad-quantization',
      [
        int8('in', [1, 2]),
        { ...weights, quantization: { scales: [1], zeroPoints: [1] } },
        int8('out', [1, 2]),
      ],
    ],
    [
      'a bias at another scale',
      'model.bad-quantization',
      [
        int8('in', [1, 2]),
        weights,
        { ...int8('b', [2], 1), type: 'int32', data: new Int32Array(2) },
        int8('out', [1, 2]),
      ],
    ],
  ])('refuses %s: %s', (_, id, tensors) => {
    const graph = readModel(writeModel(dense(tensors)), 'x');
    expect(failureOf(graph.ok ? checkGraph(graph.value) : graph).id).toBe(id);
  });
});
