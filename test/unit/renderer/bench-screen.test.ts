import { describe, expect, it } from 'vitest';
import { wiringDiagram, wiringText } from '../../../src-main/chart/wiring.ts';
import { MonitorAddress, PortAddress } from '../../../src-main/contract/bench/address.ts';
import type { FoundPort, HardwareList, MonitorEntry } from '../../../src-main/contract/bench/hardware.ts';
import { listHardware } from '../../../src-main/core/found-ports.ts';
import {
  agoText,
  boardChoices,
  monitorChoices,
  otherPorts,
  usbText,
} from '../../../src-renderer/screens/bench/devices.ts';
import { diagramOf, wiresOf, wiringNote } from '../../../src-renderer/screens/bench/wires.ts';

const { targets, monitors } = await listHardware([]);
const pico = targets.find((t) => t.id === 'pico')!;
const kind = (id: string): MonitorEntry => monitors.find((m) => m.kind === id)!;

const port = (path: string, over: Partial<FoundPort> = {}): FoundPort => ({
  path,
  vendorId: null,
  productId: null,
  serialNumber: null,
  manufacturer: null,
  device: null,
  heldBy: null,
  known: null,
  ...over,
});
const list = (...ports: FoundPort[]): HardwareList => ({ ports, portsFailure: null, targets, monitors });
const ppk2 = { kind: 'monitor', id: 'ppk2', name: 'PPK2' } as const;

describe('what can be chosen', () => {
  it('the emulated board is there without any port', () => {
    expect(boardChoices(list()).map((b) => [b.targetId, b.port])).toEqual([['pico-emulated', '']]);
  });

  it('a Pico that is plugged in is the real target on its port', () => {
    const found = port('/dev/ttyACM0', {
      vendorId: 0x2e8a,
      device: { kind: 'board', id: 'pico', name: 'Raspberry Pi' },
    });
    expect(boardChoices(list(found)).at(-1)).toMatchObject({ targetId: 'pico', port: '/dev/ttyACM0' });
  });

  it('a board that we know but cannot measure is not offered as a target', () => {
    const nucleo = port('/dev/ttyACM0', { device: { kind: 'board', id: 'nucleo-l4r5zi', name: 'Nucleo' } });
    expect(boardChoices(list(nucleo))).toHaveLength(1);
  });

  it('a PPK2 shows two ports and is offered once, by its first', () => {
    const two = ['/dev/ttyACM1', '/dev/ttyACM2'].map((p) => port(p, { serialNumber: 'E1', device: ppk2 }));
    const other = port('/dev/ttyACM3', { serialNumber: 'E2', device: ppk2 });
    expect(monitorChoices(list(...two, other)).map((m) => m.monitor)).toEqual([
      'ppk2:/dev/ttyACM1',
      'ppk2:/dev/ttyACM3',
    ]);
  });

  it('what nobody recognised is among the others', () => {
    expect(
      otherPorts(list(port('/dev/ttyS0'), port('/dev/ttyACM1', { device: ppk2 }))).map((p) => p.path),
    ).toEqual(['/dev/ttyS0']);
  });

  it('USB ids have four digits', () => {
    expect(usbText({ vendorId: 0x2e8a, productId: 0xa })).toBe('2e8a:000a');
    expect(usbText({ vendorId: null, productId: null })).toBe('');
  });

  it('last seen is today, yesterday, days ago, then a date', () => {
    const now = Date.parse('2026-03-10T12:00:00Z');
    expect(agoText('2026-03-10T09:05:00Z', now)).toBe('today 09:05 UTC');
    expect(agoText('2026-03-09T23:59:00Z', now)).toBe('yesterday');
    expect(agoText('2026-03-01T00:00:00Z', now)).toBe('9 days ago');
    expect(agoText('2025-12-31T00:00:00Z', now)).toBe('2025-12-31');
  });
});

describe('wires', () => {
  it('a PPK2 and a Pico: ground, supply at pin 36, and a wire for each pin of the descriptor', () => {
    expect(wiresOf(pico, kind('ppk2')).map((w) => [w.board, w.monitor, w.purpose])).toEqual([
      ['GND', 'GND', 'ground'],
      ['3V3 (pin 36)', 'VOUT', '3.3 V'],
      ['GPIO 2', 'D0', 'window'],
      ['GPIO 3', 'D1', 'operator bit 0'],
      ['GPIO 4', 'D2', 'operator bit 1'],
      ['GPIO 5', 'D3', 'operator bit 2'],
      ['GPIO 6', 'D4', 'timestamp'],
    ]);
    expect(wiringNote(pico)).toContain('3V3_EN (pin 37) to ground');
  });

  it('a monitor that numbers pulses gets the timestamp pin only, one without inputs none', () => {
    const pins = (id: string) =>
      wiresOf(pico, kind(id))
        .filter((w) => w.kind === 'logic' || w.kind === 'event')
        .map((w) => w.board);
    expect(pins('lpm01a')).toEqual(['GPIO 6']);
    expect(pins('ina')).toEqual([]);
  });

  it('the drawing names every pin, and its text is escaped', () => {
    const diagram = diagramOf(
      pico,
      { ...kind('ppk2'), name: '<PPK2> & co' },
      { board: '/dev/"x"', monitor: 'USB' },
    );
    const svg = wiringDiagram(diagram);
    for (const name of ['GPIO 2', 'D0', 'VOUT', '3V3 (pin 36)', 'operator bit 2'])
      expect(svg).toContain(`>${name}<`);
    expect(svg).not.toContain('<PPK2>');
    expect(svg).not.toContain('style=');
    expect(wiringText(diagram)).toContain('GPIO 2 to D0 (window)');
  });

  it('without a monitor there is the board alone', () => {
    const svg = wiringDiagram(diagramOf(pico, null, { board: 'COM3', monitor: '' }));
    expect(svg).toContain('no monitor');
    expect(svg).not.toContain('VOUT');
  });
});

describe('addresses that a page may give', () => {
  const good = (schema: typeof PortAddress, text: string) => schema.safeParse(text).success;
  it('are ports and TCP, with a kind before those of monitors', () => {
    for (const text of [
      '/dev/ttyACM0',
      'COM3',
      'com12',
      'tcp://lab-pi:4000',
      'tcp://[::1]:4000',
      '\\\\.\\COM12',
    ])
      expect(good(PortAddress, text), text).toBe(true);
    for (const text of [
      'ppk2',
      'ppk2:/dev/ttyACM1',
      'lpm01a@100k:COM7',
      'scpi:tcp://10.0.0.2:5025',
      '/dev/ttyACM1',
    ])
      expect(good(MonitorAddress, text), text).toBe(true);
  });

  it('never start a program, and never name a simulated world', () => {
    for (const text of [
      'process:rm -rf /',
      ' process:sh',
      'PROCESS:sh',
      'sim:pico',
      'ls',
      '',
      '/dev/tty\nACM0',
      'http://x:1',
    ])
      expect(good(PortAddress, text), JSON.stringify(text)).toBe(false);
    for (const text of ['ppk2:process:sh', 'ppk2@1k:process:sh', 'process:sh', 'ppk2:', 'scpi:sim:x'])
      expect(good(MonitorAddress, text), text).toBe(false);
  });
});
