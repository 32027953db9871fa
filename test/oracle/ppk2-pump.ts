/** An emulated PPK2 on one end of a pseudo-terminal: its stream of a given load comes as fast as the other end reads. */
import { WallClock } from '../../src-main/base/clock.ts';
import { orThrow } from '../../src-main/base/errors.ts';
import { openPty } from '../../src-main/link/pty.ts';
import { createLoadPlayer, type LoadStep } from '../../src-main/sim/monitors/load-file.ts';
import { serveTwin } from '../../src-main/sim/monitors/alone.ts';
import { createPpk2Twin, type Ppk2TwinOptions } from '../../src-main/sim/monitors/ppk2-twin.ts';
import { WorldIntegral } from '../../src-main/sim/world-integral.ts';

export interface Ppk2Pump extends AsyncDisposable {
  readonly path: string;
  readonly truth: WorldIntegral;
  readonly dropped: () => number;
}

/** `steps` are relative to the start of the stream, which ends at `untilUs`. */
export async function pumpPpk2(
  steps: readonly LoadStep[],
  untilUs: number,
  options: Ppk2TwinOptions = {},
): Promise<Ppk2Pump> {
  const clock = new WallClock();
  const pty = orThrow(await openPty(clock));
  const twin = createPpk2Twin(options);
  const truth = new WorldIntegral();
  const load = createLoadPlayer(steps, { repeat: false });
  load.connect(truth);
  load.connect(twin);
  const served = serveTwin({ wire: pty.link, twin, load, pace: 'free', clock, untilUs });
  return {
    path: pty.path,
    truth,
    dropped: () => twin.counts.dropped,
    async [Symbol.asyncDispose]() {
      await pty[Symbol.asyncDispose]();
      await served;
    },
  };
}
