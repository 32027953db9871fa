import { expect } from 'vitest';
import { WallClock } from '../../src-main/base/clock.ts';
import { ok, orThrow, type Result } from '../../src-main/base/errors.ts';
import { openLink } from '../../src-main/link/open.ts';
import { openMonitor } from '../../src-main/monitor/catalog.ts';
import { openReplay } from '../../src-main/monitor/replay/driver.ts';
import { openPpk2 } from '../../src-main/monitor/ppk2/driver.ts';
import { ppk2Codec } from '../../src-main/monitor/ppk2/decoder.ts';
import { carryMonitor } from '../../src-main/sim/carried-monitor.ts';
import type { Place } from '../../src-main/sim/carriers.ts';
import { createMonitorTwin, type EmulatedMonitor } from '../../src-main/sim/monitors/twins.ts';
import { createInaTwin, type InaForm } from '../../src-main/sim/monitors/ina-twin.ts';
import { createScpiTwin } from '../../src-main/sim/monitors/scpi-twin.ts';
import type { MonitorTwin } from '../../src-main/sim/parts.ts';
import { newTraceHeader } from '../../src-main/trace/format.ts';
import { MemoryTraceStore } from '../../src-main/trace/memory-store.ts';
import { recordTrace } from '../../src-main/trace/recording.ts';
import { describeWith, needs } from '../needs.ts';
import { twinBench } from '../unit/monitor/twin-bench.ts';
import {
  monitorContract,
  STEADY_A,
  type MonitorContract,
  type MonitorFault,
  type MonitorSubject,
} from './monitor.contract.ts';

const steady = [{ timeUs: 0, currentA: STEADY_A, logic: 0x10 }];

async function inProcess(kind: string, twin: MonitorTwin): Promise<Result<MonitorSubject>> {
  const bench = twinBench(twin);
  bench.begin(steady);
  const monitor = await openMonitor(kind, bench.link);
  if (!monitor.ok) return monitor;
  return ok({
    monitor: monitor.value,
    unplug: () => bench.unplug(),
    [Symbol.asyncDispose]: () => monitor.value[Symbol.asyncDispose](),
  });
}

async function carried(
  kind: EmulatedMonitor,
  place: Place,
  faults: object = {},
): Promise<Result<MonitorSubject>> {
  const carrier = orThrow(
    await carryMonitor({ kind, steps: steady, repeat: false, pace: 'real', place, seed: 1, faults }),
  );
  const link = orThrow(await openLink(carrier.address, { clock: new WallClock(), baud: 115_200 }));
  const monitor = await openMonitor(kind, link);
  if (!monitor.ok) {
    await link[Symbol.asyncDispose]();
    await carrier[Symbol.asyncDispose]();
    return monitor;
  }
  return ok({
    monitor: monitor.value,
    unplug: () => carrier[Symbol.asyncDispose](),
    async [Symbol.asyncDispose]() {
      await monitor.value[Symbol.asyncDispose]();
      await carrier[Symbol.asyncDispose]();
    },
  });
}

type Seen = Parameters<MonitorFault['shows']>[0];
const missing = ({ end }: Seen) => end.missingSamples;
const goesOn = (seen: Seen) => expect(seen.end).toMatchObject({ kind: 'complete', failure: null });

const ppk2Faults: MonitorFault[] = [
  {
    name: 'one percent of the samples is dropped',
    faults: { dropShare: 0.01 },
    shows: (seen) => {
      goesOn(seen);
      expect(missing(seen) / seen.trace.lengthSamples).toBeCloseTo(0.01, 2);
      expect(new Set(seen.gaps)).toEqual(new Set(['lost']));
    },
  },
  {
    name: 'bytes are lost on the wire',
    faults: { loseBytes: new Set([40_001, 40_002, 80_003]) },
    shows: (seen) => {
      goesOn(seen);
      expect(seen.marks.filter((m) => m === 'ppk2.misaligned').length).toBe(2);
      expect(missing(seen)).toBeLessThan(200);
    },
  },
  {
    name: 'the device stands still and its buffer overflows',
    faults: { stalls: [{ atSample: 30_000, samples: 20_000 }], outputLimitBytes: 40_000 },
    shows: (seen) => {
      goesOn(seen);
      // 20 000 samples were made, 10 000 fitted; the counter has six bits, arrival times tell the rest
      expect(seen.gaps.length).toBeGreaterThan(0);
    },
  },
  {
    name: 'bytes of an older stream before the metadata',
    faults: { leftOverBytes: 133 },
    shows: (seen) => expect(missing(seen)).toBe(0),
  },
  {
    name: 'more current than it can measure: the values say so',
    faults: { overCurrentAtSample: 1000 },
    shows: (seen) => {
      goesOn(seen);
      expect(orThrow(seen.trace.span(0, seen.trace.lengthSamples)).sums.max).toBeGreaterThan(1);
    },
  },
  {
    name: 'a calibration that is wrong by five percent reads five percent wrong',
    faults: { gainError: 0.05 },
    shows: (seen) =>
      expect(orThrow(seen.trace.span(0, seen.trace.lengthSamples)).sums.mean).toBeCloseTo(1.05 * STEADY_A, 4),
  },
];

