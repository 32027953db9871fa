/** ADC: RP2040 data sheet 4.9. */
import { describe, expect, it } from 'vitest';
import { frequency } from '../../../../src-main/sim/pico/frequency.ts';
import { Adc } from '../../../../src-main/sim/pico/peripherals/adc.ts';
import { CLEAR, read, REG, write } from './script-image.ts';
import { ScriptedPico } from './scripted-pico.ts';
import { TestChip } from './test-chip.ts';

const [CS, RESULT, FCS, FIFO, DIV, INTR, INTE, INTF, INTS] = [
  0x00, 0x04, 0x08, 0x0c, 0x10, 0x14, 0x18, 0x1c, 0x20,
] as const; // prettier-ignore
const EN = 1;
const TS_EN = 2;
const ONCE = 4;
const MANY = 8;
const READY = 1 << 8;
const ERR = 1 << 9;
const ERR_STICKY = 1 << 10;
const IRQ = 22;
/** clk_sys 144 MHz, clk_adc 48 MHz: three cycles a tick. */
const TICK = 3;
const CONVERSION = 96 * TICK;

interface Bench {
  readonly chip: TestChip;
  readonly adc: Adc;
  /** Input and µs of every conversion. */
  readonly taken: { input: number; us: number }[];
  readonly requests: () => number;
}

function open(volts: (input: number, us: number) => number = () => 1.65): Bench {
  const chip = new TestChip(144_000_000);
  const taken: { input: number; us: number }[] = [];
  let changes = 0;
  const adc = new Adc(chip, {
    voltage: (input, us) => {
      taken.push({ input, us });
      return volts(input, us);
    },
    dreqChanged: () => void changes++,
  });
  adc.setClocks(frequency(48_000_000), frequency(144_000_000));
  return { chip, adc, taken, requests: () => changes };
}

/** Enabled and through its start-up. */
function ready(volts?: (input: number, us: number) => number): Bench {
  const bench = open(volts);
  bench.adc.write(CS, EN);
  bench.chip.pass(999);
  return bench;
}

describe('ADC conversions', () => {
  it('READY is 0 while EN is 0, rises a few clk_adc cycles after EN, and is 0 during a conversion', () => {
    const { chip, adc } = open();
    expect(adc.read(CS)).toBe(0);
    adc.write(CS, EN);
    expect(adc.read(CS)! & READY).toBe(0);
    chip.pass(100);
    expect(adc.read(CS)! & READY).toBe(READY);
    adc.write(CS, EN | ONCE);
    expect(adc.read(CS)! & READY).toBe(0);
  });

  it('one conversion takes 96 clk_adc cycles, 2 µs at 48 MHz; START_ONCE clears itself', () => {
    const { chip, adc } = ready(() => 3.3 / 2);
    adc.write(CS, EN | ONCE);
    expect(adc.read(CS)! & ONCE).toBe(0);
    chip.pass(CONVERSION - 1);
    expect([adc.read(CS)! & READY, adc.read(RESULT)]).toEqual([0, 0]);
    chip.pass(1);
    expect([adc.read(CS)! & READY, adc.read(RESULT)]).toEqual([READY, 2048]);
  });

  it('the result is volts / 3.3 · 4096, held at both ends', () => {
    for (const [volts, code] of [[0, 0], [3.3 / 4096, 1], [1, 1241], [3.2999, 4095], [5, 4095], [-1, 0]] as const) {
      const { chip, adc } = ready(() => volts);
      adc.write(CS, EN | ONCE);
      chip.pass(CONVERSION);
      expect(adc.read(RESULT), `${volts} V`).toBe(code);
    } // prettier-ignore
  });

  it('a start while not ready is lost, and named', () => {
    const { chip, adc, taken } = ready();
    adc.write(CS, EN | ONCE);
    chip.pass(10);
    adc.write(CS, EN | ONCE);
    chip.pass(2 * CONVERSION);
    expect(taken.length).toBe(1);
    expect(chip.notes).toEqual(['sim.diagnosis.adc-start-lost']);
  });

  it('the diode reads 0.706 V at 27 °C, and only with TS_EN', () => {
    const { chip, adc, taken } = ready(() => 0.706);
    adc.write(CS, EN | ONCE | (4 << 12));
    chip.pass(CONVERSION);
    expect([adc.read(RESULT), taken.length]).toEqual([0, 0]);
    adc.write(CS, EN | TS_EN | ONCE | (4 << 12));
    chip.pass(CONVERSION);
    expect([adc.read(RESULT), taken[0]!.input]).toEqual([Math.floor((0.706 / 3.3) * 4096), 4]);
  });

  it('a conversion that fails sets ERR until the next one and ERR_STICKY until it is written', () => {
    let volts = NaN;
    const { chip, adc } = ready(() => volts);
    adc.write(CS, EN | ONCE);
    chip.pass(CONVERSION);
    expect(adc.read(CS)! & (ERR | ERR_STICKY)).toBe(ERR | ERR_STICKY);
    volts = 1;
    adc.write(CS, EN | ONCE);
    chip.pass(CONVERSION);
    expect(adc.read(CS)! & (ERR | ERR_STICKY)).toBe(ERR_STICKY);
    adc.write(CS, EN | ERR_STICKY);
    expect(adc.read(CS)! & (ERR | ERR_STICKY)).toBe(0);
  });
});

