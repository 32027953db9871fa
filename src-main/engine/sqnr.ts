import { dequantise, type QuantisedTensor } from './dequantise.ts';

/** Sums of a signal-to-quantisation-noise ratio, over as many inferences as are added. */
export class Sqnr {
  #signal = 0;
  #noise = 0;

  add(float: Float32Array, dequantised: Float32Array): void {
    for (let i = 0; i < float.length; i++) {
      this.#signal += float[i]! ** 2;
      this.#noise += (float[i]! - dequantised[i]!) ** 2;
    }
  }

  /** 10·log₁₀(Σ float² / Σ (float − dequantised)²) dB; +∞ without noise, −∞ when there is noise and no signal. */
  get db(): number {
    if (this.#noise === 0) return Infinity;
    return 10 * Math.log10(this.#signal / this.#noise);
  }
}

export function sqnrDb(float: Float32Array, dequantised: Float32Array): number {
  const sums = new Sqnr();
  sums.add(float, dequantised);
  return sums.db;
}

/** What a layer of the int8 engine wrote, against the float reference. */
export interface LayerSqnr {
  /** Operator index in the .tflite. */
  readonly operator: number;
  readonly name: string;
  readonly db: number;
}

/** One inference's int8 outputs by operator of the .tflite. */
export type LayerOutputs = ReadonlyMap<number, Uint8Array>;

interface LayerGraph {
  readonly tensors: readonly QuantisedTensor[];
  readonly ops: readonly {
    readonly index: number;
    readonly name: string;
    readonly outputs: readonly number[];
  }[];
}

/** SQNR of every operator's first output over several inferences; operators without outputs at hand are left out. */
export function layerSqnr(
  graph: LayerGraph,
  inferences: readonly { readonly float: ReadonlyMap<number, Float32Array>; readonly int8: LayerOutputs }[],
): LayerSqnr[] {
  return graph.ops.flatMap((op) => {
    const sums = new Sqnr();
    let seen = false;
    for (const { float, int8 } of inferences) {
      const bytes = int8.get(op.index);
      const real = float.get(op.outputs[0]!);
      if (!bytes || !real) continue;
      seen = true;
      sums.add(real, dequantise(graph.tensors[op.outputs[0]!]!, bytes));
    }
    return seen ? [{ operator: op.index, name: op.name, db: sums.db }] : [];
  });
}
