import { describe, expect, it } from 'vitest';
import { orThrow } from '../../../src-main/base/errors.ts';
import { Rng } from '../../../src-main/base/rng.ts';
import { parseIdentity } from '../../../src-main/device/mj-replies.ts';
import { openSession } from '../../../src-main/device/session.ts';
import type { Link } from '../../../src-main/link/link.ts';
import { memoryLinkPair } from '../../../src-main/link/memory.ts';
import { serveScriptedDut, type DutScript } from '../../../src-main/sim/scripted-dut.ts';

const ID =
  'abi=1,fw=00c0ffee,program=deadbeef,model=0123456789abcdef,board=pico,mode=performance,clk=125000000,baud=115200,ops=2,arena=4096,in=490,out=3,status=0,source=image';

/** A link whose outgoing frames (0x00 first) pass through `damage`, which may change or swallow them. */
function lossy(inner: Link, damage: (frame: Uint8Array, index: number) => Uint8Array | null): Link {
  let frames = 0;
  return {
    address: inner.address,
    clock: inner.clock,
    deterministic: true,
    write: (bytes) => inner.write(bytes[0] === 0 ? (damage(bytes, frames++) ?? new Uint8Array(0)) : bytes),
    read: (request) => inner.read(request),
    setBaud: (baud) => inner.setBaud(baud),
    discardInput: () => inner.discardInput(),
    [Symbol.asyncDispose]: () => inner[Symbol.asyncDispose](),
  };
}

function bench(script: DutScript, damage?: (frame: Uint8Array, index: number) => Uint8Array | null) {
  const { near, far } = memoryLinkPair();
  const { dut } = serveScriptedDut(far, { mj: { id: ID }, ...script });
  return { link: damage ? lossy(near, damage) : near, dut };
}

describe('mj identity', () => {
  it('is read field by field', () => {
    expect(parseIdentity(ID)).toEqual({
      abi: 1,
      firmwareHash: '00c0ffee',
      programHash: 'deadbeef',
      modelHash: '0123456789abcdef',
      board: 'pico',
      mode: 'performance',
      clockHz: 125_000_000,
      baud: 115_200,
      ops: 2,
      arenaBytes: 4096,
      inputBytes: 490,
      outputBytes: 3,
      programStatus: 0,
      programUploaded: false,
    });
    expect(parseIdentity(ID.replace('source=image', 'source=ram'))?.programUploaded).toBe(true);
  });

  it.each([
    '',
    'abi=1',
    ID.replace('performance', 'fast'),
    ID.replace('deadbeef', 'DEADBEEF!'),
    ID.replace('clk=125000000', 'clk=-1'),
  ])('is refused when it is damaged: %s', (body) => expect(parseIdentity(body)).toBeNull());

  it('is null for a DUT that does not know mj', async () => {
    const { near, far } = memoryLinkPair();
    serveScriptedDut(far, {});
    expect(orThrow(await openSession(near)).mj).toBeNull();
  });
});

describe('mj commands', () => {
  it('give arena, line errors, profile and outputs', async () => {
    const { link } = bench({
      mj: { id: ID, opCycles: [10, 20, 12_345_678_901], output: () => Uint8Array.of(255, 0, 128) },
    });
    const mj = orThrow(await openSession(link)).mj!;
    orThrow(await mj.paint());
    expect(orThrow(await mj.arena())).toEqual({ highBytes: 4096, sizeBytes: 65536 });
    expect(orThrow(await mj.lineErrors())).toEqual({ overruns: 1, badFraming: 2, dropped: 3 });
    expect(orThrow(await mj.profile())).toEqual({
      ops: [
        { index: 0, kernel: 1, cycles: 10 },
        { index: 1, kernel: 2, cycles: 20 },
        { index: 2, kernel: 3, cycles: 12_345_678_901 },
      ],
      totalCycles: 12_345_678_931,
    });
    expect([...orThrow(await mj.output())]).toEqual([255, 0, 128]);
  });

  it('reset waits for the boot lines and is in step afterwards', async () => {
    const { link, dut } = bench({});
    const session = orThrow(await openSession(link));
    orThrow(await session.mj!.reset());
    expect(dut.boots).toBe(2);
    expect(orThrow(await session.results())).toEqual([0.1, 0.7, 0.2]);
  });
});

