import { fail, ok, type Result } from '../base/errors.ts';
import type { Link } from '../link/link.ts';
import type { MonitorAccuracy } from '../trace/accuracy.ts';
import { ina } from './ina/descriptor.ts';
import { openIna } from './ina/driver.ts';
import { lpm01a } from './lpm01a/descriptor.ts';
import { openLpm01a } from './lpm01a/driver.ts';
import type { Monitor, MonitorDescriptor } from './monitor.ts';
import { ppk2 } from './ppk2/descriptor.ts';
import { openPpk2 } from './ppk2/driver.ts';
import { scpi } from './scpi/descriptor.ts';
import { openScpi } from './scpi/driver.ts';

/** What may be said when a monitor is opened, whatever its kind; each takes what it knows. */
export interface OpenMonitorOptions {
  /** USB serial number, where the host knows it. */
  readonly serial?: string;
  /** Bounds from a dated check; the maker's or assumed ones where absent. */
  readonly accuracy?: MonitorAccuracy;
  /** Of monitors that let one choose: LPM01A, SCPI readings. */
  readonly sampleRateHz?: number;
  /** PPK2: converted values without the spike filter. */
  readonly unfiltered?: boolean;
}

interface MonitorKind {
  readonly descriptor: MonitorDescriptor;
  readonly open: (link: Link, options: OpenMonitorOptions) => Promise<Result<Monitor>>;
}

/** One line a kind of monitor. */
const kinds: readonly MonitorKind[] = [
  {
    descriptor: ppk2,
    open: (link, { unfiltered, ...o }) => openPpk2(link, { ...o, filtered: !(unfiltered ?? false) }),
  },
  { descriptor: lpm01a, open: (link, o) => openLpm01a(link, o) },
  { descriptor: scpi, open: (link, o) => openScpi(link, o) },
  { descriptor: ina, open: (link, o) => openIna(link, o) },
];

export const monitorDescriptors: readonly MonitorDescriptor[] = kinds.map((k) => k.descriptor);

/** `cli.unknown-monitor` with the kinds that are known. */
export function monitorDescriptor(kind: string): Result<MonitorDescriptor> {
  const found = monitorDescriptors.find((d) => d.id === kind);
  return found
    ? ok(found)
    : fail(
        'cli.unknown-monitor',
        { kind, known: monitorDescriptors.map((d) => d.id) },
        'There is no monitor of this kind.',
        'Write --monitor KIND:ADDRESS with one of the kinds that are known.',
      );
}

/** Takes over a link to a monitor of this kind. */
export async function openMonitor(
  kind: string,
  link: Link,
  options: OpenMonitorOptions = {},
): Promise<Result<Monitor>> {
  const found = kinds.find((k) => k.descriptor.id === kind);
  if (found) return found.open(link, options);
  const unknown = monitorDescriptor(kind);
  return unknown.ok ? fail('monitor.none', { kind }, 'It has no driver.', 'Report this as a bug.') : unknown;
}
