import { describe, expect, it } from 'vitest';
import { fail, orThrow } from '../../../src-main/base/errors.ts';
import { PPK2_DEFAULTS, parseMetadata } from '../../../src-main/monitor/ppk2/calibration.ts';
import { ppk2Codec } from '../../../src-main/monitor/ppk2/decoder.ts';
import { openPpk2, type Ppk2Monitor } from '../../../src-main/monitor/ppk2/driver.ts';
import { EDGES_PER_CHUNK } from '../../../src-main/trace/edge-detector.ts';
import { windowEnergy } from '../../../src-main/trace/energy.ts';
import { newTraceHeader } from '../../../src-main/trace/format.ts';
import { MemoryTraceStore } from '../../../src-main/trace/memory-store.ts';
import { recordTrace } from '../../../src-main/trace/recording.ts';
import { ppk2Bench, type Step } from './ppk2-bench.ts';

const steady: readonly Step[] = [{ timeUs: 0, currentA: 0.02, logic: 0 }];

function record(monitor: Ppk2Monitor) {
  const store = new MemoryTraceStore(
    newTraceHeader(monitor.streamFormat, { traceId: 't', title: 't', source: 'emulated' }),
  );
  return { store, recording: recordTrace(monitor, store, ppk2Codec) };
}

describe('opening a PPK2', () => {
  it('reads the device’s table, not the defaults', async () => {
    const monitor = orThrow(await openPpk2(ppk2Bench([]).link));
    expect(monitor.identity.calibration).toEqual({
      origin: 'device',
      remarks: ['GS0: 0, default 1'],
      hash: expect.stringMatching(/^[0-9a-f]{8}$/) as string,
    });
    expect(monitor.metadata.calibration.r[0]).toBe(1003.3506);
    expect(monitor.metadata.hardware).toBe('9173');
  });

  it.each([1, 3, 64, 4097])('finds the text behind %s left-over sample bytes', async (leftOverBytes) => {
    const monitor = orThrow(await openPpk2(ppk2Bench([], { faults: { leftOverBytes } }).link));
    expect(monitor.metadata.origin).toBe('device');
  });

  it('stops and drains a stream that another program left running', async () => {
    const bench = ppk2Bench(steady);
    bench.twin.receive(Uint8Array.of(0x06));
    await bench.clock.sleepUntilUs(50_000);
    const monitor = orThrow(await openPpk2(bench.link));
    expect(bench.twin.streaming).toBe(false);
    expect(monitor.metadata.origin).toBe('device');
  });

  it('takes the default for what is -nan, and says which', async () => {
    const monitor = orThrow(
      await openPpk2(ppk2Bench([], { faults: { unreadableKeys: ['R3', 'GS0'] } }).link),
    );
    expect(monitor.metadata.calibration.r[3]).toBe(PPK2_DEFAULTS.r[3]);
    expect(monitor.identity.calibration.origin).toBe('mixed');
    expect(monitor.identity.calibration.remarks).toEqual(['R3: -nan, default 0.94', 'GS0: -nan, default 1']);
  });

  it('a shunt of 0 ohm or a missing row is no calibration either', () => {
    const text = 'Calibrated: 0\nR0: 0.0000\nR1: 100.5\nEND\n';
    const m = parseMetadata(new TextEncoder().encode(text));
    expect(m.calibration.r).toEqual([1031.64, 100.5, 10.15, 0.94, 0.043]);
    expect(m.remarks.length).toBe(34);
    expect(parseMetadata(new Uint8Array()).origin).toBe('defaults');
  });

  it('says so when nothing answers', async () => {
    const opened = await openPpk2(ppk2Bench([], { faults: { mute: true } }).link);
    expect(opened).toMatchObject({ ok: false, id: 'monitor.no-reply', facts: { receivedBytes: 0 } });
  });

  it('says so when it is unplugged meanwhile', async () => {
    const bench = ppk2Bench([]);
    bench.unplug();
    expect(await openPpk2(bench.link)).toMatchObject({ ok: false, id: 'monitor.link-lost' });
  });
});