describe('mj load', () => {
  const program = new Rng(5).bytes(10_000);

  it('uploads an input and a Program whole, and reports progress', async () => {
    const { link, dut } = bench({});
    const session = orThrow(await openSession(link));
    const input = new Rng(4).bytes(490);
    orThrow(await session.loadInput(input));
    expect(Buffer.from(dut.input).equals(Buffer.from(input))).toBe(true);
    const seen: number[] = [];
    orThrow(await session.mj!.load('program', program, (fraction) => seen.push(fraction)));
    expect(Buffer.from(dut.programs[0]!).equals(Buffer.from(program))).toBe(true);
    expect(seen.at(-1)).toBe(1);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
  });

  const losses: [string, (frame: Uint8Array, index: number) => Uint8Array | null][] = [
    ['every third frame is lost whole', (f, i) => (i % 3 === 2 ? null : f)],
    [
      'a byte of every fourth frame is lost',
      (f, i) => (i % 4 === 1 ? Buffer.concat([f.subarray(0, 50), f.subarray(51)]) : f),
    ],
    [
      'a bit of every fifth frame is flipped',
      (f, i) => (i % 5 === 0 ? f.map((b, k) => (k === 60 ? b ^ 4 : b)) : f),
    ],
    ['every frame comes twice', (f) => Buffer.concat([f, f])],
    ['noise stands before every frame', (f) => Buffer.concat([Uint8Array.of(3, 1, 2), f])],
  ];
  it.each(losses)('arrives whole when %s', async (_, damage) => {
    const { link, dut } = bench({}, damage);
    const session = orThrow(await openSession(link));
    orThrow(await session.mj!.load('program', program));
    expect(Buffer.from(dut.programs.at(-1)!).equals(Buffer.from(program))).toBe(true);
    // and the session is in step
    expect(orThrow(await session.results())).toEqual([0.1, 0.7, 0.2]);
  });

  it.each([
    ['an acknowledgement is lost', /m-mj-ack-\[3\]\r\n/, ''],
    ['an acknowledgement is damaged', /m-mj-ack-\[3\]/, 'm-mj-ack-[4]'],
    ['the end is damaged', /m-mj-load-done-\[(.)/, 'm-mj-load-done-[x'],
  ])('arrives whole when %s', async (_, match, replace) => {
    const { link, dut } = bench({ faults: [{ kind: 'damage', match, replace, times: 1 }] });
    const session = orThrow(await openSession(link));
    orThrow(await session.mj!.load('program', program));
    expect(Buffer.from(dut.programs.at(-1)!).equals(Buffer.from(program))).toBe(true);
    expect(orThrow(await session.results())).toEqual([0.1, 0.7, 0.2]);
  });

  it('ends after bounded attempts when no frame passes, leaves the device out of the upload, and says so', async () => {
    const { link, dut } = bench({}, (f) => (f.length > 20 ? null : f));
    const session = orThrow(await openSession(link));
    const failed = await session.mj!.load('program', program);
    expect(failed).toMatchObject({
      ok: false,
      id: 'device.load-failed',
      facts: { kind: 'program', loadBytes: 10_000, attempts: 3 },
    });
    expect(link.clock.nowUs()).toBeLessThan(60e6);
    expect(dut.programs).toEqual([]);
    expect(orThrow(await session.results())).toEqual([0.1, 0.7, 0.2]);
  });

  it("is refused with the device's reason when there is no room", async () => {
    const { link } = bench({ mj: { id: ID, programBytes: 100 } });
    const session = orThrow(await openSession(link));
    const refused = await session.mj!.load('program', program);
    expect(refused).toMatchObject({ ok: false, id: 'device.load-refused', facts: { loadBytes: 10_000 } });
    expect(await session.mj!.load('input', new Uint8Array(0))).toMatchObject({
      ok: false,
      id: 'device.input-size',
    });
  });
});

describe('mj baud', () => {
  /** A line that carries text only while both sides have the same rate, and no rate above `best`. */
  function line(best: number) {
    const { near, far } = memoryLinkPair();
    let host = 115_200;
    let device = 115_200;
    const bad = () => host !== device || host > best;
    const scramble = (bytes: Uint8Array) => (bad() ? bytes.map((b) => (b * 167 + 129) & 0xff) : bytes);
    const nearSide: Link = {
      ...lossy(near, (f) => f),
      write: (bytes) => near.write(scramble(bytes)),
      read: async (request) => {
        const read = await near.read(request);
        return read.kind === 'bytes' ? { kind: 'bytes', bytes: scramble(read.bytes) } : read;
      },
      setBaud: async (baud) => {
        host = baud;
        return near.setBaud(baud);
      },
    };
    return { near: nearSide, far, setDevice: (baud: number) => (device = baud) };
  }

  it('changes both sides, and goes back when the new rate does not carry', async () => {
    for (const [best, wanted, id] of [
      [2e6, 921_600, null],
      [500_000, 921_600, 'device.baud-failed'],
    ] as const) {
      const { near, far, setDevice } = line(best);
      serveScriptedDut(far, {
        mj: { id: ID },
        onBaud: (baud) => {
          setDevice(baud);
          // As the firmware: back to the old rate when nobody speaks at the new one for 3 s
          if (baud > best)
            void far.clock.sleepUntilUs(far.clock.nowUs() + 3e6).then(() => setDevice(115_200));
        },
      });
      const session = orThrow(await openSession(near, { baud: 115_200 }));
      const changed = await session.mj!.setBaud(wanted);
      if (id === null) orThrow(changed);
      else expect(changed).toMatchObject({ ok: false, id, facts: { reachableAgain: true } });
      expect(orThrow(await session.results())).toEqual([0.1, 0.7, 0.2]);
    }
  });
});
