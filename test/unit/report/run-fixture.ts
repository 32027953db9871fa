import type { Quantity } from '../../../src-main/contract/quantity.ts';
import { RunResult } from '../../../src-main/contract/result.ts';

const derivedFrom = {
  formula: '(B − A)/N',
  runId: 1,
  windows: [0, 1, 2, 3, 4],
  firmwareHash: 'aabbccdd',
  programHash: '11223344',
  modelSha256: 'ab'.repeat(32),
  monitor: null,
  traceIds: [],
  assumptions: [],
};

export function quantity(over: Partial<Quantity> & Pick<Quantity, 'value' | 'unit'>): Quantity {
  return {
    source: 'emulated',
    n: 5,
    interval: { method: 'deterministic', confidence: null, low: null, high: null },
    systematic: null,
    derivedFrom,
    ...over,
  };
}

/** A plausible finished run, for rendering tests only. */
export function runFixture(over: Partial<RunResult> = {}): RunResult {
  return RunResult.parse({
    runId: 1,
    status: 'finished',
    plan: {
      mode: 'energy',
      model: { name: 'kws-syn', sha256: 'ab'.repeat(32), path: null },
      targetId: 'pico-emulated',
      inferences: 62,
    },
    source: 'emulated',
    targetName: 'Raspberry Pi Pico (emulated)',
    identity: {
      hasMj: true,
      boardId: 'pico',
      boardSerial: 'emulated',
      vendor: 'microjoule',
      modelName: 'kws-syn',
      firmwareHash: 'aabbccdd',
      programHash: '11223344',
      modelPrefix: 'abababababababab',
      mode: 'energy',
      clockHz: 125e6,
      baud: 9600,
    },
    monitor: {
      kind: 'ppk2',
      serial: 'TWIN',
      firmware: '1',
      calibration: 'cafe',
      sampleRateHz: 100_000,
      emulated: true,
    },
    startedAt: '2000-01-01T00:00:00.000Z',
    endedAt: '2000-01-01T00:01:00.000Z',
    windows: [0, 1, 2].map((index) => ({
      index,
      attempt: 0,
      status: index === 2 ? 'excluded' : 'finished',
      exclusion:
        index === 2
          ? { id: 'monitor.gone', facts: {}, cause: 'The monitor was unplugged.', next: 'Plug it in.' }
          : null,
      inputName: `in${index}.bin`,
      inputSha256: 'cd'.repeat(32),
      inferences: 62,
      warmUp: 0,
      durationUs: 10_010_000 + index,
      energy: {
        energyUj: 800_000 + 1000 * index,
        netUj: 500_000,
        statisticalUj: 10,
        netStatisticalUj: 12,
        idleCurrentA: 0.009,
        meanCurrentA: 0.0245,
        durationUs: 10_010_000,
        supplyV: 3.3,
        supplyPlusMinusV: 0.033,
        supplyHow: 'set-point',
        systematic: [{ cause: 'monitor gain', plusMinus: 8000, basis: 'data sheet' }],
        netSystematic: [{ cause: 'edge jitter', plusMinus: 20, basis: '' }],
        clockRel: 50e-6,
        sampleCount: 1_001_000,
        lostSamples: 0,
        coverage: 1,
        traceId: 't1',
        channel: 0,
        traceStartUs: 0,
        traceEndUs: 10_010_000,
        warnings: [],
        layers: null,
        edgeJitterUs: null,
        dut: null,
      },
      outputCheck: 'equal',
      startedAt: '2000-01-01T00:00:00.000Z',
    })),
    latency: quantity({ value: 161_451.6, unit: 'us' }),
    throughput: null,
    energyPerInference: quantity({
      value: 12_905.4321,
      unit: 'uJ/inf',
      interval: { method: 't', confidence: 0.95, low: 12_899.1, high: 12_911.7 },
      systematic: {
        combined: 'linear',
        plusMinus: 387,
        parts: [{ cause: 'monitor gain', plusMinus: 129, basis: '1 %' }],
      },
    }),
    netEnergyPerInference: null,
    meanPower: null,
    layerEnergies: null,
    clockRelation: null,
    accuracy: null,
    items: [],
    comparison: { method: 'bit-exact', compared: 3, equal: 3, text: 'device = host: equal on 3 of 3' },
    referenceCheck: null,
    profile: {
      ops: [
        { index: 0, kernel: 'Conv2dS8', name: '<script>alert(1)</script>', macs: 320_000, cycles: 4_000_000 },
        { index: 1, kernel: 'SoftmaxS8', name: 'softmax', macs: 0, cycles: 9000 },
      ],
      totalCycles: 4_010_000,
      clockHz: 125e6,
      arenaHighBytes: 9000,
      arenaBytes: 9000,
    },
    prediction: {
      latency: quantity({
        value: 150_000,
        unit: 'us',
        source: 'predicted',
        interval: { method: 'prediction', confidence: 0.95, low: 140_000, high: 165_000 },
      }),
      energy: null,
      ops: [{ index: 0, kernel: 'Conv2dS8', cycles: 3_900_000 }],
      basis: 'calibration aabbccdd',
    },
    traces: [],
    validity: { valid: false, rules: [{ rule: '5 windows', kept: false, reason: '2 windows counted' }] },
    notes: [],
    failure: null,
    ...over,
  });
}
