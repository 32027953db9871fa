import { describe, expect, it } from 'vitest';
import { orThrow } from '../../../src-main/base/errors.ts';
import { Rng } from '../../../src-main/base/rng.ts';
import { lpm01aFormatAccuracy } from '../../../src-main/monitor/lpm01a/accuracy.ts';
import { Lpm01aAsciiStream } from '../../../src-main/monitor/lpm01a/ascii-stream.ts';
import { Lpm01aBinaryStream } from '../../../src-main/monitor/lpm01a/binary-stream.ts';
import { lpm01aCodec } from '../../../src-main/monitor/lpm01a/codec.ts';
import { openLpm01a, type Lpm01aOptions } from '../../../src-main/monitor/lpm01a/driver.ts';
import { Lpm01aFindings } from '../../../src-main/monitor/lpm01a/findings.ts';
import { WordBuffer } from '../../../src-main/monitor/word-buffer.ts';
import { decimalSample, hexSample, numberWord } from '../../../src-main/sim/monitors/lpm01a-encoder.ts';
import { createLpm01aTwin, type Lpm01aTwinOptions } from '../../../src-main/sim/monitors/lpm01a-twin.ts';
import { windowEnergy } from '../../../src-main/trace/energy.ts';
import { newDecodedSamples, newTraceHeader } from '../../../src-main/trace/format.ts';
import { MemoryTraceStore } from '../../../src-main/trace/memory-store.ts';
import { recordTrace } from '../../../src-main/trace/recording.ts';
import { twinBench } from './twin-bench.ts';
import type { Step } from './ppk2-bench.ts';

interface Decoded {
  readonly items: (number | { readonly gap: number; readonly cause: string })[];
  readonly levels: number[];
  readonly marks: string[];
  readonly findings: Lpm01aFindings;
}

const samples = newDecodedSamples();

function feed(
  format: 'ascii' | 'binary',
  bytes: Uint8Array,
  options: { rateHz?: number; pieces?: number; settings?: object; end?: boolean } = {},
): Decoded {
  const { rateHz = 1000, pieces = bytes.length } = options;
  const decoder = orThrow(
    lpm01aCodec.openDecoder(
      JSON.stringify({ output: 'current', volts: 3.3, sampleRateHz: rateHz, ...options.settings }),
    ),
  );
  const items: Decoded['items'] = [];
  const levels: number[] = [];
  const marks: string[] = [];
  const out = new WordBuffer({
    words(words, from, to) {
      decoder.decode(words, from, to, samples, 0);
      for (let i = 0; i < to - from; i++) {
        items.push(samples.amperes[i]!);
        levels.push(samples.logic[i]!);
      }
    },
    gap: (gap, cause) => void items.push({ gap, cause }),
    mark: (kind) => void marks.push(kind),
  });
  const findings = new Lpm01aFindings(out);
  const stream =
    format === 'ascii'
      ? new Lpm01aAsciiStream(out, findings, rateHz)
      : new Lpm01aBinaryStream(out, findings, rateHz);
  for (let at = 0; at < bytes.length; at += pieces) stream.push(bytes.subarray(at, at + pieces));
  if (options.end ?? true) stream.end();
  return { items, levels, marks, findings };
}

const text = (s: string) => new TextEncoder().encode(s);
const values = (d: Decoded) => d.items.filter((i): i is number => typeof i === 'number');
const gaps = (d: Decoded) => d.items.filter((i) => typeof i !== 'number');

