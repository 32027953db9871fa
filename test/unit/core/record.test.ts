import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { orThrow } from '../../../src-main/base/errors.ts';
import {
  RecordRequest,
  RecordSummary,
  TraceInfo,
  TraceStatistics,
} from '../../../src-main/contract/index.ts';
import { createCore } from '../../../src-main/core.ts';
import { ThreadedTraceFile } from '../../../src-main/store/threaded-trace-file.ts';
import { float32Codec } from '../../../src-main/trace/float32.ts';
import { newTraceHeader } from '../../../src-main/trace/format.ts';
import { recordTrace } from '../../../src-main/trace/recording.ts';
import { Trace } from '../../../src-main/trace/trace.ts';
import { currentAt, twoChannelSource, voltageAt } from '../../two-channel-source.ts';

const folder = mkdtempSync(join(tmpdir(), 'record-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let serial = 0;
const openCore = async () =>
  orThrow(
    await createCore({ dbPath: join(folder, `${serial++}`, 'mj.db'), nowIso: () => '2001-02-03T04:05:06Z' }),
  );

describe('core.record', () => {
  it('records a minute of the emulated monitor at 100 ksps: every sample, in memory that does not grow', async () => {
    await using core = await openCore();
    const resident: number[] = [];
    const summary = orThrow(
      await core.record(RecordRequest.parse({ monitor: 'emulated', seconds: 60 }), {
        onStatus: (s) => {
          if (s.lengthSamples > 1_000_000) resident.push(process.memoryUsage().arrayBuffers / 1e6);
        },
      }),
    );
    expect(RecordSummary.parse(summary)).toMatchObject({ end: 'complete', failure: null });
    expect(summary.trace).toMatchObject({ lengthSamples: 6_000_000, missingSamples: 0, state: 'complete' });
    // the load: 40 µA, each 100 ms 5 ms of 4.2 mA and 1 ms of 21 mA
    const meanA = (94 * 40e-6 + 5 * 4.2e-3 + 21e-3) / 100;
    expect(summary.status.meanA! / meanA).toBeCloseTo(1, 2);
    expect(summary.status.energyJ! / (meanA * 60 * 3.3)).toBeCloseTo(1, 2);
    const name = summary.trace.id;
    const s = orThrow(core.trace.statistics({ trace: name, fromSample: 0, toSample: 6_000_000 }));
    expect(TraceStatistics.parse(s).chargeC).toBeCloseTo(summary.status.chargeC, 12);
    const markers = orThrow(core.trace.markers({ trace: name, fromSample: 0, toSample: 6_000_000 }));
    expect(markers.windows.length).toBe(600);
    for (const w of markers.windows)
      expect(Math.abs(w.endSample - w.startSample - 600)).toBeLessThanOrEqual(1);
    if (resident.length > 2) expect(Math.max(...resident) - resident[0]!).toBeLessThan(40);
  });

  it('records several monitors at once, each into its own file with its own clock', async () => {
    await using core = await openCore();
    const all = await Promise.all(
      [1, 2, 3].map((seed) =>
        core.record({ monitor: 'emulated', seconds: 5, seed, title: `monitor ${seed}` }),
      ),
    );
    const traces = all.map((r) => orThrow(r).trace);
    expect(new Set(traces.map((t) => t.path)).size).toBe(3);
    for (const t of traces) expect(t).toMatchObject({ lengthSamples: 500_000, missingSamples: 0 });
    expect(orThrow(all[0]!).clock!.ratePpm).toBeCloseTo(0, 6);
    const listed = core.trace.list();
    expect(listed.unreadable).toEqual([]);
    expect(listed.traces.map((t) => TraceInfo.parse(t).title).sort()).toEqual([
      'monitor 1',
      'monitor 2',
      'monitor 3',
    ]);
  });

  it('ends when it is asked to, and keeps what was recorded', async () => {
    await using core = await openCore();
    const stop = new AbortController();
    const path = join(folder, 'stopped.mjtrace');
    const summary = orThrow(
      await core.record(
        { monitor: 'emulated', path },
        { signal: stop.signal, onStatus: (s) => (s.lengthSamples > 0 ? stop.abort() : undefined) },
      ),
    );
    expect(summary).toMatchObject({ end: 'complete', trace: { path, state: 'complete', reason: 'stopped' } });
    expect(summary.trace.lengthSamples).toBeGreaterThan(0);
    expect(existsSync(`${path}-wal`)).toBe(false);
    expect(await core.record({ monitor: 'emulated', path })).toMatchObject({ ok: false, id: 'trace.exists' });
  });

  it('without the spike filter the samples beside a step are those that were measured', async () => {
    await using core = await openCore();
    const load = join(folder, 'steps.csv');
    writeFileSync(load, 'time_us,current_a\n0,0.00004\n5000,0.02\n10000,0.00004\n');
    const stdA = async (unfiltered: boolean) => {
      const request = { monitor: 'emulated', seconds: 0.2, load, unfiltered };
      const { trace } = orThrow(await core.record(request));
      return orThrow(core.trace.statistics({ trace: trace.path, fromSample: 0, toSample: 20_000 })).stdA;
    };
    // half of the time at each of two levels: the standard deviation is half of what lies between them
    const halfA = (0.02 - 0.00004) / 2;
    expect(Math.abs((await stdA(true)) / halfA - 1)).toBeLessThan(5e-4);
    expect((await stdA(false)) / halfA - 1).toBeLessThan(-1e-3);
  });

  it('says which monitor, load file or voltage it cannot use', async () => {
    await using core = await openCore();
    const id = async (request: Parameters<typeof core.record>[0]) => {
      const r = await core.record(request);
      return r.ok ? '' : r.id;
    };
    expect(await id({ monitor: join(folder, 'no-such-port') })).toMatch(/^link\./);
    expect(await id({ monitor: 'emulated', load: join(folder, 'none.csv') })).toBe('load.cannot-read');
    expect(await id({ monitor: 'emulated', supplyMv: 20_000 })).toBe('monitor.bad-voltage');
  });
});

describe('core.trace', () => {
  it('annotates, deletes and brings back; cuts carry annotations along', async () => {
    await using core = await openCore();
    const { trace } = orThrow(await core.record({ monitor: 'emulated', seconds: 2 }));
    const span = (fromSample: number, toSample: number) => ({ trace: trace.path, fromSample, toSample });
    const note = orThrow(core.trace.annotate(span(50_000, 60_000), 'radio'));
    orThrow(core.trace.annotate(span(150_000, 150_000), 'later'));
    const texts = (name = trace.path, to = 200_000) =>
      orThrow(core.trace.markers({ trace: name, fromSample: 0, toSample: to })).annotations.map((a) => [
        a.fromSample,
        a.toSample,
        a.text,
      ]);
    expect(texts()).toEqual([
      [50_000, 60_000, 'radio'],
      [150_000, 150_000, 'later'],
    ]);
    orThrow(core.trace.removeAnnotation(trace.path, note.id));
    expect(texts().map((t) => t[2])).toEqual(['later']);
    orThrow(core.trace.restoreAnnotation(trace.path, note.id));
    expect(texts().map((t) => t[2])).toEqual(['radio', 'later']);
    expect(core.trace.removeAnnotation(trace.path, 99)).toMatchObject({
      ok: false,
      id: 'trace.no-annotation',
    });
    expect(core.trace.annotate(span(0, 200_001), 'outside')).toMatchObject({
      ok: false,
      id: 'trace.bad-span',
    });

    const cut = orThrow(await core.trace.cut(span(55_000, 155_000)));
    expect(cut).toMatchObject({
      lengthSamples: 100_000,
      state: 'complete',
      cutFrom: { traceId: trace.id, fromSample: 55_000, toSample: 155_000 },
    });
    expect(texts(cut.path, 100_000)).toEqual([
      [0, 5000, 'radio'],
      [95_000, 95_000, 'later'],
    ]);
    const a = orThrow(core.trace.statistics(span(55_000, 155_000)));
    const b = orThrow(core.trace.statistics({ trace: cut.path, fromSample: 0, toSample: 100_000 }));
    expect(b.meanA).toBeCloseTo(a.meanA, 15);
    expect(
      orThrow(
        core.trace.compare(span(55_000, 155_000), { trace: cut.path, fromSample: 0, toSample: 100_000 }),
      ).figures[0]!.verdict,
    ).not.toMatch(/er$/);
    expect(core.trace.statistics({ ...span(0, 10), channel: 1 })).toMatchObject({
      ok: false,
      id: 'trace.no-channel',
    });
    expect(core.trace.info(join(folder, 'none'))).toMatchObject({ ok: false, id: 'trace.not-found' });
  });
});

describe('two channels at 2 Msps', () => {
  it('lose nothing: every sample of both is what was sent', async () => {
    const source = twoChannelSource(2_000_000);
    const header = newTraceHeader(source.streamFormat, { traceId: 't', title: 't', source: 'emulated' });
    const path = join(folder, 'two.mjtrace');
    await using store = orThrow(await ThreadedTraceFile.create(path, header));
    const maxSamples = 6_000_000;
    const options = { moreCodecs: [float32Codec], maxSamples, whenFull: 'wait' } as const;
    const end = await recordTrace(source, store, float32Codec, options).ended;
    expect(end).toMatchObject({ kind: 'complete', committedSamples: maxSamples, missingSamples: 0 });
    const current = new Trace(store, float32Codec);
    const voltage = new Trace(store.channel(1), float32Codec, 1);
    for (let k = 0; k < 640_000; k += 65_536) {
      const a = orThrow(current.decodedChunk(k / 65_536)).samples.amperes;
      const v = orThrow(voltage.decodedChunk(k / 65_536)).samples.amperes;
      for (let i = 0; i < 65_536 && k + i < 640_000; i += 13) {
        expect(a[i]).toBe(currentAt(k + i));
        expect(v[i]).toBe(voltageAt(k + i));
      }
    }
    // the pattern repeats every 640 000 samples: so do the sums
    const sum = (t: Trace, from: number) => orThrow(t.span(from, from + 640_000)).sums.sum;
    for (const t of [current, voltage])
      for (let from = 640_000; from + 640_000 <= maxSamples; from += 640_000)
        expect(sum(t, from) / sum(t, 0)).toBeCloseTo(1, 12);
  });
});
