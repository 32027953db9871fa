/** The README's main job, shortened: the same command with short windows and few items. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { RunResult } from '../../src-main/contract/index.ts';
import { ReportDocument } from '../../src-main/report/json.ts';
import { json, microjoule, scratch } from './cli-process.ts';

interface DemoAnswer {
  readonly database: string;
  readonly report: string;
  readonly runs: readonly RunResult[];
}

const { dir, remove } = scratch();
afterAll(remove);

async function demo(name: string): Promise<DemoAnswer> {
  const answer = await microjoule([
    'demo',
    '--out',
    join(dir, name),
    '--windows',
    '2',
    '--window-s',
    '0.4',
    '--items',
    '5',
    '--json',
  ]);
  expect(answer.stderr).not.toContain('bug');
  expect(answer.code).toBe(0);
  return json<DemoAnswer>(answer);
}

describe('demo', () => {
  it('gives identical cycles and energies twice, and a report that carries them', async () => {
    const [a, b] = await Promise.all([demo('first'), demo('second')]);
    expect(a.runs.map((r) => [r.plan.mode, r.status])).toEqual([
      ['performance', 'finished'],
      ['energy', 'finished'],
      ['accuracy', 'finished'],
    ]);
    const facts = (d: DemoAnswer) =>
      d.runs.map((r) => ({
        windows: r.windows.map((w) => [
          w.inputSha256,
          w.inferences,
          w.durationUs,
          w.energy?.energyUj,
          w.energy?.netUj,
        ]),
        cycles: r.profile?.ops.map((o) => o.cycles),
        items: r.items.map((i) => [i.name, i.predicted, i.scores]),
      }));
    expect(facts(b)).toEqual(facts(a));
    for (const run of a.runs) {
      expect(run.comparison.equal).toBe(run.comparison.compared);
      expect(run.comparison.method).toBe('bit-exact');
      expect(run.referenceCheck?.inputs).toBeGreaterThanOrEqual(20);
      // the prebuilt firmware is the one the shipped cost model was measured on
      expect(run.prediction?.latency?.source).toBe('predicted');
    }
    const [performance, energy] = a.runs as [RunResult, RunResult, RunResult];
    expect(Math.abs(performance.prediction!.latency!.value / performance.latency!.value - 1)).toBeLessThan(
      0.15,
    );
    // gross power of a board that draws between its sleep and run currents at 3.3 V
    const watts = energy.energyPerInference!.value / energy.latency!.value;
    expect(watts).toBeGreaterThan(3.3 * 0.005);
    expect(watts).toBeLessThan(3.3 * 0.06);
    expect(existsSync(a.database)).toBe(true);
    const html = readFileSync(a.report, 'utf8');
    expect(html).not.toMatch(/<script|<link|src=/);
    expect(statSync(a.report).size).toBeLessThan(1_000_000);
    const text = /<pre id="microjoule-report">([\s\S]*?)<\/pre>/
      .exec(html)![1]!
      .replace(/&#(\d+);/g, (_, c: string) => String.fromCharCode(Number(c)));
    expect(ReportDocument.parse(JSON.parse(text)).runs.map((r) => r.energyPerInference?.value)).toEqual(
      a.runs.map((r) => r.energyPerInference?.value),
    );
  });

  it('prints each figure once and says what it left out on purpose', async () => {
    const answer = await microjoule([
      'demo',
      '--out',
      join(dir, 'table'),
      '--windows',
      '1',
      '--window-s',
      '0.3',
      '--items',
      '3',
    ]);
    expect(answer.code).toBe(0);
    const lines = answer.stdout.split('\n');
    const whats = lines.slice(2, lines.indexOf('', 2)).map((l) => l.split(/ {2,}/)[0]);
    expect(new Set(whats).size).toBe(whats.length);
    expect(whats).toContain('predicted latency');
    expect(lines.find((l) => l.startsWith('run rules (accuracy)'))).toMatch(
      /a part, on purpose +3 of 300 items/,
    );
    expect(answer.stdout + answer.stderr).not.toMatch(/\b1 windows/);
  });
});
