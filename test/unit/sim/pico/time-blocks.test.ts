/** TIMER (4.6), WATCHDOG and its tick (4.7), SysTick (2.4.5), and the mapping of cycles to time. */
import { describe, expect, it } from 'vitest';
import { frequency, hertz, ratio, scaled } from '../../../../src-main/sim/pico/frequency.ts';
import { SysTick } from '../../../../src-main/sim/pico/peripherals/systick.ts';
import { Timer } from '../../../../src-main/sim/pico/peripherals/timer.ts';
import { Watchdog } from '../../../../src-main/sim/pico/peripherals/watchdog.ts';
import { TickDomain } from '../../../../src-main/sim/pico/tick-domain.ts';
import { Timeline } from '../../../../src-main/sim/pico/timeline.ts';
import { TestChip } from './test-chip.ts';

const US = 125; // cycles a µs at 125 MHz

describe('the timeline', () => {
  it('keeps exact time over a thousand changes of clock', () => {
    const t = new Timeline();
    t.restart(0, 0, frequency(6_500_000));
    let cycle = 0;
    for (let i = 0; i < 1000; i++) {
      // 13 cycles at 6.5 MHz are 2 µs, 375 at 125 MHz 3 µs
      t.change((cycle += 13), frequency(125_000_000));
      t.change((cycle += 375), frequency(6_500_000));
    }
    expect(t.usAt(cycle)).toBe(5000);
  });

  it('finds the first whole cycle at or after a time', () => {
    const t = new Timeline();
    t.restart(100, 50, frequency(12_000_000));
    expect(t.cycleFrom(101)).toBe(62);
    expect(t.cycleFrom(101.01)).toBe(63);
    expect(t.usAt(62)).toBe(101);
  });

  it('fractions of a clock stay fractions: 12 MHz · 125 / 7 / 3', () => {
    const f = scaled(frequency(12_000_000), 125, 21);
    expect(hertz(f)).toBeCloseTo(71_428_571.4286, 3);
    expect(ratio(f, frequency(12_000_000))).toEqual({ n: 125, d: 21 });
  });
});

describe('a tick domain', () => {
  it('counts ticks of a slower clock without drift', () => {
    const d = new TickDomain();
    d.setRatio(0, { n: 1, d: 125 });
    expect([d.ticksAt(124), d.ticksAt(125), d.ticksAt(125e9)]).toEqual([0, 1, 1e9]);
    expect(d.cycleOf(1e9)).toBe(125e9);
  });

  it('cycleOf is the inverse of ticksAt for odd ratios', () => {
    const d = new TickDomain();
    d.setRatio(7, { n: 24, d: 13 });
    for (let tick = 1; tick < 500; tick++) {
      const c = d.cycleOf(tick);
      expect(d.ticksAt(c)).toBeGreaterThanOrEqual(tick);
      expect(d.ticksAt(c - 1)).toBeLessThan(tick);
    }
  });

  it('carries part of a tick over a change of ratio and stands still without one', () => {
    const d = new TickDomain();
    d.setRatio(0, { n: 1, d: 100 });
    d.setRatio(150, { n: 1, d: 10 }); // half a tick has passed
    expect([d.ticksAt(154), d.ticksAt(155)]).toEqual([1, 2]);
    d.setRatio(160, null);
    expect(d.ticksAt(1e9)).toBe(2);
    expect(d.cycleOf(3)).toBe(Infinity);
  });
});

function timer(): { chip: TestChip; t: Timer } {
  const chip = new TestChip();
  const t = new Timer(chip);
  t.setTick({ n: 1, d: US });
  return { chip, t };
}

