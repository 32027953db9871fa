import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../../src-main/base/clock.ts';
import { ok } from '../../../src-main/base/errors.ts';
import type { Link } from '../../../src-main/link/link.ts';
import { BoundedWriter, DropReport } from '../../../src-main/sim/bounded-writer.ts';

/** A client whose kernel buffer takes one write at a time, when the test says so. */
function slowClient(clock: ManualClock) {
  const taken: Uint8Array[] = [];
  let go: (() => void) | null = null;
  const link: Link = {
    address: 'slow',
    clock,
    deterministic: false,
    write: (bytes) =>
      new Promise((resolve) => {
        go = () => {
          taken.push(bytes);
          go = null;
          resolve(ok());
        };
      }),
    read: async () => ({ kind: 'timeout' }),
    setBaud: async () => ok(),
    discardInput: () => 0,
    [Symbol.asyncDispose]: async () => undefined,
  };
  const takeAll = async () => {
    while (go) {
      go();
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  return { link, taken, takeAll };
}

/** A millisecond of a PPK2's stream; the 6-bit sample counter where the device has it. */
function samples(first: number): Uint8Array {
  return new Uint8Array(Uint32Array.from({ length: 100 }, (_, i) => ((first + i) & 63) << 18).buffer);
}

describe('a client that stops reading', () => {
  it('costs bounded memory; what is lost is whole samples, seen in the counter, and said', async () => {
    const clock = new ManualClock();
    const client = slowClient(clock);
    const notes: string[] = [];
    const report = new DropReport('ppk2', clock, (line) => notes.push(line));
    let dropped = 0;
    const writer = new BoundedWriter({
      client: client.link,
      wall: clock,
      dropped: (bytes) => {
        dropped += bytes;
        report.add(bytes);
      },
    });
    const seconds = 20;
    for (let ms = 0; ms < seconds * 1000; ms++) {
      writer.push(samples(ms * 100));
      await clock.advanceTo(ms * 1000);
    }
    await client.takeAll();
    writer.push(samples(seconds * 100_000));
    await client.takeAll();
    const got = Buffer.concat(client.taken);
    expect(got.length).toBeLessThan((1 << 20) + 1000);
    expect(got.length + dropped).toBe((seconds * 1000 + 1) * 400);
    const words = new Uint32Array(Uint8Array.from(got).buffer);
    const steps = [...words].slice(1).map((w, i) => ((w >>> 18) - (words[i]! >>> 18)) & 63);
    const jumps = steps.flatMap((s, i) => (s === 1 ? [] : [i]));
    expect(jumps).toEqual([words.length - 101]);
    expect(steps[jumps[0]!]! - 1).toBe((dropped / 4) & 63);
    // 17 s of drops are said about every 5 s
    expect(notes.length).toBeGreaterThan(1);
    expect(notes.length).toBeLessThan(6);
    report.say();
    expect(notes.at(-1)).toContain(`${dropped} bytes`);
  });

  it('is waited for while it still reads, for a second at most', async () => {
    const clock = new ManualClock();
    const client = slowClient(clock);
    const writer = new BoundedWriter({ client: client.link, wall: clock, dropped: () => undefined });
    for (let ms = 0; ms < 300; ms++) writer.push(samples(ms * 100));
    expect(writer.congested).toBe(true);
    await clock.advanceTo(1_000_001);
    expect([writer.congested, writer.stalled]).toEqual([false, true]);
    await client.takeAll();
    expect(Buffer.concat(client.taken).length).toBe(300 * 400);
  });
});
