/**
 * Navigation of a 24 h trace at 100 ksps (8.6 G samples): opening it, any 2000 columns, statistics of any span, a level
 * trigger and quantiles over all of it. The file holds the real rows of all levels; words are stored once for each kind
 * of chunk, see test/long-trace.ts. MICROJOULE_TRACE_H shortens the day.
 */
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { orThrow } from '../../src-main/base/errors.ts';
import { Rng } from '../../src-main/base/rng.ts';
import { ppk2Codec } from '../../src-main/monitor/ppk2/decoder.ts';
import { CHUNK_SAMPLES } from '../../src-main/trace/format.ts';
import { envelope } from '../../src-main/trace/navigation-envelope.ts';
import { histogram } from '../../src-main/trace/navigation-histogram.ts';
import { statistics } from '../../src-main/trace/navigation-statistics.ts';
import { nextTrigger } from '../../src-main/trace/navigation-trigger.ts';
import { Trace } from '../../src-main/trace/trace.ts';
import {
  decodeKinds,
  LONG_RATE_HZ,
  openLongTrace,
  SLEEP_AT,
  SLEEP_SAMPLES,
  writeLongTrace,
} from '../long-trace.ts';

export const name = 'trace24h';

const HOURS = Number(process.env.MICROJOULE_TRACE_H ?? 24);
const CHUNKS = Math.ceil((HOURS * 3600 * LONG_RATE_HZ) / CHUNK_SAMPLES);
const COLUMNS = 2000;

/** Wall time, and CPU time of this thread: on an idle machine they agree, on a busy one the second is what it costs. */
interface Times {
  readonly wallMs: number[];
  readonly cpuMs: number[];
}

function newTimes(): Times {
  return { wallMs: [], cpuMs: [] };
}

function timed(times: Times, work: () => void): void {
  const cpuBegan = process.threadCpuUsage();
  const began = performance.now();
  work();
  times.wallMs.push(performance.now() - began);
  const cpu = process.threadCpuUsage(cpuBegan);
  times.cpuMs.push((cpu.user + cpu.system) / 1000);
}

function shareOf(times: readonly number[], share: number): number {
  return [...times].sort((a, b) => a - b)[Math.min(times.length - 1, Math.floor(share * times.length))]!;
}

/** Spans of every length, each at a random place. */
function randomSpans(count: number, length: number, least: number): (readonly [number, number])[] {
  const rng = new Rng(24);
  return Array.from({ length: count }, () => {
    const n = Math.floor(least * (length / least) ** rng.float());
    const from = Math.floor(rng.float() * (length - n));
    return [from, from + n] as const;
  });
}

/** Mean and extremes by the plain sum over what every sample is. */
function bruteForce(kinds: ReturnType<typeof decodeKinds>, sleepChunk: number, from: number, to: number) {
  let sum = 0;
  let lost = 0;
  let min = Infinity;
  let max = -Infinity;
  for (let at = from; at < to; at++) {
    const chunk = Math.floor(at / CHUNK_SAMPLES);
    const a = kinds[chunk === sleepChunk ? 'sleep' : 'work'].samples.amperes[at - chunk * CHUNK_SAMPLES]!;
    // Neumaier's sum: the scan must be better than what it judges
    const next = sum + a;
    lost += Math.abs(sum) >= Math.abs(a) ? sum - next + a : a - next + sum;
    sum = next;
    if (a < min) min = a;
    if (a > max) max = a;
  }
  return { mean: (sum + lost) / (to - from), min, max };
}

