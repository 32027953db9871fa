import { z } from 'zod';
import { FailureDto } from './failure.ts';
import { LayerEnergy } from './window.ts';

/** A file path, or the id of a trace that the database knows. */
export const TraceName = z.string().min(1);

/** Positions on a trace are sample periods since it began; times follow from the rate. */
const Sample = z.number().nonnegative();

export const TraceSpanRequest = z.object({
  trace: TraceName,
  fromSample: Sample,
  toSample: Sample,
  channel: z.number().int().nonnegative().default(0),
});
export type TraceSpanRequest = z.input<typeof TraceSpanRequest>;

export const TraceInfo = z.object({
  id: z.string(),
  path: z.string(),
  title: z.string(),
  state: z.enum(['recording', 'complete', 'stopped-by-failure']),
  /** Why it ended; null while it goes on. */
  reason: z.string().nullable(),
  startedAt: z.string().nullable(),
  source: z.enum(['measured', 'emulated']),
  monitor: z.object({ kind: z.string(), serial: z.string().nullable(), firmware: z.string().nullable() }),
  sampleRateHz: z.number(),
  lengthSamples: z.number().int(),
  durationS: z.number(),
  channels: z.array(z.object({ id: z.string(), unit: z.enum(['A', 'V']) })),
  /** Logic channels that are kept as edges, bit n = Dn. */
  logicMask: z.number().int(),
  missingSamples: z.number().int(),
  gaps: z.number().int(),
  /** In order; each holds from its sample on. Power and energy need one. */
  supplies: z.array(
    z.object({
      sample: z.number(),
      volts: z.number(),
      uncertaintyV: z.number(),
      origin: z.enum(['set-point', 'measured']),
    }),
  ),
  cutFrom: z.object({ traceId: z.string(), fromSample: z.number(), toSample: z.number() }).nullable(),
});
export type TraceInfo = z.infer<typeof TraceInfo>;

const Column = z.custom<Float64Array>((v) => v instanceof Float64Array);
const Bits = z.custom<Uint8Array>((v) => v instanceof Uint8Array);

/** Column k covers [borders[k], borders[k + 1]) and is exact for it; NaN where every sample is missing. */
export const TraceEnvelope = z.object({
  level: z.number().int(),
  borders: Column,
  min: Column,
  max: Column,
  mean: Column,
  coverage: Column,
  or: Bits,
  and: Bits,
});
export type TraceEnvelope = z.infer<typeof TraceEnvelope>;

export const TraceEnergyValue = z.object({
  joules: z.number(),
  /** One standard error, from the noise of the samples. */
  statisticalJ: z.number(),
  /** A bound: the linear sum of its parts. */
  systematicJ: z.number(),
  systematic: z.record(z.string(), z.number()),
});

export const TraceStatistics = z.object({
  fromSample: z.number(),
  toSample: z.number(),
  durationS: z.number(),
  minA: z.number(),
  maxA: z.number(),
  meanA: z.number(),
  stdA: z.number(),
  chargeC: z.number(),
  coverage: z.number(),
  missingSamples: z.number(),
  statisticalA: z.number(),
  systematicA: z.number().nullable(),
  energy: TraceEnergyValue.nullable(),
  noEnergy: FailureDto.nullable(),
  or: z.number().int(),
  and: z.number().int(),
});
export type TraceStatistics = z.infer<typeof TraceStatistics>;

export const TraceHistogram = z.object({
  method: z.enum(['exact', 'binned']),
  samples: z.number().int(),
  borders: Column,
  counts: Column,
  quantiles: z.array(z.object({ share: z.number(), value: z.number(), low: z.number(), high: z.number() })),
  /** What a value of a quantile may be off by, of itself; 0 where exact. */
  valueErrorRel: z.number(),
});
export type TraceHistogram = z.infer<typeof TraceHistogram>;

export const TraceSpectrum = z.object({
  frequencyHz: Column,
  densityA2PerHz: Column,
  resolutionHz: z.number(),
  segmentsUsed: z.number().int(),
  segmentsWithGaps: z.number().int(),
  segmentsInSpan: z.number().int(),
});
export type TraceSpectrum = z.infer<typeof TraceSpectrum>;

