/** Traces to and from files of other programs, and what a battery makes of them, as a shell would ask. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TraceInfo, TraceMarkers, TraceStatistics } from '../../src-main/contract/index.ts';
import { json, microjoule, scratch } from './cli-process.ts';

const { dir, remove } = scratch();
afterAll(remove);
const db = ['--db', join(dir, 'mj.db')];
const file = join(dir, 'a.mjtrace');

const mj = (...args: string[]) => microjoule([...args, '--json', ...db]);

interface Exported {
  readonly dropped: string[];
  readonly samples: number;
  readonly sizeBytes: number;
}
interface Imported {
  readonly trace: TraceInfo;
  readonly format: string;
  readonly dropped: string[];
}

const statisticsOf = async (trace: string) =>
  json<{ statistics: TraceStatistics }>(await mj('trace', 'stats', trace)).statistics;

beforeAll(async () => {
  // 1 mA, and for 10 ms of every 100 ms 5 mA with D0 high
  const load = join(dir, 'load.csv');
  writeFileSync(load, 'time_us,current_a,logic\n0,0.001,0\n50000,0.005,1\n60000,0.001,0\n100000,0.001,0\n');
  expect((await mj('record', '--load', load, '--for', '1s', '--out', file)).code).toBe(0);
  expect((await mj('trace', 'markers', file, '--from', '0.2s', '--to', '0.3s', '--add', 'burst')).code).toBe(
    0,
  );
});

describe('microjoule trace export and import', () => {
  it.each(['jls', 'ppk2', 'csv'])(
    'a .%s file comes back as a trace of the same energy and edges',
    async (format) => {
      const out = join(dir, `a.${format}`);
      const made = await mj('trace', 'export', file, '--out', out);
      expect(made.stderr).toBe('');
      const exported = json<Exported>(made);
      expect(exported).toMatchObject({ format, samples: 100_000, sizeBytes: readFileSync(out).length });
      expect(exported.dropped.some((d) => d.includes('annotations'))).toBe(true);
      const stated = ['--supply', '3.3', '--gain-error', '10', '--offset-error', '200nA'];
      const back = json<Imported>(await mj('trace', 'import', out, ...stated, '--title', `of ${format}`));
      expect(back).toMatchObject({
        format,
        trace: { title: `of ${format}`, lengthSamples: 100_000, sampleRateHz: 100_000, missingSamples: 0 },
      });
      const [a, b] = [await statisticsOf(file), await statisticsOf(back.trace.id)];
      expect(b.energy!.joules / a.energy!.joules).toBeCloseTo(1, 6);
      const windows = async (trace: string) =>
        json<TraceMarkers>(await mj('trace', 'markers', trace)).windows.map((w) => [
          w.startSample,
          w.endSample,
        ]);
      expect(await windows(back.trace.id)).toEqual(await windows(file));
      expect(await windows(file)).toHaveLength(10);
    },
  );

  it('notes imports in the database, and keeps the remark and the supply in JLS', async () => {
    const listed = json<{ traces: TraceInfo[] }>(await mj('trace', 'ls')).traces.map((t) => t.title);
    expect(listed).toEqual(expect.arrayContaining(['of jls', 'of ppk2', 'of csv']));
    const out = join(dir, 'again.mjtrace');
    const again = json<Imported>(
      await mj('trace', 'import', join(dir, 'a.jls'), '--out', out, '--gain-error', '5'),
    );
    expect(again.trace).toMatchObject({ path: out, source: 'emulated', monitor: { kind: 'ppk2' } });
    const { marks } = json<TraceMarkers>(await mj('trace', 'markers', out));
    expect(marks).toEqual([{ sample: 20_000, kind: 'annotation', detail: 'burst' }]);
    expect((await statisticsOf(out)).energy).not.toBeNull();
    expect(again.dropped).toEqual([expect.stringContaining('bounds')]);
  });

  it('exports a span and a table', async () => {
    const out = join(dir, 'edges.csv');
    const args = [
      'trace',
      'export',
      file,
      '--out',
      out,
      '--table',
      'edges',
      '--from',
      '40ms',
      '--to',
      '70ms',
    ];
    expect((await mj(...args)).code).toBe(0);
    const rows = readFileSync(out, 'utf8').trim().split('\n');
    expect(rows.slice(1).map((r) => r.split(',').slice(0, 4).join())).toEqual([
      '5000,0.05,D0,1',
      '6000,0.06,D0,0',
    ]);
  });

  it('says what it leaves behind', async () => {
    const answer = await microjoule(['trace', 'export', file, '--out', join(dir, 'b.ppk2'), ...db]);
    expect(answer.stdout).toContain('Not carried over:\n');
    expect(answer.stdout).toContain('  annotations\n');
    expect(answer.stdout).toContain('  the supply voltage, so energies need it again\n');
  });

  it('overwrites only with --force, and leaves nothing behind where it fails', async () => {
    const out = join(dir, 'a.csv');
    const refused = await mj('trace', 'export', file, '--out', out);
    expect([refused.code, json<{ error: { id: string } }>(refused).error.id]).toEqual([5, 'trace.exists']);
    expect((await mj('trace', 'export', file, '--out', out, '--to', '1ms', '--force')).code).toBe(0);
    expect(readFileSync(out, 'utf8').trim().split('\n')).toHaveLength(101);
    expect((await mj('trace', 'import', join(dir, 'missing.jls'))).code).toBe(5);
    const unknown = await mj('trace', 'export', file, '--out', join(dir, 'a.xyz'));
    expect([unknown.code, json<{ error: { id: string } }>(unknown).error.id]).toEqual([
      2,
      'trace.export-unknown',
    ]);
    expect(readdirSync(dir).filter((f) => f.includes('.part'))).toEqual([]);
  });

  it('reads an unfinished JLS file as far as it goes, and says so', async () => {
    const part = join(dir, 'part.jls');
    writeFileSync(part, readFileSync(join(dir, 'a.jls')).subarray(0, 200_000));
    const answer = json<Imported>(await mj('trace', 'import', part));
    expect(answer.dropped.join()).toContain('cut off');
    expect(answer.trace.lengthSamples % 8192).toBe(0);
    expect(answer.trace.lengthSamples).toBeGreaterThan(16_000);
  });

  it('an EEMBC energy trace with its timestamps becomes currents and windows', async () => {
    const bytes = Buffer.alloc(5 + 4 * 2000);
    bytes[0] = 0xf1;
    bytes.writeFloatLE(1000, 1);
    for (let i = 0; i < 2000; i++) bytes.writeFloatLE(6, 5 + 4 * i);
    writeFileSync(join(dir, 'trace1-energy.bin'), bytes);
    writeFileSync(join(dir, 't.json'), '[0.1, 0.5, 1.5]');
    const args = ['trace', 'import', join(dir, 'trace1-energy.bin'), '--supply', '3', '--gain-error', '1'];
    const { trace } = json<Imported>(await mj(...args, '--timestamps', join(dir, 't.json')));
    expect((await statisticsOf(trace.id)).energy!.joules).toBeCloseTo(0.012, 9);
    expect(json<TraceMarkers>(await mj('trace', 'markers', trace.id)).windows).toMatchObject([
      { startSample: 500, endSample: 1500 },
    ]);
    const wrong = await mj(...args, '--timestamps', join(dir, 'a.csv'));
    expect(json<{ error: { id: string } }>(wrong).error.id).toBe('trace.import-timestamps');
  });
});

describe('microjoule trace repetition and phases', () => {
  it('finds the period that no pin marks, and its energy', async () => {
    const found = json<{ periodS: number; confidence: number; energyPerPeriodJ: number }>(
      await mj('trace', 'repetition', file),
    );
    expect(found.periodS).toBeCloseTo(0.1, 4);
    expect(found.confidence).toBeGreaterThan(0.9);
    expect(found.energyPerPeriodJ / (3.3 * 1.4e-3 * 0.1)).toBeCloseTo(1, 2);
  });

  it('splits energy between phases above idle', async () => {
    const answer = await mj(
      ...['trace', 'phases', file, '--idle', '0s..50ms'],
      ...['--phase', 'run=50ms..60ms', '--phase', 'rest=60ms..0.1s'],
    );
    const { idleA, phases } = json<{ idleA: number; phases: { name: string; netJ: number }[] }>(answer);
    expect(idleA / 1e-3).toBeCloseTo(1, 1);
    expect(phases.map((p) => p.name)).toEqual(['run', 'rest']);
    expect(phases[0]!.netJ / (3.3 * 4e-3 * 0.01)).toBeCloseTo(1, 1);
    expect(phases[1]!.netJ).toBeLessThan(1e-6);
    expect((await mj('trace', 'phases', file, '--idle', '0s..2s', '--phase', 'x=0s..1s')).code).toBe(2);
  });
});

describe('microjoule battery', () => {
  const cell = ['battery', '--capacity', '220', '--volts', '3', '--sleep', '2uA'];

  it('divides the energy of a battery by the mean power of a duty cycle', async () => {
    const answer = await mj(...cell, '--trace', file, '--from', '50ms', '--to', '60ms', '--every', '10s');
    const life = json<{ hours: number; lowHours: number; highHours: number; shares: { energy: number }[] }>(
      answer,
    );
    // 3.3 V · 5 mA · 10 ms every 10 s, and 3 V · 2 µA between
    const meanW = (3.3 * 5e-3 * 0.01) / 10 + 3 * 2e-6 * (1 - 0.01 / 10);
    expect(life.hours / ((0.22 * 3 * 0.9) / meanW)).toBeCloseTo(1, 1);
    expect(life.lowHours).toBeLessThan(life.hours);
    expect(life.highHours).toBeGreaterThan(life.hours);
    expect(life.shares.reduce((sum, s) => sum + s.energy, 0)).toBeCloseTo(1, 9);
    const text = await microjoule([...cell, ...db]);
    expect(text.stdout).toMatch(/^11\.3 years, between/);
  });

  it('wants to know how often, and a run that exists', async () => {
    const often = await mj(...cell, '--trace', file);
    expect([often.code, json<{ error: { id: string } }>(often).error.id]).toEqual([2, 'cli.every']);
    const none = await mj(...cell, '--run', '7', '--every', '1s');
    expect([none.code, json<{ error: { id: string } }>(none).error.id]).toEqual([2, 'store.no-run']);
    const busy = await mj(...cell, '--trace', file, '--every', '0.5s');
    expect(json<{ error: { id: string } }>(busy).error.id).toBe('predict.duty-cycle');
    expect((await mj('battery', '--capacity', '220', '--volts', '3', '--sleep', '2')).code).toBe(2);
    expect(existsSync(file)).toBe(true);
  });
});