describe('numbers of the LPM01A', () => {
  it('6409-07 is 640.9 µA, to the last bit of the decimal number', () => {
    expect(values(feed('ascii', text('6409-07\r\n')))).toEqual([6409e-7]);
    expect(values(feed('ascii', text('1234+01\r\n0000-07\r\n9999-12\r\n')))).toEqual([12_340, 0, 9999e-12]);
  });

  it('0x52A0 is 640.9 µA', () => {
    const [a] = values(feed('binary', Uint8Array.of(0x52, 0xa0)));
    expect(a).toBe(0x2a0 / 16 ** 5);
    expect(a).toBeCloseTo(640.9e-6, 7);
  });

  it('energy output: joules a period become amperes by voltage and rate', () => {
    const d = feed('ascii', text('3300-09\r\n'), { settings: { output: 'energy' } });
    expect(values(d)[0]).toBeCloseTo((3300e-9 * 1000) / 3.3, 12);
  });

  it('the twin writes what the manual shows', () => {
    expect(decimalSample(640.9e-6)).toBe('6409-07');
    expect(decimalSample(0)).toBe('0000-07');
    expect(decimalSample(99.996e-3)).toBe('1000-04');
    expect(hexSample(640.9e-6)).toBe(0x52a0);
    expect([numberWord('2m'), numberWord('100k'), numberWord('1+3'), numberWord('3300m')]).toEqual([
      0.002, 100_000, 1000, 3.3,
    ]);
    expect(numberWord('12x')).toBeNaN();
  });

  it('what the twin writes is read back within half a step, over eight decades', () => {
    const rng = new Rng(4);
    for (let i = 0; i < 2000; i++) {
      const a = 10 ** (-9 + 8 * rng.float());
      const [decimal] = values(feed('ascii', text(`${decimalSample(a)}\r\n`)));
      expect(Math.abs(decimal! / a - 1)).toBeLessThanOrEqual(0.5e-3);
      const hex = hexSample(a);
      const [binary] = values(feed('binary', Uint8Array.of(hex >> 8, hex & 255)));
      expect(Math.abs(binary! / a - 1)).toBeLessThanOrEqual(2 ** -9);
    }
  });

  it.each([
    '{',
    '{}',
    '{"output":"current","volts":0,"sampleRateHz":1}',
    '{"output":"power","volts":1,"sampleRateHz":1}',
  ])('refuses the stored calibration %s', (json) => {
    expect(lpm01aCodec.openDecoder(json)).toMatchObject({ ok: false, id: 'trace.bad-calibration' });
  });
});

/** A second of ASCII at 1 kHz: stamps at 0 and 1 s, 1000 different samples between them. */
const second = [
  'TimeStamp: 000s 000ms, buff 00%',
  ...Array.from({ length: 1000 }, (_, i) => `${1000 + i}-06`),
  'TimeStamp: 001s 000ms, buff 00%',
];

