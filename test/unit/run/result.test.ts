import { describe, expect, it } from 'vitest';
import { tInterval } from '../../../src-main/base/statistics.ts';
import { RunPlan, type WindowEnergy, type WindowResult } from '../../../src-main/contract/index.ts';
import type { StoredRun } from '../../../src-main/run/ports.ts';
import { composeResult } from '../../../src-main/run/result.ts';
import { plan } from './fakes.ts';

const energy = (
  energyUj: number,
  parts: [string, number][],
  over: Partial<WindowEnergy> = {},
): WindowEnergy => ({
  energyUj,
  netUj: energyUj / 2,
  statisticalUj: 10,
  netStatisticalUj: 12,
  idleCurrentA: 0.01,
  meanCurrentA: 0.02,
  durationUs: 10e6,
  supplyV: 3.3,
  supplyPlusMinusV: 0.03,
  supplyHow: 'set-point',
  systematic: parts.map(([cause, plusMinus]) => ({ cause, plusMinus, basis: '' })),
  netSystematic: [{ cause: 'edge jitter', plusMinus: 20, basis: '' }],
  clockRel: 50e-6,
  sampleCount: 1_000_000,
  lostSamples: 0,
  coverage: 1,
  traceId: 't',
  channel: 0,
  traceStartUs: 0,
  traceEndUs: 10e6,
  warnings: [],
  layers: null,
  edgeJitterUs: null,
  dut: null,
  ...over,
});

const window = (index: number, durationUs: number, e: WindowEnergy | null = null): WindowResult => ({
  index,
  attempt: 0,
  status: 'finished',
  exclusion: null,
  inputName: `f${index}`,
  inputSha256: `${index}`,
  inferences: 1000,
  warmUp: 0,
  durationUs,
  energy: e,
  outputCheck: 'equal',
  startedAt: '',
});

const run = (windows: WindowResult[], over: Partial<StoredRun> = {}): StoredRun => ({
  runId: 7,
  status: 'finished',
  plan: RunPlan.parse(plan()),
  source: 'measured',
  targetName: 'Pico',
  assumptions: [],
  clockPlusMinusPpm: 30,
  inputKind: 'dataset',
  inputCount: 5,
  startedAt: '',
  remarks: [],
  endedAt: '',
  inferences: 1000,
  identity: null,
  monitor: null,
  windows,
  items: [],
  profile: null,
  prediction: null,
  referenceCheck: null,
  traces: [],
  failure: null,
  ...over,
});

const durations = [10.02e6, 10.01e6, 10.05e6, 10.03e6, 10.04e6];

