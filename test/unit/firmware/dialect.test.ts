import { afterAll, beforeAll, expect, it } from 'vitest';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { HarnessMode, InputEncoding, ResultKind } from '../../../src-main/abi/generated.ts';
import { HostDut } from '../../host-dut.ts';
import { describeWith, needs, sharedDir } from '../../needs.ts';
import { identityProgram } from './identity-program.ts';
import { imageOf } from './images.ts';

const eight = identityProgram({ units: 8, layers: 3, scale: 1 / 256, zeroPoint: -128 });

describeWith([needs.hostCc], 'The th- dialect of the firmware (PROTOCOLS §1)', () => {
  let dut: HostDut;
  beforeAll(async () => {
    dut = new HostDut(imageOf(eight).bin);
    const prologue = await dut.lines();
    expect(prologue).toEqual([
      'm-timestamp-mode-performance',
      expect.stringMatching(/^m-lap-us-\d+$/),
      'm-init-done',
    ]);
  });
  afterAll(() => dut[Symbol.asyncDispose]());

  it.each([
    ['name', ['m-name-dut-[unspecified]']],
    ['profile', ['m-profile-[ULPMark for tinyML Firmware V0.0.1]', 'm-model-[kws01]']],
    ['db load 0', ["e-[Command 'db load' must be >0 bytes]"]],
    ['db load', ["e-[Command 'db load' requires the # of bytes]"]],
    ['db', ["e-[Command 'db' requires a subcommand]"]],
    ['nonsense 1 2', ['e-[Unknown command: nonsense]']],
    ['', ['e-[Unknown command: ]']],
    // a line end is no end of a command: it becomes part of the next one
    ['\r\nname', ['e-[Unknown command: ??name]']],
    ['infer 0 0', ['e-[Inference iterations must be >0]']],
    ['infer -3', ['e-[Inference iterations must be >0]']],
    ['infer 1 -1', ['e-[Inference warmup must be >=0]']],
  ])('answers %j', async (command, reply) => {
    expect(await dut.lines(command)).toEqual(reply);
  });

  it('refuses a load above 27648 bytes with the dialect’s own line, ended by LF alone', async () => {
    dut.write('db load 27649%');
    expect(await dut.until('m-ready\r\n')).toBe(
      'Supplied buffer size 27649 exceeds maximum of 27648\nm-ready\r\n',
    );
  });

  it('says m-load-done exactly once, on the last byte, and disregards further digits', async () => {
    expect(await dut.lines('db load 10')).toEqual(['m-[Expecting 10 bytes]']);
    expect(await dut.lines('db 000102030405')).toEqual([]);
    expect(await dut.lines('db 06070809aabb')).toEqual(['m-load-done']);
    expect(await dut.lines('db print')).toEqual(['m-buffer-00-01-02-03-04-05-06-07', 'm-buffer-08-09']);
    expect(await dut.lines('db 00')).toEqual(["e-[Command 'db' has no load in progress]"]);
  });

  it('names the digits it cannot read and an odd count of them (sic)', async () => {
    await dut.lines('db load 4');
    expect(await dut.lines('db 00zz')).toEqual(["e-[Invalid hex digit 'zz']"]);
    expect(await dut.lines('db 000')).toEqual(['e-[Insufficent number of hex digits]']);
  });

  it('prints warm-up, window and results in order, with Latency from two laps', async () => {
    await dut.lines('db load 8');
    expect(await dut.lines('db 808182c0ff00407f')).toEqual(['m-load-done']);
    const reply = await dut.lines('infer 5 2');
    expect(reply).toEqual([
      'm-warmup-start-2',
      'm-warmup-done',
      'm-infer-start-5',
      expect.stringMatching(/^m-lap-us-\d+$/),
      expect.stringMatching(/^m-lap-us-\d+$/),
      'm-infer-done',
      // (q + 128) / 256 for q = −128, −127, −126, −64, −1, 0, 64, 127
      'm-results-[0.000,0.004,0.008,0.250,0.496,0.500,0.750,0.996]',
    ]);
    expect(await dut.lines('results')).toEqual([reply.at(-1)]);
  });

  it('warms up ten times and infers once when nothing else is said', async () => {
    const reply = await dut.lines('infer');
    expect(reply[0]).toBe('m-warmup-start-10');
    expect(reply[2]).toBe('m-infer-start-1');
  });

  it('does not infer from an incomplete or missized input', async () => {
    await dut.lines('db load 8');
    await dut.lines('db 0000');
    expect(await dut.lines('infer 1 0')).toEqual([
      'Input db has 2 elemented, expected 8',
      'e-[Inference needs a complete input]',
    ]);
  });

  it('keeps the first 80 characters of a command, cutting the rest off silently', async () => {
    await dut.lines('db load 100');
    // "db " and 77 digits are left of 80
    expect(await dut.lines(`db ${'a'.repeat(80)}`)).toEqual(['e-[Insufficent number of hex digits]']);
    expect(await dut.lines(`${'x'.repeat(5000)}`)).toEqual([`e-[Unknown command: ${'x'.repeat(80)}]`]);
    expect(await dut.lines('name')).toEqual(['m-name-dut-[unspecified]']);
  });
});