const lpm01aFaults: MonitorFault[] = [
  {
    name: 'one percent of the samples is dropped',
    faults: { dropShare: 0.01 },
    shows: (seen) => {
      goesOn(seen);
      expect(missing(seen) / seen.trace.lengthSamples).toBeGreaterThan(0.005);
      expect(missing(seen) / seen.trace.lengthSamples).toBeLessThan(0.02);
      expect(seen.gaps[0]).toBe('lost');
    },
  },
  {
    name: 'bytes are lost on the wire',
    faults: { loseBytes: new Set([9003, 9004, 20_000]) },
    shows: (seen) => {
      goesOn(seen);
      expect(seen.marks).toContain('lpm01a.unreadable');
      expect(missing(seen)).toBeGreaterThan(0);
      expect(missing(seen)).toBeLessThan(10);
    },
  },
  {
    name: 'the device stands still and its buffer overflows',
    faults: { stalls: [{ atSample: 2000, samples: 3000 }], outputLimitBytes: 9000 },
    shows: (seen) => {
      goesOn(seen);
      expect(missing(seen)).toBeGreaterThan(1500);
      expect(seen.marks).toContain('lpm01a.buffer-full');
    },
  },
  {
    name: 'lines of an older acquisition before the first answer',
    faults: { leftOverBytes: 133 },
    shows: (seen) => expect(missing(seen)).toBe(0),
  },
  {
    name: 'too much current: it cuts the supply, and the recording ends with that',
    faults: { overCurrentAtSample: 3000 },
    shows: (seen) => {
      expect(seen.end).toMatchObject({ kind: 'monitor-lost', failure: { id: 'monitor.overcurrent' } });
      expect(seen.marks).toContain('lpm01a.overcurrent');
      expect(seen.end.committedSamples).toBeGreaterThanOrEqual(3000);
    },
  },
  {
    name: 'a calibration that is wrong by five percent reads five percent wrong',
    faults: { gainError: 0.05 },
    shows: (seen) =>
      expect(orThrow(seen.trace.span(0, seen.trace.lengthSamples)).sums.mean).toBeCloseTo(1.05 * STEADY_A, 4),
  },
];

const scpiFaults: MonitorFault[] = [
  {
    name: 'it does not answer for a while: periods without a reading are gaps',
    faults: { stalls: [{ atSample: 1000, samples: 700 }] },
    shows: (seen) => {
      goesOn(seen);
      expect(missing(seen)).toBeGreaterThan(5);
      expect(new Set(seen.gaps)).toEqual(new Set(['monitor-overrun']));
    },
  },
  {
    name: 'half an old answer before the first',
    faults: { leftOverBytes: 23 },
    shows: (seen) => expect(missing(seen)).toBe(0),
  },
  {
    name: 'more current than it can measure is no number, and a gap',
    faults: { overCurrentAtSample: 1500 },
    shows: (seen) => {
      goesOn(seen);
      expect(seen.marks).toContain('scpi.overflow');
      expect(missing(seen)).toBeGreaterThan(3);
    },
  },
];

const inaFaults: MonitorFault[] = [
  {
    name: 'one percent of the readings is dropped',
    faults: { dropShare: 0.01 },
    shows: (seen) => {
      goesOn(seen);
      expect(missing(seen)).toBeGreaterThan(1);
      expect(missing(seen) / seen.trace.lengthSamples).toBeLessThan(0.03);
      expect(seen.marks).toContain('ina.missing');
    },
  },
  {
    name: 'bytes are lost on the wire: a torn line is no reading, or one wrong one',
    faults: { loseBytes: new Set([9003, 9009, 12_000]) },
    shows: (seen) => {
      goesOn(seen);
      // a digit that is lost makes another number: nothing on this wire tells
      expect(orThrow(seen.trace.span(0, seen.trace.lengthSamples)).sums.mean / STEADY_A).toBeCloseTo(1, 1);
    },
  },
  {
    name: 'noise before its first line',
    faults: { leftOverBytes: 60 },
    shows: (seen) => goesOn(seen),
  },
  {
    name: 'beyond its range it shows full scale, which is no good value either',
    faults: { overCurrentAtSample: 900 },
    shows: (seen) =>
      expect(orThrow(seen.trace.span(0, seen.trace.lengthSamples)).sums.max).toBeGreaterThan(3.1),
  },
];

