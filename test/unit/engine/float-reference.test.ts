import { beforeAll, describe, expect, it } from 'vitest';
import { orThrow } from '../../../src-main/base/errors.ts';
import { Rng } from '../../../src-main/base/rng.ts';
import { dequantise } from '../../../src-main/engine/dequantise.ts';
import { floatReference } from '../../../src-main/engine/float-reference.ts';
import { layerSqnr, sqnrDb } from '../../../src-main/engine/sqnr.ts';
import { openTfjs, type TfBackend, type Tfjs } from '../../../src-main/engine/tfjs.ts';
import type { ModelSpec, OpSpec, TensorSpec } from '../../../src-main/model/model-spec.ts';
import type { OpAttributes, Padding } from '../../../src-main/model/operators.ts';
import { readModel } from '../../../src-main/model/reader.ts';
import { writeModel } from '../../../src-main/model/writer.ts';
import { describeWith } from '../../needs.ts';

interface Geometry {
  readonly inH: number;
  readonly inW: number;
  readonly inC: number;
  readonly outC: number;
  readonly filterH: number;
  readonly filterW: number;
  readonly strideH: number;
  readonly strideW: number;
  readonly dilation: number;
  readonly groups: number;
  readonly padding: Padding;
}

const scales = { input: 0.1, weights: 0.02 };

function outputSize(
  size: number,
  filter: number,
  stride: number,
  dilation: number,
  padding: Padding,
): number {
  return padding === 'same' ? Math.ceil(size / stride) : Math.ceil((size - (filter - 1) * dilation) / stride);
}

/** Real-valued convolution straight from its definition, with zero padding. `groups` = inC: depthwise. */
function naiveConvolution(
  g: Geometry,
  x: Float32Array,
  w: (o: number, h: number, v: number, c: number) => number,
  bias: Float32Array,
): Float64Array {
  const outH = outputSize(g.inH, g.filterH, g.strideH, g.dilation, g.padding);
  const outW = outputSize(g.inW, g.filterW, g.strideW, g.dilation, g.padding);
  const before = (out: number, size: number, filter: number, stride: number) =>
    g.padding === 'valid'
      ? 0
      : Math.floor(Math.max(0, (out - 1) * stride + (filter - 1) * g.dilation + 1 - size) / 2);
  const top = before(outH, g.inH, g.filterH, g.strideH);
  const left = before(outW, g.inW, g.filterW, g.strideW);
  const perGroup = g.inC / g.groups;
  const out = new Float64Array(outH * outW * g.outC);
  for (let y = 0; y < outH; y++)
    for (let z = 0; z < outW; z++)
      for (let o = 0; o < g.outC; o++) {
        let sum = bias[o]!;
        const group = Math.floor(o / (g.outC / g.groups));
        for (let h = 0; h < g.filterH; h++)
          for (let v = 0; v < g.filterW; v++) {
            const row = y * g.strideH - top + h * g.dilation;
            const column = z * g.strideW - left + v * g.dilation;
            if (row < 0 || row >= g.inH || column < 0 || column >= g.inW) continue;
            for (let c = 0; c < perGroup; c++)
              sum += x[(row * g.inW + column) * g.inC + group * perGroup + c]! * w(o, h, v, c);
          }
        out[(y * outW + z) * g.outC + o] = sum;
      }
  return out;
}

const int8 = (rng: Rng, n: number) => Int8Array.from({ length: n }, () => rng.int(-127, 127));
const quantised = (
  name: string,
  shape: readonly number[],
  scale: number,
  zeroPoint: number,
  data?: Int8Array,
): TensorSpec => ({
  name,
  type: 'int8',
  shape,
  quantization: { scales: [scale], zeroPoints: [zeroPoint] },
  ...(data ? { data } : {}),
});

/** A one-operator model; the first tensor is the input, the last the output. */
function model(tensors: readonly TensorSpec[], op: Omit<OpSpec, 'inputs' | 'outputs'>): Uint8Array {
  const output = tensors.length - 1;
  const spec: ModelSpec = {
    name: 'one',
    tensors,
    ops: [{ ...op, inputs: tensors.slice(0, -1).map((_, i) => i), outputs: [output] }],
    inputs: [0],
    outputs: [output],
  };
  return writeModel(spec);
}

async function runFloat(tfjs: Tfjs, file: Uint8Array, input: Int8Array): Promise<Float32Array> {
  const graph = orThrow(readModel(file, 'one'));
  await using reference = orThrow(floatReference(graph, tfjs));
  const values = orThrow(reference.run([new Uint8Array(input.buffer)]));
  return values.get(graph.outputs[0]!)!;
}

