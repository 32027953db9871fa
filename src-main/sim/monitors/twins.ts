import type { BoardPower, MonitorTwin } from '../parts.ts';
import { createInaTwin, type InaForm } from './ina-twin.ts';
import { createLpm01aTwin } from './lpm01a-twin.ts';
import { createPpk2Twin, type Ppk2Faults } from './ppk2-twin.ts';
import { createScpiTwin } from './scpi-twin.ts';

/** Every monitor that can be emulated, by the word that names its kind elsewhere too. */
export const emulatedMonitors = ['ppk2', 'lpm01a', 'scpi', 'ina'] as const;
export type EmulatedMonitor = (typeof emulatedMonitors)[number];

export interface MonitorTwinOptions {
  readonly kind: EmulatedMonitor;
  readonly seed?: number;
  readonly power?: BoardPower;
  /** Faults of all kinds of monitor; those that one cannot have say nothing. */
  readonly faults?: Ppk2Faults;
  /** Which of its text forms the emulated INA sketch prints. */
  readonly inaForm?: InaForm;
}

export type ServedTwin = MonitorTwin & { readonly streaming: boolean };

export function createMonitorTwin({ kind, inaForm, ...options }: MonitorTwinOptions): ServedTwin {
  switch (kind) {
    case 'ppk2':
      return createPpk2Twin(options);
    case 'lpm01a':
      return createLpm01aTwin(options);
    case 'scpi':
      return createScpiTwin(options);
    case 'ina':
      return createInaTwin({ ...options, ...(inaForm ? { form: inaForm } : {}) });
  }
}

/** An INA sits in a supply that comes from elsewhere: the board runs from the start. */
export function suppliesBoard(kind: EmulatedMonitor): boolean {
  return kind !== 'ina';
}