describe('TIMER', () => {
  it('counts 1 µs ticks; reading TIMELR latches TIMEHR', () => {
    const { chip, t } = timer();
    t.write(0x04, 0xffff_fffe);
    t.write(0x00, 5);
    expect([t.read(0x0c), t.read(0x08)]).toEqual([0xffff_fffe, 5]);
    chip.pass(3 * US);
    expect(t.read(0x08)).toBe(5); // still latched
    expect(t.read(0x24)).toBe(6); // TIMERAWH is not
    expect([t.read(0x0c), t.read(0x08)]).toEqual([1, 6]);
  });

  it('an alarm fires at equality, disarms itself and raises its interrupt when enabled', () => {
    const { chip, t } = timer();
    t.write(0x38, 0b10);
    t.write(0x14, 100);
    expect(t.read(0x20)).toBe(0b10);
    chip.pass(100 * US - 1);
    expect(chip.interrupt(1)).toBe(false);
    chip.pass(1);
    expect(chip.interrupt(1)).toBe(true);
    expect([t.read(0x20), t.read(0x34), t.read(0x40)]).toEqual([0, 0b10, 0b10]);
    t.write(0x34, 0b10);
    expect(chip.interrupt(1)).toBe(false);
  });

  it('an alarm that is not enabled shows in INTR only, and INTF raises without an alarm', () => {
    const { chip, t } = timer();
    t.write(0x10, 10);
    chip.pass(10 * US);
    expect([t.read(0x34), t.read(0x40), chip.interrupts]).toEqual([1, 0, 0]);
    t.write(0x3c, 8);
    expect(chip.interrupt(3)).toBe(true);
  });

  it('an alarm set in the past fires after the wrap of the low half', () => {
    const { chip, t } = timer();
    chip.pass(50 * US);
    t.write(0x10, 49);
    chip.pass((2 ** 32 - 2) * US);
    expect(t.read(0x34)).toBe(0);
    chip.pass(1 * US);
    expect(t.read(0x34)).toBe(1);
  });

  it('ARMED written with ones disarms', () => {
    const { chip, t } = timer();
    t.write(0x10, 10);
    t.write(0x20, 1);
    chip.pass(100 * US);
    expect(t.read(0x34)).toBe(0);
  });

  it('stands still while paused and without a tick', () => {
    const { chip, t } = timer();
    t.write(0x30, 1);
    chip.pass(100 * US);
    expect(t.read(0x28)).toBe(0);
    t.write(0x30, 0);
    t.setTick(null);
    chip.pass(100 * US);
    expect(t.read(0x28)).toBe(0);
  });

  it('each alarm has its own bit and its own IRQ, 0 to 3', () => {
    for (let n = 0; n < 4; n++) {
      const { chip, t } = timer();
      t.write(0x38, 15);
      t.write(0x10 + 4 * n, 10);
      expect(t.read(0x20)).toBe(1 << n);
      chip.pass(10 * US);
      expect([t.read(0x34), t.read(0x40), chip.interrupts]).toEqual([1 << n, 1 << n, 1 << n]);
      t.write(0x34, 1 << n);
      expect([t.read(0x34), chip.interrupts]).toEqual([0, 0]);
    }
  });

  it('an armed alarm follows a change of the tick', () => {
    const { chip, t } = timer();
    t.write(0x10, 100);
    chip.pass(50 * US);
    t.setTick({ n: 1, d: 2 * US });
    chip.pass(100 * US - 1);
    expect(t.read(0x34)).toBe(0);
    chip.pass(1);
    expect(t.read(0x34)).toBe(1);
  });
});

function watchdog(): { chip: TestChip; w: Watchdog; bites: number[]; ticks: unknown[] } {
  const chip = new TestChip();
  const bites: number[] = [];
  const ticks: unknown[] = [];
  const w = new Watchdog(chip, {
    tickChanged: (r) => void ticks.push(r),
    bite: () => void bites.push(chip.now()),
  });
  w.setClocks(frequency(12_000_000), frequency(125_000_000));
  return { chip, w, bites, ticks };
}