describe('the ASCII stream', () => {
  const bytes = text(second.join('\r\n') + '\r\n');
  const all = Array.from({ length: 1000 }, (_, i) => (1000 + i) / 1e6);

  it.each([1, 2, 3, 7, 64, 1000])('loses no sample when it is cut every %s bytes', (pieces) => {
    const d = feed('ascii', bytes, { pieces });
    expect(d.items).toEqual(all);
    expect(d.marks).toEqual([]);
  });

  it('does not mind NUL bytes anywhere', () => {
    const rng = new Rng(2);
    const dirty = [...bytes].flatMap((b) => (rng.float() < 0.02 ? [0, b] : [b]));
    expect(feed('ascii', Uint8Array.from(dirty)).items).toEqual(all);
  });

  it('counts samples that never came by the next time stamp', () => {
    const lines = second.filter((_, i) => i < 300 || i >= 317);
    const d = feed('ascii', text(lines.join('\r\n') + '\r\n'));
    expect(gaps(d)).toEqual([{ gap: 17, cause: 'lost' }]);
    expect(values(d).length).toBe(983);
  });

  it('also over a lost time stamp', () => {
    const lines = [...second.slice(0, -1), ...second.slice(1, 900), 'TimeStamp: 002s 000ms, buff 00%'];
    expect(gaps(feed('ascii', text(lines.join('\r\n') + '\r\n')))).toEqual([{ gap: 101, cause: 'lost' }]);
  });

  it.each([1, 2, 3, 9, 20])(
    '%s lost bytes anywhere: a gap, the right count, and no value that was not sent',
    (lost) => {
      const first = bytes.indexOf(0x0a) + 1;
      for (let at = first + 9 * 100; at < first + 9 * 102; at++) {
        const cut = new Uint8Array([...bytes.subarray(0, at), ...bytes.subarray(at + lost)]);
        const d = feed('ascii', cut);
        const known = new Set(all);
        const missing = gaps(d).reduce((n, g) => n + (g as { gap: number }).gap, 0);
        expect(values(d).length + missing).toBe(1000);
        // two halves of neighbours can make a number that looks right; at most one
        expect(values(d).filter((v) => !known.has(v)).length).toBeLessThanOrEqual(1);
      }
    },
  );

  it('a full buffer, a reset of time and errors are marked', () => {
    const d = feed(
      'ascii',
      text(
        'TimeStamp: 000s 000ms, buff 100%\r\n1234-05\r\nTimeStamp: 900000s 000ms, buff 00%\r\nPowerShield > error pwr\r\n',
      ),
    );
    expect(d.marks).toEqual(['lpm01a.buffer-full', 'lpm01a.time-jump', 'lpm01a.error']);
  });

  it('pairs events into windows, and opens none after a lost one until it is armed', () => {
    const d = feed(
      'ascii',
      text(
        '1000-06\r\nevent 1 ris\r\n1000-06\r\n1000-06\r\nevent 2 fal\r\n1000-06\r\nevent 4 ris\r\n1000-06\r\nevent 5 ris\r\n1000-06\r\n',
      ),
    );
    expect(d.levels).toEqual([0, 1, 1, 0, 0, 0]);
    expect(d.marks).toEqual(['lpm01a.event-lost']);
  });

  it('summary and end say nothing about samples', () => {
    const d = feed(
      'ascii',
      text('1000-06\r\nend\r\nsummary beg\r\n1234\r\nsummary end\r\nPowerShield > Acquisition completed\r\n'),
    );
    expect(values(d)).toEqual([1e-3]);
    expect(d.findings.completed).toBe(true);
    expect(d.marks).toEqual([]);
  });
});

function stamp(ms: number): number[] {
  return [0xf0, 0xf3, (ms >>> 24) & 255, (ms >>> 16) & 255, (ms >>> 8) & 255, ms & 255, 0, 0xff, 0xff];
}

/** Blocks of 1000 samples at 100 kHz, each different from its neighbour. */
function binary(blocks: number): { bytes: number[]; samples: number[] } {
  const bytes = [...stamp(0)];
  const samples: number[] = [];
  for (let b = 0; b < blocks; b++) {
    for (let i = 0; i < 1000; i++) {
      const sample = 0x5000 | (0x200 + ((b * 1000 + i) % 0xd00));
      samples.push((sample & 0xfff) / 16 ** 5);
      bytes.push(sample >> 8, sample & 255);
    }
    bytes.push(...stamp((b + 1) * 10));
  }
  return { bytes, samples };
}

