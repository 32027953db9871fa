import type { TraceEnvelope, TracePlaces } from '../../../src-main/contract/trace.ts';
import { layoutOf } from '../../../src-renderer/charts/trace/layout.ts';
import type { TraceModel } from '../../../src-renderer/charts/trace/trace-model.ts';
import type { Colours } from '../../../src-renderer/charts/trace/context.ts';

/** Each token is its own name: a test can ask what was drawn with which. */
export const namedColours = new Proxy({} as Colours, { get: (_, name) => String(name) });

export function envelopeOf(
  from: number,
  size: number,
  values: readonly number[],
  bits: readonly number[] = [],
): TraceEnvelope {
  const n = values.length;
  return {
    level: size === 1 ? -1 : 0,
    borders: Float64Array.from({ length: n + 1 }, (_, k) => from + k * size),
    min: Float64Array.from(values, (v) => (size === 1 ? v : v * 0.9)),
    max: Float64Array.from(values, (v) => (size === 1 ? v : v * 1.1)),
    mean: Float64Array.from(values),
    coverage: Float64Array.from(values, (v) => (Number.isNaN(v) ? 0 : 1)),
    or: Uint8Array.from({ length: n }, (_, k) => bits[k] ?? 0),
    and: Uint8Array.from({ length: n }, (_, k) => bits[k] ?? 0),
  };
}

export const noPlaces: TracePlaces = { windows: [], windowCount: 0, gaps: [], marks: [], annotations: [] };

export function modelOf(over: Partial<TraceModel> = {}): TraceModel {
  const view = over.view ?? { from: 0, to: 1000 };
  return {
    layout: layoutOf({ width: 1096, height: 500, channels: [0, 1], operators: false, notes: false }),
    view,
    sampleRateHz: 100_000,
    lengthSamples: 1000,
    source: 'measured',
    columns: null,
    overview: null,
    places: noPlaces,
    run: null,
    operators: null,
    scale: { kind: 'linear', low: 0, high: 0.05 },
    quantity: 'current',
    factor: 1,
    pixelRatio: 1,
    colours: namedColours,
    ...over,
  };
}
