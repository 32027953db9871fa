import { WallClock } from '../base/clock.ts';
import { fail, ok, type Result } from '../base/errors.ts';
import type { BoardDescriptor } from '../board/board.ts';
import type { Link } from '../link/link.ts';
import { openLink } from '../link/open.ts';
import { listPorts, type PortEntry } from '../link/ports.ts';
import { Uf2DriveProgrammer } from '../link/uf2-drive.ts';
import { monitorDescriptor } from '../monitor/catalog.ts';
import type { MonitorDescriptor } from '../monitor/monitor.ts';
import { namedKind, parseMonitor } from './monitor-source.ts';
import type { Rig, RigFactory } from './rig.ts';
import { addressOf, isSerial, usbPlaceOf, type UsbPlace } from './usb-place.ts';

export interface RealRigOptions {
  readonly board: BoardDescriptor;
  /** Of the board's UART. */
  readonly port: string;
  /** Address, or `KIND:ADDRESS`; without a kind its USB ids tell it. */
  readonly monitorPort: string | null;
  /** Folders that hold mounted volumes; the system's usual ones where absent. */
  readonly mountFolders?: readonly string[];
  readonly listPorts?: () => Promise<Result<PortEntry[]>>;
}

const DUT_BAUD = 115_200;
/** A person finds BOOTSEL and the plug in this time. */
const DRIVE_APPEARS_US = 60_000_000;
const REPLUG_POLL_US = 500_000;

/** One wire: as the user named it, and which USB port that was. */
interface Wire {
  readonly address: string;
  readonly place: UsbPlace | null;
}

interface MonitorWire extends Wire {
  readonly descriptor: MonitorDescriptor;
  readonly sampleRateHz?: number;
}

interface Wires {
  readonly dut: Wire;
  readonly monitor: MonitorWire | null;
}

/** Neither a serial port nor a kind that is to be found. */
function isElsewhere(monitor: string): boolean {
  const kind = namedKind(monitor);
  const address = kind === null ? monitor : monitor.replace(/^[^:]*:?/, '');
  return address !== '' && !isSerial(address);
}

class RealRigs implements RigFactory {
  readonly #options: RealRigOptions;
  readonly #clock = new WallClock();
  #wires: Wires | undefined;

  constructor(options: RealRigOptions) {
    this.#options = options;
  }

  async open(withMonitor: boolean): Promise<Result<Rig>> {
    const ports = await this.#ports();
    const { port, monitorPort } = this.#options;
    const monitor = withMonitor && monitorPort !== null ? this.#monitorWire(monitorPort, ports) : ok(null);
    if (!monitor.ok) return monitor;
    this.#wires = { dut: { address: port, place: usbPlaceOf(port, ports) }, monitor: monitor.value };
    return this.#rig(this.#wires, ports);
  }

  #monitorWire(text: string, ports: readonly PortEntry[]): Result<MonitorWire> {
    const place = parseMonitor(text, ports);
    if (!place.ok) return place;
    const descriptor = monitorDescriptor(place.value.kind);
    if (!descriptor.ok) return descriptor;
    const { address, sampleRateHz } = place.value;
    return ok({
      address,
      place: usbPlaceOf(address, ports),
      descriptor: descriptor.value,
      ...(sampleRateHz === undefined ? {} : { sampleRateHz }),
    });
  }

  async reopen(old: Rig, _withMonitor: boolean, signal: AbortSignal): Promise<Result<Rig>> {
    await old[Symbol.asyncDispose]();
    for (;;) {
      if (signal.aborted)
        return fail(
          'run.aborted',
          {},
          'Waiting for the board was stopped.',
          'Resume the run when the board is back.',
        );
      const rig = await this.#rig(this.#wires!, await this.#ports());
      if (rig.ok) return rig;
      await this.#clock.sleepUntilUs(this.#clock.nowUs() + REPLUG_POLL_US, signal);
    }
  }

  /** Without a list nobody knows serial numbers, and paths must do. */
  async #ports(): Promise<readonly PortEntry[]> {
    const { port, monitorPort, board } = this.#options;
    // a kind without an address is looked for among the ports
    if (!isSerial(port) && (monitorPort === null || isElsewhere(monitorPort))) return [];
    const ports = await (this.#options.listPorts ?? (() => listPorts([board])))();
    return ports.ok ? ports.value : [];
  }

  async #link({ address, place }: Wire, ports: readonly PortEntry[], baud: number): Promise<Result<Link>> {
    const now = place === null ? address : addressOf(place, ports);
    if (now === null)
      return fail(
        'link.not-found',
        { address, serial: place!.serial },
        'No port with this serial number is plugged in.',
        'Plug it in again.',
      );
    return openLink(now, { clock: this.#clock, baud });
  }

  async #rig(wires: Wires, ports: readonly PortEntry[]): Promise<Result<Rig>> {
    const dut = await this.#link(wires.dut, ports, DUT_BAUD);
    if (!dut.ok) return dut;
    if (wires.monitor === null) return ok(this.#assemble(wires, dut.value, null));
    const monitor = await this.#link(wires.monitor, ports, wires.monitor.descriptor.baud);
    if (monitor.ok) return ok(this.#assemble(wires, dut.value, monitor.value));
    await dut.value[Symbol.asyncDispose]();
    return monitor;
  }

  #assemble(wires: Wires, dut: Link, monitor: Link | null): Rig {
    const { board, mountFolders } = this.#options;
    const programmer = new Uf2DriveProgrammer({
      clock: this.#clock,
      boardId: 'RPI-RP2',
      familyId: board.program.kind === 'uf2' ? board.program.familyId : 0,
      appearUs: DRIVE_APPEARS_US,
      ...(mountFolders ? { mountFolders } : {}),
    });
    return {
      clock: this.#clock,
      dut,
      monitor,
      monitorKind: wires.monitor?.descriptor.id ?? null,
      ...(wires.monitor?.sampleRateHz === undefined ? {} : { monitorRateHz: wires.monitor.sampleRateHz }),
      programmer,
      serials: { board: wires.dut.place?.serial ?? null, monitor: wires.monitor?.place?.serial ?? null },
      async [Symbol.asyncDispose]() {
        await monitor?.[Symbol.asyncDispose]();
        await dut[Symbol.asyncDispose]();
      },
    };
  }
}

/**
 * A board on a serial port, flashed through its USB drive, and perhaps a monitor on another port. Lost ports are found
 * again by their USB serial numbers, whatever they are called then; where those are unknown, by path.
 */
export function realRigs(options: RealRigOptions): RigFactory {
  return new RealRigs(options);
}
