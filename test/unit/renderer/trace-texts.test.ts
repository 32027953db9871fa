import { describe, expect, it } from 'vitest';
import { tracePlot } from '../../../src-main/chart/trace-plot.ts';
import type {
  TraceHistogram,
  TraceInfo,
  TraceSpectrum,
  TraceStatistics,
} from '../../../src-main/contract/trace.ts';
import { fail, ok, type Result } from '../../../src-main/base/errors.ts';
import { PIECE_BYTES } from '../../../src-main/contract/bench/traces.ts';
import { plotOf } from '../../../src-renderer/charts/trace/export-plot.ts';
import { histogramPlot, HEIGHT, spectrumPlot, WIDTH } from '../../../src-renderer/charts/trace/small-plot.ts';
import { importFile, isTraceFileName } from '../../../src-renderer/screens/trace/import-file.ts';
import { placeInRun } from '../../../src-renderer/screens/trace/place-in-run.ts';
import {
  changeText,
  comparedText,
  figuresOf,
  summaryOf,
} from '../../../src-renderer/screens/trace/selection-figures.ts';
import {
  lengthText,
  lostText,
  rateText,
  spanOptions,
} from '../../../src-renderer/screens/trace/trace-text.ts';
import { envelopeOf, modelOf, noPlaces } from './trace-picture.ts';

const info: TraceInfo = {
  id: 'a',
  path: '/x',
  title: 'node <1>',
  state: 'complete',
  reason: null,
  startedAt: null,
  source: 'measured',
  monitor: { kind: 'ppk2', serial: 'F00', firmware: null },
  sampleRateHz: 100_000,
  lengthSamples: 1_000_000,
  durationS: 10,
  channels: [],
  logicMask: 1,
  missingSamples: 0,
  gaps: 0,
  supplies: [],
  cutFrom: null,
};
const statistics: TraceStatistics = {
  fromSample: 0,
  toSample: 100_000,
  durationS: 1,
  minA: 12e-6,
  maxA: 0.0213,
  meanA: 4.5678e-3,
  stdA: 1e-3,
  chargeC: 4.5678e-3,
  coverage: 0.999,
  missingSamples: 100,
  statisticalA: 3.2e-6,
  systematicA: 1.1e-4,
  energy: {
    joules: 0.0150737,
    statisticalJ: 1e-5,
    systematicJ: 4e-4,
    systematic: { gainJ: 3e-4, supplyJ: 1e-4 },
  },
  noEnergy: null,
  or: 1,
  and: 0,
};

describe('figures of a selection', () => {
  const figures = new Map(figuresOf(statistics, info).map((f) => [f.name, f]));

  it('are never finer than what they are uncertain by, the two kinds of it apart', () => {
    expect(figures.get('Mean')).toMatchObject({
      value: '4.57 mA',
      statistical: '± 3.2 µA',
      systematic: '± 0.11 mA',
    });
    expect(figures.get('Energy')).toMatchObject({
      value: '15.1 mJ',
      statistical: '± 0.010 mJ',
      systematic: '± 0.4 mJ',
    });
    expect(figures.get('Energy')!.origin).toContain('gain 300 µJ, supply 100 µJ');
    expect(figures.get('Missing')!.value).toBe('100');
  });

  it('say why there is no energy', () => {
    const none = figuresOf(
      {
        ...statistics,
        energy: null,
        noEnergy: { id: 'trace.no-supply', facts: {}, cause: 'No supply.', next: 'Set it.' },
      },
      info,
    ).find((f) => f.name === 'Energy')!;
    expect(none.value).toBe('—');
    expect(none.origin).toBe('No supply. Set it.');
  });

  it('are a sentence for those who cannot see them', () => {
    const sentence = summaryOf(info, { from: 0, to: 100_000, marked: true }, statistics);
    expect(sentence).toBe(
      'Between the markers: 0.0000 s to 1.0000 s of 10.0000 s. Mean 4.57 mA, from 12.0 µA to 21.3 mA. Energy 15.1 mJ. 100 samples are missing.',
    );
    expect(comparedText({ value: 0.0123456, statistical: 2e-4, systematic: null }, 'W')).toBe(
      '12.35 mW ± 0.20 mW',
    );
    const v = (value: number, systematic: number) => ({ value, statistical: null, systematic });
    expect(changeText(v(0.02, 0.004), v(0.0119, 0.0014), -0.40512)).toBe('−41 %');
    expect(changeText(v(0.02, 2e-6), v(0.0119, 1e-6), -0.40512)).toBe('−40.512 %');
  });

  it('and words of a trace read as people say them', () => {
    expect(rateText(100_000)).toBe('100 ksps');
    expect(rateText(2e6)).toBe('2 Msps');
    expect(lengthText(info)).toBe('10.00 s');
    expect(lostText({ ...info, missingSamples: 3 })).toBe('3 (< 0.01 %)');
    expect(lostText(info)).toBe('none');
    expect(spanOptions(info, 12_345, 100_000)).toBe('--from 0.12345s --to 1s');
  });
});

