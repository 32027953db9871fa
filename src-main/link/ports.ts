import { fail, ok, type Result } from '../base/errors.ts';
import { sysfsPorts, ttyRoots, type RawPort, type TtyRoots } from './sysfs-ports.ts';

/** A USB device of a lab bench. Boards come from their descriptors. */
export interface UsbDevice {
  readonly vendorId: number;
  /** Absent: every product of the vendor. */
  readonly productId?: number;
  readonly kind: 'board' | 'monitor' | 'interface-board';
  /** `ppk2`, `pico`…: the word the CLI takes. */
  readonly id: string;
  readonly name: string;
}

/** USB ids of monitors and interface boards (PROTOCOLS §1). */
export const benchUsbDevices: readonly UsbDevice[] = [
  { vendorId: 0x1915, productId: 0xc00a, kind: 'monitor', id: 'ppk2', name: 'Nordic Power Profiler Kit II' },
  { vendorId: 0x0483, productId: 0x5740, kind: 'monitor', id: 'lpm01a', name: 'ST X-NUCLEO-LPM01A' },
  { vendorId: 0x16d0, productId: 0x10ba, kind: 'monitor', id: 'js220', name: 'Joulescope JS220' },
  {
    vendorId: 0x0483,
    productId: 0x374e,
    kind: 'interface-board',
    id: 'h573i-dk',
    name: 'ST STM32H573I-DK interface board',
  },
  {
    vendorId: 0x2341,
    productId: 0x0043,
    kind: 'interface-board',
    id: 'arduino-io',
    name: 'Arduino Uno (io-manager)',
  },
  {
    vendorId: 0x2341,
    productId: 0x0001,
    kind: 'interface-board',
    id: 'arduino-io',
    name: 'Arduino Uno (io-manager)',
  },
  {
    vendorId: 0x2a03,
    productId: 0x0043,
    kind: 'interface-board',
    id: 'arduino-io',
    name: 'Arduino Uno (io-manager)',
  },
  {
    vendorId: 0x2a03,
    productId: 0x0243,
    kind: 'interface-board',
    id: 'arduino-io',
    name: 'Arduino Uno (io-manager)',
  },
  { vendorId: 0x0483, productId: 0x374b, kind: 'board', id: 'nucleo-l4r5zi', name: 'ST Nucleo-L4R5ZI' },
];

/** The part of a board descriptor that is needed here. */
export interface UsbBoard {
  readonly id: string;
  readonly name: string;
  readonly usb: readonly { readonly vendorId: number; readonly productId?: number; readonly name: string }[];
}

export interface PortEntry {
  readonly path: string;
  readonly vendorId: number | null;
  readonly productId: number | null;
  readonly serialNumber: string | null;
  readonly manufacturer: string | null;
  /** What it is, when the ids are known. */
  readonly device: UsbDevice | null;
}

export interface PortListOptions {
  /** What the system's own list says; default: serialport's, which asks udevadm on Linux. */
  readonly list?: () => Promise<readonly RawPort[]>;
  /** Asked when `list` fails. */
  readonly roots?: TtyRoots;
}

async function serialportList(): Promise<readonly RawPort[]> {
  const { SerialPort } = await import('serialport');
  return SerialPort.list();
}

/** The serial ports of this computer. Without udevadm the kernel's own list is read. */
export async function listPorts(
  boards: readonly UsbBoard[],
  options: PortListOptions = {},
): Promise<Result<PortEntry[]>> {
  const { list = serialportList, roots = ttyRoots } = options;
  try {
    return ok(namePorts(await list(), boards));
  } catch (e) {
    try {
      return ok(namePorts(sysfsPorts(roots), boards));
    } catch {
      return fail(
        'link.no-port-list',
        { reason: e instanceof Error ? e.message : String(e) },
        'The system does not tell which serial ports there are.',
        'Give the path of the port itself (on Linux, `udevadm` or /sys is needed for the list).',
      );
    }
  }
}

/** Known devices first, then other USB ports, then the rest; by path within each. */
export function namePorts(raw: readonly RawPort[], boards: readonly UsbBoard[]): PortEntry[] {
  const known: UsbDevice[] = [
    ...benchUsbDevices,
    ...boards.flatMap((b) => b.usb.map((u) => ({ ...u, kind: 'board' as const, id: b.id, name: b.name }))),
  ];
  const rank = (p: PortEntry) => (p.device ? 0 : p.vendorId === null ? 2 : 1);
  return raw
    .map((port) => entryOf(port, known))
    .sort((a, b) => rank(a) - rank(b) || a.path.localeCompare(b.path, 'en', { numeric: true }));
}

function entryOf(port: RawPort, known: readonly UsbDevice[]): PortEntry {
  const vendorId = hexId(port.vendorId);
  const productId = hexId(port.productId);
  const of = known.filter((d) => d.vendorId === vendorId);
  const device =
    of.find((d) => d.productId === productId) ?? of.find((d) => d.productId === undefined) ?? null;
  return {
    path: port.path,
    vendorId,
    productId,
    serialNumber: port.serialNumber ?? null,
    manufacturer: port.manufacturer ?? null,
    device,
  };
}

function hexId(text: string | undefined): number | null {
  return text !== undefined && /^[0-9a-fA-F]{1,4}$/.test(text) ? parseInt(text, 16) : null;
}
