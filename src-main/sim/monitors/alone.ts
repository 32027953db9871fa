import type { Clock } from '../../base/clock.ts';
import type { Link } from '../../link/link.ts';
import type { LoadPlayer } from './load-file.ts';
import type { ServedTwin } from './twins.ts';

export interface TwinAloneOptions {
  /** The device's end of a PTY or TCP connection. */
  readonly wire: Link;
  readonly twin: ServedTwin;
  /** What the twin measures; connected to it by the caller. Its time begins with the first command. */
  readonly load: LoadPlayer;
  /** `real`: the device's own rate. `free`: as fast as the other side reads; time stands still while nothing streams. */
  readonly pace: 'real' | 'free';
  readonly clock: Clock;
  /** No samples after this virtual time. */
  readonly untilUs?: number;
  /** At this virtual time the plug is pulled: the wire ends. */
  readonly unplugAtUs?: number;
}

/** How long it was served: virtual time over wall time is the stretch of `free` pace. */
export interface Served {
  readonly virtualUs: number;
  readonly wallUs: number;
}

/** Virtual time between two deliveries: a full-speed USB device hands over once a millisecond. */
const REAL_STEP_US = 1000;
const FREE_STEP_US = 10_000;

/** An emulated monitor without a board, for other programs: plays a load until the wire is closed. */
export async function serveTwin(options: TwinAloneOptions): Promise<Served> {
  const { wire, twin, load, clock, pace } = options;
  const untilUs = options.untilUs ?? Infinity;
  const unplugAtUs = options.unplugAtUs ?? Infinity;
  let nowUs = 0;
  let wallUs = 0;
  let lookedUs = clock.nowUs();
  let originUs = lookedUs;
  const advance = (toUs: number) => {
    nowUs = Math.min(Math.max(nowUs, toUs), untilUs);
    load.advanceTo(nowUs);
    twin.advanceTo(nowUs);
  };
  for (;;) {
    const silent = !twin.streaming || nowUs >= untilUs;
    const wall = clock.nowUs();
    const deadlineUs = silent ? Infinity : pace === 'real' ? wall + REAL_STEP_US : wall;
    const read = await wire.read({ deadlineUs });
    if (!silent) wallUs += clock.nowUs() - lookedUs;
    lookedUs = clock.nowUs();
    if (read.kind === 'closed') return { virtualUs: nowUs, wallUs };
    // while nothing streams, time stands still in both paces: a load begins when somebody looks
    if (silent) originUs = clock.nowUs() - nowUs;
    else advance(pace === 'real' ? clock.nowUs() - originUs : nowUs + FREE_STEP_US);
    if (read.kind === 'bytes') {
      advance(nowUs);
      twin.receive(read.bytes);
    }
    if (nowUs >= unplugAtUs) {
      twin.unplug();
      await wire[Symbol.asyncDispose]();
      return { virtualUs: nowUs, wallUs };
    }
    const out = twin.takeOutput();
    if (out && !(await wire.write(out)).ok) return { virtualUs: nowUs, wallUs };
  }
}
