/** Models of one layer with every number chosen, for the corners that random models rarely hit. */
import { Rng } from '../../src-main/base/rng.ts';
import type { ModelSpec, TensorSpec } from '../../src-main/model/model-spec.ts';
import type { Activation, OpAttributes, Padding } from '../../src-main/model/operators.ts';
import { windowOutput } from '../../src-main/model/window.ts';

export type Fill = 'random' | 'min' | 'max' | 'signs';

export interface Quant {
  readonly scale: number;
  readonly zeroPoint: number;
}

export interface LayerOptions {
  readonly in?: Quant;
  readonly out?: Quant;
  /** One, or one a channel. */
  readonly weightScales?: readonly number[];
  readonly weights?: Fill;
  readonly bias?: 'none' | 'random' | 'extreme';
  readonly activation?: Activation;
}

export interface WindowOptions {
  readonly h: number;
  readonly w: number;
  readonly c: number;
  readonly batches?: number;
  readonly filter?: readonly [number, number];
  readonly stride?: readonly [number, number];
  readonly dilation?: readonly [number, number];
  readonly padding?: Padding;
}

const product = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);
const f32 = Math.fround;

export function s8(name: string, shape: readonly number[], q: Quant): TensorSpec {
  return { name, type: 'int8', shape, quantization: { scales: [f32(q.scale)], zeroPoints: [q.zeroPoint] } };
}

function filled(fill: Fill, count: number, rng: Rng): Int8Array {
  const value = {
    random: () => rng.int(-128, 127),
    min: () => -128,
    max: () => 127,
    signs: () => rng.pick([-128, 127]),
  }[fill];
  return Int8Array.from({ length: count }, value);
}

/** A scale that keeps most outputs inside int8 for random weights and inputs. */
function fittingScale(depth: number, inScale: number, weightScale: number): number {
  return f32((Math.sqrt(depth) * 74 * 74 * inScale * weightScale) / 60);
}

interface Weighted {
  readonly op: string;
  readonly attributes: OpAttributes;
  readonly inputShape: readonly number[];
  readonly outputShape: readonly number[];
  readonly weightShape: readonly number[];
  readonly channelAxis: number;
  readonly channels: number;
  readonly depth: number;
  readonly seed: number;
}

function weighted(l: Weighted, o: LayerOptions): ModelSpec {
  const rng = new Rng(l.seed);
  const input = o.in ?? { scale: 0.05, zeroPoint: -3 };
  const scales = (o.weightScales ?? [0.01]).map(f32);
  const out = o.out ?? { scale: fittingScale(l.depth, input.scale, scales[0]!), zeroPoint: 5 };
  const tensors: TensorSpec[] = [
    s8('input', l.inputShape, input),
    {
      name: 'weights',
      type: 'int8',
      shape: l.weightShape,
      data: filled(o.weights ?? 'random', product(l.weightShape), rng),
      quantization: { scales, zeroPoints: scales.map(() => 0), axis: scales.length > 1 ? l.channelAxis : 0 },
    },
  ];
  const bias = o.bias ?? 'random';
  if (bias !== 'none') {
    const most = bias === 'extreme' ? 2 ** 30 : 3000 * Math.ceil(Math.sqrt(l.depth));
    const value = () => (bias === 'extreme' ? rng.pick([-most, most]) : rng.int(-most, most));
    tensors.push({
      name: 'bias',
      type: 'int32',
      shape: [l.channels],
      data: Int32Array.from({ length: l.channels }, value),
      quantization: {
        scales: scales.map((s) => f32(f32(input.scale) * s)),
        zeroPoints: scales.map(() => 0),
      },
    });
  }
  tensors.push(s8('output', l.outputShape, out));
  const last = tensors.length - 1;
  return {
    name: 'main',
    tensors,
    ops: [
      {
        name: l.op,
        attributes: l.attributes,
        inputs: tensors.map((_, i) => i).slice(0, last),
        outputs: [last],
      },
    ],
    inputs: [0],
    outputs: [last],
  };
}

function window(o: WindowOptions) {
  const [fh, fw] = o.filter ?? [3, 3];
  const [sh, sw] = o.stride ?? [1, 1];
  const [dh, dw] = o.dilation ?? [1, 1];
  const padding = o.padding ?? 'same';
  const outH = windowOutput({ input: o.h, filter: fh, stride: sh, dilation: dh }, padding);
  const outW = windowOutput({ input: o.w, filter: fw, stride: sw, dilation: dw }, padding);
  const strides = { strideH: sh, strideW: sw };
  return {
    fh,
    fw,
    padding,
    outH,
    outW,
    strides,
    dilations: { dilationH: dh, dilationW: dw },
    n: o.batches ?? 1,
  };
}

