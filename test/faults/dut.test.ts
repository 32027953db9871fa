/**
 * A DUT that misbehaves gives a stable error id, a cause and a next step, in bounded time, and nothing of it is
 * taken for something else. Everything runs in virtual time.
 */
import { afterEach, describe, expect, it } from 'vitest';
import { orThrow, type Failure, type Result } from '../../src-main/base/errors.ts';
import { openSession, type Session, type SessionOptions } from '../../src-main/device/session.ts';
import type { Link } from '../../src-main/link/link.ts';
import { memoryLinkPair } from '../../src-main/link/memory.ts';
import {
  serveScriptedDut,
  type DutFault,
  type DutScript,
  type DutWitness,
} from '../../src-main/sim/scripted-dut.ts';

const MJ_ID =
  'abi=1,fw=00c0ffee,program=deadbeef,model=0123456789abcdef,board=pico,mode=performance,clk=125000000,baud=115200,ops=2,arena=4096,in=490,out=3,status=0,source=image';
const input = Uint8Array.from({ length: 490 }, (_, i) => (i * 31) & 0xff);

interface Bench {
  readonly link: Link;
  readonly dut: DutWitness;
  open(options?: SessionOptions): Promise<Result<Session>>;
}

let opened: Link | undefined;
afterEach(async () => {
  await opened?.[Symbol.asyncDispose]();
  opened = undefined;
});

function bench(faults: readonly DutFault[], script: DutScript = {}): Bench {
  const { near, far } = memoryLinkPair();
  opened = near;
  const { dut } = serveScriptedDut(far, { inferenceUs: 20_000, ...script, faults });
  return { link: near, dut, open: (options) => openSession(near, options) };
}

function expectFailure(result: Result<unknown>, id: string): Failure {
  expect(result).toMatchObject({ ok: false, id });
  const failure = result as Failure;
  expect(failure.cause.length).toBeGreaterThan(20);
  expect(failure.next.length).toBeGreaterThan(5);
  return failure;
}

/** A whole small run: what must come out right in spite of dirt on the line. */
async function expectGoodRun(b: Bench, options?: SessionOptions): Promise<Session> {
  const session = orThrow(await b.open(options));
  expect(session.identity).toMatchObject({ vendor: 'scripted', model: 'kws01', mode: 'performance' });
  orThrow(await session.loadInput(input));
  expect(Buffer.from(b.dut.input).equals(Buffer.from(input))).toBe(true);
  const window = orThrow(await session.infer(50, 3));
  expect(window.windowUs).toBe(50 * 20_000);
  expect(window.results).toEqual([0.1, 0.7, 0.2]);
  expect(orThrow(await session.results())).toEqual([0.1, 0.7, 0.2]);
  return session;
}

