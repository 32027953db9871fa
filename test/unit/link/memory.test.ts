import { describe, expect, it } from 'vitest';
import { memoryLinkPair } from '../../../src-main/link/memory.ts';

describe('a memory link in virtual time', () => {
  it('moves time only while the near side waits, and only as far as needed', async () => {
    const { near, far, clock } = memoryLinkPair();
    void far.clock.sleepUntilUs(700).then(() => far.write(Uint8Array.of(1)));
    expect(clock.nowUs()).toBe(0);
    expect(await near.read({ deadlineUs: 5_000 })).toEqual({ kind: 'bytes', bytes: Uint8Array.of(1) });
    expect(clock.nowUs()).toBe(700);
    expect(await near.read({ deadlineUs: 5_000 })).toEqual({ kind: 'timeout' });
    expect(clock.nowUs()).toBe(5_000);
  });

  it('a passive read waits for bytes without moving time; another wait moves it', async () => {
    const { near, far, clock } = memoryLinkPair();
    void far.clock.sleepUntilUs(300).then(() => far.write(Uint8Array.of(2)));
    const passive = near.read({ deadlineUs: Infinity });
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(clock.nowUs()).toBe(0);
    await near.clock.sleepUntilUs(1_000);
    expect(await passive).toEqual({ kind: 'bytes', bytes: Uint8Array.of(2) });
    expect(clock.nowUs()).toBe(1_000);
  });

  it('two waits at the same time each end at their own time', async () => {
    const { near } = memoryLinkPair();
    const ends: [string, number][] = [];
    await Promise.all([
      near.read({ deadlineUs: 5_000 }).then(() => ends.push(['read', near.clock.nowUs()])),
      near.clock.sleepUntilUs(1_000).then(() => ends.push(['sleep', near.clock.nowUs()])),
      near.clock.sleepUntilUs(3_000).then(() => ends.push(['second sleep', near.clock.nowUs()])),
    ]);
    expect(ends).toEqual([
      ['sleep', 1_000],
      ['second sleep', 3_000],
      ['read', 5_000],
    ]);
  });
});
