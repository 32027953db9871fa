/** An emulated PPK2 on one end of a pseudo-terminal: its stream of a given load comes as fast as the other end reads. */
import { WallClock } from '../../src-main/base/clock.ts';
import { orThrow } from '../../src-main/base/errors.ts';
import { openPty } from '../../src-main/link/pty.ts';
import { createPpk2Twin, type Ppk2TwinOptions } from '../../src-main/sim/monitors/ppk2-twin.ts';
import { WorldIntegral } from '../../src-main/sim/world-integral.ts';
import type { Step } from '../unit/monitor/ppk2-bench.ts';

const BLOCK_US = 10_000;

export interface Ppk2Pump extends AsyncDisposable {
  readonly path: string;
  readonly truth: WorldIntegral;
  readonly dropped: () => number;
}

/** `load` times are relative to the start of the stream, which ends at `endUs`. */
export async function pumpPpk2(load: readonly Step[], endUs: number, options: Ppk2TwinOptions = {}): Promise<Ppk2Pump> {
  const pty = orThrow(await openPty(new WallClock()));
  const twin = createPpk2Twin(options);
  const truth = new WorldIntegral();
  for (const s of load) truth.current(s.timeUs, s.currentA, s.logic);
  let over = false;
  const send = async () => {
    const out = twin.takeOutput();
    if (out) await pty.link.write(out);
  };
  let streaming: Promise<void> | undefined;
  const stream = async () => {
    let next = 0;
    for (let t = BLOCK_US; t <= endUs && twin.streaming && !over; t += BLOCK_US) {
      while (next < load.length && load[next]!.timeUs <= t) {
        const s = load[next++]!;
        twin.current(s.timeUs, s.currentA, s.logic);
      }
      twin.advanceTo(t);
      await send();
    }
  };
  const commands = (async () => {
    for (;;) {
      const read = await pty.link.read({ deadlineUs: Infinity });
      if (read.kind !== 'bytes') return;
      twin.receive(read.bytes);
      if (twin.streaming) streaming ??= stream();
      else await send();
    }
  })();
  return {
    path: pty.path,
    truth,
    dropped: () => twin.counts.dropped,
    async [Symbol.asyncDispose]() {
      over = true;
      await pty[Symbol.asyncDispose]();
      await commands;
      await streaming;
    },
  };
}
