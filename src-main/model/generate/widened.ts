import type { ModelSpec, TensorSpec } from '../model-spec.ts';

/** An int16 step is so much finer than an int8 one of the same range. */
const FINER = 256;

/** The same layer with int16 activations, without zero points; the bias gets the type TensorFlow Lite Micro wants. */
export function widened(spec: ModelSpec, biasType: 'int32' | 'int64'): ModelSpec {
  return { ...spec, tensors: spec.tensors.map((t) => (t.name === 'weights' ? t : finer(t, biasType))) };
}

function finer(t: TensorSpec, biasType: 'int32' | 'int64'): TensorSpec {
  const quantization = {
    ...t.quantization!,
    scales: t.quantization!.scales.map((s) => Math.fround(s / FINER)),
    zeroPoints: t.quantization!.zeroPoints.map(() => 0),
  };
  if (!t.data) return { ...t, type: 'int16', quantization };
  const values = [...(t.data as Int32Array)].map((x) => x * FINER);
  const data =
    biasType === 'int32'
      ? Int32Array.from(values)
      : new Uint8Array(BigInt64Array.from(values.map(BigInt)).buffer);
  return { ...t, type: biasType, data, quantization };
}
