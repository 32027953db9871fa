import type {
  TraceEnvelope,
  TraceOperators,
  TracePlaces,
  TraceRun,
} from '../../../src-main/contract/trace.ts';
import type { Colours } from './context.ts';
import type { TraceLayout } from './layout.ts';
import type { MarkerPair } from './marker-pair.ts';
import type { SpanView } from './span-view.ts';
import type { ValueScale } from './value-axis.ts';

/** All that a picture of a trace is made of: the same model gives the same picture. */
export interface TraceModel {
  readonly layout: TraceLayout;
  readonly view: SpanView;
  readonly sampleRateHz: number;
  readonly lengthSamples: number;
  readonly source: 'measured' | 'emulated';
  /** The newest columns that came; they may be of another view: then they are stretched. */
  readonly columns: TraceEnvelope | null;
  /** The whole trace, coarse: under everything, and in the minimap. */
  readonly overview: TraceEnvelope | null;
  readonly places: TracePlaces | null;
  readonly run: TraceRun | null;
  readonly operators: TraceOperators | null;
  readonly scale: ValueScale;
  readonly quantity: 'current' | 'power';
  /** Multiplies amperes: 1, or the supply in volts. */
  readonly factor: number;
  /** Device pixels of a CSS pixel: bars lie on whole ones. */
  readonly pixelRatio: number;
  readonly colours: Colours;
  /** What `drawMinimapShape` drew, of the same overview: a picture of a thousand bars needs not be drawn sixty times a second. */
  readonly minimapImage?: unknown;
}

/** What moves without the data: drawn on a layer of its own. */
export interface TraceOverlay {
  readonly markers: MarkerPair;
  /** A span that is being selected. */
  readonly dragged: { readonly from: number; readonly to: number } | null;
  /** Where the pointer or the keyboard's cursor is, in samples; null outside. */
  readonly cursor: number | null;
  /** What the cursor says of its place. */
  readonly cursorText: readonly string[];
  /** The end of a trace that still grows, in samples. */
  readonly liveEnd: number | null;
}