describe('ADC pacing', () => {
  it('with DIV 0, START_MANY converts every 96 cycles', () => {
    const { chip, adc, taken } = ready();
    adc.write(CS, EN | MANY);
    chip.pass(10 * CONVERSION);
    expect(taken.length).toBe(11);
    for (let i = 1; i < taken.length; i++) expect(taken[i]!.us - taken[i - 1]!.us).toBeCloseTo(2, 9);
  });

  it('DIV n starts one every n + 1 cycles: 2999 is 16 kHz at 48 MHz', () => {
    const { chip, adc, taken } = ready();
    adc.write(DIV, 2999 << 8);
    adc.write(CS, EN | MANY);
    chip.passUs(10_000);
    expect(taken.length).toBe(161);
    taken.forEach((t, i) => expect(t.us - taken[0]!.us).toBeCloseTo(i * 62.5, 9));
  });

  it('the fraction of DIV is in 1/256 of a cycle: starts stay within a cycle of the exact time', () => {
    const { chip, adc, taken } = ready();
    adc.write(DIV, (99 << 8) | 64); // 100.25 cycles
    adc.write(CS, EN | MANY);
    chip.pass(1000 * 100.25 * TICK);
    expect(taken.length).toBeGreaterThanOrEqual(1000);
    taken.forEach((t, i) => {
      const late = (t.us - taken[0]!.us) * 48 - i * 100.25;
      expect(late).toBeGreaterThan(-1e-6);
      expect(late).toBeLessThan(1);
    });
  });

  it('starts that fall into a conversion are lost, the divider goes on: DIV 63 gives every second one', () => {
    const { chip, adc, taken } = ready();
    adc.write(DIV, 63 << 8); // 64 cycles; 96 are needed, so one in two
    adc.write(CS, EN | MANY);
    chip.pass(20 * 128 * TICK);
    taken.forEach((t, i) => expect((t.us - taken[0]!.us) * 48).toBeCloseTo(i * 128, 6));
  });

  it('stopping START_MANY lets the conversion under way finish', () => {
    const { chip, adc, taken } = ready();
    adc.write(CS, EN | MANY);
    chip.pass(10);
    adc.write(CS, EN);
    chip.pass(10 * CONVERSION);
    expect(taken.length).toBe(1);
    expect(adc.read(RESULT)).toBe(2048);
  });

  it('clk_adc at a quarter takes four times as long', () => {
    const { chip, adc } = open();
    adc.setClocks(frequency(12_000_000), frequency(144_000_000));
    adc.write(CS, EN);
    chip.pass(1200);
    adc.write(CS, EN | ONCE);
    chip.pass(4 * CONVERSION - 1);
    expect(adc.read(CS)! & READY).toBe(0);
    chip.pass(1);
    expect(adc.read(CS)! & READY).toBe(READY);
  });

  it('round robin moves AINSEL to the next set bit after each conversion', () => {
    const { chip, adc, taken } = ready((input) => input / 2);
    adc.write(CS, EN | TS_EN | MANY | (1 << 12) | (0b11010 << 16)); // inputs 1, 3, 4
    chip.pass(6 * CONVERSION - 1);
    expect(taken.map((t) => t.input)).toEqual([1, 3, 4, 1, 3, 4]);
  });
});

