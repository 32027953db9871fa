import { beforeAll, describe, expect, it, vi } from 'vitest';
import { fail, ok, type Result } from '../../../src-main/base/errors.ts';
import type { TraceInfo } from '../../../src-main/contract/trace.ts';
import type { TraceBench, TraceSession } from '../../../src-renderer/charts/trace/trace-session.svelte.ts';
import { envelopeOf, noPlaces } from './trace-picture.ts';

// without a page a rune is a plain value
vi.stubGlobal(
  '$state',
  Object.assign(<T>(value: T) => value, { raw: <T>(value: T) => value }),
);
let Session: typeof TraceSession;
beforeAll(async () => {
  Session = (await import('../../../src-renderer/charts/trace/trace-session.svelte.ts')).TraceSession;
});

const DAY = 24 * 3600 * 100_000;
const info = (over: Partial<TraceInfo> = {}): TraceInfo => ({
  id: 'a',
  path: '/x',
  title: 'a',
  state: 'complete',
  reason: null,
  startedAt: null,
  source: 'measured',
  monitor: { kind: 'ppk2', serial: null, firmware: null },
  sampleRateHz: 100_000,
  lengthSamples: DAY,
  durationS: 86_400,
  channels: [],
  logicMask: 1,
  missingSamples: 0,
  gaps: 0,
  supplies: [
    { sample: 0, volts: 3, uncertaintyV: 0, origin: 'set-point' },
    { sample: 1000, volts: 1.8, uncertaintyV: 0, origin: 'set-point' },
  ],
  cutFrom: null,
  ...over,
});

/** A bench that answers when it is told to, and counts what is on its way. */
class FakeBench implements TraceBench {
  current = info();
  readonly asked: string[] = [];
  readonly flying = new Map<string, number>();
  most = 0;
  #waiting: (() => void)[] = [];