describe('the binary stream', () => {
  const { bytes, samples: sent } = binary(4);

  it.each([1, 2, 3, 5, 64, 4096])('loses no sample when it is cut every %s bytes', (pieces) => {
    const d = feed('binary', Uint8Array.from(bytes), { rateHz: 100_000, pieces });
    expect(d.items).toEqual(sent);
    expect(d.marks).toEqual([]);
  });

  it.each([1, 2, 3])(
    '%s lost bytes cost one block of 10 ms, with a mark, and never a made-up value',
    (lost) => {
      for (let at = 9 + 2 * 1200; at < 9 + 2 * 1200 + 4; at++) {
        const cut = [...bytes.slice(0, at), ...bytes.slice(at + lost)];
        const d = feed('binary', Uint8Array.from(cut), { rateHz: 100_000 });
        expect(d.items).toEqual([
          ...sent.slice(0, 1000),
          { gap: 1000, cause: 'misaligned' },
          ...sent.slice(2000),
        ]);
        expect(d.marks).toEqual(['lpm01a.misaligned']);
      }
    },
  );

  it('a torn time stamp costs the blocks on its two sides at most', () => {
    const at = 9 + 2000;
    for (let k = 0; k < 9; k++) {
      const cut = [...bytes.slice(0, at + k), ...bytes.slice(at + k + 1)];
      const d = feed('binary', Uint8Array.from(cut), { rateHz: 100_000 });
      const missing = gaps(d).reduce((n, g) => n + (g as { gap: number }).gap, 0);
      expect(missing).toBeLessThanOrEqual(2000);
      expect(values(d).length + missing).toBe(4000);
      expect(values(d).slice(-1000)).toEqual(sent.slice(-1000));
    }
  });

  it('what the device dropped is counted exactly', () => {
    const cut = [...bytes.slice(0, 9 + 600), ...bytes.slice(9 + 600 + 2 * 40)];
    const d = feed('binary', Uint8Array.from(cut), { rateHz: 100_000 });
    expect(gaps(d)).toEqual([{ gap: 40, cause: 'lost' }]);
  });

  it('a time of FF FF FF FF is a time', () => {
    const d = feed('binary', Uint8Array.from([...stamp(0xffff_ffff), 0x52, 0xa0]), { rateHz: 100_000 });
    expect(values(d)).toEqual([0x2a0 / 16 ** 5]);
  });

  it('overcurrent, resets, voltage, temperature and text are said, then lines follow the end', () => {
    const d = feed(
      'binary',
      Uint8Array.from([
        ...[0xf0, 0xf6, 0xff, 0xff],
        ...[0xf0, 0xf7, 0x0c, 0xe4, 0xff, 0xff],
        ...[0xf0, 0xf8, 0xff, 0xf6, 0xff, 0xff],
        ...[0xf0, 0xf2, ...text('hello'), 0xff, 0xff],
        ...[0xf0, 0xf5, 0xff, 0xff],
        ...[0xf0, 0xf4, 0xff, 0xff],
        ...text('\r\nPowerShield > Acquisition completed\r\n'),
      ]),
    );
    expect(d.marks).toEqual([
      'lpm01a.target-reset',
      'lpm01a.voltage',
      'lpm01a.temperature',
      'lpm01a.info',
      'lpm01a.overcurrent',
    ]);
    expect(d.findings.completed).toBe(true);
    expect(d.findings.failure?.id).toBe('monitor.overcurrent');
  });
});

describe('noise', () => {
  it.each(['ascii', 'binary'] as const)(
    'of any kind neither hangs nor throws, and marks stay few: %s',
    (format) => {
      const rng = new Rng(17);
      for (let round = 0; round < 30; round++) {
        const source = format === 'ascii' ? text(second.join('\r\n')) : Uint8Array.from(binary(2).bytes);
        const bytes = round % 3 === 0 ? rng.bytes(20_000) : source.slice();
        for (let k = 0; k < rng.int(1, 200); k++) bytes[rng.int(0, bytes.length - 1)] = rng.u32() & 255;
        const d = feed(format, bytes, {
          rateHz: format === 'ascii' ? 1000 : 100_000,
          pieces: rng.int(1, 500),
        });
        expect(d.marks.length).toBeLessThan(1500);
        expect(values(d).every((v) => Number.isFinite(v) && v >= 0)).toBe(true);
      }
    },
  );
});

/** Idle 10 mA 1.2 s, a window of half a second between two pulses of the timestamp pin (D4, idle high), idle. */
function windowLoad(): Step[] {
  const steps: Step[] = [{ timeUs: 0, currentA: 0.01, logic: 0x10 }];
  const pulse = (t: number, currentA: number) => {
    steps.push({ timeUs: t, currentA, logic: 0 }, { timeUs: t + 50, currentA, logic: 0x10 });
  };
  pulse(1_200_000, 0.02);
  for (let t = 1_210_000; t < 1_700_000; t += 7000)
    steps.push({ timeUs: t, currentA: (t / 7000) & 1 ? 0.031 : 0.017, logic: 0x10 });
  pulse(1_700_000, 0.01);
  return steps;
}

