/**
 * What every Link promises, whatever it is made of. The far side of the link under test returns every byte it
 * gets, unchanged and in order.
 */
import { afterEach, describe, expect, it } from 'vitest';
import { orThrow } from '../../src-main/base/errors.ts';
import { Rng } from '../../src-main/base/rng.ts';
import type { Link } from '../../src-main/link/link.ts';

export interface LinkSubject extends AsyncDisposable {
  readonly link: Link;
  /** Ends the far side as unplugging would; absent where a link has no such thing. */
  readonly cut?: () => PromiseLike<void> | void;
}

const PATIENCE_US = 5_000_000;

/** Reads until `count` bytes are there or the patience is over. */
async function readCount(link: Link, count: number): Promise<Buffer> {
  const deadlineUs = link.clock.nowUs() + PATIENCE_US;
  const parts: Uint8Array[] = [];
  let have = 0;
  while (have < count) {
    const read = await link.read({ deadlineUs, atLeast: count - have });
    if (read.kind !== 'bytes') break;
    parts.push(read.bytes);
    have += read.bytes.length;
  }
  return Buffer.concat(parts);
}

export function linkContract(title: string, open: () => Promise<LinkSubject>): void {
  describe(`link contract over ${title}`, () => {
    let subject: LinkSubject | undefined;
    const begin = async (): Promise<Link> => (subject = await open()).link;
    afterEach(async () => {
      await subject?.[Symbol.asyncDispose]();
      subject = undefined;
    });

    it('carries every byte value both ways, in order', async () => {
      const link = await begin();
      const all = Uint8Array.from({ length: 256 }, (_, i) => i);
      orThrow(await link.write(all));
      expect(await readCount(link, 256)).toEqual(Buffer.from(all));
    });

    it('loses nothing of 60 000 bytes written in pieces of random length', async () => {
      const link = await begin();
      const rng = new Rng(7);
      const bytes = rng.bytes(60_000);
      const receiving = (async () => {
        const parts: Buffer[] = [];
        for (let have = 0; have < bytes.length;) {
          const part = await readCount(link, Math.min(4096, bytes.length - have));
          if (part.length === 0) break;
          parts.push(part);
          have += part.length;
        }
        return Buffer.concat(parts);
      })();
      for (let at = 0; at < bytes.length;) {
        const length = rng.int(1, 1500);
        orThrow(await link.write(bytes.subarray(at, at + length)));
        at += length;
      }
      const back = await receiving;
      expect(back.length).toBe(bytes.length);
      expect(back.equals(Buffer.from(bytes))).toBe(true);
    });

    it('does not keep a reference to what was written', async () => {
      const link = await begin();
      const bytes = Uint8Array.of(1, 2, 3);
      orThrow(await link.write(bytes));
      bytes.fill(0xee);
      expect(await readCount(link, 3)).toEqual(Buffer.of(1, 2, 3));
    });

    it('times out at the deadline of its clock when nothing comes, and works on', async () => {
      const link = await begin();
      const beforeUs = link.clock.nowUs();
      expect(await link.read({ deadlineUs: beforeUs + 20_000 })).toEqual({ kind: 'timeout' });
      expect(link.clock.nowUs()).toBeGreaterThanOrEqual(beforeUs + 20_000);
      orThrow(await link.write(Uint8Array.of(0x55)));
      expect(await readCount(link, 1)).toEqual(Buffer.of(0x55));
    });

    it('answers at once when the deadline has passed', async () => {
      const link = await begin();
      const read = await link.read({ deadlineUs: link.clock.nowUs() - 1 });
      expect(read).toEqual({ kind: 'timeout' });
    });

    it('throws away what was not read, and says how much', async () => {
      const link = await begin();
      orThrow(await link.write(Uint8Array.of(1, 2, 3, 4)));
      let dropped = 0;
      const deadlineUs = link.clock.nowUs() + PATIENCE_US;
      while (dropped < 4 && link.clock.nowUs() < deadlineUs) {
        await link.clock.sleepUntilUs(link.clock.nowUs() + 2_000);
        dropped += link.discardInput();
      }
      expect(dropped).toBe(4);
      expect(await link.read({ deadlineUs: link.clock.nowUs() + 5_000 })).toEqual({ kind: 'timeout' });
    });

    it('takes a new line rate, or ignores it, and carries on', async () => {
      const link = await begin();
      orThrow(await link.setBaud(9600));
      orThrow(await link.setBaud(115200));
      orThrow(await link.write(Uint8Array.of(9)));
      expect(await readCount(link, 1)).toEqual(Buffer.of(9));
    });

    it('is closed for good after dispose: a waiting read ends, later reads and writes say so', async () => {
      const link = await begin();
      const waiting = link.read({ deadlineUs: Infinity });
      await link[Symbol.asyncDispose]();
      expect(await waiting).toMatchObject({ kind: 'closed', expected: true });
      expect(await link.read({ deadlineUs: Infinity })).toMatchObject({ kind: 'closed', expected: true });
      expect(await link.read({ deadlineUs: 0 })).toMatchObject({ kind: 'closed', expected: true });
      expect(await link.write(Uint8Array.of(1))).toMatchObject({ ok: false, id: 'link.closed' });
      await link[Symbol.asyncDispose]();
    });

    it('hands out what came before the far side went away, then says closed and unexpected', async () => {
      const link = await begin();
      if (!subject!.cut) return;
      orThrow(await link.write(Uint8Array.of(7, 8)));
      expect(await readCount(link, 2)).toEqual(Buffer.of(7, 8));
      await subject!.cut();
      const end = await link.read({ deadlineUs: link.clock.nowUs() + PATIENCE_US });
      expect(end).toMatchObject({ kind: 'closed', expected: false });
      expect(await link.read({ deadlineUs: Infinity })).toEqual(end);
      expect(await link.write(Uint8Array.of(1))).toMatchObject({ ok: false, id: 'link.closed' });
    });
  });
}
