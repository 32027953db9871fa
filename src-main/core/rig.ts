import type { Clock } from '../base/clock.ts';
import type { Result } from '../base/errors.ts';
import type { Link } from '../link/link.ts';
import type { Programmer } from '../link/programmer.ts';

/** The wires of one bench, real or simulated: what a run drives. */
export interface Rig extends AsyncDisposable {
  readonly clock: Clock;
  readonly dut: Link;
  readonly monitor: Link | null;
  /** Which driver speaks to the monitor; null where there is none. */
  readonly monitorKind: string | null;
  /** What it is to sample at, where somebody chose. */
  readonly monitorRateHz?: number;
  readonly programmer: Programmer;
  /** USB serial numbers of the ports; null where nobody knows. Never a port's path, which changes with every plug. */
  readonly serials: { readonly board: string | null; readonly monitor: string | null };
  /** Of a simulated rig: a cable pulled. */
  unplug?(wire: 'dut' | 'monitor'): void;
}

export interface RigFactory {
  /** `withMonitor`: energy runs wire the monitor into the supply. */
  open(withMonitor: boolean): Promise<Result<Rig>>;
  /** Opens the links of a rig again after one was lost; waits until they are back or the signal ends it. */
  reopen(rig: Rig, withMonitor: boolean, signal: AbortSignal): Promise<Result<Rig>>;
}