describe('the ADC in the chip', () => {
  it('is named when it is used while clk_adc stands: it never leaves reset', () => {
    const s = new ScriptedPico([
      write(REG.RESETS + CLEAR, 1),
      read(REG.RESETS_DONE, 0),
      read(0x4004_c000, 1),
    ]);
    s.advance(20_000);
    expect(s.fault).toBe('sim.fault.block-without-clock');
    expect(s.result(0) & 1).toBe(0);
  });
});

describe('ADC FIFO', () => {
  const FIFO_ON = 1;
  const LEVEL = (fcs: number): number => (fcs >> 16) & 15;

  it('holds four results; a fifth is lost and sets OVER, which a write clears', () => {
    let n = 0;
    const { chip, adc } = ready(() => (++n * 3.3) / 64 + 1e-6);
    adc.write(FCS, FIFO_ON);
    for (let i = 0; i < 5; i++) {
      adc.write(CS, EN | ONCE);
      chip.pass(CONVERSION);
    }
    expect(LEVEL(adc.read(FCS)!)).toBe(4);
    expect(adc.read(FCS)! & (1 << 9)).toBe(1 << 9); // FULL
    expect(adc.read(FCS)! & (1 << 11)).toBe(1 << 11);
    expect([0, 0, 0, 0].map(() => adc.read(FIFO))).toEqual([64, 128, 192, 256]);
    adc.write(FCS, FIFO_ON | (1 << 11));
    expect(adc.read(FCS)).toBe(FIFO_ON | (1 << 8)); // EMPTY
  });

  it('reading it empty sets UNDER', () => {
    const { adc } = ready();
    expect(adc.read(FIFO)).toBe(0);
    expect(adc.read(FCS)! & (1 << 10)).toBe(1 << 10);
  });

  it('SHIFT keeps the upper eight bits, ERR marks a failed conversion in bit 15', () => {
    let volts = 3.3 / 2;
    const { chip, adc } = ready(() => volts);
    adc.write(FCS, FIFO_ON | 2 | 4);
    adc.write(CS, EN | ONCE);
    chip.pass(CONVERSION);
    expect(adc.read(FIFO)).toBe(0x80);
    volts = NaN;
    adc.write(CS, EN | ONCE);
    chip.pass(CONVERSION);
    expect(adc.read(FIFO)).toBe(0x8000);
  });

  it('the interrupt follows the level against THRESH; INTF raises it by hand', () => {
    const { chip, adc } = ready();
    adc.write(FCS, FIFO_ON | (2 << 24));
    adc.write(INTE, 1);
    adc.write(CS, EN | ONCE);
    chip.pass(CONVERSION);
    expect([adc.read(INTR), chip.interrupt(IRQ)]).toEqual([0, false]);
    adc.write(CS, EN | ONCE);
    chip.pass(CONVERSION);
    expect([adc.read(INTR), adc.read(INTS), chip.interrupt(IRQ)]).toEqual([1, 1, true]);
    adc.read(FIFO);
    expect(chip.interrupt(IRQ)).toBe(false);
    adc.write(INTF, 1);
    expect([adc.read(INTS), chip.interrupt(IRQ)]).toEqual([1, true]);
  });

  it('requests DMA only with DREQ_EN and at the threshold', () => {
    const { chip, adc, requests } = ready();
    adc.write(FCS, FIFO_ON | (1 << 24));
    adc.write(CS, EN | ONCE);
    chip.pass(CONVERSION);
    expect(adc.dreq).toBe(0);
    const before = requests();
    adc.write(FCS, FIFO_ON | 8 | (1 << 24));
    expect([adc.dreq, requests() > before]).toEqual([1, true]);
    adc.read(FIFO);
    expect(adc.dreq).toBe(0);
  });

  it('everything is back to its reset value after a reset', () => {
    const { chip, adc } = ready();
    adc.write(FCS, FIFO_ON | (1 << 24));
    adc.write(DIV, 0x1234_00);
    adc.write(CS, EN | MANY);
    chip.pass(500);
    adc.reset();
    expect([CS, RESULT, FCS, DIV, INTE].map((r) => adc.read(r))).toEqual([0, 0, 1 << 8, 0, 0]);
    chip.pass(1000);
    expect(adc.read(RESULT)).toBe(0);
  });
});
