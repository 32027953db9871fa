/** The USB serial port as the product sees it: a link of the simulated bench. */
import { describe, expect, it } from 'vitest';
import { orThrow } from '../../../../src-main/base/errors.ts';
import { Rng } from '../../../../src-main/base/rng.ts';
import type { Link } from '../../../../src-main/link/link.ts';
import { replay } from '../../../../src-main/sim/replay.ts';
import { openSimulatedBench, type SimulatedBenchOptions } from '../../../../src-main/sim/simulated-bench.ts';
import { prebuiltImage } from '../../../images/build.ts';

async function bench(options: Partial<SimulatedBenchOptions> = {}) {
  const opened = orThrow(
    await openSimulatedBench({ seed: 1, monitor: 'none', usb: true, inProcess: true, ...options }),
  );
  orThrow(await opened.programmer.program(prebuiltImage('usb-cdc')));
  return opened;
}

/** Sends `bytes` and reads as many; every part with the time it came. */
async function echo(
  link: Link,
  bytes: Uint8Array,
): Promise<{ readonly us: number; readonly bytes: Uint8Array }[]> {
  orThrow(await link.write(bytes));
  const parts: { us: number; bytes: Uint8Array }[] = [];
  for (let got = 0; got < bytes.length;) {
    const read = await link.read({ deadlineUs: link.clock.nowUs() + 1_000_000 });
    if (read.kind !== 'bytes') throw new Error(read.kind);
    parts.push({ us: link.clock.nowUs(), bytes: read.bytes });
    got += read.bytes.length;
  }
  return parts;
}

const whole = (parts: readonly { readonly bytes: Uint8Array }[]) => Buffer.concat(parts.map((p) => p.bytes));

describe('the USB link of a simulated bench', () => {
  it('gives the same bytes at the same virtual times in this thread, in a worker, and in slices of 7 cycles', async () => {
    const bytes = new Rng(3).bytes(2000);
    const outcomes = [];
    for (const options of [{}, { inProcess: false }, { sliceCycles: 7 }]) {
      await using b = await bench(options);
      outcomes.push(await echo(b.usb!, bytes));
    }
    expect(whole(outcomes[0]!).equals(Buffer.from(bytes))).toBe(true);
    expect(outcomes[1]).toEqual(outcomes[0]);
    expect(outcomes[2]).toEqual(outcomes[0]);
  });

  it('is not there without a cable', async () => {
    await using b = orThrow(await openSimulatedBench({ seed: 1, monitor: 'none', inProcess: true }));
    expect(b.usb).toBeNull();
  });

  it('ends when unplugged, and a new one works when plugged in again', async () => {
    await using b = await bench();
    const first = b.usb!;
    await echo(first, Uint8Array.of(1, 2, 3));
    b.unplug('usb');
    expect(await first.read({ deadlineUs: b.clock.nowUs() + 1000 })).toMatchObject({
      kind: 'closed',
      expected: false,
    });
    await b.clock.sleepUntilUs(b.clock.nowUs() + 30_000);
    const second = b.replug('usb');
    expect(whole(await echo(second, Uint8Array.of(4, 5))).equals(Buffer.from([4, 5]))).toBe(true);
  });

  it('comes back after a reset of the board', async () => {
    await using b = await bench();
    await echo(b.usb!, Uint8Array.of(1));
    orThrow(await b.programmer.reset());
    await b.clock.sleepUntilUs(b.clock.nowUs() + 300_000);
    expect(whole(await echo(b.usb!, Uint8Array.of(9))).equals(Buffer.from([9]))).toBe(true);
  });

  it('says how much the board has not taken yet', async () => {
    await using b = await bench();
    orThrow(await b.usb!.write(new Uint8Array(500)));
    await b.clock.sleepUntilUs(20_000);
    expect(b.usbWaitingBytes).toBe(500); // enumeration takes longer
    await b.clock.sleepUntilUs(400_000);
    expect(b.usbWaitingBytes).toBe(0);
  });

  it('a recorded run over USB happens again, cable pulled and all', async () => {
    await using b = await bench({ recordHashUs: 20_000 });
    await echo(b.usb!, new Rng(4).bytes(700));
    b.unplug('usb');
    await b.clock.sleepUntilUs(b.clock.nowUs() + 10_000);
    await echo(b.replug('usb'), new Rng(5).bytes(100));
    const outcome = orThrow(await replay(b.recording()!));
    expect(outcome).toMatchObject({ difference: null, otherCore: false });
    expect(outcome.compared).toBeGreaterThan(15);
  });
});
