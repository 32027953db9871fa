import { realpathSync } from 'node:fs';
import { parseAddress } from '../link/address.ts';
import type { PortEntry } from '../link/ports.ts';

/** A serial port by what stays when it is plugged in elsewhere. */
export interface UsbPlace {
  readonly serial: string;
  /** Among the ports of this device, by path: a PPK2 shows two. */
  readonly ordinal: number;
}

function portsOf(serial: string, ports: readonly PortEntry[]): PortEntry[] {
  return ports
    .filter((p) => p.serialNumber === serial)
    .sort((a, b) => a.path.localeCompare(b.path, 'en', { numeric: true }));
}

/** `/dev/serial/by-id/…` is a link to the port. */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

export function isSerial(address: string): boolean {
  const parsed = parseAddress(address);
  return parsed.ok && parsed.value.kind === 'serial';
}

/** null where the system tells no serial number for this address. */
export function usbPlaceOf(address: string, ports: readonly PortEntry[]): UsbPlace | null {
  if (!isSerial(address)) return null;
  const path = realPath(address);
  const serial = ports.find((p) => p.path === path)?.serialNumber;
  if (!serial) return null;
  return { serial, ordinal: portsOf(serial, ports).findIndex((p) => p.path === path) };
}

/** Where the same port is now; null while it is not plugged in. */
export function addressOf(place: UsbPlace, ports: readonly PortEntry[]): string | null {
  return portsOf(place.serial, ports)[place.ordinal]?.path ?? null;
}
