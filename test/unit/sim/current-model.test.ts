import { describe, expect, it } from 'vitest';
import { pico } from '../../../src-main/board/pico.ts';
import { createPicoCurrentModel, type PicoCurrentOptions } from '../../../src-main/sim/current-model.ts';
import type { DutActivity } from '../../../src-main/sim/parts.ts';
import { WorldIntegral } from '../../../src-main/sim/world-integral.ts';

const idle: DutActivity = { timeUs: 0, powered: true, clkSysHz: 125e6, asleep: true, pins: 0 };

/** GPIO levels of D0 and the operator counter as the firmware puts them out. */
function pins(window: 0 | 1, counter: number): number {
  const eighth = counter & 7;
  const gray = eighth ^ (eighth >> 1);
  const operator = pico.pins.operator.reduce((bits, p, n) => bits | (((gray >> n) & 1) << p.gpio), 0);
  return (window << pico.pins.window.gpio) | operator;
}

function currents(activities: readonly Partial<DutActivity>[], options: PicoCurrentOptions): number[] {
  const heard: number[] = [];
  const model = createPicoCurrentModel(options);
  model.connect({ current: (_t, a) => void heard.push(a) });
  let state = idle;
  for (const [k, a] of activities.entries()) model.activity((state = { ...state, timeUs: k * 100, ...a }));
  return heard;
}

const window = (n: number): Partial<DutActivity>[] => [
  { asleep: true, pins: 0 },
  ...Array.from({ length: n }, (_, k) => ({ asleep: false, pins: pins(1, k) })),
  { asleep: true, pins: 0 },
];

describe('the emulated Pico’s current', () => {
  it('is nothing without power, about 10 mA asleep and more awake, rising with the clock', () => {
    const [off, asleep, awake, slow] = currents(
      [{ powered: false }, { powered: true }, { asleep: false }, { asleep: false, clkSysHz: 12e6 }],
      { seed: 1 },
    ) as [number, number, number, number];
    expect(off).toBe(0);
    expect(asleep).toBeGreaterThan(0.009);
    expect(asleep).toBeLessThan(0.013);
    expect(awake).toBeGreaterThan(2 * asleep);
    expect(slow).toBeLessThan(0.005);
  });

  it('stays below 60 mA and above idle for every operator of many seeds, spread 0.5–2', () => {
    const awake = currents([{ asleep: false }], { seed: 1 })[0]!;
    const asleep = currents([{}], { seed: 1 })[0]!;
    const factors: number[] = [];
    for (let seed = 0; seed < 60; seed++)
      for (const a of currents(window(12), { seed, operatorsPerInference: 12 }).slice(1, 13)) {
        expect(a).toBeLessThan(0.06);
        factors.push((a - asleep) / (awake - asleep));
      }
    expect(Math.min(...factors)).toBeGreaterThanOrEqual(0.5);
    expect(Math.max(...factors)).toBeLessThanOrEqual(2);
    expect(Math.min(...factors)).toBeLessThan(0.55);
    expect(Math.max(...factors)).toBeGreaterThan(1.85);
  });

  it('an operator draws the same in every inference when their number is known, also where 8 does not divide it', () => {
    const heard = currents(window(33), { seed: 7, operatorsPerInference: 11 }).slice(1, 34);
    expect(heard.slice(11, 22)).toEqual(heard.slice(0, 11));
    expect(heard.slice(22)).toEqual(heard.slice(0, 11));
    expect(new Set(heard).size).toBe(11);
  });

  it('a second window begins again with the first operator', () => {
    const heard = currents([...window(5), ...window(5)], { seed: 7, operatorsPerInference: 11 });
    expect(heard.slice(8, 13)).toEqual(heard.slice(1, 6));
  });

  it('the same seed gives the same, another one another', () => {
    expect(currents(window(9), { seed: 3 })).toEqual(currents(window(9), { seed: 3 }));
    expect(currents(window(9), { seed: 3 })).not.toEqual(currents(window(9), { seed: 4 }));
  });

  it('shows the monitor the pins on their channels, and low levels without power', () => {
    const logic: number[] = [];
    const model = createPicoCurrentModel({ seed: 1 });
    model.connect({ current: (_t, _a, l) => void logic.push(l) });
    model.activity({ ...idle, pins: pins(1, 2) | (1 << pico.pins.timestamp.gpio) });
    model.activity({ ...idle, pins: pins(1, 2), powered: false });
    expect(logic).toEqual([0b10111, 0]);
  });
});

describe('the world’s integral', () => {
  it('is exact over steps, their parts and between them', () => {
    const world = new WorldIntegral();
    world.current(0, 1e-3, 0);
    world.current(100, 5e-3, 0);
    world.current(250, 0, 0);
    expect(world.chargeC(0, 300)).toBeCloseTo((100 * 1e-3 + 150 * 5e-3) * 1e-6, 18);
    expect(world.chargeC(50, 150)).toBeCloseTo((50 * 1e-3 + 50 * 5e-3) * 1e-6, 18);
    expect(world.chargeC(120, 130)).toBeCloseTo(10 * 5e-3 * 1e-6, 18);
    expect(world.chargeC(260, 1e9)).toBe(0);
    expect(world.meanA(100, 250)).toBeCloseTo(5e-3, 15);
    expect(world.currentAt(-1)).toBe(0);
    expect(world.currentAt(100)).toBe(5e-3);
  });

  it('keeps a nanoampere beside an ampere over a million steps', () => {
    const world = new WorldIntegral();
    for (let k = 0; k < 1_000_000; k++) world.current(k, k % 2 ? 1 : 1e-9, 0);
    world.current(1_000_000, 0, 0);
    expect(Math.abs(world.chargeC(0, 1_000_000) - (0.5 + 0.5e-9))).toBeLessThan(1e-16);
  });

  it('can forget what lies behind without changing what lies ahead', () => {
    const world = new WorldIntegral();
    for (let k = 0; k < 100; k++) world.current(k * 10, k * 1e-3, 0);
    const before = world.chargeC(500, 990);
    world.forgetBefore(500);
    expect(world.chargeC(500, 990)).toBe(before);
    expect(world.steps).toBe(50);
  });
});
