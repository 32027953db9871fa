import { z } from 'zod';
import type { FailureDto } from '../failure.ts';
import type { DeviceIdentity } from '../target.ts';
import type { Activity } from './activity.ts';
import { PortAddress } from './address.ts';
import { method } from './method.ts';
import { WiringChoice } from './runs.ts';

/** A serial port of the bench's computer. */
export interface FoundPort {
  readonly path: string;
  readonly vendorId: number | null;
  readonly productId: number | null;
  readonly serialNumber: string | null;
  readonly manufacturer: string | null;
  /** What its USB ids say it is. */
  readonly device: {
    readonly kind: 'board' | 'monitor' | 'interface-board';
    readonly id: string;
    readonly name: string;
  } | null;
  /** Who has it open: `picocom (process 4711)`; null when it is free, as far as the bench may see. */
  readonly heldBy: string | null;
  /** What the database knows of this serial number. */
  readonly known: {
    readonly firmware: string | null;
    readonly firstSeenAt: string;
    readonly lastSeenAt: string;
  } | null;
}

/** One use of a pin, as the firmware has it. */
export interface BoardPin {
  readonly use: 'window' | 'operator' | 'timestamp';
  readonly gpio: number;
  /** Logic channel of the monitor, D0 = 0. */
  readonly channel: number;
}

export interface TargetEntry {
  readonly id: string;
  readonly name: string;
  readonly boardId: string;
  readonly boardName: string;
  readonly core: string;
  readonly clockHz: number;
  /** `instructions`: no µs, no energy. */
  readonly unit: 'us' | 'instructions';
  readonly flashBytes: number;
  readonly arenaBytes: number;
  readonly source: 'measured' | 'emulated';
  readonly needsPort: boolean;
  readonly pins: readonly BoardPin[];
  readonly supply: {
    readonly point: string;
    readonly minV: number;
    readonly maxV: number;
    readonly usualV: number;
  };
  readonly assumptions: readonly string[];
}

export interface MonitorEntry {
  readonly kind: string;
  readonly name: string;
  readonly sampleRateHz: number;
  readonly logicChannels: number;
  readonly windowInput: 'level' | 'events' | 'none';
  /** Can also be had emulated. */
  readonly emulated: boolean;
  readonly supplies: { readonly minV: number; readonly maxV: number } | null;
}

export interface HardwareList {
  readonly ports: readonly FoundPort[];
  /** Why there is no list of ports. */
  readonly portsFailure: FailureDto | null;
  readonly targets: readonly TargetEntry[];
  readonly monitors: readonly MonitorEntry[];
}

/** One thing the doctor looked at. */
export interface Finding {
  readonly id: string;
  readonly ok: boolean;
  readonly fact: string;
  /** What to do; '' when all is well. */
  readonly fix: string;
}

export const hardwareMethods = {
  'hardware.scan': method(z.object({}))<HardwareList>(),
  /** Opens the port, asks the board who it is, closes it. `device.*`, `link.*`. */
  'hardware.identify': method(z.object({ port: PortAddress }))<DeviceIdentity>(),
  'hardware.doctor': method(z.object({}))<readonly Finding[]>(),
  /** Ping, sync edge, idle current, clock drift. The board must run our firmware; `program` puts it there first. */
  'hardware.checkWiring': method(
    z.object({
      targetId: z.string().min(1).max(64),
      wiring: WiringChoice.default({}),
      supplyV: z.number().min(0.8).max(5).optional(),
      program: z.boolean().default(false),
    }),
  )<Activity>(),
};
