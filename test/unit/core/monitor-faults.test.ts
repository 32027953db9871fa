/**
 * What goes wrong with the monitor in the middle of a run: the window it happens in is excluded with its reason and
 * measured again, everything else stays. The unplugged monitor is in run.test.ts.
 */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { sha256Hex } from '../../../src-main/base/crc.ts';
import { orThrow } from '../../../src-main/base/errors.ts';
import type { RunResult } from '../../../src-main/contract/index.ts';
import { codecsOf } from '../../../src-main/core/codecs.ts';
import type { MonitorFaults } from '../../../src-main/sim/monitors/faults.ts';
import { TraceFile } from '../../../src-main/store/trace-file.ts';
import { Trace } from '../../../src-main/trace/trace.ts';
import { openBench, request, type Bench } from './core-fixture.ts';

/** About the middle of the second of three windows of half a second, on the stream's own count of samples. */
const MIDDLE = 390_000;
const MIDDLE_LPM01A = 19_500;
const count = (from: number, n: number) => new Set(Array.from({ length: n }, (_, i) => from + i));
/** `n` samples each time: a number that the counter shows. */
const often = (from: number, n: number, times: number) =>
  new Set(Array.from({ length: times }, (_, i) => [...count(from + i * 1000, n)]).flat());

async function runWith(bench: Bench, monitorFaults: MonitorFaults, monitor = 'ppk2'): Promise<RunResult> {
  // so many inferences are fixed: no window is repeated because it came out short
  const energy = request({ mode: 'energy', windows: 3, windowS: 0.5, inferences: 2775 });
  return orThrow(await bench.core.run(energy, { monitor, emulation: { monitorFaults } }));
}

function openedTrace(path: string): { trace: Trace; file: TraceFile } {
  const file = orThrow(TraceFile.open(path));
  return { trace: new Trace(file, orThrow(codecsOf(file.header))[0]!), file };
}

const faults: readonly (readonly [string, MonitorFaults, string])[] = [
  [
    'more than one sample in a thousand lost',
    { dropSamples: often(MIDDLE, 40, 4) },
    'monitor.window-damaged',
  ],
  ['lost samples that the counter cannot see', { dropSamples: count(MIDDLE, 640) }, 'monitor.window-length'],
  ['two bytes lost', { loseBytes: count(4 * MIDDLE + 1, 2) }, 'monitor.window-damaged'],
  ['twice the full scale', { overCurrentAtSample: MIDDLE, overCurrentSamples: 20 }, 'monitor.over-range'],
  ['two seconds of silence', { stalls: [{ atSample: MIDDLE, samples: 200_000 }] }, 'monitor.window-damaged'],
];

describe('a fault of the PPK2 in the second window of three', () => {
  it.each(faults)('%s: excluded with its reason, measured again, nothing lost', async (_name, fault, id) => {
    await using bench = await openBench();
    const run = await runWith(bench, fault);
    expect(run).toMatchObject({ status: 'finished', failure: null });
    expect(run.windows.map((w) => [w.index, w.attempt, w.status, w.exclusion?.id ?? null])).toEqual([
      [0, 0, 'finished', null],
      [1, 0, 'excluded', id],
      [1, 1, 'finished', null],
      [2, 0, 'finished', null],
    ]);
    expect(run.notes.join('\n')).toContain('1 voided window excluded');
    const energies = run.windows.filter((w) => w.status === 'finished').map((w) => w.energy!.energyUj);
    // the first window begins with the cache of the flash cold
    for (const e of energies) expect(Math.abs(e / energies[0]! - 1)).toBeLessThan(0.003);
    // the stream with the fault in it is there to be looked at
    const [reference] = run.traces;
    expect(sha256Hex(readFileSync(reference!.path))).toBe(reference!.sha256);
    const { trace, file } = openedTrace(reference!.path);
    expect(orThrow(trace.edges(0, 0, trace.lengthSamples)).filter((e) => e.level).length).toBe(4);
    file[Symbol.dispose]();
    expect(orThrow(bench.core.result(run.runId))).toEqual(run);
  });
});

describe('the LPM01A cuts the supply in the second window', () => {
  it('because of too high a current: the board is powered again, what was recorded stays in a trace of its own', async () => {
    await using bench = await openBench();
    const run = await runWith(bench, { overCurrentAtSample: MIDDLE_LPM01A, overCurrentSamples: 1 }, 'lpm01a');
    // each acquisition counts its own samples: the second trace meets the same fault once more
    const reasons = run.windows.flatMap((w) => (w.exclusion ? [w.exclusion.id] : []));
    expect(reasons.length).toBeGreaterThan(0);
    expect(new Set(reasons)).toEqual(new Set(['monitor.overcurrent']));
    expect(run).toMatchObject({ status: 'finished', failure: null });
    expect(run.windows.filter((w) => w.status === 'finished').map((w) => w.index)).toEqual([0, 1, 2]);
    for (const t of run.traces) expect(existsSync(t.path) && sha256Hex(readFileSync(t.path))).toBe(t.sha256);
    expect(run.comparison).toMatchObject({ compared: 3, equal: 3 });
  });
});
