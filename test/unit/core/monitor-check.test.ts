import { describe, expect, it } from 'vitest';
import { ok, orThrow } from '../../../src-main/base/errors.ts';
import type { MonitorCheck } from '../../../src-main/contract/index.ts';
import { accuracyOf, latestCheck, supplyBoundMv } from '../../../src-main/core/checked-accuracy.ts';
import { checkMonitor, type CheckHands, type CheckPlan } from '../../../src-main/core/monitor-check.ts';
import { openPpk2 } from '../../../src-main/monitor/ppk2/driver.ts';
import { openStore } from '../../../src-main/store/store.ts';
import { createPpk2Twin } from '../../../src-main/sim/monitors/ppk2-twin.ts';
import { twinBench } from '../monitor/twin-bench.ts';
import { openBench, request } from './core-fixture.ts';

const plan: CheckPlan = {
  supplyMv: 3300,
  zeroS: 0.4,
  readS: 0.4,
  resistors: [
    { ohm: 100_000, toleranceRel: 0.001 },
    { ohm: 1000, toleranceRel: 0.01 },
    { ohm: 100, toleranceRel: 0.01 },
  ],
  voltmeterRel: 0.002,
  lossS: 1,
  temperatureC: 21.5,
  wiring: 'short cables',
};

async function check(
  over: Partial<CheckPlan> = {},
  options: { gain?: number; leak?: number; swap?: boolean } = {},
) {
  const faults = options.gain === undefined ? {} : { gainError: options.gain };
  const bench = twinBench(createPpk2Twin({ faults }));
  const monitor = orThrow(await openPpk2(bench.link, { serial: 'ABC' }));
  const asked: string[] = [];
  const flow = (currentA: number) => bench.begin([{ timeUs: 0, currentA, logic: 0 }]);
  const hands: CheckHands = {
    async connect(what) {
      asked.push(what.kind === 'nothing' ? 'nothing' : String(what.ohm));
      // 10 mV less than the set point, as the voltmeter says
      const ohm = what.kind === 'nothing' ? Infinity : options.swap ? 10 * what.ohm : what.ohm;
      flow(3.29 / ohm + (options.leak ?? 0));
      return ok();
    },
    voltage: async () => ok(3.29),
    said: () => undefined,
  };
  const done = await checkMonitor(monitor, { ...plan, ...over }, hands, () => '2030-01-01T00:00:00.000Z');
  return { done, asked, monitor };
}

describe('a check of a monitor', () => {
  it('finds the gain error of each range that a resistor reaches, the zero, the voltage and no loss', async () => {
    const { done, asked } = await check({}, { gain: 0.03 });
    const found = orThrow(done);
    expect(asked).toEqual(['nothing', '100000', '1000', '100']);
    expect(found.resistors.map((r) => r.range)).toEqual([0, 2, 3]);
    for (const r of found.resistors) {
      expect(r.gainErrorRel).toBeCloseTo(0.03, 2);
      // the truth lies inside the bound, and the bound is not idle
      expect(r.boundRel).toBeGreaterThan(0.03);
      expect(r.boundRel).toBeLessThan(0.06);
    }
    expect(Math.abs(found.zero!.meanA)).toBeLessThan(100e-9);
    expect(found.zero!.noiseA).toBeGreaterThan(0);
    expect(found.voltage).toEqual({ setMv: 3300, measuredMv: 3290, toleranceRel: 0.002 });
    expect(found.loss).toMatchObject({ missing: 0, marks: [] });
    expect(found.loss!.samples).toBeGreaterThan(90_000);
    expect(found).toMatchObject({ kind: 'ppk2', serial: 'ABC', temperatureC: 21.5, wiring: 'short cables' });
  });

  it('a board that is still connected, or another resistor, is no check', async () => {
    expect((await check({}, { leak: 0.005 })).done).toMatchObject({
      ok: false,
      id: 'monitor.check-not-zero',
    });
    expect((await check({}, { swap: true })).done).toMatchObject({
      ok: false,
      id: 'monitor.check-wrong-resistor',
    });
  });

  it('leaves out what was not asked for', async () => {
    const found = orThrow((await check({ zeroS: 0, resistors: [], voltmeterRel: null, lossS: 0 })).done);
    expect(found).toMatchObject({ zero: null, resistors: [], voltage: null, loss: null });
  });
});

