import type { Clock } from '../base/clock.ts';
import type { Result } from '../base/errors.ts';
import type { Link } from '../link/link.ts';
import type { Programmer } from '../link/programmer.ts';

/** The wires of one bench, real or simulated: what a run drives. */
export interface Rig extends AsyncDisposable {
  readonly clock: Clock;
  readonly dut: Link;
  readonly monitor: Link | null;
  readonly programmer: Programmer;
}

export interface RigFactory {
  /** `withMonitor`: energy runs wire the monitor into the supply. */
  open(withMonitor: boolean): Promise<Result<Rig>>;
  /** Opens the links of a rig again after one was lost; waits at most this long. Absent where links are never lost. */
  reopen?(rig: Rig, withMonitor: boolean, signal: AbortSignal): Promise<Result<Rig>>;
}