export async function bench() {
  const folder = mkdtempSync(join(process.env.MICROJOULE_BENCH_DIR ?? tmpdir(), 'trace24h-'));
  try {
    const path = join(folder, 'day.mjtrace');
    const writeBegan = performance.now();
    writeLongTrace(path, CHUNKS);
    const writeS = (performance.now() - writeBegan) / 1000;
    const openBegan = performance.now();
    using day = openLongTrace(path);
    const trace = new Trace(day.source, ppk2Codec);
    orThrow(envelope(trace, 0, trace.lengthSamples, 10));
    const openMs = performance.now() - openBegan;

    const length = trace.lengthSamples;
    const sleepFrom = day.sleepChunk * CHUNK_SAMPLES + SLEEP_AT;
    const spans = randomSpans(120, length, 2000);
    // five readers, each of which meets every span once and keeps nothing of it that the next one could use: the quickest
    // is what it costs where nothing else runs
    const readers = [0, 1, 2, 3, 4].map(() => new Trace(day.source, ppk2Codec));
    const costs = (work: (reader: Trace, from: number, to: number) => void): Times => {
      const all = newTimes();
      // compiled code is measured, as in a program that runs
      const warm = new Trace(day.source, ppk2Codec);
      for (const [from, to] of randomSpans(40, length, 5000)) work(warm, from, to);
      for (const [from, to] of [[0, length] as const, ...spans]) {
        const times = newTimes();
        for (const reader of readers) timed(times, () => work(reader, from, to));
        all.wallMs.push(shareOf(times.wallMs, 0));
        all.cpuMs.push(shareOf(times.cpuMs, 0));
      }
      return all;
    };
    const envelopes = costs((reader, from, to) => orThrow(envelope(reader, from, to, COLUMNS)));
    const spansOf = costs((reader, from, to) => orThrow(statistics(reader, from, to)));

    const kinds = decodeKinds();
    let worst = 0;
    const checked = [
      ...randomSpans(12, 4_000_000, 1000).map(
        ([a, b]) => [sleepFrom - 1_000_000 + a, sleepFrom - 1_000_000 + b] as const,
      ),
      [sleepFrom, sleepFrom + SLEEP_SAMPLES] as const,
      [sleepFrom + 10, sleepFrom + 20] as const,
    ].filter(([a, b]) => a >= 0 && b <= length);
    for (const [from, to] of checked) {
      const truth = bruteForce(kinds, day.sleepChunk, from, to);
      const found = orThrow(statistics(trace, from, to));
      const columns = orThrow(envelope(trace, from, to, 7));
      for (const [a, b] of [
        [found.meanA, truth.mean],
        [found.minA, truth.min],
        [found.maxA, truth.max],
        [Math.min(...columns.min), truth.min],
        [Math.max(...columns.max), truth.max],
      ] as const)
        worst = Math.max(worst, Math.abs(a - b) / Math.abs(b));
    }
    const work = bruteForce(kinds, -1, 0, CHUNK_SAMPLES).mean;
    const asleep = bruteForce(kinds, 0, 0, CHUNK_SAMPLES).mean;
    const wholeMean = (work * (day.chunks - 1) + asleep) / day.chunks;
    const whole = orThrow(statistics(trace, 0, length));
    worst = Math.max(worst, Math.abs(whole.meanA - wholeMean) / wholeMean);

    const search = newTimes();
    let found = -1;
    timed(search, () => {
      const hit = orThrow(
        nextTrigger(trace, { kind: 'level', levelA: 100e-6, direction: 'falling' }, 0, length),
      );
      if (hit.kind === 'found') found = hit.sample;
    });
    const quantiles = newTimes();
    timed(quantiles, () => orThrow(histogram(trace, 0, length)));
    const check = (what: string, value: number, limit: number) => ({
      name: what,
      value,
      limit,
      ok: value <= limit,
    });
    return {
      figures: {
        hours: HOURS,
        samples: length,
        writeS,
        fileMb: existsSync(path) ? statSync(path).size / 1e6 : 0,
        openMs,
        envelopeMsMedian: shareOf(envelopes.wallMs, 0.5),
        envelopeMsP95: shareOf(envelopes.wallMs, 0.95),
        envelopeMsWorst: Math.max(...envelopes.wallMs),
        envelopeCpuMsMedian: shareOf(envelopes.cpuMs, 0.5),
        envelopeCpuMsWorst: Math.max(...envelopes.cpuMs),
        wholeEnvelopeMs: envelopes.wallMs[0]!,
        statisticsMsMedian: shareOf(spansOf.wallMs, 0.5),
        statisticsMsP95: shareOf(spansOf.wallMs, 0.95),
        statisticsMsWorst: Math.max(...spansOf.wallMs),
        statisticsCpuMsMedian: shareOf(spansOf.cpuMs, 0.5),
        statisticsCpuMsWorst: Math.max(...spansOf.cpuMs),
        triggerMs: search.wallMs[0]!,
        triggerCpuMs: search.cpuMs[0]!,
        quantilesMs: quantiles.wallMs[0]!,
        quantilesCpuMs: quantiles.cpuMs[0]!,
        worstRelativeError: worst,
        sleepFoundOffBySamples: found - sleepFrom,
      },
      checks: [
        check('opening, ms', openMs, 100),
        // one thread does it all: what it costs where nothing else runs
        check('2000 columns of any span, CPU ms, worst', Math.max(...envelopes.cpuMs), 16),
        check('statistics of any span, CPU ms, worst', Math.max(...spansOf.cpuMs), 5),
        check('relative difference to a scan', worst, 1e-9),
        check('the sleep is found within the samples of its filter', Math.abs(found - sleepFrom), 3),
      ],
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
