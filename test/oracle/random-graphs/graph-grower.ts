/** Grows a model tensor by tensor; every method that adds an operator gives the tensors it makes. */
import type { Rng } from '../../../src-main/base/rng.ts';
import type { ModelSpec, OpSpec, TensorSpec } from '../../../src-main/model/model-spec.ts';
import type { OpAttributes } from '../../../src-main/model/operators.ts';

const f32 = Math.fround;
const product = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** How the weights of a layer look: what packing, lanes and pruning live on. */
const weightKinds = [
  'random',
  'random',
  'small',
  'sparse',
  'dead',
  'min',
  'max',
  'signs',
  'matched',
] as const;
type WeightKind = (typeof weightKinds)[number];

export interface LayerShape {
  readonly shape: readonly number[];
  readonly channels: number;
  /** Dimension of the weights that counts output channels. */
  readonly axis: number;
  /** Products summed up for one output element. */
  readonly depth: number;
}

export class GraphGrower {
  readonly tensors: TensorSpec[] = [];
  readonly ops: OpSpec[] = [];
  readonly inputs: number[] = [];
  readonly rng: Rng;

  constructor(rng: Rng) {
    this.rng = rng;
  }

  shape(tensor: number): readonly number[] {
    return this.tensors[tensor]!.shape;
  }

  type(tensor: number): TensorSpec['type'] {
    return this.tensors[tensor]!.type;
  }

  scale(tensor: number): number {
    return this.tensors[tensor]!.quantization!.scales[0]!;
  }

  zeroPoint(): number {
    return this.rng.float() < 0.4 ? this.rng.pick([-128, 127, 0]) : this.rng.int(-128, 127);
  }

  int8(shape: readonly number[], scale: number, zeroPoint = this.zeroPoint()): number {
    const quantization = { scales: [f32(scale)], zeroPoints: [zeroPoint] };
    return this.tensors.push({ name: `t${this.tensors.length}`, type: 'int8', shape, quantization }) - 1;
  }

  /** Another tensor with the quantisation of `like`. */
  alike(like: number, shape: readonly number[]): number {
    const { type, quantization } = this.tensors[like]!;
    return (
      this.tensors.push({
        name: `t${this.tensors.length}`,
        type,
        shape,
        quantization: quantization ?? null,
      }) - 1
    );
  }

  input(shape: readonly number[]): number {
    const scale = f32(10 ** (3 * this.rng.float() - 3));
    const tensor = this.int8(shape, scale);
    this.inputs.push(tensor);
    return tensor;
  }

  ints(values: readonly number[], shape: readonly number[] = [values.length]): number {
    return this.tensors.push({ name: 'ints', type: 'int32', shape, data: Int32Array.from(values) }) - 1;
  }

  /** An int8 constant with a quantisation of its own. */
  constant(shape: readonly number[], scale: number): number {
    const at = this.int8(shape, scale);
    const data = Int8Array.from({ length: product(shape) }, () => this.rng.int(-128, 127));
    this.tensors[at] = { ...this.tensors[at]!, data };
    return at;
  }

  op(name: string, attributes: OpAttributes, inputs: readonly number[], outputs: readonly number[]): void {
    this.ops.push({ name, attributes, inputs, outputs });
  }

  #weight(kind: WeightKind, channel: number, tap: number): number {
    const { rng } = this;
    switch (kind) {
      case 'random':
        return rng.int(-128, 127);
      case 'small':
        return rng.int(-4, 4);
      case 'sparse':
        return rng.float() < 0.8 ? 0 : rng.int(-128, 127);
      case 'dead':
        return channel % 2 === 0 ? 0 : rng.int(-128, 127);
      case 'min':
        return -128;
      case 'max':
        return 127;
      case 'signs':
        return rng.pick([-128, 127]);
      case 'matched':
        // the sign of an input that alternates: the sum grows with every product
        return tap % 2 === 0 ? -127 : 127;
    }
  }

  /** Weights and mostly a bias for a layer on `x`, and a scale for its output: typical, or far off. */
  weights(x: number, layer: LayerShape): { operands: number[]; outScale: number } {
    const { rng } = this;
    const { channels, depth, axis, shape } = layer;
    const perChannel = rng.float() < 0.8;
    const scales = Array.from({ length: perChannel ? channels : 1 }, () => f32(1e-3 * 100 ** rng.float()));
    const kind = rng.pick(weightKinds);
    const inner = product(shape.slice(axis + 1));
    const data = Int8Array.from({ length: product(shape) }, (_, i) =>
      this.#weight(kind, Math.floor(i / inner) % channels, i),
    );
    const quantization = { scales, zeroPoints: scales.map(() => 0), axis: perChannel ? axis : 0 };
    const operands = [this.tensors.push({ name: 'w', type: 'int8', shape, data, quantization }) - 1];
    const spread = Math.ceil(Math.sqrt(depth) * 74 * 74);
    if (rng.float() < 0.85) operands.push(this.#bias(x, channels, scales, spread));
    const typical = this.scale(x) * scales[0]! * Math.sqrt(depth) * 74 * (kind === 'small' ? 2 : 74);
    return { operands, outScale: f32((typical / 64) * this.#strength()) };
  }

  /** Mostly near 1; now and then so large or small that outputs vanish or saturate and shifts reach their ends. */
  #strength(): number {
    const { rng } = this;
    if (rng.float() < 0.9) return 4 ** (2 * rng.float() - 1);
    return 2 ** rng.int(-6, 28);
  }

  #bias(x: number, channels: number, weightScales: readonly number[], spread: number): number {
    const scales = weightScales.map((s) => f32(this.scale(x) * s));
    const most = this.rng.float() < 0.05 ? 2 ** 29 : spread;
    const data = Int32Array.from({ length: channels }, () => this.rng.int(-most, most));
    const quantization = { scales, zeroPoints: scales.map(() => 0) };
    return this.tensors.push({ name: 'b', type: 'int32', shape: [channels], data, quantization }) - 1;
  }

  /** Every activation that nothing reads is an output; inputs that nothing reads go with the last operator. */
  model(): ModelSpec {
    const read = new Set(this.ops.flatMap((op) => op.inputs));
    const made = this.ops.flatMap((op) => op.outputs);
    const outputs = made.filter((t) => !read.has(t));
    return { name: 'main', tensors: this.tensors, ops: this.ops, inputs: this.inputs, outputs };
  }
}
