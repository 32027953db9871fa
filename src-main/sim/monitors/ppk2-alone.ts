import type { Clock } from '../../base/clock.ts';
import type { Link } from '../../link/link.ts';
import type { LoadPlayer } from './load-file.ts';
import type { Ppk2Twin } from './ppk2-twin.ts';

export interface Ppk2AloneOptions {
  /** The device's end of a PTY or TCP connection. */
  readonly wire: Link;
  readonly twin: Ppk2Twin;
  /** What the twin measures; connected to it by the caller. Its time begins with the first command. */
  readonly load: LoadPlayer;
  /** `real`: 100 000 samples a second. `free`: as fast as the other side reads; time stands still while nothing streams. */
  readonly pace: 'real' | 'free';
  readonly clock: Clock;
  /** No samples after this virtual time. */
  readonly untilUs?: number;
}

/** Virtual time between two deliveries: a full-speed USB device hands over once a millisecond. */
const REAL_STEP_US = 1000;
const FREE_STEP_US = 10_000;

/** An emulated PPK2 without a board, for other programs: plays a load until the wire is closed. */
export async function servePpk2(options: Ppk2AloneOptions): Promise<void> {
  const { wire, twin, load, clock, pace } = options;
  const untilUs = options.untilUs ?? Infinity;
  let nowUs = 0;
  let originUs = clock.nowUs();
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
    if (read.kind === 'closed') return;
    // while nothing streams, time stands still in both paces: a load begins when somebody looks
    if (silent) originUs = clock.nowUs() - nowUs;
    else advance(pace === 'real' ? clock.nowUs() - originUs : nowUs + FREE_STEP_US);
    if (read.kind === 'bytes') {
      advance(nowUs);
      twin.receive(read.bytes);
    }
    const out = twin.takeOutput();
    if (out && !(await wire.write(out)).ok) return;
  }
}