describeWith([needs.hostCc], 'Energy mode', () => {
  it('shows timestamps as pin pulses only and one Gray step an operator boundary', async () => {
    await using dut = new HostDut(imageOf(eight, { mode: HarnessMode.Energy }).bin, { pins: true });
    expect(await dut.lines()).toEqual(['m-timestamp-mode-energy', 'm-init-done']);
    expect(await dut.lines('timestamp')).toEqual([]);
    await dut.lines('db load 8');
    await dut.lines('db 0001020304050607');
    const started = performance.now();
    const reply = await dut.lines('infer 4 0');
    expect(performance.now() - started).toBeGreaterThan(1000);
    expect(reply.filter((l) => l.startsWith('m-lap'))).toEqual([]);
    expect(reply.slice(0, -1)).toEqual([
      'm-warmup-start-0',
      'm-warmup-done',
      'm-infer-start-4',
      'm-infer-done',
    ]);

    const [WINDOW, TIMESTAMP] = [1, 16];
    const pins = dut.pins();
    // boot, `timestamp`, window start, window end
    const falls = pins.flatMap(([us, now], i) => ((pins[i - 1]?.[1] ?? 0) & ~now & TIMESTAMP ? [us] : []));
    const rises = pins.flatMap(([us, now], i) => (i > 0 && now & ~pins[i - 1]![1] & TIMESTAMP ? [us] : []));
    expect(falls).toHaveLength(4);
    falls.forEach((us, i) => expect(rises[i]! - us).toBeGreaterThanOrEqual(50));

    const first = pins.findIndex(([, l]) => l & WINDOW);
    const end = pins.findIndex(([, l], i) => i > first && !(l & WINDOW));
    // D0 and the pulse's end are one edge; so are D0's fall and the second pulse's beginning
    expect([pins[first - 1]![1] & TIMESTAMP, pins[first]![1]]).toEqual([0, WINDOW | TIMESTAMP]);
    expect(pins[end]![1]).toBe(0);
    const codes = pins.slice(first, end).map(([, l]) => (l >> 1) & 7);
    const gray = (n: number) => (n & 7) ^ ((n & 7) >> 1);
    expect(codes).toEqual(Array.from({ length: 4 * eight.header.opCount }, (_, n) => gray(n)));
  });
});

describeWith([needs.hostCc], 'Input encodings and result kinds', () => {
  const infer = async (dut: HostDut, input: Uint8Array): Promise<string> => {
    await dut.lines();
    await dut.lines(`db load ${input.length}`);
    for (let at = 0; at < input.length; at += 31)
      await dut.lines(`db ${Buffer.from(input.subarray(at, at + 31)).toString('hex')}`);
    return (await dut.lines('infer 2 1')).at(-1)!;
  };

  it('subtracts 128 from pixels', async () => {
    await using dut = new HostDut(imageOf(eight, { inputEncoding: InputEncoding.UInt8Minus128 }).bin);
    expect(await infer(dut, Uint8Array.of(0, 1, 64, 127, 128, 192, 254, 255))).toBe(
      'm-results-[0.000,0.004,0.250,0.496,0.500,0.750,0.992,0.996]',
    );
  });

  it('quantises floats half away from zero and saturates, like TFLM’s QUANTIZE', async () => {
    const program = identityProgram({ units: 8, layers: 1, scale: 0.5, zeroPoint: 3 });
    await using dut = new HostDut(imageOf(program, { inputEncoding: InputEncoding.Float32 }).bin);
    const x = Float32Array.of(0.25, -0.25, 0.2499, 0.75, -0.75, 1e30, -1e30, 62);
    // x/0.5 rounds to 1, −1, 0, 2, −2; 127 − 3 = 124 and −128 − 3 = −131 are the ends
    expect(await infer(dut, new Uint8Array(x.buffer))).toBe(
      'm-results-[0.500,-0.500,0.000,1.000,-1.000,62.000,-65.500,62.000]',
    );
  });

  it('refuses a float that is not a number', async () => {
    await using dut = new HostDut(imageOf(eight, { inputEncoding: InputEncoding.Float32 }).bin);
    expect(await infer(dut, new Uint8Array(Float32Array.of(0, 0, NaN, 0, 0, 0, 0, 0).buffer))).toBe(
      'e-[Input element 2 cannot be quantised]',
    );
  });

  it('scores an autoencoder by the mean squared difference to the floats it was given', async () => {
    const program = identityProgram({ units: 4, layers: 2, scale: 1, zeroPoint: 0 });
    const config = { inputEncoding: InputEncoding.Float32, resultKind: ResultKind.MeanSquaredError } as const;
    await using dut = new HostDut(imageOf(program, config).bin);
    // output 1 2 3 4: differences 0.25, 0, −0.49, 0 → 0.3026 / 4 = 0.07565
    expect(await infer(dut, new Uint8Array(Float32Array.of(0.75, 2, 3.49, 4).buffer))).toBe(
      'm-results-[0.076]',
    );
  });
});