export const TraceTrigger = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('level'),
    levelA: z.number(),
    direction: z.enum(['rising', 'falling']),
    hysteresisA: z.number().nonnegative().optional(),
  }),
  z.object({
    kind: z.literal('edge'),
    channel: z.number().int().min(0).max(7),
    direction: z.enum(['rising', 'falling', 'any']),
  }),
  z.object({
    kind: z.literal('pulse'),
    channel: z.number().int().min(0).max(7),
    level: z.union([z.literal(0), z.literal(1)]),
    minS: z.number().nonnegative(),
    maxS: z.number().nonnegative(),
  }),
  z.object({
    kind: z.literal('pattern'),
    mask: z.number().int().min(1).max(255),
    value: z.number().int().min(0).max(255),
  }),
]);
export type TraceTrigger = z.infer<typeof TraceTrigger>;

export const TraceTriggerHit = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('found'), sample: z.number(), untilSample: z.number() }),
  z.object({ kind: z.literal('none') }),
  z.object({ kind: z.literal('unfinished'), sample: z.number() }),
]);
export type TraceTriggerHit = z.infer<typeof TraceTriggerHit>;

export const TraceAnnotation = z.object({
  id: z.number().int(),
  fromSample: z.number(),
  toSample: z.number(),
  text: z.string(),
  createdAt: z.string(),
  deletedAt: z.string().nullable(),
});
export type TraceAnnotation = z.infer<typeof TraceAnnotation>;

export const TraceEdge = z.object({
  sample: z.number(),
  channel: z.number().int(),
  level: z.union([z.literal(0), z.literal(1)]),
  uncertainSamples: z.number(),
});
export const TraceWindowSpan = z.object({
  ordinal: z.number().int(),
  startSample: z.number(),
  endSample: z.number(),
  startUncertainSamples: z.number(),
  endUncertainSamples: z.number(),
});
export const TraceGap = z.object({ firstSample: z.number(), missing: z.number(), cause: z.string() });
export const TraceMark = z.object({ sample: z.number(), kind: z.string(), detail: z.string() });

/** All that points at places of a trace. */
export const TraceMarkers = z.object({
  edges: z.array(TraceEdge),
  windows: z.array(TraceWindowSpan),
  gaps: z.array(TraceGap),
  marks: z.array(TraceMark),
  annotations: z.array(TraceAnnotation),
});
export type TraceMarkers = z.infer<typeof TraceMarkers>;

/** What points at places of a span, as many of them as a picture of so many columns shows. */
export const TracePlaces = z.object({
  /** Of D0; null where they are more than the columns, then the levels show them. */
  windows: z.array(TraceWindowSpan).nullable(),
  windowCount: z.number().int().nullable(),
  /** Neighbours that share a column are one: `count`, `missing` of all, cause of the first. */
  gaps: z.array(
    z.object({
      firstSample: z.number(),
      endSample: z.number(),
      missing: z.number(),
      cause: z.string(),
      count: z.number().int(),
    }),
  ),
  /** Of one kind in one column the first, and how many they are. */
  marks: z.array(
    z.object({ sample: z.number(), kind: z.string(), detail: z.string(), count: z.number().int() }),
  ),
  annotations: z.array(TraceAnnotation),
});
export type TracePlaces = z.infer<typeof TracePlaces>;

/** The run that made a trace, and what its operators are. */
export const TraceRun = z.object({
  runId: z.number().int(),
  modelName: z.string(),
  targetName: z.string(),
  source: z.enum(['measured', 'emulated', 'predicted', 'published']),
  /** The run's windows in this trace, in order of time. */
  windows: z.array(
    z.object({
      index: z.number().int(),
      attempt: z.number().int(),
      status: z.enum(['finished', 'excluded']),
      exclusion: FailureDto.nullable(),
      inferences: z.number().int(),
      startSample: z.number(),
      endSample: z.number(),
      energyUj: z.number(),
      /** Of each operator per inference; null where the window has none. */
      layers: z.array(LayerEnergy).nullable(),
    }),
  ),
  /** In order of execution; empty where nobody knows them any more. */
  operators: z.array(
    z.object({ index: z.number().int(), name: z.string(), kernel: z.string(), macs: z.number().int() }),
  ),
  /** Mean over the windows of the run. */
  layers: z.array(LayerEnergy).nullable(),
});
export type TraceRun = z.infer<typeof TraceRun>;