function randomGeometry(rng: Rng, depthwise: boolean): Geometry {
  const inC = rng.int(1, 4);
  const outC = depthwise ? inC * rng.int(1, 2) : rng.int(1, 5);
  const dilation = rng.pick([1, 1, 2]);
  return {
    inH: rng.int(5, 9),
    inW: rng.int(5, 9),
    inC,
    outC,
    filterH: rng.int(1, 3),
    filterW: rng.int(1, 3),
    strideH: rng.int(1, 3),
    strideW: rng.int(1, 3),
    dilation,
    groups: depthwise ? inC : 1,
    padding: rng.pick(['same', 'valid'] as const),
  };
}

/** Largest difference between tfjs and the definition on one random layer. */
async function convolutionError(tfjs: Tfjs, g: Geometry, rng: Rng, depthwise: boolean): Promise<number> {
  const input = int8(rng, g.inH * g.inW * g.inC);
  const perGroup = g.inC / g.groups;
  const weights = int8(rng, g.outC * g.filterH * g.filterW * (depthwise ? 1 : perGroup));
  const bias = Int32Array.from({ length: g.outC }, () => rng.int(-2000, 2000));
  const shape = depthwise ? [1, g.filterH, g.filterW, g.outC] : [g.outC, g.filterH, g.filterW, perGroup];
  const outH = outputSize(g.inH, g.filterH, g.strideH, g.dilation, g.padding);
  const outW = outputSize(g.inW, g.filterW, g.strideW, g.dilation, g.padding);
  const common = {
    padding: g.padding,
    strideH: g.strideH,
    strideW: g.strideW,
    dilationH: g.dilation,
    dilationW: g.dilation,
    activation: 'none',
  } as const;
  const attributes: OpAttributes = depthwise
    ? { kind: 'depthwiseConv2d', depthMultiplier: g.outC / g.inC, ...common }
    : { kind: 'conv2d', ...common };
  const biasScale = scales.input * scales.weights;
  const file = model(
    [
      quantised('x', [1, g.inH, g.inW, g.inC], scales.input, 5),
      quantised('w', shape, scales.weights, 0, weights),
      {
        name: 'b',
        type: 'int32',
        shape: [g.outC],
        data: bias,
        quantization: { scales: [biasScale], zeroPoints: [0] },
      },
      quantised('y', [1, outH, outW, g.outC], 1, 0),
    ],
    { name: depthwise ? 'DEPTHWISE_CONV_2D' : 'CONV_2D', attributes },
  );
  const got = await runFloat(tfjs, file, input);
  const at = depthwise
    ? (o: number, h: number, v: number) => (h * g.filterW + v) * g.outC + o
    : (o: number, h: number, v: number, c: number) => ((o * g.filterH + h) * g.filterW + v) * perGroup + c;
  const expected = naiveConvolution(
    g,
    Float32Array.from(input, (q) => scales.input * (q - 5)),
    (o, h, v, c) => weights[at(o, h, v, c)]! * scales.weights,
    Float32Array.from(bias, (b) => b * biasScale),
  );
  expect(got.length).toBe(expected.length);
  return expected.reduce((worst, e, i) => Math.max(worst, Math.abs(e - got[i]!)), 0);
}

const native = {
  name: 'tfjs-node native',
  met: (await openTfjs('inference', 'native')).ok,
  enable: 'npm run setup:tfjs',
};

