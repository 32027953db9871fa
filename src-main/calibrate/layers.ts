import { Rng } from '../base/rng.ts';
import { operatorLayers, widenedLayers, type CalibrationLayer } from './operator-layers.ts';
import { INPUT_LIMIT_BYTES } from '../compile/image.ts';
import { elementCount } from '../model/tensor-type.ts';
import type { ModelSpec, OpSpec, TensorSpec } from '../model/writer.ts';

/** Drawn again while the input is more than the device takes. */
function fitting(make: (rng: Rng) => ModelSpec, rng: Rng): ModelSpec {
  for (;;) {
    const spec = make(rng);
    const bytes = spec.inputs
      .map((i) => spec.tensors[i]!)
      .reduce((n, t) => n + elementCount(t.shape) * (t.type === 'float32' ? 4 : 1), 0);
    if (bytes <= INPUT_LIMIT_BYTES) return spec;
  }
}

/** Layers of each operator, sized as small networks have them; drawn from `seed`, so two calibrations measure the same. */
export function calibrationLayers(seed: number): CalibrationLayer[] {
  const rng = new Rng(seed);
  const layers: CalibrationLayer[] = [];
  const add = (kind: string, n: number, make: (rng: Rng) => ModelSpec) => {
    for (let i = 0; i < n; i++) layers.push({ name: `${kind} ${i}`, spec: fitting(make, rng) });
  };
  add('pointwise', 12, (r) => convolution(r, 1, whole));
  add('convolution', 12, (r) => convolution(r, r.pick([2, 3, 3, 5]), whole));
  add('depthwise', 12, (r) => depthwise(r, whole));
  add('fully connected', 12, (r) => fullyConnected(r, whole));
  add('add', 8, (r) => elementwiseAdd(r, whole));
  add('clamped pointwise', 8, (r) => convolution(r, 1, clamped));
  add('clamped convolution', 8, (r) => convolution(r, r.pick([2, 3, 3, 5]), clamped));
  add('clamped depthwise', 8, (r) => depthwise(r, clamped));
  add('clamped fully connected', 8, (r) => fullyConnected(r, clamped));
  add('clamped add', 8, (r) => elementwiseAdd(r, clamped));
  add('average pool', 8, (r) => pool(r, 'AVERAGE_POOL_2D'));
  add('average pool of odd channels', 8, (r) => pool(r, 'AVERAGE_POOL_2D', 1));
  add('max pool', 8, (r) => pool(r, 'MAX_POOL_2D'));
  add('softmax', 6, softmax);
  add('quantize', 6, quantize);
  add('dequantize', 6, dequantize);
  return [...layers, ...operatorLayers(rng), ...widenedLayers(layers)];
}

/**
 * Zero point of an output behind a ReLU. As converters choose it the clamp is the type's own range, which is what fast kernels
 * are made for; any other zero point leaves the layer to the general kernel.
 */
const whole = -128;
const clamped = 4;

const activation = (shape: readonly number[], name: string, scale = 0.05, zeroPoint = -3): TensorSpec => ({
  name,
  type: 'int8',
  shape,
  quantization: { scales: [scale], zeroPoints: [zeroPoint] },
});

function weights(rng: Rng, shape: readonly number[], channels: number, axis: number): TensorSpec {
  const n = shape.reduce((a, b) => a * b, 1);
  const data = new Int8Array(n);
  // trained layers fill a part of the range only; how much decides the time of kernels that sum in lanes
  const most = rng.pick([16, 40, 80, 127]);
  for (let i = 0; i < n; i++) data[i] = rng.int(-most, most);
  const scales = Array.from({ length: channels }, () => 0.002 + 0.004 * rng.float());
  return {
    name: 'weights',
    type: 'int8',
    shape,
    quantization: { scales, zeroPoints: scales.map(() => 0), axis },
    data,
  };
}

function bias(rng: Rng, channels: number): TensorSpec {
  const data = new Int32Array(channels);
  for (let i = 0; i < channels; i++) data[i] = rng.int(-2000, 2000);
  const scales = Array.from({ length: channels }, () => 0.0002);
  return {
    name: 'bias',
    type: 'int32',
    shape: [channels],
    quantization: { scales, zeroPoints: scales.map(() => 0), axis: 0 },
    data,
  };
}

function single(name: string, tensors: readonly TensorSpec[], op: OpSpec): ModelSpec {
  return {
    name,
    tensors,
    ops: [op],
    inputs: op.inputs.filter((i) => !tensors[i]!.data),
    outputs: [op.outputs[0]!],
  };
}

const same = (size: number, stride: number) => Math.ceil(size / stride);