describe('dirt on the line is tolerated', () => {
  const dirt: [string, DutFault[]][] = [
    ['echo of every command before its reply', [{ kind: 'echo' }]],
    ['ANSI colours around every line', [{ kind: 'ansi' }]],
    ['a debug line before every line', [{ kind: 'noise', text: 'Softmax:     [ 12,   0, ]' }]],
    [
      'debug lines that look like data of the dialect',
      [{ kind: 'noise', text: 'results: 0x00FF m- e- [0.1,' }],
    ],
    ['a NUL before every line', [{ kind: 'nul' }]],
    ['two boot prologues', [{ kind: 'two-prologues' }]],
    ['m-ready twice after every command', [{ kind: 'double-ready' }]],
    [
      'echo, ANSI, noise, NULs and double m-ready at once',
      [
        { kind: 'echo' },
        { kind: 'ansi' },
        { kind: 'noise', text: 'dbg 1' },
        { kind: 'nul' },
        { kind: 'double-ready' },
      ],
    ],
    [
      'debug text without a line end glued to a line',
      [{ kind: 'damage', match: /^m-warmup-start/, replace: 'th_load_tensor starting at 0m-warmup-start' }],
    ],
    [
      'a carriage return before and after each line',
      [{ kind: 'damage', match: /^(m-[^\r]*)\r\n$/, replace: '\r$1\r\r\n' }],
    ],
    [
      'an m-ready that lost its line end',
      [{ kind: 'damage', match: /^m-ready\r\n$/, replace: 'm-ready', times: 1 }],
    ],
  ];
  it.each(dirt)('%s', async (_, faults) => {
    await expectGoodRun(bench(faults));
  });

  it('the first name after boot is answered by the boot lines of a late boot', async () => {
    const b = bench([], { bootUs: 700_000 });
    const session = await expectGoodRun(b);
    // The first name was lost; the boot lines with their m-ready came instead of an answer
    expect(b.dut.commands[0]).toBe('name');
    expect(b.dut.commands.filter((c) => c === 'name')).toHaveLength(1);
    expect(session.identity.mode).toBe('performance');
  });

  it('a lost name is asked again', async () => {
    const b = bench([{ kind: 'silent', command: /^name$/, times: 1 }]);
    await expectGoodRun(b);
    expect(b.dut.commands.filter((c) => c === 'name')).toHaveLength(2);
  });

  it('a results line that ran into the line before it is asked for again', async () => {
    const b = bench([{ kind: 'damage', match: /^m-results-\[0\.1/, replace: 'rGI[0.1', times: 1 }]);
    const session = orThrow(await b.open());
    orThrow(await session.loadInput(input));
    const window = orThrow(await session.infer(5, 0));
    expect(window.resultsReread).toBe(true);
    expect(window.results).toEqual([0.1, 0.7, 0.2]);
    expect(window.windowUs).toBe(100_000);
  });

  it('the published `m-infer-donerGI[0.1,…` counts as the end of the window, not as results', async () => {
    const b = bench([
      { kind: 'damage', match: /^m-infer-done\r\n$/, replace: 'm-infer-done' },
      { kind: 'damage', match: /^m-results-\[/, replace: 'rGI[', times: 1 },
    ]);
    const session = orThrow(await b.open());
    orThrow(await session.loadInput(input));
    expect(orThrow(await session.infer(5, 0))).toMatchObject({
      results: [0.1, 0.7, 0.2],
      resultsReread: true,
    });
  });
});

describe('loads are believed only when they are whole', () => {
  const losses: [string, DutFault][] = [
    ['a hex digit is lost', { kind: 'drop-byte', command: /^db [0-9a-f]{62}$/, nth: 20, times: 1 }],
    ['the space is lost', { kind: 'drop-byte', command: /^db [0-9a-f]{62}$/, nth: 2, times: 1 }],
    ['a digit of the length is lost', { kind: 'drop-byte', command: /^db load/, nth: 9, times: 1 }],
    [
      'a digit of the last chunk is lost',
      { kind: 'drop-byte', command: /^db [0-9a-f]{50}$/, nth: 10, times: 1 },
    ],
    ['a chunk is lost whole', { kind: 'silent', command: /^db [0-9a-f]{62}$/, times: 1 }],
    ['the command word is damaged', { kind: 'drop-byte', command: /^db load/, nth: 0, times: 1 }],
  ];
  it.each(losses)('%s: the load is repeated and arrives', async (_, fault) => {
    const b = bench([fault]);
    await expectGoodRun(b);
    expect(b.dut.commands.filter((c) => /load/.test(c)).length).toBeGreaterThanOrEqual(2);
  });

  it('a line that loses bytes in every load ends after the stated attempts', async () => {
    const b = bench([{ kind: 'drop-byte', command: /^db [0-9a-f]{62}$/, nth: 20 }]);
    const session = orThrow(await b.open({ load: { attempts: 2 } }));
    const failure = expectFailure(await session.loadInput(input), 'device.load-failed');
    expect(failure.facts).toMatchObject({ attempts: 2, inputBytes: 490, lastId: 'device.load-incomplete' });
    expect(b.dut.commands.filter((c) => c.startsWith('db load'))).toHaveLength(2);
    // Nothing is lost: the session goes on
    expect(orThrow(await session.infer(1, 0)).windowUs).toBe(20_000);
  });

  it('two digits that changed into others are found by reading back', async () => {
    // The dialect has no checksum: the count is right, the contents are not
    const b = bench([{ kind: 'change', command: /^db 001f/, replace: 'db 0f1f', times: 1 }]);
    const session = orThrow(await b.open({ load: { readBack: true } }));
    orThrow(await session.loadInput(input));
    expect(b.dut.commands.filter((c) => c === 'db print').length).toBe(2);
    expect(Buffer.from(b.dut.input).equals(Buffer.from(input))).toBe(true);
  });

  it('an input the device has no room for is refused at once, with both sizes', async () => {
    const b = bench([], { bufferBytes: 100 });
    const session = orThrow(await b.open());
    const failure = expectFailure(await session.loadInput(input), 'device.input-size');
    expect(failure.facts).toMatchObject({ inputBytes: 490 });
    expect(String(failure.facts.deviceSays)).toContain('100');
    expect(b.dut.commands.filter((c) => c.startsWith('db'))).toHaveLength(1);
    expectFailure(await session.loadInput(new Uint8Array(0)), 'device.input-size');
  });
});

describe('a device that does not talk as it should is diagnosed', () => {
  const cases: [string, DutFault[], string][] = [
    ['never answers', [{ kind: 'silent' }], 'device.no-reply'],
    ['talks at another line rate', [{ kind: 'garbage' }], 'device.garbage'],
    [
      'runs another program',
      [{ kind: 'other-program', text: 'Hello from MicroPython >>>' }],
      'device.not-a-dut',
    ],
    ['never stops talking', [{ kind: 'chatter', text: 'temp=21.5', everyUs: 5_000 }], 'device.not-a-dut'],
    [
      'never ends its answers',
      [{ kind: 'damage', match: /^m-ready\r\n$/, replace: '' }],
      'device.unfinished-reply',
    ],
  ];
  it.each(cases)('%s', async (_, faults, id) => {
    const b = bench(faults, { boots: false });
    const failure = expectFailure(await b.open({ baud: 115200 }), id);
    expect(failure.facts.baud).toBe(115200);
    expect(b.link.clock.nowUs()).toBeLessThan(30_000_000);
  });

  it('an interface board that was not announced', async () => {
    const { near, far } = memoryLinkPair();
    opened = near;
    // Answers `name` itself and passes on the device's boot lines
    serveScriptedDut(far, { faults: [{ kind: 'damage', match: /^m-ready/, replace: '[dut]: m-ready' }] });
    expectFailure(await openSession(near), 'device.interface-board');
  });

  it('the other build: its mode is named on both sides', async () => {
    const b = bench([], { mode: 'energy' });
    const failure = expectFailure(await b.open({ mode: 'performance' }), 'device.wrong-mode');
    expect(failure.facts).toMatchObject({ wanted: 'performance', actual: 'energy' });
  });

  it('another rate among the usual ones is found when asked to look', async () => {
    const { near, far } = memoryLinkPair();
    opened = near;
    let baud = 0;
    // Sees nothing but garbage until the link is set to 9600
    const link: Link = {
      address: near.address,
      clock: near.clock,
      deterministic: true,
      write: (bytes) => near.write(baud === 9600 ? bytes : bytes.map((b) => b ^ 0xaa)),
      read: async (request) => {
        const read = await near.read(request);
        return read.kind === 'bytes' && baud !== 9600
          ? { kind: 'bytes', bytes: read.bytes.map((b) => b ^ 0xaa) }
          : read;
      },
      setBaud: (rate) => {
        baud = rate;
        return near.setBaud(rate);
      },
      discardInput: () => near.discardInput(),
      [Symbol.asyncDispose]: () => near[Symbol.asyncDispose](),
    };
    serveScriptedDut(far, { mode: 'energy' });
    const session = orThrow(await openSession(link, { baud: 115200, otherBauds: [9600, 921600] }));
    expect(session.identity).toMatchObject({ mode: 'energy', baud: 9600 });
  });

  it('unplugged in mid-window', async () => {
    const b = bench([{ kind: 'unplug', command: /^infer/, afterUs: 300_000 }]);
    const session = orThrow(await b.open());
    orThrow(await session.loadInput(input));
    const failure = expectFailure(await session.infer(100, 0), 'link.closed');
    expect(failure.facts.address).toBe('memory:near');
    expectFailure(await session.infer(1, 0), 'link.closed');
  });
});

describe('a reset in the middle', () => {
  it('of a window is named, and the session works on afterwards', async () => {
    const b = bench([{ kind: 'reset', command: /^infer 100/, afterUs: 700_000, bootUs: 150_000, times: 1 }]);
    const session = orThrow(await b.open());
    orThrow(await session.loadInput(input));
    const failure = expectFailure(await session.infer(100, 0), 'device.reset-in-run');
    expect(failure.facts).toMatchObject({ command: 'infer 100 0' });
    expect(b.dut.boots).toBe(2);
    orThrow(await session.resynchronise());
    orThrow(await session.loadInput(input));
    expect(orThrow(await session.infer(100, 0)).windowUs).toBe(2_000_000);
  });

  it('of a load is named and not hidden by a repetition', async () => {
    const b = bench([{ kind: 'reset', command: /^db [0-9a-f]{62}$/, afterUs: 0, bootUs: 50_000, times: 1 }]);
    const session = orThrow(await b.open());
    expectFailure(await session.loadInput(input), 'device.reset-in-run');
  });

  it('between two commands is seen before the next one counts', async () => {
    const b = bench([]);
    const session = orThrow(await b.open());
    orThrow(await session.loadInput(input));
    await b.dut.restart();
    expectFailure(await session.infer(1, 0), 'device.reset-in-run');
    expect(b.dut.commands.filter((c) => c.startsWith('infer'))).toEqual([]);
    orThrow(await session.resynchronise());
    orThrow(await session.loadInput(input));
    expect(orThrow(await session.infer(1, 0)).windowUs).toBe(20_000);
  });
});

describe('late answers', () => {
  it("are never taken for the next command's", async () => {
    const b = bench([{ kind: 'late', command: /^results$/, delayUs: 3_000_000, times: 1 }], {
      results: (() => {
        let call = 0;
        return () => [++call / 10];
      })(),
    });
    const session = orThrow(await b.open());
    expectFailure(await session.results(), 'device.no-reply');
    // The late answer holds 0.1; what is asked now must be answered by a new one
    expect(orThrow(await session.results())).toEqual([0.2]);
    expect(orThrow(await session.results())).toEqual([0.3]);
  });

  it('to an infer do not become the next window', async () => {
    const b = bench([{ kind: 'late', command: /^infer 2 /, delayUs: 80_000_000, times: 1 }]);
    const session = orThrow(await b.open());
    orThrow(await session.loadInput(input));
    expectFailure(await session.infer(2, 0), 'device.no-reply');
    let window = await session.infer(3, 0);
    // Finding the step may itself time out while the device is still busy
    for (let i = 0; i < 5 && !window.ok; i++) window = await session.infer(3, 0);
    expect(orThrow(window)).toMatchObject({ iterations: 3, windowUs: 60_000 });
  });

  it('of a device that is still busy with the window of an earlier run are waited for and thrown away', async () => {
    const b = bench([], { inferenceUs: 100_000 });
    await b.link.write(Buffer.from('infer 100 0%'));
    await b.link.clock.sleepUntilUs(b.link.clock.nowUs() + 1_000_000);
    const session = orThrow(await b.open());
    expect(b.link.clock.nowUs()).toBeLessThan(20_000_000);
    expect(orThrow(await session.infer(1, 0)).windowUs).toBe(100_000);
  });

  it('a name that is lost now and then does not make the session slow', async () => {
    const b = bench([{ kind: 'silent', command: /^name$/, times: 1 }]);
    const session = orThrow(await b.open());
    const beganUs = b.link.clock.nowUs();
    const dead = bench([{ kind: 'silent', command: /^results$/, times: 1 }]);
    const other = orThrow(await dead.open());
    expectFailure(await other.results(), 'device.no-reply');
    expect(orThrow(await session.results())).toEqual([0.1, 0.7, 0.2]);
    expect(b.link.clock.nowUs() - beganUs).toBeLessThan(10_000);
  });

  it('from a device that is always slow are waited for', async () => {
    const b = bench([{ kind: 'late', delayUs: 3_000_000 }]);
    const session = orThrow(await b.open());
    expect(session.identity).toMatchObject({ vendor: 'scripted', model: 'kws01' });
    expect(orThrow(await session.results())).toEqual([0.1, 0.7, 0.2]);
  });
});

describe('windows', () => {
  it('are right across the wrap of the 32-bit counter', async () => {
    const b = bench([], { counterAtZeroUs: 2 ** 32 - 3_000_000 });
    const session = orThrow(await b.open());
    orThrow(await session.loadInput(input));
    for (let i = 0; i < 5; i++) expect(orThrow(await session.infer(60, 1)).windowUs).toBe(1_200_000);
  });

  it('longer than 71.6 minutes are right too', async () => {
    const b = bench([], { inferenceUs: 60_000_000 });
    const session = orThrow(await b.open());
    orThrow(await session.infer(1, 0));
    expect(orThrow(await session.infer(180, 0)).windowUs).toBe(180 * 60_000_000);
  });

  const damages: [string, DutFault][] = [
    // The first one to go is that of the boot lines
    ['one lap is lost', { kind: 'damage', match: /^m-lap-us-\d+\r\n$/, replace: '', times: 2 }],
    [
      'the start line says another count',
      { kind: 'damage', match: /^m-infer-start-7/, replace: 'm-infer-start-17', times: 1 },
    ],
    ['the start line is lost', { kind: 'damage', match: /^m-infer-start-7\r\n/, replace: '', times: 1 }],
    ['the end line is lost', { kind: 'damage', match: /^m-infer-done\r\n/, replace: '', times: 1 }],
  ];
  it.each(damages)('do not count when %s', async (_, fault) => {
    const b = bench([fault]);
    const session = orThrow(await b.open());
    orThrow(await session.loadInput(input));
    const window = await session.infer(7, 0);
    expectFailure(window, 'device.window-damaged');
    expect(orThrow(await session.infer(7, 0)).windowUs).toBe(140_000);
  });

  it('fail in bounded time when the device dies in the middle', async () => {
    const b = bench([{ kind: 'late', command: /^infer 1000/, delayUs: 1e12, times: 1 }]);
    const session = orThrow(await b.open());
    orThrow(await session.infer(10, 0));
    const beforeUs = b.link.clock.nowUs();
    expectFailure(await session.infer(1000, 0), 'device.no-reply');
    // 20 s expected: twice that and 5 s are waited
    expect(b.link.clock.nowUs() - beforeUs).toBeLessThanOrEqual(46_000_000);
  });
});

describe('mj', () => {
  const withMj = (faults: readonly DutFault[]) => bench(faults, { mj: { id: MJ_ID } });

  it('survives the same dirt', async () => {
    const b = withMj([{ kind: 'echo' }, { kind: 'ansi' }, { kind: 'noise', text: 'dbg' }, { kind: 'nul' }]);
    const session = await expectGoodRun(b);
    expect(orThrow(await session.mj!.output())).toEqual(Uint8Array.of(1, 2, 3));
    expect(orThrow(await session.mj!.profile()).totalCycles).toBe(4600);
  });

  it('asks again when the raw output fails its CRC, and gives up with an id', async () => {
    const once = orThrow(
      await withMj([
        { kind: 'damage', match: /m-mj-out-\[0,01/, replace: 'm-mj-out-[0,81', times: 1 },
      ]).open(),
    );
    expect(orThrow(await once.mj!.output())).toEqual(Uint8Array.of(1, 2, 3));
    const always = orThrow(
      await withMj([{ kind: 'damage', match: /m-mj-out-\[0,01/, replace: 'm-mj-out-[0,81' }]).open(),
    );
    expectFailure(await always.mj!.output(), 'device.damaged-reply');
  });

  it('an identity that cannot be read is an error, not a missing extension', async () => {
    const b = bench([], { mj: { id: 'abi=1,fw=??' } });
    expectFailure(await b.open(), 'device.bad-identity');
  });
});