describe('the picture as SVG', () => {
  const model = modelOf({
    columns: envelopeOf(
      0,
      10,
      Array.from({ length: 100 }, (_, k) => (k > 40 && k < 50 ? NaN : 0.01)),
    ),
    places: {
      ...noPlaces,
      gaps: [{ firstSample: 410, endSample: 500, missing: 90, cause: 'lost', count: 1 }],
      marks: [{ sample: 600, kind: 'monitor.overcurrent', detail: '', count: 1 }],
    },
  });
  const text = tracePlot(plotOf(model, info, { a: 100, b: null }));

  it('is well formed, names its source, and escapes what people wrote', () => {
    expect(text).toContain('node &#60;1&#62;');
    expect(text).not.toContain('node <1>');
    expect(text).toContain('measured, ppk2 F00, 100000 samples/s, trace a');
    const open = [...text.matchAll(/<(\w+)(?=[\s>])[^>]*?(\/?)>/g)].filter((m) => m[2] === '').length;
    const close = [...text.matchAll(/<\/(\w+)>/g)].length;
    expect(open).toBe(close);
    expect(text).not.toMatch(/NaN|undefined|Infinity|style=/);
  });

  it('leaves gaps open', () => {
    const path = /<path d="([^"]+)" fill="none" stroke="[^"]+" stroke-width="1.2"/.exec(text)![1]!;
    expect(path.match(/M/g)!.length).toBe(2);
    expect(text).toContain('1 gaps.');
  });
});

describe('small charts', () => {
  it('of a histogram stay in their field, on a log axis where the currents need one', () => {
    const borders = Float64Array.from({ length: 65 }, (_, i) => 1e-6 * 10 ** (i / 13));
    const counts = Float64Array.from({ length: 64 }, (_, i) => (i === 3 ? 1e6 : i === 50 ? 1 : 0));
    const h: TraceHistogram = {
      method: 'exact',
      samples: 1_000_001,
      borders,
      counts,
      quantiles: [],
      valueErrorRel: 0,
    };
    const plot = histogramPlot(h);
    const numbers = plot.path.match(/-?\d+(\.\d+)?/g)!.map(Number);
    expect(Math.min(...numbers)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...numbers)).toBeLessThanOrEqual(WIDTH);
    // one sample among a million can be seen
    expect(plot.path).toMatch(new RegExp(`L${WIDTH} (?!${HEIGHT})\\d`));
    expect(plot.x.map((m) => m.at)).toEqual([0, WIDTH / 2, WIDTH]);
  });

  it('of a spectrum have one point a pixel, and a line where the peak is', () => {
    const n = 40_000;
    const frequencyHz = Float64Array.from({ length: n }, (_, k) => k);
    const densityA2PerHz = Float64Array.from({ length: n }, (_, k) => (k === 1000 ? 1e-6 : 1e-12));
    const s: TraceSpectrum = {
      frequencyHz,
      densityA2PerHz,
      resolutionHz: 1,
      segmentsUsed: 1,
      segmentsWithGaps: 0,
      segmentsInSpan: 1,
    };
    const { path } = spectrumPlot(s);
    expect(path.match(/[ML]/g)!.length).toBeLessThanOrEqual(WIDTH + 1);
    const points = [...path.matchAll(/[ML]([\d.]+) ([\d.]+)/g)].map(
      (m) => [Number(m[1]), Number(m[2])] as const,
    );
    const top = points.reduce((a, b) => (b[1] < a[1] ? b : a));
    expect(top[0]).toBeCloseTo((Math.log10(1000) / Math.log10(n - 1)) * WIDTH, -1);
    expect(path).not.toMatch(/NaN|Infinity/);
  });
});

describe('files that are dropped', () => {
  const benchOf = (answers: (method: string, input: Record<string, unknown>) => Result<unknown>) => {
    const asked: string[] = [];
    return {
      asked,
      request: (method: string, input: unknown) => {
        asked.push(method);
        return Promise.resolve(answers(method, input as Record<string, unknown>)) as Promise<Result<never>>;
      },
    };
  };

  it('go over piece by piece, in order, and say how far they are', async () => {
    const sent: number[] = [];
    let received = 0;
    const bench = benchOf((method, input) => {
      if (method === 'traces.importBegin') return ok({ token: 't' });
      if (method !== 'traces.importPiece') return ok({ trace: info, format: 'ppk2', dropped: [] });
      expect(input.offset).toBe(received);
      const { length } = input.bytes as Uint8Array;
      sent.push(length);
      return ok({ received: (received += length) });
    });
    const told: number[] = [];
    const file = new File([new Uint8Array(2 * PIECE_BYTES + 5)], 'night.ppk2');
    expect((await importFile(bench, file, (s) => told.push(s))).ok).toBe(true);
    expect(sent).toEqual([PIECE_BYTES, PIECE_BYTES, 5]);
    expect(told.at(-1)).toBe(1);
  });

  it('are refused before anything is sent, and taken back when the bench cannot keep them', async () => {
    const none = benchOf(() => fail('x.y', {}, '', ''));
    expect(await importFile(none, new File(['x'], 'notes.txt'), () => {})).toMatchObject({
      id: 'trace.import-name',
    });
    expect(await importFile(none, new File([], 'a.csv'), () => {})).toMatchObject({
      id: 'trace.import-empty',
    });
    expect(none.asked).toEqual([]);
    const full = benchOf((method) =>
      method === 'traces.importBegin' ? ok({ token: 't' }) : fail('bench.cannot-keep-file', {}, '', ''),
    );
    expect(await importFile(full, new File(['abc'], 'a.CSV'), () => {})).toMatchObject({
      id: 'bench.cannot-keep-file',
    });
    expect(full.asked).toEqual(['traces.importBegin', 'traces.importPiece', 'traces.discard']);
    expect(isTraceFileName('X.MJTRACE')).toBe(true);
  });

  it('a run without a trace says so', async () => {
    const bench = benchOf(() => ok({ runId: 3, plan: { mode: 'performance' }, windows: [], traces: [] }));
    expect(await placeInRun(bench, 3, {})).toMatchObject({ ok: false, id: 'trace.run-without-trace' });
  });
});