function onBackend(backend: TfBackend): void {
  let tfjs: Tfjs;
  beforeAll(async () => {
    tfjs = orThrow(await openTfjs('inference', backend));
    expect(tfjs.tf.getBackend()).toBe(backend === 'native' ? 'tensorflow' : backend);
  });

  it.each([
    ['convolution', false],
    ['depthwise convolution', true],
  ])('%s equals its definition on 40 random small layers', async (_, depthwise) => {
    const rng = new Rng(depthwise ? 2 : 1);
    for (let i = 0; i < 40; i++) {
      const g = randomGeometry(rng, depthwise);
      expect(await convolutionError(tfjs, g, rng, depthwise), JSON.stringify(g)).toBeLessThan(2e-3);
    }
  });

  it('grouped convolution sees only its group', async () => {
    const g = { ...randomGeometry(new Rng(5), false), inC: 4, outC: 6, groups: 2, dilation: 1 };
    expect(await convolutionError(tfjs, g, new Rng(6), false)).toBeLessThan(2e-3);
  });

  it('fully connected, softmax and pooling give textbook values', async () => {
    const fc = model(
      [
        quantised('x', [1, 2], 0.5, 0),
        quantised('w', [1, 2], 0.25, 0, Int8Array.of(4, -8)),
        quantised('y', [1, 1], 1, 0),
      ],
      {
        name: 'FULLY_CONNECTED',
        attributes: { kind: 'fullyConnected', activation: 'relu', keepNumDims: false },
      },
    );
    expect([...(await runFloat(tfjs, fc, Int8Array.of(6, 1)))]).toEqual([2]);
    const softmax = model([quantised('x', [1, 2], 1, 0), quantised('y', [1, 2], 1 / 256, -128)], {
      name: 'SOFTMAX',
      attributes: { kind: 'softmax', beta: 1 },
    });
    expect((await runFloat(tfjs, softmax, Int8Array.of(0, 1)))[1]).toBeCloseTo(Math.E / (1 + Math.E), 6);
    // SAME padding does not count in the mean: the corner of ⟨1 2 / 3 4⟩ with a 2 × 2 window, stride 1
    const pool = (name: string) =>
      model([quantised('x', [1, 2, 2, 1], 1, 0), quantised('y', [1, 2, 2, 1], 1, 0)], {
        name,
        attributes: {
          kind: 'pool2d',
          padding: 'same',
          strideH: 1,
          strideW: 1,
          filterH: 2,
          filterW: 2,
          activation: 'none',
        },
      });
    expect([...(await runFloat(tfjs, pool('AVERAGE_POOL_2D'), Int8Array.of(1, 2, 3, 4)))]).toEqual([
      2.5, 3, 3.5, 4,
    ]);
    expect([...(await runFloat(tfjs, pool('MAX_POOL_2D'), Int8Array.of(1, 2, 3, 4)))]).toEqual([4, 4, 4, 4]);
  });

  it('refuses inputs of another size', async () => {
    const graph = orThrow(
      readModel(
        model([quantised('x', [1, 2], 1, 0), quantised('y', [1, 2], 1 / 256, -128)], {
          name: 'SOFTMAX',
          attributes: { kind: 'softmax', beta: 1 },
        }),
        'one',
      ),
    );
    await using reference = orThrow(floatReference(graph, tfjs));
    expect(reference.run([new Uint8Array(3)])).toMatchObject({ ok: false, id: 'engine.float-input-size' });
    expect(reference.run([])).toMatchObject({ ok: false, id: 'engine.float-input-size' });
  });
}

describe('float reference on tfjs WASM', () => onBackend('wasm'));
describe('float reference on tfjs CPU', () => onBackend('cpu'));
describeWith([native], 'float reference on tfjs-node native', () => onBackend('native'));

describe('dequantisation and SQNR', () => {
  it('reads every integer type and scales along the axis', () => {
    const bytes = (a: Int16Array | Int32Array | BigInt64Array) => new Uint8Array(a.buffer);
    expect([
      ...dequantise(
        { type: 'int16', shape: [2], quantization: { scales: [0.5], zeroPoints: [1], axis: 0 } },
        bytes(Int16Array.of(-3, 5)),
      ),
    ]).toEqual([-2, 2]);
    expect([
      ...dequantise({ type: 'int64', shape: [1], quantization: null }, bytes(BigInt64Array.of(-7n))),
    ]).toEqual([-7]);
    const perChannel = { scales: [1, 10], zeroPoints: [0, 0], axis: 1 };
    expect([
      ...dequantise(
        { type: 'int32', shape: [2, 2], quantization: perChannel },
        bytes(Int32Array.of(1, 1, 2, 2)),
      ),
    ]).toEqual([1, 10, 2, 20]);
  });

  it('a uniform quantiser of step d has 10·log10(12·σ²/d²) dB', () => {
    const rng = new Rng(3);
    const x = Float32Array.from({ length: 50_000 }, () => rng.normal());
    const d = 0.05;
    const q = x.map((v) => Math.round(v / d) * d);
    expect(sqnrDb(x, q)).toBeCloseTo(10 * Math.log10(12 / d ** 2), 0);
    expect(sqnrDb(x, x)).toBe(Infinity);
  });

  it('layers without outputs at hand are left out', () => {
    const q = { scales: [1], zeroPoints: [0], axis: 0 };
    const graph = {
      tensors: [
        { type: 'int8', shape: [1], quantization: q },
        { type: 'int8', shape: [1], quantization: q },
      ] as const,
      ops: [
        { index: 0, name: 'A', outputs: [0] },
        { index: 1, name: 'B', outputs: [1] },
      ],
    };
    const float = new Map([
      [0, Float32Array.of(10)],
      [1, Float32Array.of(1)],
    ]);
    const [layer, ...others] = layerSqnr(graph, [{ float, int8: new Map([[0, Uint8Array.of(9)]]) }]);
    expect(layer).toMatchObject({ operator: 0, name: 'A' });
    expect(layer!.db).toBeCloseTo(20, 6);
    expect(others).toEqual([]);
  });
});
