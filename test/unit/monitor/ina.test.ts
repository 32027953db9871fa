import { describe, expect, it } from 'vitest';
import { orThrow } from '../../../src-main/base/errors.ts';
import { Rng } from '../../../src-main/base/rng.ts';
import { openIna } from '../../../src-main/monitor/ina/driver.ts';
import { meaningOf, type InaRecord } from '../../../src-main/monitor/ina/record.ts';
import { InaTextParser } from '../../../src-main/monitor/ina/text-parser.ts';
import { InaTimeline } from '../../../src-main/monitor/ina/timeline.ts';
import { createInaTwin, type InaForm } from '../../../src-main/sim/monitors/ina-twin.ts';
import { twinBench } from './twin-bench.ts';

function read(text: string | Uint8Array, pieces = 1000) {
  const records: InaRecord[] = [];
  const others: string[] = [];
  const parser = new InaTextParser();
  const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text;
  for (let at = 0; at < bytes.length; at += pieces)
    parser.push(bytes.subarray(at, at + pieces), {
      record: (r) => records.push(r),
      other: (l) => others.push(l),
    });
  return { records, others, form: parser.form };
}

const reading = { currentA: expect.closeTo(0.0123, 9) as number, volts: 3.29, millis: null };

describe('the four forms of INA text', () => {
  it.each([
    [
      'Adafruit’s example',
      'Bus Voltage:   3.29 V\r\nShunt Voltage: 1.23 mV\r\nLoad Voltage:  3.29 V\r\nCurrent:       12.3 mA\r\nPower:         40.00 mW\r\n\r\n',
      'adafruit',
      reading,
    ],
    ['plotter columns', '3.29 12.3\r\n', 'columns', reading],
    ['plotter columns with tabs', '3.29\t12.3\n', 'columns', reading],
    ['plotter columns with a header', 'bus_V,shunt_mV,current_mA\r\n3.29,1.2,12.3\r\n', 'columns', reading],
    ['plotter labels', 'V:3.29,I:12.3\r\n', 'labels', reading],
    ['JSON lines', '{"bus_V":3.29,"current_mA":12.3,"power_mW":40}\r\n', 'json', reading],
    ['JSON in amperes', '{"voltage":3.29,"current_A":0.0123}\r\n', 'json', reading],
    ['CSV', '1234,3.29,12.3\r\n', 'csv', { ...reading, millis: 1234 }],
    [
      'CSV with its header',
      'millis,bus_V,current_mA\r\n1234,3.29,12.3\r\n',
      'csv',
      { ...reading, millis: 1234 },
    ],
  ])('%s', (_name, text, form, record) => {
    for (const pieces of [1, 2, 3, 5, 1000])
      expect(read(text, pieces)).toEqual({ records: [record], others: [], form });
  });

  it('units are in the names', () => {
    expect(meaningOf('current_uA')).toEqual({ field: 'current', scale: 1e-6 });
    expect(meaningOf('Current (mA)')).toEqual({ field: 'current', scale: 1e-3 });
    expect(meaningOf('bus_voltage_mV')).toEqual({ field: 'volts', scale: 1e-3 });
    expect(meaningOf('time_us')).toEqual({ field: 'millis', scale: 1e-3 });
    expect(meaningOf('power_mW')).toBeNull();
  });

  it.each([
    '',
    '3.29',
    'nan 12',
    '3.29,',
    '0x10 12',
    'Infinity,1',
    '{"current_mA":"12"}',
    '{"a":1}',
    '{',
    'V:3.29',
    'I:',
    'hello world',
    '1 2 3 4 5',
  ])('%j is no reading of this form', (line) => {
    // what came first decides the form
    const { records } = read(`1,3.30,10.0\r\n${line}\r\n`);
    expect(records.length).toBe(1);
  });

  it('half lines of a torn stream never become readings of another form', () => {
    const whole = Array.from({ length: 200 }, (_, i) => `${1000 + 2 * i},3.30,20.0\r\n`).join('');
    const rng = new Rng(5);
    const bytes = Buffer.from(whole);
    for (let round = 0; round < 200; round++) {
      const at = rng.int(20, bytes.length - 20);
      const { records, form } = read(
        Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + rng.int(1, 9))]),
      );
      expect(form).toBe('csv');
      expect(records.length).toBeGreaterThanOrEqual(197);
    }
  });

  it('noise is never a reading that is not finite', () => {
    const rng = new Rng(6);
    for (let round = 0; round < 100; round++) {
      const bytes = rng.bytes(3000).map((b) => (round % 2 ? 0x20 + (b % 0x60) : b));
      for (let i = 0; i < 3000; i += rng.int(5, 60)) bytes[i] = 0x0a;
      for (const r of read(bytes).records) expect(Number.isFinite(r.currentA)).toBe(true);
    }
  });
});

describe('the timeline of a sketch', () => {
  it.each([100, 500, 1000])(
    'at %s Hz whole milliseconds and a loop that is one percent slow are no loss; a missing reading is',
    (rateHz) => {
      const rng = new Rng(9);
      const timeline = new InaTimeline(rateHz);
      let missing = 0;
      let skipped = 0;
      for (let i = 0; i < 20_000; i++) {
        const skip = rng.float() < 0.002 ? rng.int(2, 9) : 0;
        skipped += skip;
        i += skip;
        const placed = timeline.place(Math.floor((i * 1010) / rateHz));
        missing += placed.missing - (placed.keep ? 0 : 1);
      }
      expect(Math.abs(missing / skipped - 1)).toBeLessThan(0.05);
    },
  );

  it('a sketch that begins anew makes no gap of its age', () => {
    const timeline = new InaTimeline(100);
    for (let i = 0; i < 50; i++) timeline.place(1_000_000 + i * 10);
    expect(timeline.place(0)).toEqual({ missing: 0, keep: true });
  });
});

describe('listening to a sketch', () => {
  it.each(['adafruit', 'columns', 'labels', 'json', 'csv'] as const)(
    '%s: form, rate and voltage are found out',
    async (form: InaForm) => {
      const monitor = orThrow(await openIna(twinBench(createInaTwin({ form, sampleRateHz: 200 })).link));
      expect(monitor.form).toBe(form);
      expect(monitor.streamFormat.sampleRateHz).toBe(200);
      expect(monitor.identity.calibration.remarks[0]).toContain(form);
    },
  );

  it('another program’s text is said to be none', async () => {
    const bench = twinBench({
      current: () => undefined,
      advanceTo: () => undefined,
      receive: () => undefined,
      unplug: () => undefined,
      takeOutput: () => new TextEncoder().encode('temperature 21.5 C\r\n'),
    });
    expect(await openIna(bench.link)).toMatchObject({ ok: false, id: 'monitor.not-understood' });
  });

  it('a voltage that was said and another that is measured do not go together', async () => {
    const monitor = orThrow(await openIna(twinBench(createInaTwin()).link));
    expect(await monitor.setSupply({ mode: 'ampere', millivolts: 5000 })).toMatchObject({
      id: 'monitor.other-voltage',
    });
    expect(await monitor.setSupply({ mode: 'source', millivolts: 3300 })).toMatchObject({
      id: 'monitor.cannot-supply',
    });
    expect(await monitor.setDutPower(true)).toMatchObject({ id: 'monitor.cannot-supply' });
  });
});
