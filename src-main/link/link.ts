import type { Clock } from '../base/clock.ts';
import type { Result } from '../base/errors.ts';

/**
 * A Link is bytes in, bytes out and a clock: all that the product knows of a wire. Serial ports, TCP
 * sockets, child processes, PTYs and the simulated world implement it; one contract suite
 * (test/contract/link.contract.ts) runs over all of them. See docs/adr/0001-virtual-time-link-programmer.md.
 *
 * Reads are pulled. A read with a finite deadline is *active*: in the simulated world it is what lets
 * virtual time move. A read with `Infinity` is *passive*: it waits without driving time (a monitor's
 * recorder beside the run that drives the world). One read at a time per link.
 */
export interface Link extends AsyncDisposable {
  /** As the user would type it: `/dev/ttyACM0`, `tcp://127.0.0.1:7070`, `sim:pico/uart0`. */
  readonly address: string;
  readonly clock: Clock;
  /** False where the far side runs on its own time (PTY, TCP, serial): results are not reproducible bit for bit. */
  readonly deterministic: boolean;
  /** Queues all bytes, resolves when the link took them. Fails with `link.closed` or `link.write-failed`. */
  write(bytes: Uint8Array): Promise<Result<void>>;
  read(request: ReadRequest): Promise<LinkRead>;
  /** Changes the line rate where there is one; a no-op where there is not. */
  setBaud(baud: number): Promise<Result<void>>;
  /** Throws away what has arrived and was not read; returns the count. Does not wait. */
  discardInput(): number;
}

export interface ReadRequest {
  /** On the link's clock. `Infinity` makes the read passive. */
  readonly deadlineUs: number;
  /**
   * A hint: the reader can do nothing before this byte value arrives, so a link may hold bytes back until
   * it has, the deadline passes or 4096 bytes wait. Readers must cope with links that ignore it.
   */
  readonly until?: number;
  /** A hint like `until`: nothing to do before so many bytes. */
  readonly atLeast?: number;
}

export type LinkRead =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'timeout' }
  /** Final: every later read gives the same. `expected` is true after our own dispose. */
  | { readonly kind: 'closed'; readonly reason: string; readonly expected: boolean };
