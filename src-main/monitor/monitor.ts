import type { Result } from '../base/errors.ts';
import type { MonitorAccuracy } from '../trace/accuracy.ts';
import type { SampleCodec } from '../trace/format.ts';
import type { SampleSource } from '../trace/source.ts';

/** What a kind of monitor is, before one is opened. One a folder; see docs/how-to/add-a-monitor.md. */
export interface MonitorDescriptor {
  /** `ppk2` */
  readonly id: string;
  readonly name: string;
  readonly usb: readonly { readonly vendorId: number; readonly productId: number }[];
  readonly baud: number;
  /** The highest; `streamFormat` of an opened monitor has the one in use. */
  readonly sampleRateHz: number;
  readonly logicChannels: number;
  /**
   * How it can see the DUT's windows. `level`: a logic input shows the window pin. `events`: it numbers the pulses of
   * the timestamp pin, and the driver turns each pair into a window on D0 (see `armWindow`). `none`: not at all.
   */
  readonly windowInput: 'level' | 'events' | 'none';
  /** What it can measure at most, A: a window that goes beyond does not count. null where nobody knows. */
  readonly fullScaleA: number | null;
  /** Output it can supply, mV; null where it only measures. */
  readonly source: { readonly minMv: number; readonly maxMv: number } | null;
  readonly canMeasureInline: boolean;
  readonly codec: SampleCodec;
}

/** Who this monitor is, for the record of a run. */
export interface MonitorIdentity {
  readonly kind: string;
  /** null where the wire does not tell (the USB serial number does, the composition root knows it). */
  readonly serial: string | null;
  readonly hardware: string | null;
  /** Where the calibration in use comes from, and what was missing or unreadable in it. */
  readonly calibration: {
    readonly origin: 'device' | 'defaults' | 'mixed';
    readonly remarks: readonly string[];
    /** First 8 hex digits of the SHA-256 of the values in use: another hash is another instrument. */
    readonly hash: string;
  };
}

/** `source`: the monitor supplies the DUT. `ampere`: the DUT has its own supply of `millivolts` through the monitor. */
export interface SupplySetting {
  readonly mode: 'source' | 'ampere';
  readonly millivolts: number;
  /** Half width of the bound on the real voltage; the monitor's own figure where absent. */
  readonly uncertaintyMv?: number;
}

/** A power monitor that was opened. One stream at a time. */
export interface Monitor extends SampleSource, AsyncDisposable {
  readonly descriptor: MonitorDescriptor;
  readonly identity: MonitorIdentity;
  /** The bounds of its readings, unless a dated check gives better ones. */
  readonly accuracy: MonitorAccuracy;
  /** `monitor.streaming` while a stream runs, `monitor.bad-voltage` outside what it can do. */
  setSupply(setting: SupplySetting): Promise<Result<void>>;
  /** Connects or cuts the DUT's supply; allowed in mid-stream. `monitor.cannot-supply` where it has no switch. */
  setDutPower(on: boolean): Promise<Result<void>>;
  /** Of a monitor with window events: whatever pulses came before, the next one opens a window. */
  armWindow?(): void;
  /**
   * How long after samples came their loss can still show, µs on the monitor's clock: a window is sound when so much
   * time has passed behind it. 0 where each sample proves those before it.
   */
  readonly verdictUs: number;
}
