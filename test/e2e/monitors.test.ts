/** Emulated monitors as a user finds them: served by one process, checked and recorded by another. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { orThrow } from '../../src-main/base/errors.ts';
import type { RecordSummary, TraceMarkers } from '../../src-main/contract/index.ts';
import { codecsOf } from '../../src-main/core/codecs.ts';
import { TraceFile } from '../../src-main/store/trace-file.ts';
import { Trace } from '../../src-main/trace/trace.ts';
import { json, microjoule, scratch } from './cli-process.ts';
import { emulating } from './served-process.ts';

const { dir, remove } = scratch();
afterAll(remove);
const load = join(dir, 'steady.csv');
// 33 Ω at 3.3 V would be too much for some: 330 Ω, 10 mA
writeFileSync(load, 'time_us,current_a\n0,0.01\n');
const db = join(dir, 'bench.db');

describe('microjoule emulate and record, one monitor of each kind', () => {
  it.each(['ppk2', 'lpm01a', 'scpi', 'ina'] as const)('%s', async (kind) => {
    await using served = await emulating([kind, '--tcp', '0', '--load', load]);
    const out = join(dir, `${kind}.mjtrace`);
    const recorded = await microjoule([
      ...['record', '--monitor', `${kind}:${served.listens[kind]!}`, '--for', '1.5s', '--out', out],
      ...['--mode', kind === 'ina' ? 'ampere' : 'source', '--db', db, '--json'],
    ]);
    expect(recorded.code).toBe(0);
    const file = orThrow(TraceFile.open(out));
    const trace = new Trace(file, orThrow(codecsOf(file.header))[0]!);
    expect(file.header.monitor.kind).toBe(kind);
    const span = orThrow(trace.span(0, trace.lengthSamples));
    expect(Math.abs(span.sums.mean / 0.01 - 1)).toBeLessThan(0.02);
    file[Symbol.dispose]();
  });
});

describe('a fault while microjoule records', () => {
  it.each([
    ['ppk2', 'unplug=1', 'monitor.link-lost', 4],
    ['ppk2', 'lose-bytes=200001+3', 'ppk2.misaligned', 0],
    ['lpm01a', 'over-current=3000', 'lpm01a.overcurrent', 4],
  ] as const)('%s %s: marked with %s, what was recorded is kept', async (kind, fault, mark, code) => {
    await using served = await emulating([kind, '--tcp', '0', '--load', load, '--fault', fault]);
    const out = join(dir, `${kind}-${mark}.mjtrace`);
    const recorded = await microjoule([
      ...['record', '--monitor', `${kind}:${served.listens[kind]!}`, '--for', '2s', '--out', out],
      ...['--mode', 'source', '--db', db, '--json'],
    ]);
    expect(recorded.code).toBe(code);
    const { trace, failure } = json<RecordSummary>(recorded);
    expect(failure === null).toBe(code === 0);
    expect(trace.durationS).toBeGreaterThan(0.5);
    const shown = await microjoule(['trace', 'markers', out, '--db', db, '--json']);
    expect(json<TraceMarkers>(shown).marks.map((m) => m.kind)).toContain(mark);
  });
});

describe('microjoule monitor check', () => {
  it('keeps a dated record that `monitor ls` shows, without a question', async () => {
    await using served = await emulating(['ppk2', '--tcp', '0', '--load', load, '--fault', 'gain=0.02']);
    const checked = await microjoule([
      ...['monitor', 'check', `ppk2:${served.listens.ppk2!}`, '--serial', 'BENCH-1', '--yes'],
      ...[
        '--zero-s',
        '0',
        '--resistor',
        '330:0.1%',
        '--read-s',
        '0.5',
        '--loss-s',
        '1',
        '--voltmeter',
        '3.3',
      ],
      ...['--db', db, '--json'],
    ]);
    const check = json<{ serial: string; resistors: { gainErrorRel: number; boundRel: number }[] }>(checked);
    expect(check.serial).toBe('BENCH-1');
    expect(check.resistors[0]!.gainErrorRel).toBeCloseTo(0.02, 3);
    expect(check.resistors[0]!.boundRel).toBeGreaterThan(0.02);
    const listed = await microjoule(['monitor', 'ls', '--db', db, '--json']);
    const kinds = json<{ kind: string; checks: { serial: string }[] }[]>(listed);
    expect(kinds.find((k) => k.kind === 'ppk2')!.checks).toMatchObject([{ serial: 'BENCH-1' }]);
  });

  it.each([
    [['monitor', 'check', 'otii:tcp://127.0.0.1:1'], 'cli.unknown-monitor', 2],
    [['monitor', 'check', 'ppk2:tcp://127.0.0.1:1', '--resistor', 'x'], 'cli.bad-resistor', 2],
    [['emulate', 'scpi', '--tcp', '0', '--load', load, '--pace', 'free'], 'cli.option-not-here', 2],
    [['emulate', 'ina', '--tcp', '0', '--load', load, '--fault', 'explode'], 'cli.bad-fault', 2],
    [
      ['emulate', 'bench', '--dut-tcp', '0', '--monitor-tcp', '0', '--monitor', 'otii'],
      'cli.unknown-monitor',
      2,
    ],
  ])('%j: %s', async (words, id, code) => {
    const answer = await microjoule([...words, '--json', ...(words[0] === 'monitor' ? ['--db', db] : [])]);
    expect(json<{ error: { id: string } }>(answer).error.id).toBe(id);
    expect(answer.code).toBe(code);
  });
});