describe('WATCHDOG', () => {
  it('12 clk_ref cycles a tick are 1 µs; without ENABLE or CYCLES the tick stands', () => {
    const { w, ticks } = watchdog();
    expect(ticks.at(-1)).toBeNull();
    w.write(0x2c, 0x20c);
    expect(ticks.at(-1)).toEqual({ n: 1, d: US });
    expect(w.read(0x2c)! & (1 << 10)).toBe(1 << 10);
    w.write(0x2c, 0x00c);
    expect(ticks.at(-1)).toBeNull();
  });

  it('TICK.COUNT counts clk_ref cycles down to the next tick', () => {
    const { chip, w } = watchdog();
    const count = (): number => (w.read(0x2c)! >> 11) & 0x1ff;
    w.write(0x2c, 0x20c);
    expect(count()).toBe(12);
    chip.pass(65); // 60 of 125 cycles are left: 5.76 of clk_ref
    expect(count()).toBe(6);
    chip.pass(US);
    expect(count()).toBe(6);
  });

  it('RP2040-E1: the counter drops by two a tick, so LOAD is twice the µs', () => {
    const { chip, w, bites } = watchdog();
    w.write(0x2c, 0x20c);
    w.write(0x04, 2000);
    w.write(0x00, 1 << 30);
    chip.pass(400 * US);
    expect(w.read(0x00)! & 0xff_ffff).toBe(1200);
    w.write(0x04, 2000); // fed
    chip.pass(1000 * US - 1);
    expect(bites).toEqual([]);
    chip.pass(1);
    expect(bites).toEqual([1400 * US]);
    expect(w.read(0x08)).toBe(1);
  });

  it('TRIGGER bites at once and says so; scratch registers survive, power-on clears them', () => {
    const { w, bites } = watchdog();
    w.write(0x0c, 0x1234_5678);
    w.write(0x00, 0x8000_0000);
    expect([bites.length, w.read(0x08)]).toEqual([1, 2]);
    w.reset();
    expect(w.read(0x0c)).toBe(0x1234_5678);
    w.powerOn();
    expect(w.read(0x0c)).toBe(0);
  });
});

function systick(): { chip: TestChip; s: SysTick; pended: number[] } {
  const chip = new TestChip();
  const pended: number[] = [];
  const s = new SysTick(chip, () => void pended.push(chip.now()));
  s.setTick({ n: 1, d: US });
  return { chip, s, pended };
}

describe('SysTick', () => {
  it('counts clk_sys down with a period of RVR + 1 and pends at each zero', () => {
    const { chip, s, pended } = systick();
    s.write(0x14, 99);
    s.write(0x18, 0);
    s.write(0x10, 7);
    chip.pass(1);
    expect(s.read(0x18)).toBe(99);
    chip.pass(99);
    expect(s.read(0x18)).toBe(0);
    chip.pass(200);
    expect(pended).toEqual([100, 200, 300]);
  });

  it('COUNTFLAG shows that zero was reached and clears on read', () => {
    const { chip, s } = systick();
    s.write(0x14, 99);
    s.write(0x18, 0);
    s.write(0x10, 5);
    chip.pass(99);
    expect(s.read(0x10)! >>> 16).toBe(0);
    chip.pass(1);
    expect(s.read(0x10)).toBe(0x1_0005);
    expect(s.read(0x10)).toBe(5);
  });

  it('with CLKSOURCE 0 it counts the 1 µs tick', () => {
    const { chip, s } = systick();
    s.write(0x14, 0xff_ffff);
    s.write(0x18, 0);
    s.write(0x10, 1);
    chip.pass(11 * US);
    expect(s.read(0x18)).toBe(0xff_ffff - 10);
  });

  it('keeps its value while disabled; any write to CVR clears it', () => {
    const { chip, s } = systick();
    s.write(0x14, 1000);
    s.write(0x18, 0);
    s.write(0x10, 5);
    chip.pass(101);
    s.write(0x10, 4);
    chip.pass(5000);
    expect(s.read(0x18)).toBe(900);
    s.write(0x18, 123);
    expect(s.read(0x18)).toBe(0);
  });
});