  request(name: string, input: unknown, signal?: AbortSignal): Promise<Result<never>> {
    // the overview is of another kind than what is seen
    const method = (input as { columns?: number }).columns === 1600 ? 'overview' : name;
    this.asked.push(method);
    this.flying.set(method, (this.flying.get(method) ?? 0) + 1);
    this.most = Math.max(this.most, ...this.flying.values());
    return new Promise((resolve) => {
      const land = (result: Result<unknown>) => {
        this.flying.set(method, this.flying.get(method)! - 1);
        resolve(result as Result<never>);
      };
      signal?.addEventListener('abort', () => land(fail('bench.cancelled', {}, '', '')), { once: true });
      this.#waiting.push(() => {
        if (!signal?.aborted) land(this.answer(name, input as Record<string, number>));
      });
    });
  }

  answer(method: string, input: Record<string, number>): Result<unknown> {
    if (method === 'traces.info') return ok(this.current);
    if (method === 'traces.run') return ok(null);
    if (method === 'traces.places') return ok(noPlaces);
    if (method === 'traces.statistics') return fail('trace.bad-span', {}, '', '');
    const { fromSample, toSample, columns } = input as {
      fromSample: number;
      toSample: number;
      columns: number;
    };
    const e = envelopeOf(fromSample, 1, new Array<number>(columns).fill(0.01));
    for (let k = 0; k <= columns; k++) e.borders[k] = fromSample + ((toSample - fromSample) * k) / columns;
    return ok(e);
  }

  async land(): Promise<void> {
    for (let round = 0; round < 6; round++) {
      for (const land of this.#waiting.splice(0)) land();
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

async function opened(current = info(), span?: { from: number; to: number }) {
  const bench = new FakeBench();
  bench.current = current;
  let nowMs = 0;
  const session = new Session({ bench, nowMs: () => nowMs, reducedMotion: () => false });
  session.pixels = 1000;
  const opening = session.open('a', span);
  await bench.land();
  await opening;
  await bench.land();
  return { bench, session, at: (ms: number) => (nowMs = ms) };
}

describe('a trace on the screen', () => {
  it('opens whole, or where it was asked to', async () => {
    const { session } = await opened();
    expect(session.view).toEqual({ from: 0, to: DAY });
    expect(session.columns).not.toBeNull();
    expect(session.overview!.borders.at(-1)).toBe(DAY);
    session.close();
    const there = await opened(info(), { from: 500, to: 900 });
    expect(there.session.view).toEqual({ from: 500, to: 900 });
    there.session.close();
  });

  it('asks one thing of a kind at a time, however fast it is zoomed, and ends sharp', async () => {
    const { bench, session } = await opened();
    let width = DAY;
    for (let frame = 0; frame < 300; frame++) {
      width *= 0.95;
      session.show({ from: DAY / 2, to: DAY / 2 + width });
      if (frame % 7 === 0) await bench.land();
    }
    expect(bench.most).toBe(1);
    await bench.land();
    const borders = session.columns!.borders;
    expect(borders[0]).toBeLessThanOrEqual(session.view.from);
    const each = (borders.at(-1)! - borders[0]!) / (borders.length - 1);
    expect(each).toBeLessThanOrEqual(Math.max(1, (session.view.to - session.view.from) / 1000));
    // zooming by 300 frames crosses 22 octaves: not every frame asks
    expect(bench.asked.filter((m) => m === 'traces.envelope').length).toBeLessThan(80);
    session.close();
  });

  it('keeps the last picture until the next is here, and cancels one that shows nothing of the new view', async () => {
    const { bench, session } = await opened(info(), { from: 0, to: 10_000 });
    const before = session.columns;
    session.show({ from: 5e8, to: 5e8 + 10_000 });
    expect(session.columns).toBe(before);
    session.show({ from: 7e9, to: 7e9 + 10_000 });
    await bench.land();
    expect(session.columns!.borders[0]).toBeGreaterThan(6.9e9);
    expect(bench.most).toBe(1);
    session.close();
  });

  it('knows the supply of the place it shows', async () => {
    const { session } = await opened(info(), { from: 500, to: 900 });
    expect(session.volts).toBe(3);
    session.show({ from: 5000, to: 6000 });
    expect(session.volts).toBe(1.8);
    session.close();
    const without = await opened(info({ supplies: [] }));
    expect(without.session.volts).toBeNull();
    without.session.close();
  });

  it('is about the markers where both stand, else about the view', async () => {
    const { bench, session } = await opened();
    expect(session.selection).toEqual({ from: 0, to: DAY, marked: false });
    session.setMarkers({ a: 900, b: 100.2 });
    expect(session.selection).toEqual({ from: 100, to: 900, marked: true });
    await bench.land();
    expect(session.statisticsFailure?.id).toBe('trace.bad-span');
    session.close();
  });

  it('follows a recording without being asked, holds when it is moved, and follows again', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const { bench, session, at } = await opened(info({ state: 'recording', lengthSamples: 1_000_000 }));
    expect(session.following).toBe(true);
    expect(session.view.to).toBe(1_000_000);
    for (let ms = 250; ms <= 3000; ms += 250) {
      at(ms);
      bench.current = info({ state: 'recording', lengthSamples: 1_000_000 + ms * 100 });
      vi.advanceTimersByTime(250);
      await bench.land();
      session.frame(ms);
    }
    expect(session.view.to).toBeGreaterThan(1_200_000);
    expect(session.view.to).toBeLessThanOrEqual(1_300_000);
    expect(session.view.to - session.view.from).toBeCloseTo(400_000, 3);
    expect(session.liveRate).toBeCloseTo(100_000, -2);
    session.show({ from: 0, to: 100_000 });
    expect(session.following).toBe(false);
    session.frame(3016);
    expect(session.view.to).toBe(100_000);
    session.follow(true);
    session.frame(3032);
    expect(session.view.to).toBeGreaterThan(1_200_000);
    bench.current = info({ lengthSamples: 1_300_000 });
    vi.advanceTimersByTime(250);
    await bench.land();
    expect(session.live).toBe(false);
    expect(session.following).toBe(false);
    const asked = bench.asked.length;
    vi.advanceTimersByTime(5000);
    await bench.land();
    expect(bench.asked.filter((m) => m === 'traces.info').length).toBeGreaterThan(5);
    expect(bench.asked.length).toBe(asked);
    vi.useRealTimers();
    session.close();
  });

  it('says why a trace cannot be shown', async () => {
    const bench = new FakeBench();
    bench.answer = () => fail('trace.not-known', {}, 'There is none.', 'Choose another.');
    const session = new Session({ bench, nowMs: () => 0, reducedMotion: () => true });
    const opening = session.open('gone');
    await bench.land();
    await opening;
    expect(session.failure?.id).toBe('trace.not-known');
    expect(session.info).toBeNull();
    session.close();
  });
});
