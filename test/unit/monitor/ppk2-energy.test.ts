import { describe, expect, it } from 'vitest';
import { orThrow } from '../../../src-main/base/errors.ts';
import { ppk2Codec } from '../../../src-main/monitor/ppk2/decoder.ts';
import { openPpk2 } from '../../../src-main/monitor/ppk2/driver.ts';
import { PPK2_EXACT_TABLE_ACCURACY } from '../../../src-main/monitor/ppk2/accuracy.ts';
import { windowEnergy } from '../../../src-main/trace/energy.ts';
import { newTraceHeader } from '../../../src-main/trace/format.ts';
import { MemoryTraceStore } from '../../../src-main/trace/memory-store.ts';
import { recordTrace } from '../../../src-main/trace/recording.ts';
import type { Ppk2TwinOptions } from '../../../src-main/sim/monitors/ppk2-twin.ts';
import { ppk2Bench, type Step } from './ppk2-bench.ts';

/** Idle at 10 mA for 1.2 s, then a window of `seconds` that alternates between two currents every `halfUs`. */
function squareLoad(
  highA: number,
  lowA: number,
  seconds: number,
  highUs: number,
  lowUs: number,
  idleA = 0.01,
): Step[] {
  const steps: Step[] = [{ timeUs: 0, currentA: idleA, logic: 0 }];
  let t = 1_200_003;
  const end = t + seconds * 1e6;
  while (t < end) {
    steps.push({ timeUs: t, currentA: highA, logic: 1 });
    if (t + highUs < end) steps.push({ timeUs: t + highUs, currentA: lowA, logic: 1 });
    t += highUs + lowUs;
  }
  steps.push({ timeUs: end, currentA: idleA, logic: 0 });
  return steps;
}

async function measure(load: Step[], options: Ppk2TwinOptions = {}) {
  const bench = ppk2Bench(load, options);
  await using monitor = orThrow(await openPpk2(bench.link));
  orThrow(await monitor.setSupply({ mode: 'source', millivolts: 3300 }));
  orThrow(await monitor.setDutPower(true));
  const store = new MemoryTraceStore(
    newTraceHeader(monitor.streamFormat, { traceId: 't', title: 'test', source: 'emulated' }),
  );
  const recording = recordTrace(monitor, store, ppk2Codec);
  const window = orThrow(await recording.waitForWindow(0, bench.clock.nowUs() + 20e6));
  const energy = orThrow(windowEnergy(recording.trace, window, { accuracy: PPK2_EXACT_TABLE_ACCURACY }));
  const end = await recording.stop();
  const edges = load.filter((s, i) => i > 0 && (s.logic & 1) !== (load[i - 1]!.logic & 1));
  const from = bench.streamStartUs() + edges[0]!.timeUs;
  const to = bench.streamStartUs() + edges[1]!.timeUs;
  const truthJ = bench.truth.chargeC(from, to) * 3.3;
  return { bench, energy, end, window, truthJ, truthIdleJ: 0.01 * (to - from) * 1e-6 * 3.3 };
}

describe('energy of a window from an emulated PPK2', () => {
  it('equals the exact integral of the world within 0.5 % below 60 mA, and within the stated bound', async () => {
    const { energy, truthJ, truthIdleJ, end } = await measure(squareLoad(0.041, 0.018, 1, 3_517, 1_911));
    expect(end.kind).toBe('complete');
    expect(Math.abs(energy.gross.joules / truthJ - 1)).toBeLessThan(0.005);
    expect(Math.abs(energy.gross.joules - truthJ)).toBeLessThan(energy.gross.systematicJ);
    expect(energy.net!.joules).toBeGreaterThan(0);
    expect(Math.abs(energy.net!.joules - (truthJ - truthIdleJ))).toBeLessThan(energy.net!.systematicJ);
    expect(energy.coverage).toBe(1);
    expect(energy.gross.systematicJ / truthJ).toBeLessThan(0.02);
  });

  it('says −2.7 % for an 80/3 mA, 1 kHz, 30 % load, and carries that in the bound', async () => {
    const { energy, truthJ } = await measure(squareLoad(0.08, 0.003, 1, 300, 700));
    const error = energy.gross.joules / truthJ - 1;
    expect(error).toBeGreaterThan(-0.032);
    expect(error).toBeLessThan(-0.022);
    expect(Math.abs(energy.gross.joules - truthJ)).toBeLessThan(energy.gross.systematicJ);
    expect(energy.gross.systematic.filterJ).toBeGreaterThan(0.02 * truthJ);
  });

  it('one percent of dropped samples stays inside the stated bound, and shows as coverage', async () => {
    const { energy, truthJ, bench } = await measure(squareLoad(0.041, 0.018, 1, 3_517, 1_911), {
      faults: { dropShare: 0.01 },
    });
    expect(bench.twin.counts.dropped).toBeGreaterThan(1000);
    expect(energy.coverage).toBeLessThan(0.995);
    expect(energy.gross.systematic.lossJ).toBeGreaterThan(0);
    expect(Math.abs(energy.gross.joules - truthJ)).toBeLessThan(energy.gross.systematicJ);
  });
});