async function measure(options: Lpm01aOptions, twinOptions: Lpm01aTwinOptions = {}) {
  const bench = twinBench(createLpm01aTwin(twinOptions));
  const monitor = orThrow(await openLpm01a(bench.link, options));
  orThrow(await monitor.setSupply({ mode: 'source', millivolts: 3300 }));
  orThrow(await monitor.setDutPower(true));
  const header = newTraceHeader(monitor.streamFormat, { traceId: 't', title: 't', source: 'emulated' });
  const recording = recordTrace(monitor, new MemoryTraceStore(header), lpm01aCodec);
  // the stream begins a little later than the recorder asks for it
  await bench.clock.sleepUntilUs(bench.clock.nowUs() + 200_000);
  monitor.armWindow();
  bench.begin(windowLoad());
  return { bench, monitor, recording };
}

describe('energy of a window from an emulated LPM01A', () => {
  it.each([
    ['current', 5000],
    ['energy', 5000],
    ['current', 1000],
  ] as const)(
    'output %s at %s Hz: equal to the world’s integral within the stated bound',
    async (output, sampleRateHz) => {
      const { bench, recording, monitor } = await measure({ output, sampleRateHz });
      const window = orThrow(await recording.waitForWindow(0, bench.clock.nowUs() + 6e6));
      const accuracy = lpm01aFormatAccuracy('ascii');
      const energy = orThrow(windowEnergy(recording.trace, window, { accuracy }));
      expect((await recording.stop()).missingSamples).toBe(0);
      const from = bench.beganUs() + 1_200_000;
      const truthJ = bench.truth.chargeC(from, from + 500_000) * 3.3;
      expect(Math.abs(energy.gross.joules - truthJ)).toBeLessThan(energy.gross.systematicJ);
      expect(Math.abs(energy.gross.joules / truthJ - 1)).toBeLessThan(0.005);
      expect(energy.durationS).toBeCloseTo(0.5, 2);
      expect(monitor.accuracy.gainRel[0]).toBeGreaterThan(0.02);
    },
  );

  it('binary at 100 kHz has the current, and says that it sees no windows', async () => {
    const { bench, recording, monitor } = await measure({ sampleRateHz: 100_000 });
    expect(monitor.descriptor.windowInput).toBe('none');
    await bench.clock.sleepUntilUs(bench.beganUs() + 2e6);
    const end = await recording.stop();
    expect(end).toMatchObject({ kind: 'complete', missingSamples: 0 });
    const rate = 100_000;
    const to = end.committedSamples;
    const span = orThrow(recording.trace.span(to - rate, to));
    expect(span.sums.mean).toBeGreaterThan(0.01);
    expect(orThrow(recording.trace.marks())).toEqual([]);
  });

  it('the device that finds too much current ends the recording with that reason', async () => {
    const { bench, recording } = await measure({}, { faults: { overCurrentAtSample: 3000 } });
    await bench.clock.sleepUntilUs(bench.clock.nowUs() + 3e6);
    const end = await recording.ended;
    expect(end).toMatchObject({ kind: 'monitor-lost', failure: { id: 'monitor.overcurrent' } });
    expect(end.committedSamples).toBeGreaterThanOrEqual(3000);
    expect(orThrow(recording.trace.marks()).map((m) => m.kind)).toContain('lpm01a.overcurrent');
  });
});

describe('opening an LPM01A', () => {
  it.each([[{ sampleRateHz: 3000 }], [{ sampleRateHz: 10_000, format: 'ascii' as const }]])(
    'refuses %o',
    async (options) => {
      expect(await openLpm01a(twinBench(createLpm01aTwin()).link, options)).toMatchObject({
        ok: false,
        id: 'monitor.bad-rate',
      });
    },
  );

  it('stops an acquisition that another program left running', async () => {
    const twin = createLpm01aTwin();
    twin.receive(text('freq 5k\nstart\n'));
    const bench = twinBench(twin);
    await bench.clock.sleepUntilUs(300_000);
    orThrow(await openLpm01a(bench.link));
    expect(twin.streaming).toBe(false);
  });
});
