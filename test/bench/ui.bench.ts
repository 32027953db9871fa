/**
 * The page in Chromium: until it can be used, main-thread time a frame during a live recording at 100 ksps and while a 24 h
 * trace is zoomed, input to the next frame, heap over ten minutes, size of the bundle. Wall time on this machine; without
 * a GPU, as CI machines are. MICROJOULE_UI_MIN shortens the ten minutes, MICROJOULE_TRACE_H the day.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { CDPSession, Page } from 'playwright-core';
import { orThrow } from '../../src-main/base/errors.ts';
import { median } from '../../src-main/base/statistics.ts';
import { createCore, type Core } from '../../src-main/core.ts';
import { serveCore } from '../../src-main/hosts/bench-page.ts';
import { CHUNK_SAMPLES } from '../../src-main/trace/format.ts';
import { openBrowser, openPage } from '../e2e/browser.ts';
import { emulating } from '../e2e/served-process.ts';
import { LONG_RATE_HZ, writeLongTrace } from '../long-trace.ts';
import { root } from '../needs.ts';

export const name = 'ui';

const HOURS = Number(process.env.MICROJOULE_TRACE_H ?? 24);
const MINUTES = Number(process.env.MICROJOULE_UI_MIN ?? 10);
const ZOOMS = 120;
const STARTS = 5;

const p95 = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(0.95 * values.length))] ?? NaN;

function bundleKb(): number {
  const assets = join(root, 'dist/renderer/assets');
  const bytes = readdirSync(assets)
    .filter((f) => /\.(js|css)$/.test(f))
    .reduce((sum, f) => sum + gzipSync(readFileSync(join(assets, f)), { level: 9 }).length, 0);
  return bytes / 1000;
}

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly ts: number;
  readonly dur?: number;
  /** CPU time of the thread: on a busy machine what the work costs. */
  readonly tdur?: number;
  readonly tid: number;
  readonly pid: number;
}

/** Milliseconds of CPU time of the main thread between frames that the page drew, as the browser traced them. */
async function framesOf(cdp: CDPSession, work: () => Promise<void>): Promise<number[]> {
  const events: TraceEvent[] = [];
  cdp.on('Tracing.dataCollected', ({ value }) => events.push(...(value as unknown as TraceEvent[])));
  await cdp.send('Tracing.start', {
    transferMode: 'ReportEvents',
    traceConfig: { includedCategories: ['devtools.timeline', 'disabled-by-default-devtools.timeline'] },
  });
  await work();
  const complete = new Promise<void>((done) => cdp.once('Tracing.tracingComplete', () => done()));
  await cdp.send('Tracing.end');
  await complete;
  // the page's main thread is the one that fires its animation frames
  const drawn = events.filter((e) => e.name === 'FireAnimationFrame');
  const main = drawn[0];
  if (!main) return [];
  const tasks = events.filter(
    (e) => e.name === 'RunTask' && e.pid === main.pid && e.tid === main.tid && e.dur !== undefined,
  );
  const starts = [...new Set(drawn.map((e) => e.ts))].sort((a, b) => a - b);
  return starts.slice(1).map((to, k) => {
    const from = starts[k]!;
    const own = tasks.filter((t) => t.ts + t.dur! > from && t.ts + t.dur! <= to);
    return own.reduce((sum, t) => sum + (t.tdur ?? t.dur!), 0) / 1000;
  });
}

/** From an input to the next paint, ms, of every input from now on; the browser rounds to 8 ms. */
async function watchInputs(page: Page): Promise<() => Promise<number[]>> {
  await page.evaluate(() => {
    const scope = globalThis as unknown as {
      inputs: number[];
      PerformanceObserver: new (take: (list: { getEntries(): { duration: number }[] }) => void) => {
        observe(options: object): void;
      };
    };
    scope.inputs = [];
    new scope.PerformanceObserver((list) => {
      for (const entry of list.getEntries()) scope.inputs.push(entry.duration);
    }).observe({ type: 'event', durationThreshold: 16 });
  });
  return () => page.evaluate(() => (globalThis as unknown as { inputs: number[] }).inputs);
}

async function usableMs(url: string): Promise<number> {
  const browser = await openBrowser();
  const times: number[] = [];
  for (let i = 0; i < STARTS; i++) {
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
    const page = await context.newPage();
    const began = performance.now();
    await page.goto(url);
    await page.getByText('Bench connected').waitFor();
    await page.getByRole('button', { name: 'Run', exact: true }).waitFor();
    times.push(performance.now() - began);
    await context.close();
  }
  await browser.close();
  return median(times);
}

