import type * as TensorFlow from '@tensorflow/tfjs';
import { BugError, fail, ok, type Result } from '../base/errors.ts';
import type { Graph, Operator, Tensor } from '../model/graph.ts';
import { dequantise } from './dequantise.ts';
import { floatOperator } from './float-operators.ts';
import type { Tfjs } from './tfjs.ts';

/**
 * What the model would compute without quantisation error: its weights and inputs dequantised, every operator in
 * float32 by TensorFlow.js. Nothing here shares code with the engine; SQNR against it says how much each layer
 * loses to int8, and a layer that is wrong rather than coarse stands out.
 */
export interface FloatReference extends AsyncDisposable {
  /** Which TensorFlow.js computed it. */
  readonly description: string;
  /** Inputs as the model takes them (int8 bytes …) → real values of every activation tensor, by tensor index. */
  run(inputs: readonly Uint8Array[]): Result<ReadonlyMap<number, Float32Array>>;
}

type Tf = typeof TensorFlow;

export function floatReference(graph: Graph, tfjs: Tfjs): Result<FloatReference> {
  for (const op of graph.ops)
    if (!floatOperator(op.name, op.attributes.kind))
      return fail(
        'engine.float-unsupported',
        { operator: op.name, index: op.index },
        'The float reference does not know this operator.',
        'Use the int8 engine alone for this model.',
      );
  return ok(new TfjsReference(graph, tfjs));
}

class TfjsReference implements FloatReference {
  readonly description: string;
  readonly #tf: Tf;
  readonly #graph: Graph;
  readonly #constants = new Map<number, TensorFlow.Tensor>();

  constructor(graph: Graph, { tf, description }: Tfjs) {
    this.description = description;
    this.#tf = tf;
    this.#graph = graph;
    for (const tensor of graph.tensors)
      if (tensor.data)
        this.#constants.set(tensor.index, tf.tensor(dequantise(tensor, tensor.data), [...tensor.shape]));
  }

  run(inputs: readonly Uint8Array[]): Result<ReadonlyMap<number, Float32Array>> {
    const wanted = this.#graph.inputs.map((i) => bytesOf(this.#graph.tensors[i]!));
    const given = inputs.map((b) => b.length);
    if (wanted.length !== given.length || wanted.some((n, i) => n !== given[i]))
      return fail(
        'engine.float-input-size',
        { wantedBytes: wanted, givenBytes: given },
        'The inputs are not those of this model.',
        'Give each input whole.',
      );
    const values = new Map<number, Float32Array>();
    this.#tf.tidy(() => {
      const live = new Map(this.#constants);
      this.#graph.inputs.forEach((index, n) => {
        const tensor = this.#graph.tensors[index]!;
        this.#keep(live, values, tensor, this.#tf.tensor(dequantise(tensor, inputs[n]!), [...tensor.shape]));
      });
      for (const op of this.#graph.ops) this.#runOperator(op, live, values);
    });
    return ok(values);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#tf.dispose([...this.#constants.values()]);
    this.#constants.clear();
  }

  #runOperator(op: Operator, live: Map<number, TensorFlow.Tensor>, values: Map<number, Float32Array>): void {
    const compute = floatOperator(op.name, op.attributes.kind)!;
    const inputs = op.inputs.map((i) => (i < 0 ? null : live.get(i)));
    if (inputs.includes(undefined))
      throw new BugError(`${op.name} ${op.index} reads a tensor that nothing wrote`);
    const outputs = op.outputs.map((i) => this.#graph.tensors[i]!);
    const shape = outputs[0]!.shape;
    const result = compute(this.#tf, op.attributes, inputs as (TensorFlow.Tensor | null)[], shape);
    const results = Array.isArray(result) ? result : [result];
    outputs.forEach((output, i) => this.#keep(live, values, output, results[i]!));
  }

  #keep(
    live: Map<number, TensorFlow.Tensor>,
    values: Map<number, Float32Array>,
    tensor: Tensor,
    value: TensorFlow.Tensor,
  ): void {
    const shaped = value.reshape([...tensor.shape]);
    live.set(tensor.index, shaped);
    values.set(tensor.index, Float32Array.from(shaped.dataSync()));
  }
}

const elementBytes: Record<Tensor['type'], number> = {
  int8: 1,
  uint8: 1,
  bool: 1,
  int4: 0.5,
  int16: 2,
  int32: 4,
  float32: 4,
  int64: 8,
  resource: 4,
};

function bytesOf(tensor: Tensor): number {
  return Math.ceil(tensor.shape.reduce((a, b) => a * b, 1) * elementBytes[tensor.type]);
}
