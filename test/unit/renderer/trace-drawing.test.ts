import { describe, expect, it } from 'vitest';
import { drawOverlay } from '../../../src-renderer/charts/trace/draw-overlay.ts';
import { flagsOf, markLook } from '../../../src-renderer/charts/trace/draw-places.ts';
import { drawTrace } from '../../../src-renderer/charts/trace/draw-trace.ts';
import { hitAt, inferenceAt, operatorAt, readingAt } from '../../../src-renderer/charts/trace/hit-test.ts';
import { xOf } from '../../../src-renderer/charts/trace/span-view.ts';
import { recordingContext, type Drawn } from './recording-context.ts';
import { envelopeOf, modelOf, noPlaces } from './trace-picture.ts';

function drawnOf(model: ReturnType<typeof modelOf>): Drawn[] {
  const { ctx, drawn } = recordingContext();
  drawTrace(ctx, model);
  return drawn;
}
const ramp = (n: number, of: (k: number) => number) => Array.from({ length: n }, (_, k) => of(k));

describe('the picture of a trace', () => {
  it('never crosses a gap with a line: neither envelope nor steps', () => {
    for (const size of [64, 1]) {
      const values = ramp(100, (k) => (k >= 40 && k < 60 ? NaN : 0.01));
      const model = modelOf({ columns: envelopeOf(0, size, values), view: { from: 0, to: 100 * size } });
      const { left, plotWidth } = model.layout;
      const signal = drawnOf(model).filter((d) => d.kind === 'path' && d.style === 'data-1');
      const points = signal.flatMap((d) => d.subpaths);
      expect(points.length).toBeGreaterThan(1);
      const [gapFrom, gapTo] = [left + 0.41 * plotWidth, left + 0.59 * plotWidth];
      for (const subpath of points) {
        const xs = subpath.map(([x]) => x);
        expect(Math.min(...xs) < gapFrom && Math.max(...xs) > gapTo, `joined at ${size}`).toBe(false);
        for (const x of xs) expect(x > gapFrom && x < gapTo).toBe(false);
      }
    }
  });

  it('joins neighbouring columns: a step of the current has no hole', () => {
    const model = modelOf({
      columns: envelopeOf(
        0,
        10,
        ramp(100, (k) => (k < 50 ? 0.01 : 0.04)),
      ),
    });
    const bars = drawnOf(model).filter((d) => d.kind === 'rect' && d.style === 'data-1' && d.alpha < 1);
    const spans = bars.map((d) => [d.at[1]!, d.at[1]! + d.at[3]!] as const);
    for (let i = 1; i < spans.length; i++) expect(spans[i]![0]).toBeLessThanOrEqual(spans[i - 1]![1] + 1e-6);
  });

  it('draws at most a bar a device pixel, however many columns there are', () => {
    for (const pixelRatio of [1, 2]) {
      const model = modelOf({
        columns: envelopeOf(
          0,
          1024,
          ramp(8000, (k) => 0.01 + (k % 7) * 1e-3),
        ),
        view: { from: 0, to: 8000 * 1024 },
        pixelRatio,
      });
      const bars = drawnOf(model).filter((d) => d.kind === 'rect' && d.style === 'data-1' && d.alpha < 1);
      expect(bars.length).toBeLessThanOrEqual(model.layout.plotWidth * pixelRatio + 1);
      for (const bar of bars) {
        const x = bar.at[0]! * pixelRatio;
        expect(Math.abs(x - Math.round(x))).toBeLessThan(1e-6);
      }
    }
  });

  it('shows a single lost sample in a day, and every kind of mark', () => {
    const day = 24 * 3600 * 100_000;
    const at = 5_123_456_789;
    const model = modelOf({
      view: { from: 0, to: day },
      lengthSamples: day,
      columns: envelopeOf(
        0,
        day / 1000,
        ramp(1000, () => 0.01),
      ),
      places: {
        ...noPlaces,
        gaps: [{ firstSample: at, endSample: at + 1, missing: 1, cause: 'lost', count: 1 }],
        marks: [{ sample: at, kind: 'monitor.overcurrent', detail: '', count: 1 }],
      },
    });
    const drawn = drawnOf(model);
    const x = xOf({ view: model.view, left: model.layout.left, width: model.layout.plotWidth }, at);
    const gap = drawn.find((d) => d.kind === 'rect' && d.style === 'warn' && Math.abs(d.at[0]! - x) < 1);
    expect(gap!.at[2]).toBeGreaterThanOrEqual(2);
    expect(gap!.at[3]).toBeCloseTo(model.layout.plot.height, 6);
    expect(drawn.find((d) => d.text === '!')).toBeDefined();
    expect(markLook('trace.import-damaged').look).toBe('note');
    expect(markLook('monitor.stalled')).toEqual({ look: 'lost', letter: 'L' });
    expect(markLook('lpm01a.time-jump').look).toBe('clock');
    expect(markLook('run.brown-out').look).toBe('supply');
    expect(markLook('monitor.clipping').look).toBe('clipped');
  });

  it('stretches what it has over a new view, with the overview beside it, so that nothing is blank', () => {
    const overview = envelopeOf(
      0,
      100,
      ramp(100, () => 0.02),
    );
    const columns = envelopeOf(
      2000,
      10,
      ramp(100, () => 0.02),
    );
    const model = modelOf({ view: { from: 1500, to: 3500 }, lengthSamples: 10_000, overview, columns });
    const bars = drawnOf(model).filter(
      (d) =>
        d.kind === 'rect' &&
        d.style === 'data-1' &&
        d.at[1]! < model.layout.plot.top + model.layout.plot.height,
    );
    const { left, plotWidth } = model.layout;
    const covered = new Set<number>();
    for (const { at } of bars) for (let x = Math.floor(at[0]!); x < at[0]! + at[2]!; x++) covered.add(x);
    for (let x = left + 2; x < left + plotWidth - 2; x++) expect(covered.has(x), `pixel ${x}`).toBe(true);
  });

  it('shows levels: low, high, both within a column, and nothing in a gap', () => {
    const e = envelopeOf(0, 10, [0.01, 0.01, NaN, 0.01], [0, 1, 0, 1]);
    e.and[3] = 0;
    const model = modelOf({ columns: e, view: { from: 0, to: 40 }, lengthSamples: 40 });
    const lane = model.layout.digital[0]!;
    const [line] = drawnOf(model).filter(
      (d) =>
        d.kind === 'path' &&
        d.style === 'data-1' &&
        d.subpaths.some(([p]) => p && p[1] > lane.top && p[1] < lane.top + lane.height),
    );
    const { left, plotWidth } = model.layout;
    const heightAt = (share: number) =>
      line!.subpaths.flatMap((s) =>
        s.slice(1).flatMap(([x, y], i) => {
          const [x0] = s[i]!;
          const at = left + share * plotWidth;
          return x0 <= at && x >= at && x > x0 ? [y] : [];
        }),
      );
    expect(heightAt(0.125)[0]).toBeGreaterThan(heightAt(0.375)[0]!);
    expect(heightAt(0.625)).toEqual([]);
    expect(heightAt(0.875)).toEqual([]);
  });

  it('is the same for the same model', () => {
    const model = modelOf({
      columns: envelopeOf(
        0,
        10,
        ramp(100, (k) => k * 1e-4),
      ),
    });
    expect(drawnOf(model)).toEqual(drawnOf(model));
  });

  it('puts markers and the cursor on a layer of their own', () => {
    const { ctx, drawn } = recordingContext();
    const model = modelOf({
      columns: envelopeOf(
        0,
        10,
        ramp(100, () => 0.01),
      ),
    });
    drawOverlay(ctx, model, {
      markers: { a: 100, b: 500 },
      dragged: null,
      cursor: 250,
      cursorText: ['2.50 ms', '10.0 mA'],
      liveEnd: null,
    });
    expect(drawn.filter((d) => d.kind === 'text').map((d) => d.text)).toEqual([
      'A',
      'B',
      '2.50 ms',
      '10.0 mA',
    ]);
  });
});

