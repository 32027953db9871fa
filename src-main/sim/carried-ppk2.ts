import { WallClock } from '../base/clock.ts';
import { ok, type Result } from '../base/errors.ts';
import type { Link } from '../link/link.ts';
import { BoundedWriter, DropReport } from './bounded-writer.ts';
import { openPlace, type Carrier, type Place } from './carriers.ts';
import { createLoadPlayer, type LoadStep } from './monitors/load-file.ts';
import { servePpk2 } from './monitors/ppk2-alone.ts';
import { createPpk2Twin } from './monitors/ppk2-twin.ts';

export interface CarriedPpk2Options {
  readonly steps: readonly LoadStep[];
  /** Begins again at the time of the last step; otherwise that step holds. */
  readonly repeat: boolean;
  readonly pace: 'free' | 'real';
  readonly place: Place;
  readonly seed: number;
  readonly note?: (line: string) => void;
}

/** An emulated PPK2 that plays a load file to clients. Each TCP connection finds a device that was just plugged in. */
export async function carryPpk2(options: CarriedPpk2Options): Promise<Result<Carrier>> {
  const { pace, steps, repeat, seed } = options;
  const wall = new WallClock();
  const drops = new DropReport('ppk2', wall, options.note ?? (() => undefined));
  const serving = new Set<Promise<void>>();
  let present: Link | null = null;
  const serve = (client: Link) => {
    void present?.[Symbol.asyncDispose]();
    present = client;
    const twin = createPpk2Twin({ seed });
    const load = createLoadPlayer(steps, { repeat });
    load.connect(twin);
    // In free pace the write that waits for the client is what makes it wait; in real pace nothing waits
    const wire = pace === 'real' ? neverWaiting(client, wall, drops) : client;
    const served = servePpk2({ wire, twin, load, pace, clock: wall }).finally(() => serving.delete(served));
    serving.add(served);
  };
  const opened = await openPlace(options.place, serve);
  if (!opened.ok) return opened;
  const { address, gone } = opened.value;
  return ok({
    address,
    gone,
    [Symbol.asyncDispose]: async () => {
      await present?.[Symbol.asyncDispose]();
      await opened.value[Symbol.asyncDispose]();
      await Promise.all(serving);
      drops.say();
    },
  });
}

function neverWaiting(client: Link, wall: WallClock, drops: DropReport): Link {
  const writer = new BoundedWriter({ client, wall, dropped: (bytes) => drops.add(bytes) });
  return {
    address: client.address,
    clock: client.clock,
    deterministic: client.deterministic,
    write: async (bytes) => {
      writer.push(bytes);
      return ok();
    },
    read: (request) => client.read(request),
    setBaud: (baud) => client.setBaud(baud),
    discardInput: () => client.discardInput(),
    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
  };
}