const contracts: Record<EmulatedMonitor, Omit<MonitorContract, 'open'>> = {
  ppk2: {
    kind: 'ppk2',
    supplies: 'source',
    toleranceRel: 0.005,
    seconds: 1.5,
    faults: ppk2Faults,
    mute: 'monitor.no-reply',
  },
  lpm01a: {
    kind: 'lpm01a',
    supplies: 'source',
    toleranceRel: 0.001,
    seconds: 1.5,
    faults: lpm01aFaults,
    mute: 'monitor.no-reply',
  },
  scpi: {
    kind: 'scpi',
    supplies: 'source',
    toleranceRel: 0.001,
    seconds: 2,
    faults: scpiFaults,
    mute: 'monitor.no-reply',
  },
  ina: {
    kind: 'ina',
    supplies: 'ampere',
    toleranceRel: 0.01,
    seconds: 1.5,
    faults: inaFaults,
    mute: 'monitor.no-reply',
  },
};

for (const [kind, contract] of Object.entries(contracts))
  monitorContract(`${kind}, in process`, {
    ...contract,
    open: (faults = {}) => inProcess(kind, createMonitorTwin({ kind: kind as EmulatedMonitor, faults })),
  });

for (const form of ['adafruit', 'columns', 'labels', 'json'] as const satisfies readonly InaForm[])
  monitorContract(`ina that prints ${form}`, {
    ...contracts.ina,
    faults: [],
    open: (faults = {}) => inProcess('ina', createInaTwin({ form, faults })),
  });

for (const indefiniteBlocks of [false, true])
  monitorContract(`scpi log in blocks of ${indefiniteBlocks ? 'unknown' : 'known'} length`, {
    ...contracts.scpi,
    faults: [],
    open: (faults = {}) =>
      inProcess('scpi', createScpiTwin({ profile: 'fastlog', indefiniteBlocks, faults })),
  });

monitorContract('a recorded trace', {
  kind: 'replay',
  supplies: 'recorded',
  toleranceRel: 0.005,
  seconds: 0.5,
  faults: [],
  open: async () => {
    const bench = twinBench(createMonitorTwin({ kind: 'ppk2' }));
    bench.begin(steady);
    const recorder = orThrow(await openPpk2(bench.link));
    orThrow(await recorder.setSupply({ mode: 'source', millivolts: 3300 }));
    const store = new MemoryTraceStore(
      newTraceHeader(recorder.streamFormat, { traceId: 'recorded', title: 't', source: 'emulated' }),
    );
    const recording = recordTrace(recorder, store, ppk2Codec);
    await bench.clock.sleepUntilUs(bench.clock.nowUs() + 1e6);
    await recording.stop();
    const { accuracy } = recorder;
    const replay = openReplay({
      source: store,
      codec: ppk2Codec,
      clock: bench.clock,
      pace: 'free',
      accuracy,
    });
    if (!replay.ok) return replay;
    const monitor = replay.value;
    return ok({
      monitor,
      unplug: () => undefined,
      [Symbol.asyncDispose]: () => monitor[Symbol.asyncDispose](),
    });
  },
});

const cheap = { faults: [], mute: undefined } as const;
const overTcp = { kind: 'tcp', port: 0 } as const;

for (const kind of ['scpi', 'lpm01a'] as const) {
  const { mute: _, ...contract } = { ...contracts[kind], ...cheap };
  monitorContract(`${kind} over TCP at real pace`, {
    ...contract,
    mayMiss: kind === 'scpi',
    open: (faults) => carried(kind, overTcp, faults),
  });
}

describeWith([needs.socat], 'pseudo-terminals', () => {
  for (const kind of ['ppk2', 'ina'] as const) {
    const { mute: _, ...contract } = { ...contracts[kind], ...cheap };
    monitorContract(`${kind} on a pseudo-terminal at real pace`, {
      ...contract,
      open: (faults) => carried(kind, { kind: 'pty' }, faults),
    });
  }
});