describe('a PPK2 in use', () => {
  it('supplies and powers the board, in source and in ampere-meter mode', async () => {
    const bench = ppk2Bench([], { externalVolts: 5 });
    const monitor = orThrow(await openPpk2(bench.link));
    orThrow(await monitor.setSupply({ mode: 'source', millivolts: 3300 }));
    orThrow(await monitor.setDutPower(true));
    orThrow(await monitor.setDutPower(false));
    orThrow(await monitor.setSupply({ mode: 'ampere', millivolts: 5000 }));
    orThrow(await monitor.setDutPower(true));
    expect(bench.power).toEqual([
      { on: true, volts: 3.3 },
      { on: false, volts: 3.3 },
      { on: true, volts: 5 },
    ]);
  });

  it.each([799, 5001, 3300.5, NaN])('refuses %s mV', async (millivolts) => {
    const monitor = orThrow(await openPpk2(ppk2Bench([]).link));
    expect(await monitor.setSupply({ mode: 'source', millivolts })).toMatchObject({
      ok: false,
      id: 'monitor.bad-voltage',
    });
  });

  it('records nothing without a voltage, and changes none in mid-stream', async () => {
    const bench = ppk2Bench(steady);
    const monitor = orThrow(await openPpk2(bench.link));
    expect((await record(monitor).recording.ended).failure?.id).toBe('monitor.no-supply');
    orThrow(await monitor.setSupply({ mode: 'source', millivolts: 3300 }));
    const { recording } = record(monitor);
    await bench.clock.sleepUntilUs(bench.clock.nowUs() + 10_000);
    expect(await monitor.setSupply({ mode: 'source', millivolts: 3000 })).toMatchObject({
      ok: false,
      id: 'monitor.streaming',
    });
    expect((await recording.stop()).kind).toBe('complete');
  });

  it('delivers every sample up to the stop, and none of the text that follows', async () => {
    const bench = ppk2Bench(steady);
    const monitor = orThrow(await openPpk2(bench.link));
    orThrow(await monitor.setSupply({ mode: 'source', millivolts: 3300 }));
    const { recording, store } = record(monitor);
    await bench.clock.sleepUntilUs(bench.clock.nowUs() + 700_000);
    const end = await recording.stop();
    expect(end).toMatchObject({ kind: 'complete', missingSamples: 0 });
    expect(end.committedSamples).toBe(bench.twin.counts.produced);
    expect(store.state()).toBe('complete');
    const span = orThrow(recording.trace.span(0, end.committedSamples));
    expect(span.sums.max).toBeLessThan(0.0201);
    expect(span.sums.min).toBeGreaterThan(0.0199);
  });

  it('can be recorded again after a stop', async () => {
    const bench = ppk2Bench(steady);
    const monitor = orThrow(await openPpk2(bench.link));
    orThrow(await monitor.setSupply({ mode: 'source', millivolts: 3300 }));
    for (let k = 0; k < 3; k++) {
      const { recording } = record(monitor);
      await bench.clock.sleepUntilUs(bench.clock.nowUs() + 20_000);
      expect(await recording.stop()).toMatchObject({ kind: 'complete', missingSamples: 0 });
    }
  });

  it('unplugged in mid-window: what came stays readable, the window is reported as not closed', async () => {
    const load: Step[] = [...steady, { timeUs: 100_000, currentA: 0.03, logic: 1 }];
    const bench = ppk2Bench(load);
    const monitor = orThrow(await openPpk2(bench.link));
    orThrow(await monitor.setSupply({ mode: 'source', millivolts: 3300 }));
    const { recording, store } = record(monitor);
    await bench.clock.sleepUntilUs(bench.clock.nowUs() + 1_500_000);
    bench.unplug();
    const window = await recording.waitForWindow(0, bench.clock.nowUs() + 5e6);
    expect(window).toMatchObject({ ok: false, id: 'monitor.link-lost' });
    const end = await recording.ended;
    expect(end.kind).toBe('monitor-lost');
    expect(end.committedSamples).toBeGreaterThanOrEqual(149_000);
    expect(store.state()).toBe('stopped-by-failure');
    expect(orThrow(recording.trace.span(20_000, 140_000)).sums.mean).toBeCloseTo(0.03, 4);
    expect(orThrow(recording.trace.marks()).map((m) => m.kind)).toContain('monitor.link-lost');
  });

  it('a sink that cannot go on stops the monitor, and what was committed stays', async () => {
    const bench = ppk2Bench(steady);
    const monitor = orThrow(await openPpk2(bench.link));
    orThrow(await monitor.setSupply({ mode: 'source', millivolts: 3300 }));
    const store = new MemoryTraceStore(
      newTraceHeader(monitor.streamFormat, { traceId: 't', title: 't', source: 'emulated' }),
    );
    const commit = store.commit.bind(store);
    let commits = 0;
    store.commit = async (batch) =>
      ++commits > 3 ? fail('trace.disk-full', {}, 'test', 'test') : commit(batch);
    const recording = recordTrace(monitor, store, ppk2Codec);
    await bench.clock.sleepUntilUs(bench.clock.nowUs() + 4e6);
    const end = await recording.ended;
    expect(end).toMatchObject({
      kind: 'failed',
      failure: { id: 'trace.disk-full' },
      committedSamples: 3 * 65_536,
    });
    expect(bench.twin.streaming).toBe(false);
    expect(store.state()).toBe('stopped-by-failure');
    expect(await recording.waitForWindow(0, bench.clock.nowUs() + 1e6)).toMatchObject({
      ok: false,
      id: 'trace.disk-full',
    });
    expect(orThrow(recording.trace.span(0, 3 * 65_536)).coveredSamples).toBe(3 * 65_536);
  });

  it('an input that nobody wired and that toggles with every sample does not flood the trace', async () => {
    const load = Array.from({ length: 120_000 }, (_, i): Step => ({
      timeUs: 10 * i,
      currentA: 0.01,
      logic: i % 2 ? 0x20 : 0,
    }));
    const bench = ppk2Bench(load);
    const monitor = orThrow(await openPpk2(bench.link));
    orThrow(await monitor.setSupply({ mode: 'source', millivolts: 3300 }));
    const { recording } = record(monitor);
    await bench.clock.sleepUntilUs(bench.clock.nowUs() + 1.4e6);
    await recording.stop();
    const edges = orThrow(recording.trace.edges(5));
    expect(edges.length).toBe(2 * EDGES_PER_CHUNK);
    expect(edges[EDGES_PER_CHUNK]!.uncertainSamples).toBeGreaterThan(50_000);
    expect(orThrow(recording.trace.marks()).map((m) => m.kind)).toEqual([
      'trace.too-many-edges',
      'trace.too-many-edges',
    ]);
  });

  it('without a wire on D0 the wait ends with a diagnosis', async () => {
    const bench = ppk2Bench(steady);
    const monitor = orThrow(await openPpk2(bench.link));
    orThrow(await monitor.setSupply({ mode: 'source', millivolts: 3300 }));
    const { recording } = record(monitor);
    const waited = await recording.waitForWindow(0, bench.clock.nowUs() + 1e6);
    expect(waited).toMatchObject({ ok: false, id: 'trace.no-window', facts: { windowsSeen: 0 } });
    await recording.stop();
  });

  it('a host that does not read makes the device drop samples: a gap, never a value', async () => {
    const load: Step[] = [
      ...steady,
      { timeUs: 20_000, currentA: 0.02, logic: 1 },
      { timeUs: 420_000, currentA: 0.02, logic: 0 },
    ];
    // a tick of the bench is 200 samples; the device holds 150
    const bench = ppk2Bench(load, { faults: { outputLimitBytes: 600 } });
    const monitor = orThrow(await openPpk2(bench.link));
    orThrow(await monitor.setSupply({ mode: 'source', millivolts: 3300 }));
    const { recording } = record(monitor);
    const window = orThrow(await recording.waitForWindow(0, bench.clock.nowUs() + 2e6));
    const energy = orThrow(windowEnergy(recording.trace, window, { accuracy: monitor.accuracy }));
    expect(energy.coverage).toBeCloseTo(0.75, 2);
    expect(energy.minA).toBeGreaterThan(0.0199);
    expect(energy.meanA).toBeCloseTo(0.02, 5);
    await recording.stop();
  });
});