function convolution(rng: Rng, k: number, zeroPoint: number): ModelSpec {
  const h = rng.int(4, 16);
  const w = rng.int(4, 16);
  const inC = k === 1 ? 4 * rng.int(2, 16) : rng.pick([1, 3, 8, 16, 16, 24]);
  const outC = 4 * rng.int(2, k === 1 ? 16 : 8);
  const stride = k === 1 ? 1 : rng.pick([1, 1, 2]);
  return single(
    'convolution',
    [
      activation([1, h, w, inC], 'input'),
      weights(rng, [outC, k, k, inC], outC, 0),
      bias(rng, outC),
      activation([1, same(h, stride), same(w, stride), outC], 'output', 0.08, zeroPoint),
    ],
    {
      name: 'CONV_2D',
      attributes: {
        kind: 'conv2d',
        padding: 'same',
        strideH: stride,
        strideW: stride,
        dilationH: 1,
        dilationW: 1,
        activation: 'relu',
      },
      inputs: [0, 1, 2],
      outputs: [3],
    },
  );
}

function depthwise(rng: Rng, zeroPoint: number): ModelSpec {
  const h = rng.int(5, 24);
  const w = rng.int(5, 24);
  const c = 4 * rng.int(2, 16);
  const stride = rng.pick([1, 1, 2]);
  return single(
    'depthwise',
    [
      activation([1, h, w, c], 'input'),
      weights(rng, [1, 3, 3, c], c, 3),
      bias(rng, c),
      activation([1, same(h, stride), same(w, stride), c], 'output', 0.08, zeroPoint),
    ],
    {
      name: 'DEPTHWISE_CONV_2D',
      attributes: {
        kind: 'depthwiseConv2d',
        padding: 'same',
        strideH: stride,
        strideW: stride,
        dilationH: 1,
        dilationW: 1,
        depthMultiplier: 1,
        activation: 'relu',
      },
      inputs: [0, 1, 2],
      outputs: [3],
    },
  );
}

function fullyConnected(rng: Rng, zeroPoint: number): ModelSpec {
  const inD = 4 * rng.int(4, 160);
  const outD = rng.int(2, 128);
  return single(
    'fully connected',
    [
      activation([1, inD], 'input'),
      { ...weights(rng, [outD, inD], 1, 0) },
      { ...bias(rng, outD), quantization: { scales: [0.0002], zeroPoints: [0] } },
      activation([1, outD], 'output', 0.3, zeroPoint),
    ],
    {
      name: 'FULLY_CONNECTED',
      attributes: { kind: 'fullyConnected', activation: 'relu', keepNumDims: false },
      inputs: [0, 1, 2],
      outputs: [3],
    },
  );
}

function elementwiseAdd(rng: Rng, zeroPoint: number): ModelSpec {
  const shape = [1, rng.int(4, 20), rng.int(4, 20), rng.int(4, 32)];
  return single(
    'add',
    [
      activation(shape, 'left'),
      activation(shape, 'right', 0.0713, 9),
      activation(shape, 'output', 0.0987, zeroPoint),
    ],
    { name: 'ADD', attributes: { kind: 'add', activation: 'relu' }, inputs: [0, 1], outputs: [2] },
  );
}

function pool(rng: Rng, name: 'AVERAGE_POOL_2D' | 'MAX_POOL_2D', more = 0): ModelSpec {
  const filter = rng.int(2, 8);
  const h = filter * rng.int(1, 3);
  const w = filter * rng.int(1, 3);
  const c = 4 * rng.int(2, 16) + more;
  return single(
    'pool',
    [activation([1, h, w, c], 'input'), activation([1, h / filter, w / filter, c], 'output')],
    {
      name,
      attributes: {
        kind: 'pool2d',
        padding: 'valid',
        strideH: filter,
        strideW: filter,
        filterH: filter,
        filterW: filter,
        activation: 'none',
      },
      inputs: [0],
      outputs: [1],
    },
  );
}

function softmax(rng: Rng): ModelSpec {
  const n = rng.int(2, 64);
  return single('softmax', [activation([1, n], 'input'), activation([1, n], 'output', 1 / 256, -128)], {
    name: 'SOFTMAX',
    attributes: { kind: 'softmax', beta: 1 },
    inputs: [0],
    outputs: [1],
  });
}

function quantize(rng: Rng): ModelSpec {
  const shape = [1, rng.int(16, 600)];
  return single('quantize', [{ name: 'input', type: 'float32', shape }, activation(shape, 'output')], {
    name: 'QUANTIZE',
    attributes: { kind: 'quantize' },
    inputs: [0],
    outputs: [1],
  });
}

function dequantize(rng: Rng): ModelSpec {
  const shape = [1, rng.int(16, 600)];
  return single('dequantize', [activation(shape, 'input'), { name: 'output', type: 'float32', shape }], {
    name: 'DEQUANTIZE',
    attributes: { kind: 'dequantize' },
    inputs: [0],
    outputs: [1],
  });
}