/** Boundaries of operators or inferences in a span, all that touch it. */
export const TraceOperators = z.object({
  /** `none`: too many for a picture, or no window of the run is here. */
  level: z.enum(['operators', 'inferences', 'none']),
  /** Part k is [from[k], to[k]) in sample periods. */
  from: Column,
  to: Column,
  /** Of each part: which operator (0 at level `inferences`), which inference of which window of the run. */
  operator: z.custom<Uint16Array>((v) => v instanceof Uint16Array),
  inference: z.custom<Uint32Array>((v) => v instanceof Uint32Array),
  window: z.custom<Uint16Array>((v) => v instanceof Uint16Array),
  /** Why a window of the span has no operators. */
  failure: FailureDto.nullable(),
});
export type TraceOperators = z.infer<typeof TraceOperators>;

const ComparedValue = z.object({
  value: z.number(),
  statistical: z.number().nullable(),
  systematic: z.number().nullable(),
});

export const TraceComparison = z.object({
  a: TraceStatistics,
  b: TraceStatistics,
  sameMonitor: z.boolean(),
  figures: z.array(
    z.object({
      figure: z.enum(['mean current', 'mean power', 'duration', 'energy']),
      unit: z.enum(['A', 'W', 's', 'J']),
      a: ComparedValue,
      b: ComparedValue,
      change: z.number(),
      verdict: z.enum(['lower', 'higher', 'equal', "can't tell"]),
    }),
  ),
});
export type TraceComparison = z.infer<typeof TraceComparison>;

export const RecordRequest = z.object({
  /** `emulated`, `KIND:ADDRESS`, or an address whose USB ids tell the kind. */
  monitor: z.string().min(1),
  /** Stops by itself after so many seconds of samples. */
  seconds: z.number().positive().optional(),
  /** Of the trace file; in the folder of traces where absent. */
  path: z.string().optional(),
  title: z.string().optional(),
  supplyMv: z.number().int().positive().default(3300),
  /** Default: `ampere` where the monitor can measure another's supply. */
  mode: z.enum(['source', 'ampere']).optional(),
  /** Of a PPK2: without the filter that replaces three samples after each change of range. */
  unfiltered: z.boolean().optional(),
  /** What an emulated monitor measures: a load file; a built-in one where absent. */
  load: z.string().optional(),
  /** An emulated monitor at the pace of a real one, for people who look on. */
  realTime: z.boolean().optional(),
  seed: z.number().int().nonnegative().default(1),
});
export type RecordRequest = z.input<typeof RecordRequest>;

export const RecordStatus = z.object({
  lengthSamples: z.number(),
  missingSamples: z.number(),
  minA: z.number().nullable(),
  meanA: z.number().nullable(),
  maxA: z.number().nullable(),
  chargeC: z.number(),
  energyJ: z.number().nullable(),
  committedSamples: z.number(),
  samplesPerS: z.number().nullable(),
  ringPeakBytes: z.number(),
});
export type RecordStatus = z.infer<typeof RecordStatus>;

export const RecordSummary = z.object({
  trace: TraceInfo,
  /** `complete`, or why it ended early; what was recorded is kept in every case. */
  end: z.enum(['complete', 'monitor-lost', 'failed']),
  failure: FailureDto.nullable(),
  status: RecordStatus,
  /** Sample clock against this computer's; null where the recording is too short to tell. */
  clock: z.object({ ratePpm: z.number(), ratePlusMinusPpm: z.number(), jitterUs: z.number() }).nullable(),
});
export type RecordSummary = z.infer<typeof RecordSummary>;
