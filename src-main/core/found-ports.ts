import type { FoundPort, HardwareList, MonitorEntry, TargetEntry } from '../contract/bench/hardware.ts';
import { portHolders } from '../link/permissions.ts';
import { listPorts, type PortEntry } from '../link/ports.ts';
import { monitorDescriptors } from '../monitor/catalog.ts';
import type { MonitorDescriptor } from '../monitor/monitor.ts';
import { emulatedMonitors } from '../sim/monitors/twins.ts';
import type { KnownDevice } from '../store/known-devices.ts';
import { boards, targets, type TargetDescriptor } from './targets.ts';
import { failureDto } from './trace-views.ts';

/** What can be measured with: ports of this computer, targets, kinds of monitors. Opens nothing. */
export async function listHardware(known: readonly KnownDevice[]): Promise<HardwareList> {
  const ports = await listPorts(boards);
  return {
    ports: ports.ok ? ports.value.map((p) => foundPort(p, known)) : [],
    portsFailure: ports.ok ? null : failureDto(ports),
    targets: targets.map(targetEntry),
    monitors: monitorDescriptors.map(monitorEntry),
  };
}

function foundPort(port: PortEntry, known: readonly KnownDevice[]): FoundPort {
  const { path, vendorId, productId, serialNumber, manufacturer, device } = port;
  const holders = portHolders(path).map((h) => `${h.program} (process ${h.pid})`);
  const seen = known.find((k) => k.serial === serialNumber);
  return {
    path,
    vendorId,
    productId,
    serialNumber,
    manufacturer,
    device: device && { kind: device.kind, id: device.id, name: device.name },
    heldBy: holders.length > 0 ? holders.join(', ') : null,
    known: seen
      ? { firmware: seen.firmware, firstSeenAt: seen.firstSeenAt, lastSeenAt: seen.lastSeenAt }
      : null,
  };
}

function targetEntry({ id, name, board, source, needsPort, assumptions }: TargetDescriptor): TargetEntry {
  const { window, operator, timestamp } = board.pins;
  return {
    id,
    name,
    boardId: board.id,
    boardName: board.name,
    core: board.core.name,
    clockHz: board.clockHz,
    unit: board.unit,
    flashBytes: board.flash.bytes,
    arenaBytes: board.image.arenaBytes,
    source,
    needsPort,
    pins: [
      { use: 'window', gpio: window.gpio, channel: window.channel },
      ...operator.map((p) => ({ use: 'operator' as const, gpio: p.gpio, channel: p.channel })),
      { use: 'timestamp', gpio: timestamp.gpio, channel: timestamp.channel },
    ],
    supply: {
      point: board.supply.point,
      minV: board.supply.minV,
      maxV: board.supply.maxV,
      usualV: board.power.supplyV,
    },
    assumptions,
  };
}

function monitorEntry(m: MonitorDescriptor): MonitorEntry {
  return {
    kind: m.id,
    name: m.name,
    sampleRateHz: m.sampleRateHz,
    logicChannels: m.logicChannels,
    windowInput: m.windowInput,
    emulated: emulatedMonitors.some((kind) => kind === m.id),
    supplies: m.source && { minV: m.source.minMv / 1000, maxV: m.source.maxMv / 1000 },
  };
}