/** "%.3f" of a single, exactly: m · 2^e as an integer ratio, ties to even. */
function printf3(value: number): string {
  let d = 1n;
  let x = Math.abs(value);
  while (!Number.isInteger(x)) {
    x *= 2;
    d *= 2n;
  }
  const n = BigInt(x) * 1000n;
  let q = n / d;
  const twice = 2n * (n % d);
  if (twice > d || (twice === d && q % 2n === 1n)) q += 1n;
  const digits = q.toString().padStart(4, '0');
  return `${value < 0 ? '-' : ''}${digits.slice(0, -3)}.${digits.slice(-3)}`;
}

describeWith([needs.hostCc], 'Printed scores', () => {
  it.each([1 / 256, 1 / 512, 1 / 2048, 0.0625, 0.3645, 1e-5, 1e-30, 12345.678, 3e7])(
    'are those of printf("%%.3f") at scale %d',
    async (wide) => {
      const scale = Math.fround(wide);
      const program = identityProgram({ units: 256, layers: 1, scale, zeroPoint: 0 });
      await using dut = new HostDut(imageOf(program).bin);
      await dut.lines();
      await dut.lines('db load 256');
      for (let at = 0; at < 256; at += 16)
        await dut.lines(
          `db ${Array.from({ length: 16 }, (_, i) => ((at + i) ^ 0x80).toString(16).padStart(2, '0')).join('')}`,
        );
      const values = Array.from({ length: 256 }, (_, i) => printf3(Math.fround(scale * (i - 128))));
      expect((await dut.lines('infer 1 0')).at(-1)).toBe(`m-results-[${values.join(',')}]`);
    },
  );

  it('say so where a value is beyond what can be printed', async () => {
    const program = identityProgram({ units: 2, layers: 1, scale: 1e30, zeroPoint: 0 });
    await using dut = new HostDut(imageOf(program).bin);
    await dut.lines();
    await dut.lines('db load 2');
    await dut.lines('db 01ff');
    expect((await dut.lines('infer 1 0')).at(-1)).toBe('m-results-[overflow,-overflow]');
  });
});

describeWith([needs.hostCc, needs.shared], 'Replay of a logged performance session', () => {
  it('gives every reply form of the log, in the log’s order', async () => {
    const log = readFileSync(join(sharedDir!, 'data/logs/wire/host-direct-performance.txt'), 'latin1');
    // socat marks direction changes with "> date" and "< date", glued to the end of the '%'-ended command before
    const events = [
      ...log.matchAll(/([<>]) \d{4}\/[^\n]* length=\d+ from=\d+ to=\d+\n((?:(?![<>] \d{4}\/)[\s\S])*)/g),
    ];
    const sent = events
      .filter((e) => e[1] === '>')
      .map((e) => e[2]!)
      .join('')
      .split('%')
      .filter((c) => c !== '');
    const heard = events
      .filter((e) => e[1] === '<')
      .map((e) => e[2]!.replaceAll('\\r', ''))
      .join('')
      .split('\n');
    const form = (line: string) =>
      line
        .replace(/-us-\d+/, '-us-N')
        .replace(/results-\[.*\]/, 'results-[…]')
        .replace(/-start-\d+/, '-start-N');

    const kws = identityProgram({ units: 490, layers: 1, scale: 1 / 256, zeroPoint: -128 });
    await using dut = new HostDut(imageOf(kws).bin);
    const ours = [...(await dut.lines()), 'm-ready'];
    for (const command of sent) ours.push(...(await dut.lines(command)), 'm-ready');
    expect(sent).toContain('infer 100 2');
    expect(ours.map(form)).toEqual(heard.filter((l) => l !== '').map(form));
  });
});
