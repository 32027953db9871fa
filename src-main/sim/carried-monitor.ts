import { WallClock } from '../base/clock.ts';
import { ok, type Result } from '../base/errors.ts';
import type { Link } from '../link/link.ts';
import { BoundedWriter, DropReport } from './bounded-writer.ts';
import { openPlace, type Carrier, type Place } from './carriers.ts';
import { createLoadPlayer, type LoadStep } from './monitors/load-file.ts';
import { serveTwin, type Served } from './monitors/alone.ts';
import type { ServedFaults } from './monitors/fault-words.ts';
import { createMonitorTwin, type EmulatedMonitor } from './monitors/twins.ts';

export interface CarriedMonitorOptions {
  readonly kind: EmulatedMonitor;
  readonly faults?: ServedFaults;
  readonly steps: readonly LoadStep[];
  /** Begins again at the time of the last step; otherwise that step holds. */
  readonly repeat: boolean;
  readonly pace: 'free' | 'real';
  readonly place: Place;
  readonly seed: number;
  readonly note?: (line: string) => void;
}

/** An emulated monitor that plays a load file to clients. Each TCP connection finds a device that was just plugged in. */
export async function carryMonitor(options: CarriedMonitorOptions): Promise<Result<Carrier>> {
  const { kind, pace, steps, repeat, seed, faults = {} } = options;
  const wall = new WallClock();
  const note = options.note ?? (() => undefined);
  const drops = new DropReport(kind, wall, note);
  const serving = new Set<Promise<unknown>>();
  let present: Link | null = null;
  const serve = (client: Link) => {
    void present?.[Symbol.asyncDispose]();
    present = client;
    const twin = createMonitorTwin({ kind, seed, faults });
    const load = createLoadPlayer(steps, { repeat });
    load.connect(twin);
    // In free pace the write that waits for the client is what makes it wait; in real pace nothing waits
    const wire = pace === 'real' ? neverWaiting(client, wall, drops) : client;
    const { unplugAtS } = faults;
    const served = serveTwin({
      wire,
      twin,
      load,
      pace,
      clock: wall,
      ...(unplugAtS === undefined ? {} : { unplugAtUs: unplugAtS * 1e6 }),
    })
      .then((done) => pace === 'free' && declareStretch(kind, done, note))
      .finally(() => serving.delete(served));
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

/** What a reader of its numbers must know: its seconds were not those of the wall. */
function declareStretch(kind: string, { virtualUs, wallUs }: Served, note: (line: string) => void): void {
  if (virtualUs === 0 || wallUs === 0) return;
  const s = (us: number) => (us / 1e6).toFixed(1);
  note(
    `${kind}: ${s(virtualUs)} s of its time passed in ${s(wallUs)} s: stretch ${(wallUs / virtualUs).toPrecision(2)}`,
  );
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