describe('the result of a run', () => {
  it('is the median of the windows with a t interval on the window means', () => {
    const r = composeResult(run(durations.map((d, i) => window(i, d))));
    const t = tInterval(durations.map((d) => d / 1000));
    expect(r.latency).toMatchObject({
      value: 10_030,
      n: 5,
      source: 'measured',
      interval: { method: 't', confidence: 0.95, low: t.low, high: t.high },
    });
    expect(r.throughput!.value).toBeCloseTo(1e6 / 10_030, 9);
    expect(r.latency!.derivedFrom).toMatchObject({ runId: 7, windows: [0, 1, 2, 3, 4] });
  });

  it('keeps the time base apart from the spread: timer resolution and crystal', () => {
    const r = composeResult(run(durations.map((d, i) => window(i, d))));
    expect(r.latency!.systematic!.parts.map((p) => p.cause)).toEqual(['timer resolution', 'crystal']);
    // 1 µs / 1000, and 30 ppm of the longest window's 10.05 ms
    expect(r.latency!.systematic!.plusMinus).toBeCloseTo(0.001 + 10_050 * 30e-6, 12);
    const exact = composeResult(
      run(
        durations.map((d, i) => window(i, d)),
        { clockPlusMinusPpm: null },
      ),
    );
    expect(exact.latency!.systematic!.plusMinus).toBeCloseTo(0.001, 12);
  });

  it('one window has no interval, none has no latency', () => {
    expect(composeResult(run([window(0, 10e6)])).latency).toMatchObject({
      n: 1,
      interval: { method: 'none', low: null },
    });
    expect(composeResult(run([])).latency).toBeNull();
  });

  it('voided windows enter no number and are named in a note', () => {
    const excluded: WindowResult = { ...window(1, 99e6), attempt: 0, status: 'excluded' };
    const r = composeResult(run([window(0, 10e6), excluded, { ...window(1, 10e6), attempt: 1 }]));
    expect(r.latency).toMatchObject({ value: 10_000, n: 2 });
    expect(r.notes).toContain('1 voided window excluded; the reasons are with the windows.');
  });

  it('what an energy needs beside it is a note: idle, supply, bounds, and each warning once', () => {
    const warned = (idleCurrentA: number | null, ...warnings: string[]) =>
      window(0, 10e6, energy(86_000, [['monitor gain', 3000]], { idleCurrentA, warnings }));
    const said = (...windows: WindowResult[]) =>
      composeResult(run(windows.map((w, index) => ({ ...w, index })))).notes;
    const notes = said(
      warned(0.0101, 'no-layers: pins (a)', 'missing-samples:3'),
      warned(0.0104, 'no-layers: pins (b)', 'idle-not-steady: by 20 %'),
    );
    expect(notes).toContain('no-layers: pins (a) (2 of 2 windows)');
    expect(notes).toContain('idle-not-steady: by 20 % (1 of 2 windows)');
    expect(notes.join()).not.toContain('missing-samples');
    expect(notes.join('\n')).toMatch(/without the idle current before each window, 10\.10–10\.40 mA/);
    expect(notes.join('\n')).toContain('Supply 3.300 ± 0.030 V (set-point)');
    expect(said(warned(null, 'idle-too-short: x')).join()).not.toMatch(/Net energy is gross/);
    expect(said(window(0, 10e6))).toEqual(composeResult(run([])).notes);
  });

  it("takes the largest of the windows' systematic errors, cause by cause, and adds the causes", () => {
    const parts: [string, number][][] = [
      [
        ['monitor gain', 3000],
        ['supply voltage', 1000],
      ],
      [
        ['monitor gain', 2000],
        ['supply voltage', 5000],
      ],
      [
        ['monitor gain', 1000],
        ['supply voltage', 1000],
        ['lost samples', 400],
      ],
    ];
    const windows = parts.map((p, i) => window(i, 10e6, energy(660_000 + i * 1000, p)));
    const monitor = {
      kind: 'ppk2',
      serial: 'S',
      firmware: '1',
      calibration: 'c',
      sampleRateHz: 100_000,
      emulated: false,
    };
    const r = composeResult(run(windows, { plan: RunPlan.parse(plan({ mode: 'energy' })), monitor }));
    const q = r.energyPerInference!;
    expect(q.value).toBe(661);
    expect(q.systematic).toMatchObject({ combined: 'linear', plusMinus: 3 + 5 + 0.4 });
    expect(q.derivedFrom.monitor).toEqual({ kind: 'ppk2', serial: 'S', calibration: 'c' });
    expect(r.meanPower!.value).toBeCloseTo(66.1, 9);
    expect(r.netEnergyPerInference!.value).toBe(330.5);
    // one sample of 10 µs over 1000 inferences; 50 ppm of 10 s / 1000
    expect(r.latency!.systematic!.parts).toMatchObject([
      { cause: 'sample period', plusMinus: 0.01 },
      { cause: 'monitor clock', plusMinus: 0.5 },
    ]);
  });

  it('the net energy has a bound of its own: what window and idle share has cancelled', () => {
    const net = [{ cause: 'edge jitter', plusMinus: 700, basis: '' }];
    const windows = [660_000, 661_000].map((uj, i) =>
      window(i, 10e6, energy(uj, [['monitor gain', 66_000]], { netSystematic: net })),
    );
    const r = composeResult(run(windows));
    expect(r.energyPerInference!.systematic!.plusMinus).toBe(66);
    expect(r.netEnergyPerInference!.systematic).toMatchObject({
      plusMinus: 0.7,
      parts: [{ cause: 'edge jitter' }],
    });
  });

  it('the noise of the samples speaks where there is one window only, for gross and net apart', () => {
    const r = composeResult(
      run([window(0, 10e6, energy(660_000, [], { statisticalUj: 100, netStatisticalUj: 200 }))]),
    );
    const half = (q: { interval: { low: number | null; high: number | null } } | null) =>
      (q!.interval.high! - q!.interval.low!) / 2;
    expect(r.energyPerInference!.interval).toMatchObject({ method: 'samples', confidence: 0.95 });
    expect(half(r.energyPerInference)).toBeCloseTo(0.196, 9);
    expect(half(r.netEnergyPerInference)).toBeCloseTo(0.392, 9);
    expect(half(r.meanPower)).toBeCloseTo(0.0196, 9);
    const two = composeResult(run([0, 1].map((i) => window(i, 10e6, energy(660_000 + i, [])))));
    expect(two.energyPerInference!.interval.method).toBe('t');
  });

  it('says what was remarked before the first window, and that nobody knows the board', () => {
    const identity = {
      boardSerial: 'unknown',
      firmwareHash: null,
      programHash: null,
    } as StoredRun['identity'];
    const notes = composeResult(
      run([], { remarks: ['No prediction: predict.no-calibration'], identity }),
    ).notes;
    expect(notes[0]).toBe('No prediction: predict.no-calibration');
    expect(notes.join()).toContain('serial number is not known');
  });

  it('without an idle current in every window there is no net energy', () => {
    const windows = [window(0, 10e6, energy(1, [])), window(1, 10e6, energy(1, [], { netUj: null }))];
    expect(composeResult(run(windows)).netEnergyPerInference).toBeNull();
  });
});
