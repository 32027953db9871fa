import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** What serialport's list gives, as far as it is used. */
export interface RawPort {
  readonly path: string;
  readonly vendorId?: string | undefined;
  readonly productId?: string | undefined;
  readonly serialNumber?: string | undefined;
  readonly manufacturer?: string | undefined;
}

/** Where Linux lists its terminals; tests give folders of their own. */
export interface TtyRoots {
  readonly sys: string;
  readonly dev: string;
}

export const ttyRoots: TtyRoots = { sys: '/sys', dev: '/dev' };

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim() || undefined;
  } catch {
    return undefined;
  }
}

/** The USB device above a terminal's interface: the first folder upwards that knows its vendor. */
function usbAbove(device: string, top: string): string | null {
  for (let at = device; at.startsWith(top) && at !== top; at = dirname(at))
    if (existsSync(join(at, 'idVendor'))) return at;
  return null;
}

function portOf(name: string, roots: TtyRoots): RawPort | null {
  let device: string;
  try {
    device = realpathSync(join(roots.sys, 'class/tty', name, 'device'));
  } catch {
    // consoles and pseudo-terminals have no device
    return null;
  }
  const path = join(roots.dev, name);
  const usb = usbAbove(device, realpathSync(roots.sys));
  if (usb)
    return {
      path,
      vendorId: textOf(join(usb, 'idVendor')),
      productId: textOf(join(usb, 'idProduct')),
      serialNumber: textOf(join(usb, 'serial')),
      manufacturer: textOf(join(usb, 'manufacturer')),
    };
  // the kernel keeps 8250 ports that no chip answers for: type 0
  const type = textOf(join(roots.sys, 'class/tty', name, 'type'));
  return type === undefined || type === '0' ? null : { path };
}

/** Serial ports as the kernel lists them, for systems without udevadm. Throws where there is no sysfs. */
export function sysfsPorts(roots: TtyRoots = ttyRoots): RawPort[] {
  return readdirSync(join(roots.sys, 'class/tty')).flatMap((name) => portOf(name, roots) ?? []);
}
