import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type {
  RecordSummary,
  TraceComparison,
  TraceInfo,
  TraceMarkers,
  TraceStatistics,
} from '../../src-main/contract/index.ts';
import { json, microjoule, scratch } from './cli-process.ts';

const { dir, remove } = scratch();
afterAll(remove);
const db = ['--db', join(dir, 'mj.db')];
const load = join(dir, 'load.csv');
const file = join(dir, 'a.mjtrace');

beforeAll(async () => {
  // 1 mA, and for 10 ms of every 100 ms 5 mA with D0 high
  writeFileSync(load, 'time_us,current_a,logic\n0,0.001,0\n50000,0.005,1\n60000,0.001,0\n100000,0.001,0\n');
  const made = await microjoule(['record', '--load', load, '--for', '3s', '--out', file, '--json', ...db]);
  expect(made.code).toBe(0);
  const summary = json<RecordSummary>(made);
  expect(summary).toMatchObject({ end: 'complete', trace: { lengthSamples: 300_000, missingSamples: 0 } });
});

describe('microjoule record and trace', () => {
  it('records what the load file says, and lists it', async () => {
    const answer = await microjoule(['trace', 'stats', file, '--json', ...db]);
    const { statistics } = json<{ statistics: TraceStatistics }>(answer);
    expect(statistics.meanA / 1.4e-3).toBeCloseTo(1, 2);
    expect(statistics.energy!.joules / (1.4e-3 * 3 * 3.3)).toBeCloseTo(1, 2);
    const listed = json<{ traces: TraceInfo[] }>(await microjoule(['trace', 'ls', '--json', ...db]));
    expect(listed.traces.map((t) => t.path)).toEqual([file]);
    const text = await microjoule(['trace', 'stats', file, '--from', '55ms', '--to', '56ms', ...db]);
    expect(text.stdout).toMatch(/mean current\s+(4\.9\d*|5(\.0\d*)?) mA/);
  });

  it('cuts, annotates and compares', async () => {
    const cut = join(dir, 'cut.mjtrace');
    const made = await microjoule([
      'trace',
      'cut',
      file,
      '--from',
      '40ms',
      '--to',
      '70ms',
      '--out',
      cut,
      ...db,
    ]);
    expect(made.code).toBe(0);
    expect(existsSync(cut)).toBe(true);
    const added = await microjoule(['trace', 'markers', cut, '--add', 'burst', '--json', ...db]);
    const markers = json<TraceMarkers>(added);
    expect(markers.annotations.map((a) => a.text)).toEqual(['burst']);
    expect(markers.windows.map((w) => [w.startSample, w.endSample])).toEqual([[1000, 2000]]);
    const gone = await microjoule(['trace', 'markers', cut, '--delete', '1', '--json', ...db]);
    expect(json<TraceMarkers>(gone).annotations).toEqual([]);
    const compared = await microjoule(['trace', 'compare', file, cut, '--json', ...db]);
    const { figures } = json<TraceComparison>(compared);
    expect(figures.find((f) => f.figure === 'energy')!.verdict).toBe('lower');
  });

  it('says what is wrong, with the exit code of its kind', async () => {
    const over = await microjoule(['record', '--for', '1s', '--out', file, '--json', ...db]);
    expect([over.code, json<{ error: { id: string } }>(over).error.id]).toEqual([5, 'trace.exists']);
    const outside = await microjoule(['trace', 'stats', file, '--to', '4s', '--json', ...db]);
    expect([outside.code, json<{ error: { id: string } }>(outside).error.id]).toEqual([2, 'cli.bad-span']);
    const time = await microjoule(['record', '--for', 'soon', '--json', ...db]);
    expect(time.code).toBe(2);
  });

  it('Ctrl-C ends a recording, and keeps it whole', async () => {
    const path = join(dir, 'stopped.mjtrace');
    const answer = await microjoule(['record', '--out', path, '--json', ...db], {
      when: { text: 'samples', act: (kill) => kill('SIGINT') },
    });
    expect(answer.code).toBe(0);
    const { trace } = json<RecordSummary>(answer);
    expect(trace.state).toBe('complete');
    expect(trace.lengthSamples).toBeGreaterThan(0);
    expect(existsSync(`${path}-wal`)).toBe(false);
  });
});