async function zoomDay(url: string, traceId: string) {
  const browser = await openBrowser();
  const { page } = await openPage(browser, url);
  const seconds = HOURS * 3600;
  await page.goto(`${new URL(url).origin}/#/trace?trace=${traceId}`);
  const view = page.getByRole('application', { name: /^Trace of/ });
  await view.waitFor();
  await page.waitForTimeout(1500);
  const inputs = await watchInputs(page);
  const cdp = await page.context().newCDPSession(page);
  const box = (await view.boundingBox())!;
  // in to a minute and out again, at places all over; ÷1024 rows and coarser are real in the file
  const steps = Math.floor(Math.log(seconds / 60) / 0.25);
  const frames = await framesOf(cdp, async () => {
    for (let i = 0; i < ZOOMS; i++) {
      const inwards = Math.floor(i / steps) % 2 === 0;
      await page.mouse.move(box.x + box.width * (0.2 + 0.6 * ((i * 0.37) % 1)), box.y + 120);
      await page.mouse.wheel(0, inwards ? -100 : 100);
      await page.waitForTimeout(30);
    }
    await page.keyboard.press('d');
    await page.keyboard.press('a');
    await page.waitForTimeout(300);
  });
  const inputMs = await inputs();
  await browser.close();
  return { frames, inputMs };
}

async function live(core: Core, url: string) {
  await using served = await emulating([
    'ppk2',
    '--tcp',
    '0',
    '--load',
    join(root, 'test/bench/ui-load.csv'),
    '--repeat',
  ]);
  const browser = await openBrowser();
  const { page } = await openPage(browser, url);
  await page.getByText('Bench connected').waitFor();
  const stop = new AbortController();
  let traceId = '';
  const recorded = core.record(
    { monitor: `ppk2:${served.listens.ppk2!}`, mode: 'source' },
    { signal: stop.signal, onTrace: (id) => (traceId = id), followed: true },
  );
  while (traceId === '') await page.waitForTimeout(50);
  await page.goto(`${new URL(url).origin}/#/trace?trace=${traceId}`);
  await page.getByRole('application', { name: /^Trace of/ }).waitFor();
  const cdp = await page.context().newCDPSession(page);
  await page.waitForTimeout(3000);
  const frames = await framesOf(cdp, () => page.waitForTimeout(10_000));
  const heap = async (): Promise<number> => {
    await cdp.send('HeapProfiler.collectGarbage');
    return (await cdp.send('Runtime.getHeapUsage')).usedSize / 1e6;
  };
  const heapMb: number[] = [];
  for (let minute = 0; minute < MINUTES; minute++) {
    await page.waitForTimeout(60_000);
    heapMb.push(await heap());
  }
  stop.abort();
  const { status } = orThrow(await recorded);
  await browser.close();
  return { frames, heapMb, status };
}

export async function bench() {
  const dir = mkdtempSync(join(tmpdir(), 'microjoule-ui-bench-'));
  const tracesDir = join(dir, 'traces');
  mkdirSync(tracesDir, { recursive: true });
  const chunks = Math.ceil((HOURS * 3600 * LONG_RATE_HZ) / CHUNK_SAMPLES);
  writeLongTrace(join(tracesDir, 'long.mjtrace'), chunks);
  const core = orThrow(await createCore({ dbPath: join(dir, 'bench.db') }));
  const host = orThrow(await serveCore(core, {}, (line) => console.error(line)));
  try {
    const usable = await usableMs(host.url);
    const traceId = core.trace.list().traces[0]!.id;
    const day = await zoomDay(host.url, traceId);
    const recording = await live(core, host.url);
    const heapRise = recording.heapMb.at(-1)! - Math.min(...recording.heapMb.slice(0, 2));
    const bundle = bundleKb();
    const most = (what: string, value: number, limit: number) => ({
      name: what,
      value,
      limit,
      ok: value <= limit,
    });
    return {
      figures: {
        usableMs: usable,
        liveFrames: recording.frames.length,
        liveFrameP95Ms: p95(recording.frames),
        liveLostSamples: recording.status.missingSamples,
        zoomFrames: day.frames.length,
        zoomFrameP95Ms: p95(day.frames),
        inputs: day.inputMs.length,
        inputP95Ms: day.inputMs.length === 0 ? 16 : p95(day.inputMs),
        heapMinutes: recording.heapMb.length,
        heapEndMb: recording.heapMb.at(-1)!,
        heapRiseMb: heapRise,
        bundleGzipKb: bundle,
      },
      checks: [
        most('usable after, ms', usable, 1500),
        most('main thread a frame while recording, p95 ms', p95(recording.frames), 8),
        most('main thread a frame while a day is zoomed, p95 ms', p95(day.frames), 8),
        most('input to next frame, p95 ms', day.inputMs.length === 0 ? 16 : p95(day.inputMs), 50),
        most('rise of the heap, MB', heapRise, 5),
        most('bundle, kB gzip', bundle, 400),
      ],
    };
  } finally {
    await host[Symbol.asyncDispose]();
    await core[Symbol.asyncDispose]();
    rmSync(dir, { recursive: true, force: true });
  }
}
