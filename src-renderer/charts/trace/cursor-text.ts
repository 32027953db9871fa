import { readingAt } from './hit-test.ts';
import { clockTime } from './time-axis.ts';
import type { TraceModel } from './trace-model.ts';
import { siText } from './value-axis.ts';

/** What the cursor says: its time, and the reading there as far as the picture knows it. */
export function cursorTexts(model: TraceModel, sample: number): readonly string[] {
  const { view, layout, sampleRateHz, factor, quantity } = model;
  const perPixel = (view.to - view.from) / layout.plotWidth;
  const stepS = Math.max(1, perPixel) / sampleRateHz;
  const time = clockTime(sample / sampleRateHz, stepS, view.to / sampleRateHz);
  const gap = model.places?.gaps.find((g) => sample >= g.firstSample && sample < g.endSample);
  if (gap && gap.count === 1) return [time, `${gap.missing} samples missing (${gap.cause})`];
  const reading = readingAt(model, sample);
  if (!reading || Number.isNaN(reading.mean)) return [time, 'no sample here'];
  const unit = quantity === 'power' ? 'W' : 'A';
  const text = (value: number) => siText(value * factor, unit);
  if (reading.samples <= 1) return [time, text(reading.mean)];
  return [time, `mean ${text(reading.mean)}`, `${text(reading.min)} to ${text(reading.max)}`];
}
