/** Carries the wires of a simulated bench to third-party clients over TCP or a pseudo-terminal: `microjoule emulate`. */
import { WallClock, type Clock } from '../base/clock.ts';
import { fail, ok, type Failure, type Result } from '../base/errors.ts';
import type { Link } from '../link/link.ts';
import { openPty } from '../link/pty.ts';
import { listenTcp } from '../link/tcp.ts';
import { BoundedWriter, DropReport } from './bounded-writer.ts';
import type { Outlet, TimeKeeper } from './time-keeper.ts';

/** Where clients find a wire. Port 0 = any free one; without a path a temporary one. */
export type Place =
  | { readonly kind: 'tcp'; readonly port: number; readonly host?: string }
  | { readonly kind: 'pty'; readonly path?: string };

export interface Carrier extends AsyncDisposable {
  /** What a client opens: `tcp://127.0.0.1:7070` or a path. */
  readonly address: string;
  /** Resolves when nobody can connect any more although it was not disposed. */
  readonly gone: Promise<Failure>;
}

/**
 * Opens a place and hands over a link for each client: one for each TCP connection, one in all for a pseudo-terminal,
 * whose opening and closing cannot be seen from this side.
 */
export async function openPlace(place: Place, onClient: (client: Link) => void): Promise<Result<Carrier>> {
  if (place.kind === 'pty') return openPtyPlace(place.path, onClient);
  const listening = await listenTcp({ ...place, clock: new WallClock() }, onClient);
  if (!listening.ok) return listening;
  const listener = listening.value;
  return ok({
    address: `tcp://${place.host ?? '127.0.0.1'}:${listener.port}`,
    gone: new Promise<Failure>(() => undefined),
    [Symbol.asyncDispose]: () => listener[Symbol.asyncDispose](),
  });
}

async function openPtyPlace(
  path: string | undefined,
  onClient: (client: Link) => void,
): Promise<Result<Carrier>> {
  const opened = await openPty(new WallClock(), path);
  if (!opened.ok) return opened;
  const pty = opened.value;
  const gone = new Promise<Failure>((resolve) => {
    onClient(
      watched(pty.link, (reason) =>
        resolve(
          fail(
            'link.closed',
            { address: pty.path, reason },
            'The pseudo-terminal ended: its socat was stopped.',
            'Start it again.',
          ),
        ),
      ),
    );
  });
  return ok({ address: pty.path, gone, [Symbol.asyncDispose]: () => pty[Symbol.asyncDispose]() });
}

/** The same link, which tells when a read finds it ended by the far side. */
function watched(link: Link, ended: (reason: string) => void): Link {
  return {
    address: link.address,
    clock: link.clock,
    deterministic: link.deterministic,
    write: (bytes) => link.write(bytes),
    read: async (request) => {
      const read = await link.read(request);
      if (read.kind === 'closed' && !read.expected) ended(read.reason);
      return read;
    },
    setBaud: (baud) => link.setBaud(baud),
    discardInput: () => link.discardInput(),
    [Symbol.asyncDispose]: () => link[Symbol.asyncDispose](),
  };
}

export interface CarriedWire {
  readonly wire: Link;
  /** For what is said about it. */
  readonly name: string;
  /** What the wire takes of clients a second; they wait beyond. Default: no limit. */
  readonly bytesPerSecond?: number;
  /** Bytes the far side has not taken yet: clients wait while they are many. Default: 0. */
  readonly waitingBytes?: () => number;
  readonly note?: (line: string) => void;
}

/**
 * Lets clients talk to a wire, one at a time: a new connection takes over from the one before. What comes while nobody
 * is connected is lost, as on a cable that is not plugged in.
 */
export async function carry(
  carried: CarriedWire,
  keeper: TimeKeeper,
  place: Place,
): Promise<Result<Carrier>> {
  const outlet = new WireOutlet(carried);
  const opened = await openPlace(place, (client) => outlet.connect(client));
  if (!opened.ok) return opened;
  keeper.add(outlet);
  const { address, gone } = opened.value;
  return ok({
    address,
    gone,
    [Symbol.asyncDispose]: async () => {
      await outlet.close();
      await opened.value[Symbol.asyncDispose]();
    },
  });
}

