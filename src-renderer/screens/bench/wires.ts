import type { Wire, WiringDiagram } from '../../../src-main/chart/wiring.ts';
import type { MonitorEntry, TargetEntry } from '../../../src-main/contract/bench/hardware.ts';

const MONITOR_GROUND = 'GND';

/** Every wire that a board and a kind of monitor need, in the order one plugs them: ground first, supply, then the pins. */
export function wiresOf(target: TargetEntry, monitor: MonitorEntry): Wire[] {
  const [point = ''] = target.supply.point.split(' with ');
  const supply: Wire = monitor.supplies
    ? { kind: 'supply', board: point, monitor: 'VOUT', purpose: `${target.supply.usualV} V` }
    : { kind: 'supply', board: point, monitor: 'in line', purpose: 'supply through it' };
  const ground: Wire = { kind: 'ground', board: 'GND', monitor: MONITOR_GROUND, purpose: 'ground' };
  return [ground, supply, ...pinWires(target, monitor)];
}

function pinWires(target: TargetEntry, monitor: MonitorEntry): Wire[] {
  if (monitor.windowInput === 'none') return [];
  if (monitor.windowInput === 'events')
    return target.pins
      .filter((p) => p.use === 'timestamp')
      .map((p) => ({ kind: 'event', board: `GPIO ${p.gpio}`, monitor: 'event in', purpose: 'timestamp' }));
  let bit = 0;
  return target.pins
    .filter((p) => p.channel < monitor.logicChannels)
    .map((p) => ({
      kind: 'logic',
      board: `GPIO ${p.gpio}`,
      monitor: `D${p.channel}`,
      purpose: p.use === 'operator' ? `operator bit ${bit++}` : p.use,
    }));
}

/** What else has to be said: jumpers beside the wires. */
export function wiringNote(target: TargetEntry): string {
  const [, more] = target.supply.point.split(' with ');
  return more ? `Also: ${more}, so that the board's own converter stays off.` : '';
}

export function diagramOf(
  target: TargetEntry,
  monitor: MonitorEntry | null,
  links: { readonly board: string; readonly monitor: string },
): WiringDiagram {
  const mhz = `${Number((target.clockHz / 1e6).toPrecision(4))} MHz`;
  return {
    board: { name: target.boardName.replace(/\s*\(.*\)$/, ''), detail: `${target.core}, ${mhz}` },
    monitor: monitor && { name: shortName(monitor.name), detail: rateText(monitor.sampleRateHz) },
    wires: monitor ? wiresOf(target, monitor) : [],
    boardLink: links.board,
    monitorLink: links.monitor,
  };
}

function rateText(hz: number): string {
  return hz >= 1000 ? `${Number((hz / 1000).toPrecision(3))} kS/s` : `${hz} S/s`;
}

function shortName(name: string): string {
  return name.length <= 24 ? name : name.replace(/^(Nordic|ST)\s+/, '');
}