describe('what a check says of later energies', () => {
  it('bounds the ranges it reached, and leaves the maker’s bounds to the others', async () => {
    const { done, monitor } = await check({}, { gain: 0.03 });
    const found = orThrow(done);
    const accuracy = accuracyOf(found, monitor.accuracy);
    expect(accuracy.gainRel[1]).toBe(0.1);
    expect(accuracy.gainRel[4]).toBe(0.1);
    expect(accuracy.gainRel[3]).toBe(found.resistors[2]!.boundRel);
    expect(accuracy.offsetA[0]).toBeLessThan(monitor.accuracy.offsetA[0]!);
    expect(accuracy.origin).toContain('check of 2030-01-01');
    expect(supplyBoundMv(found, 3000)).toBeCloseTo((10 / 3300 + 0.002) * 3000, 6);
  });

  it('is kept by serial number and calibration; the newest counts, another instrument has none', async () => {
    const store = orThrow(openStore(':memory:'));
    const { done, monitor } = await check({ lossS: 0 });
    const found = orThrow(done);
    orThrow(store.monitorChecks.put(found));
    const newer: MonitorCheck = { ...found, checkedAt: '2031-01-01T00:00:00.000Z', voltage: null };
    orThrow(store.monitorChecks.put(newer));
    expect(latestCheck(store, monitor, 3300)!.accuracy.origin).toContain('2031');
    expect(latestCheck(store, monitor, 3300)!.supplyPlusMinusMv).toBeNull();
    expect(orThrow(store.monitorChecks.latest('ppk2', 'ABC', found.calibration))).toEqual(newer);
    expect(orThrow(store.monitorChecks.latest('ppk2', 'DEF', found.calibration))).toBeNull();
    expect(orThrow(store.monitorChecks.latest('ppk2', 'ABC', 'device:00000000'))).toBeNull();
    expect(orThrow(store.monitorChecks.list())).toEqual([newer]);
    store.close();
  });

  it('shows in the energy of the next run: its gain and supply bounds are the check’s', async () => {
    await using bench = await openBench();
    const run = () => bench.core.run(request({ mode: 'energy', windowS: 0.1 }));
    const before = orThrow(await run());
    const found = orThrow((await check({ lossS: 0 }, { gain: 0.01 })).done);
    const { monitor } = before;
    orThrow(
      bench.core.store.monitorChecks.put({
        ...found,
        serial: monitor!.serial,
        calibration: monitor!.calibration,
      }),
    );
    const after = orThrow(await run());
    const part = (r: typeof after, cause: string) => {
      const { energy } = r.windows.at(-1)!;
      return energy!.systematic.find((p) => p.cause === cause)!.plusMinus / energy!.energyUj;
    };
    expect(part(before, 'monitor gain')).toBeCloseTo(0.1, 3);
    expect(part(after, 'monitor gain')).toBeCloseTo(found.resistors[2]!.boundRel, 4);
    expect(part(after, 'supply voltage')).toBeCloseTo(10 / 3300 + 0.002, 4);
    expect(after.windows.at(-1)!.energy!.supplyPlusMinusV).toBeCloseTo(0.0166, 4);
    expect(after.notes.join('\n')).toContain(`gain bound by check of ${found.checkedAt}`);
    // and in whatever is read from the trace of that run later
    const boundOf = (r: typeof after) => {
      const span = { trace: r.traces[0]!.path, fromSample: 110_000, toSample: 115_000 };
      const { systematicA, meanA } = orThrow(bench.core.trace.statistics(span));
      return systematicA! / meanA;
    };
    expect(boundOf(before)).toBeGreaterThan(0.1);
    expect(boundOf(after) / found.resistors[2]!.boundRel).toBeLessThan(1.5);
  });
});