export function conv(
  seed: number,
  o: WindowOptions & LayerOptions & { outC: number; groups?: number },
): ModelSpec {
  const v = window(o);
  const filterC = o.c / (o.groups ?? 1);
  return weighted(
    {
      op: 'CONV_2D',
      attributes: {
        kind: 'conv2d',
        padding: v.padding,
        ...v.strides,
        ...v.dilations,
        activation: o.activation ?? 'none',
      },
      inputShape: [v.n, o.h, o.w, o.c],
      outputShape: [v.n, v.outH, v.outW, o.outC],
      weightShape: [o.outC, v.fh, v.fw, filterC],
      channelAxis: 0,
      channels: o.outC,
      depth: v.fh * v.fw * filterC,
      seed,
    },
    o,
  );
}

export function depthwise(
  seed: number,
  o: WindowOptions & LayerOptions & { multiplier?: number },
): ModelSpec {
  const v = window(o);
  const depthMultiplier = o.multiplier ?? 1;
  const outC = o.c * depthMultiplier;
  return weighted(
    {
      op: 'DEPTHWISE_CONV_2D',
      attributes: {
        kind: 'depthwiseConv2d',
        padding: v.padding,
        ...v.strides,
        ...v.dilations,
        depthMultiplier,
        activation: o.activation ?? 'none',
      },
      inputShape: [v.n, o.h, o.w, o.c],
      outputShape: [v.n, v.outH, v.outW, outC],
      weightShape: [1, v.fh, v.fw, outC],
      channelAxis: 3,
      channels: outC,
      depth: v.fh * v.fw,
      seed,
    },
    o,
  );
}

export function dense(
  seed: number,
  o: LayerOptions & { inDepth: number; outDepth: number; batches?: number },
): ModelSpec {
  const n = o.batches ?? 1;
  return weighted(
    {
      op: 'FULLY_CONNECTED',
      attributes: { kind: 'fullyConnected', activation: o.activation ?? 'none', keepNumDims: false },
      inputShape: [n, o.inDepth],
      outputShape: [n, o.outDepth],
      weightShape: [o.outDepth, o.inDepth],
      channelAxis: 0,
      channels: o.outDepth,
      depth: o.inDepth,
      seed,
    },
    o,
  );
}

export function pool(
  op: 'AVERAGE_POOL_2D' | 'MAX_POOL_2D',
  o: WindowOptions & { q?: Quant; activation?: Activation },
): ModelSpec {
  const v = window(o);
  const q = o.q ?? { scale: 0.1, zeroPoint: -20 };
  const attributes: OpAttributes = {
    kind: 'pool2d',
    padding: v.padding,
    ...v.strides,
    filterH: v.fh,
    filterW: v.fw,
    activation: o.activation ?? 'none',
  };
  return unary(
    op,
    attributes,
    s8('input', [v.n, o.h, o.w, o.c], q),
    s8('output', [v.n, v.outH, v.outW, o.c], q),
  );
}

export function unary(
  op: string,
  attributes: OpAttributes,
  input: TensorSpec,
  output: TensorSpec,
): ModelSpec {
  return {
    name: 'main',
    tensors: [input, output],
    ops: [{ name: op, attributes, inputs: [0], outputs: [1] }],
    inputs: [0],
    outputs: [1],
  };
}

/** Random bytes as the contents of an int8 tensor. */
export function constant(spec: TensorSpec, seed: number): TensorSpec {
  return { ...spec, data: new Int8Array(new Rng(seed).bytes(product(spec.shape)).buffer) };
}

/** One operator of two inputs, of which one may be a constant. */
export function binary(
  name: string,
  attributes: OpAttributes,
  a: TensorSpec,
  b: TensorSpec,
  out: TensorSpec,
): ModelSpec {
  const tensors = [a, b, out];
  return {
    name: 'main',
    tensors,
    ops: [{ name, attributes, inputs: [0, 1], outputs: [2] }],
    inputs: [0, 1].filter((i) => !tensors[i]!.data),
    outputs: [2],
  };
}

export function add(
  a: TensorSpec,
  b: TensorSpec,
  out: TensorSpec,
  activation: Activation = 'none',
): ModelSpec {
  return binary('ADD', { kind: 'add', activation }, a, b, out);
}
