import { describe, expect, it } from 'vitest';
import { RunPlan, type Quantity, type RunResult } from '../../../src-main/contract/index.ts';
import { sameBenchOf, verdictOf } from '../../../src-main/report/comparison.ts';
import { exitCodeOf, exitCodes } from '../../../src-main/hosts/cli/exit-codes.ts';

const q = (value: number, method: Quantity['interval']['method']): Quantity => ({
  value,
  unit: 'uJ/inf',
  source: 'emulated',
  n: 1,
  interval: { method, confidence: 0.95, low: value - 0.1, high: value + 0.1 },
  systematic: null,
  derivedFrom: {
    formula: '',
    runId: 1,
    windows: [0],
    firmwareHash: null,
    programHash: null,
    modelSha256: null,
    monitor: null,
    traceIds: [],
    assumptions: [],
  },
});

const run = (boardSerial: string, worldSeed = 1): RunResult =>
  ({
    source: 'measured',
    monitor: null,
    identity: { boardSerial },
    plan: RunPlan.parse({
      mode: 'performance',
      model: { name: 'm', sha256: 'ab'.repeat(32), path: null },
      targetId: 'pico',
      worldSeed,
    }),
  }) as unknown as RunResult;

describe('comparing two runs', () => {
  it('one window, however quiet its samples, gives no verdict', () => {
    expect(verdictOf('energy per inference', q(10, 't'), q(8, 't'), true, false).verdict).toBe('better');
    expect(verdictOf('energy per inference', q(10, 't'), q(8, 'samples'), true, false).verdict).toBe(
      "can't tell",
    );
  });

  it('boards whose serial number nobody knows, or two simulated worlds, are not one bench', () => {
    expect(sameBenchOf(run('A'), run('A'))).toBe(true);
    expect(sameBenchOf(run('A'), run('B'))).toBe(false);
    expect(sameBenchOf(run('unknown'), run('unknown'))).toBe(false);
    expect(sameBenchOf(run('emulated'), run('emulated', 7))).toBe(false);
  });

  it('a supply that the board does not take is bad input', () => {
    expect(exitCodeOf({ id: 'run.bad-supply' })).toBe(exitCodes.badInput);
  });
});