describe('what is under a pixel', () => {
  const operators = {
    level: 'operators' as const,
    from: Float64Array.from([100, 160, 200, 300]),
    to: Float64Array.from([160, 200, 300, 360]),
    operator: Uint16Array.from([0, 1, 0, 1]),
    inference: Uint32Array.from([0, 0, 1, 1]),
    window: Uint16Array.from([0, 0, 0, 0]),
    failure: null,
  };
  const picture = {
    ...modelOf({
      layout: modelOf().layout,
      columns: envelopeOf(
        0,
        10,
        ramp(100, () => 0.01),
      ),
      operators,
      places: {
        ...noPlaces,
        gaps: [{ firstSample: 700, endSample: 701, missing: 1, cause: 'lost', count: 1 }],
        windows: [
          { ordinal: 0, startSample: 90, endSample: 370, startUncertainSamples: 1, endUncertainSamples: 1 },
        ],
      },
    }),
  };
  const { layout } = picture;
  const x = (sample: number) =>
    xOf({ view: picture.view, left: layout.left, width: layout.plotWidth }, sample);
  const y = layout.plot.top + layout.plot.height / 2;

  it('is a marker within reach, a gap even when a pixel wide, a window, the minimap', () => {
    expect(hitAt(picture, { a: 500, b: null }, x(500) + 4, y)).toEqual({ kind: 'marker', which: 'a' });
    expect(hitAt(picture, { a: 500, b: null }, x(500) + 11, layout.ruler.top + 5)).toMatchObject({
      kind: 'marker',
    });
    expect(hitAt(picture, { a: null, b: null }, x(702.5), y)).toEqual({ kind: 'gap', index: 0 });
    expect(hitAt(picture, { a: null, b: null }, x(120), y)).toEqual({ kind: 'window', from: 90, to: 370 });
    expect(hitAt(picture, { a: null, b: null }, x(120), layout.minimap.top + 3).kind).toBe('minimap');
    expect(hitAt(picture, { a: null, b: null }, x(600), y).kind).toBe('plot');
  });

  it('is the operator and the inference that hold a sample', () => {
    expect([99, 100, 159.5, 160, 299, 359, 360].map((s) => operatorAt({ operators }, s))).toEqual([
      -1, 0, 0, 1, 2, 3, -1,
    ]);
    expect(inferenceAt(picture, 170)).toEqual([100, 200]);
    expect(inferenceAt(picture, 201)).toEqual([200, 360]);
    // before the first operator the window is all that is known
    expect(inferenceAt(picture, 95)).toEqual([90, 370]);
    expect(inferenceAt(picture, 600)).toBeNull();
  });

  it('reads what the columns know', () => {
    expect(readingAt(picture, 105)).toMatchObject({ mean: 0.01, samples: 10 });
    expect(readingAt({ columns: null, overview: null }, 105)).toBeNull();
  });

  it('makes one flag of marks that would cover each other, and counts them', () => {
    const marks = [100, 101, 104, 600].map((sample) => ({
      sample,
      kind: 'monitor.stalled',
      detail: '',
      count: 2,
    }));
    const flags = flagsOf(marks, { view: picture.view, left: layout.left, width: layout.plotWidth });
    expect(flags.map((f) => f.count)).toEqual([6, 2]);
  });
});
