import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../../src-main/base/clock.ts';
import { orThrow } from '../../../src-main/base/errors.ts';
import { createPpk2Twin } from '../../../src-main/sim/monitors/ppk2-twin.ts';
import { pulledPpk2 } from '../../../src-main/sim/pulled-ppk2.ts';

const START = Uint8Array.of(0x06);
const BYTES_A_SECOND = 400_000;

function opened(pace?: ManualClock) {
  const link = pulledPpk2(createPpk2Twin(), [{ timeUs: 0, currentA: 1e-3, logic: 0 }], pace);
  let bytes = 0;
  const pump = async () => {
    for (;;) {
      const read = await link.read({ deadlineUs: Infinity });
      if (read.kind === 'closed') return;
      if (read.kind === 'bytes') bytes += read.bytes.length;
    }
  };
  return { link, pump, bytes: () => bytes };
}

describe('the emulated PPK2 that is read', () => {
  it('with a pace sends as many samples as that clock has time for, and no more', async () => {
    const pace = new ManualClock();
    await pace.sleepUntilUs(0);
    const { link, pump, bytes } = opened(pace);
    orThrow(await link.write(START));
    const pumped = pump();
    let ms = 0;
    for (; ms < 1000; ms += 10) {
      await pace.advanceTo(ms * 1000);
      for (let i = 0; i < 8; i++) await nextTurn();
      expect(bytes()).toBeLessThanOrEqual((ms / 1000) * BYTES_A_SECOND + 64);
      if (ms > 40) expect(bytes()).toBeGreaterThanOrEqual(((ms - 40) / 1000) * BYTES_A_SECOND);
    }
    await link[Symbol.asyncDispose]();
    await pace.advanceTo((ms + 100) * 1000);
    await pumped;
  });

  it('without one is as fast as it is read', async () => {
    const { link, pump, bytes } = opened();
    orThrow(await link.write(START));
    const pumped = pump();
    while (link.clock.nowUs() < 2_000_000) await nextTurn();
    expect(bytes()).toBeGreaterThan(1.9 * BYTES_A_SECOND);
    await link[Symbol.asyncDispose]();
    await pumped;
  });
});
