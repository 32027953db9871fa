import { fail, ok, type Result } from '../base/errors.ts';
import type { PortEntry } from '../link/ports.ts';
import { monitorDescriptor, monitorDescriptors } from '../monitor/catalog.ts';
import { usbPlaceOf } from './usb-place.ts';

/** What stands behind `--monitor`. */
export interface MonitorPlace {
  /** `ppk2`, `lpm01a`, `scpi`, `ina`. */
  readonly kind: string;
  readonly address: string;
  /** Of a monitor that lets one choose. */
  readonly sampleRateHz?: number;
}

const KIND = /^([a-z][a-z0-9]*)(?:@(\d+)(k?))?(?::(.*))?$/s;
/** Beginnings of addresses that look like a kind. */
const SCHEMES = ['tcp', 'process', 'sim', 'com'];

/** The kind in `KIND:ADDRESS`, `KIND@RATE:ADDRESS` or a bare `KIND`; null where an address stands alone. */
export function namedKind(text: string): string | null {
  const kind = KIND.exec(text.trim())?.[1] ?? null;
  return kind === null || SCHEMES.includes(kind) ? null : kind;
}

/**
 * `KIND:ADDRESS` or `KIND@RATE:ADDRESS` (`lpm01a@100k:COM7`), or an address alone, whose kind its USB ids tell; what they do not know is taken for a PPK2, as on a
 * pseudo-terminal or over TCP. `cli.unknown-monitor`, `cli.no-monitor-address`.
 */
export function parseMonitor(text: string, ports: readonly PortEntry[]): Result<MonitorPlace> {
  const kind = namedKind(text);
  if (kind === null) return ok({ kind: kindAt(text, ports) ?? 'ppk2', address: text });
  const known = monitorDescriptor(kind);
  if (!known.ok) return known;
  const [, , digits, thousands, address = ''] = KIND.exec(text.trim())!;
  const rate = digits === undefined ? {} : { sampleRateHz: Number(digits) * (thousands === 'k' ? 1000 : 1) };
  if (address !== '') return ok({ kind, address, ...rate });
  const found = ports.filter((p) => p.device?.kind === 'monitor' && p.device.id === kind);
  // a PPK2 shows two ports: the first is that of the data
  const [first] = found;
  if (first && found.every((p) => p.serialNumber === first.serialNumber))
    return ok({ kind, address: first.path, ...rate });
  return fail(
    'cli.no-monitor-address',
    { kind, found: found.map((p) => p.path) },
    found.length === 0
      ? 'No monitor of this kind is plugged in.'
      : 'Several monitors of this kind are plugged in.',
    `Write where it is: --monitor ${kind}:ADDRESS; \`microjoule monitor ls\` lists them.`,
  );
}

function kindAt(address: string, ports: readonly PortEntry[]): string | null {
  const place = usbPlaceOf(address, ports);
  const port = place && ports.find((p) => p.serialNumber === place.serial && p.device?.kind === 'monitor');
  const id = port?.device?.id;
  return id !== undefined && monitorDescriptors.some((d) => d.id === id) ? id : null;
}
