/**
 * The facts a session must show on every DUT that works, whatever it is made of and whatever the link is.
 */
import { afterEach, describe, expect, it } from 'vitest';
import { orThrow } from '../../src-main/base/errors.ts';
import { openSession, type Session, type SessionOptions } from '../../src-main/device/session.ts';
import type { Link } from '../../src-main/link/link.ts';

export interface SessionSubject extends AsyncDisposable {
  readonly link: Link;
  /** What the DUT is. */
  readonly expected: {
    readonly mode: 'performance' | 'energy';
    readonly inputBytes: number;
    readonly outputs: number;
    /** True when the DUT knows `mj`. */
    readonly mj: boolean;
  };
  readonly options?: SessionOptions;
}

/** A varied input, also with the bytes that a serial line likes to eat. */
function someInput(bytes: number, seed: number): Uint8Array {
  return Uint8Array.from({ length: bytes }, (_, i) => (i * 37 + seed * 11 + (i >> 3)) & 0xff);
}

export function sessionContract(title: string, open: () => Promise<SessionSubject>): void {
  describe(`session contract over ${title}`, () => {
    let subject: SessionSubject | undefined;
    const begin = async (): Promise<Session> => {
      subject = await open();
      return orThrow(await openSession(subject.link, subject.options));
    };
    afterEach(async () => {
      await subject?.[Symbol.asyncDispose]();
      subject = undefined;
    });

    it('finds the DUT in step and says who it is', async () => {
      await using session = await begin();
      expect(session.identity.mode).toBe(subject!.expected.mode);
      expect(session.identity.vendor).not.toBe('');
      expect(session.identity.model).not.toBe('');
      expect(session.mj !== null).toBe(subject!.expected.mj);
    });

    it('loads an input, infers and reads as many results as the model has outputs', async () => {
      await using session = await begin();
      orThrow(await session.loadInputByDialect(someInput(subject!.expected.inputBytes, 1)));
      const window = orThrow(await session.infer(3, 1));
      expect(window.results).toHaveLength(subject!.expected.outputs);
      expect(window.resultsReread).toBe(false);
      expect(orThrow(await session.results())).toEqual(window.results);
    });

    it('measures a window by the laps of the DUT in performance mode, and has none in energy mode', async () => {
      await using session = await begin();
      orThrow(await session.loadInputByDialect(someInput(subject!.expected.inputBytes, 2)));
      const one = orThrow(await session.infer(1, 0));
      const four = orThrow(await session.infer(4, 0));
      if (subject!.expected.mode === 'energy') expect([one.windowUs, four.windowUs]).toEqual([null, null]);
      else {
        expect(one.windowUs).toBeGreaterThan(0);
        expect(four.latencyUs).toBeCloseTo(four.windowUs! / 4, 9);
        expect(four.windowUs).toBeGreaterThan(one.windowUs!);
      }
    });

    it('gives the same results for the same input, and refuses a count of 0 without sending it', async () => {
      await using session = await begin();
      orThrow(await session.loadInputByDialect(someInput(subject!.expected.inputBytes, 3)));
      const first = orThrow(await session.infer(1, 0));
      const again = orThrow(await session.infer(2, 1));
      expect(again.results).toEqual(first.results);
      expect(await session.infer(0, 0)).toMatchObject({ ok: false, id: 'device.bad-count' });
    });

    it('is found again by a second session on the same link', async () => {
      await using first = await begin();
      await using second = orThrow(await openSession(subject!.link, subject!.options));
      expect(second.identity).toEqual(first.identity);
    });

    it('refuses the other mode with the way out', async () => {
      subject = await open();
      const mode = subject.expected.mode === 'energy' ? 'performance' : 'energy';
      const refused = await openSession(subject.link, { ...subject.options, mode });
      expect(refused).toMatchObject({ ok: false, id: 'device.wrong-mode', facts: { wanted: mode } });
    });

    it('reads identity, cycles per operator, arena and raw outputs where mj is there', async () => {
      await using session = await begin();
      if (!subject!.expected.mj) {
        expect(session.mj).toBeNull();
        return;
      }
      const mj = session.mj!;
      orThrow(await mj.paint());
      orThrow(await session.loadInput(someInput(subject!.expected.inputBytes, 4)));
      const profile = orThrow(await mj.profile());
      expect(profile.ops).toHaveLength(mj.identity.ops);
      expect(profile.totalCycles).toBeGreaterThanOrEqual(profile.ops.reduce((sum, op) => sum + op.cycles, 0));
      const arena = orThrow(await mj.arena());
      expect(arena.highBytes).toBeLessThanOrEqual(arena.sizeBytes);
      orThrow(await session.infer(1, 0));
      const outputs = orThrow(await mj.output());
      expect(outputs).toHaveLength(mj.identity.outputBytes);
      // The checked upload and the dialect's own load must leave the same input behind.
      orThrow(await session.loadInputByDialect(someInput(subject!.expected.inputBytes, 4)));
      orThrow(await session.infer(1, 0));
      expect(orThrow(await mj.output())).toEqual(outputs);
    });
  });
}
