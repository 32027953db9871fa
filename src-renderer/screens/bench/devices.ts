import type { FoundPort, HardwareList, TargetEntry } from '../../../src-main/contract/bench/hardware.ts';

/** Something that can be chosen as board under test. */
export interface BoardChoice {
  readonly key: string;
  readonly title: string;
  readonly detail: string;
  readonly targetId: string;
  /** '' for an emulated target. */
  readonly port: string;
  readonly found: FoundPort | null;
}

/** Something that can be chosen as monitor of a real target. */
export interface MonitorChoice {
  readonly key: string;
  readonly title: string;
  readonly detail: string;
  /** As `choice.monitor` has it. */
  readonly monitor: string;
  readonly found: FoundPort | null;
}

const hex4 = (n: number): string => n.toString(16).padStart(4, '0');

/** `2e8a:000a`, or '' for a port that is not USB. */
export function usbText({ vendorId, productId }: Pick<FoundPort, 'vendorId' | 'productId'>): string {
  return vendorId === null ? '' : `${hex4(vendorId)}:${productId === null ? '????' : hex4(productId)}`;
}

/** The emulated boards, then those whose USB ids say that they are boards. */
export function boardChoices({ targets, ports }: HardwareList): BoardChoice[] {
  const real = targets.filter((t) => t.needsPort);
  const found = ports
    .filter((p) => p.device?.kind === 'board')
    .flatMap((port) => {
      const target = real.find((t) => t.boardId === port.device!.id);
      return target ? [onPort(target, port)] : [];
    });
  // a core that only counts instructions has no pins, no wires and no current: nothing to put on a bench
  return [...targets.filter((t) => !t.needsPort && t.unit === 'us').map(emulated), ...found];
}

function emulated(t: TargetEntry): BoardChoice {
  return {
    key: t.id,
    title: t.name,
    detail: 'always there, nothing to plug in',
    targetId: t.id,
    port: '',
    found: null,
  };
}

function onPort(target: TargetEntry, port: FoundPort): BoardChoice {
  return {
    key: `${target.id} ${port.path}`,
    title: port.device!.name,
    detail: port.path,
    targetId: target.id,
    port: port.path,
    found: port,
  };
}

/** Monitors that are plugged in, each once: a PPK2 shows two ports, and the first is that of the data. */
export function monitorChoices({ ports, monitors }: HardwareList): MonitorChoice[] {
  const seen = new Set<string>();
  return ports
    .filter((p) => p.device?.kind === 'monitor')
    .filter((p) => {
      const key = `${p.device!.id} ${p.serialNumber ?? p.path}`;
      return seen.has(key) ? false : seen.add(key);
    })
    .flatMap((port) => {
      const kind = monitors.find((m) => m.kind === port.device!.id);
      return kind
        ? [
            {
              key: port.path,
              title: kind.name,
              detail: port.path,
              monitor: `${kind.kind}:${port.path}`,
              found: port,
            },
          ]
        : [];
    });
}

/** Ports that nobody recognised: they can still be chosen by hand. */
export function otherPorts({ ports }: HardwareList): FoundPort[] {
  return ports.filter((p) => p.device === null || p.device.kind === 'interface-board');
}

/** `today 14:02`, `3 days ago`, `2026-03-01`. */
export function agoText(iso: string, nowMs: number): string {
  const then = new Date(iso);
  const days = Math.floor(nowMs / 86_400_000) - Math.floor(then.getTime() / 86_400_000);
  if (days <= 0) return `today ${iso.slice(11, 16)} UTC`;
  if (days === 1) return 'yesterday';
  return days < 30 ? `${days} days ago` : iso.slice(0, 10);
}