interface Client {
  readonly link: Link;
  readonly writer: BoundedWriter;
}

/** Bytes of a client that lie on the wire ahead of time, as in the buffer of a USB adapter. */
const AHEAD_US = 50_000;
const SLICE_BYTES = 256;
const MOST_WAITING_BYTES = 65_536;

class WireOutlet implements Outlet {
  readonly #carried: CarriedWire;
  readonly #wall: Clock = new WallClock();
  readonly #drops: DropReport;
  #client: Client | null = null;
  #traffic = false;
  #stopped = false;
  #closed = false;
  /** When the wire has taken what clients sent, virtual µs. */
  #wireFreeUs = 0;
  #stepped: (() => void)[] = [];

  constructor(carried: CarriedWire) {
    this.#carried = carried;
    this.#drops = new DropReport(carried.name, this.#wall, carried.note ?? (() => undefined));
  }

  get congested(): boolean {
    return this.#client?.writer.congested ?? false;
  }

  connect(link: Link): void {
    this.#leave(this.#client);
    const writer = new BoundedWriter({ client: link, wall: this.#wall, dropped: (n) => this.#drops.add(n) });
    const client = { link, writer };
    this.#client = client;
    void this.#inward(client);
  }

  async collect(): Promise<boolean> {
    const { wire } = this.#carried;
    const read = await wire.read({ deadlineUs: wire.clock.nowUs() });
    const { writer } = this.#client ?? {};
    if (read.kind === 'bytes') writer?.push(read.bytes);
    this.#sayIfStopped(read.kind === 'closed' ? read.reason : null);
    const traffic = this.#traffic || (read.kind === 'bytes' && writer !== undefined && !writer.stalled);
    this.#traffic = false;
    for (const go of this.#stepped.splice(0)) go();
    return traffic;
  }

  async close(): Promise<void> {
    this.#closed = true;
    const client = this.#client;
    this.#client = null;
    client?.writer.end();
    for (const go of this.#stepped.splice(0)) go();
    this.#drops.say();
    await client?.link[Symbol.asyncDispose]();
  }

  #leave(client: Client | null): void {
    client?.writer.end();
    void client?.link[Symbol.asyncDispose]();
    if (this.#client === client) this.#client = null;
  }

  async #inward(client: Client): Promise<void> {
    for (;;) {
      const read = await client.link.read({ deadlineUs: Infinity });
      if (read.kind !== 'bytes') break;
      await this.#send(client, read.bytes);
    }
    this.#leave(client);
  }

  /** No faster than the line: a client that floods waits, and nothing grows. */
  async #send(client: Client, bytes: Uint8Array): Promise<void> {
    const { wire, bytesPerSecond, waitingBytes = () => 0 } = this.#carried;
    for (let at = 0; at < bytes.length; at += SLICE_BYTES) {
      const slice = bytes.subarray(at, at + SLICE_BYTES);
      while (this.#wireFreeUs > wire.clock.nowUs() + AHEAD_US || waitingBytes() > MOST_WAITING_BYTES) {
        await new Promise<void>((resolve) => this.#stepped.push(resolve));
        if (this.#closed || this.#client !== client) return;
      }
      this.#traffic = true;
      if (bytesPerSecond)
        this.#wireFreeUs =
          Math.max(this.#wireFreeUs, wire.clock.nowUs()) + (slice.length / bytesPerSecond) * 1e6;
      // A board that has stopped takes nothing; that was said when it stopped
      await wire.write(slice);
    }
  }

  #sayIfStopped(reason: string | null): void {
    if (reason !== null && !this.#stopped && !this.#closed)
      this.#carried.note?.(`${this.#carried.name}: stopped: ${reason}`);
    this.#stopped = reason !== null;
  }
}
