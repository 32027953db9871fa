import { describe, expect, it } from 'vitest';
import { parseMonitor } from '../../../src-main/core/monitor-source.ts';
import { namePorts } from '../../../src-main/link/ports.ts';

const port = (path: string, vendorId: string, productId: string, serialNumber: string) => ({
  path,
  vendorId,
  productId,
  serialNumber,
});
const ports = namePorts(
  [
    port('/dev/ttyACM3', '1915', 'c00a', 'P1'),
    port('/dev/ttyACM4', '1915', 'c00a', 'P1'),
    port('/dev/ttyACM7', '0483', '5740', 'L1'),
    port('/dev/ttyUSB0', '1a86', '7523', 'X'),
  ],
  [],
);

describe('what stands behind --monitor', () => {
  it.each([
    ['ppk2:/dev/ttyACM3', 'ppk2', '/dev/ttyACM3'],
    ['lpm01a:COM7', 'lpm01a', 'COM7'],
    ['scpi:tcp://meter.local:5025', 'scpi', 'tcp://meter.local:5025'],
    ['ina:/dev/ttyUSB0', 'ina', '/dev/ttyUSB0'],
    // the kind by USB ids
    ['/dev/ttyACM7', 'lpm01a', '/dev/ttyACM7'],
    ['/dev/ttyACM3', 'ppk2', '/dev/ttyACM3'],
    // nothing tells: a PPK2, as before there were others
    ['tcp://127.0.0.1:7071', 'ppk2', 'tcp://127.0.0.1:7071'],
    ['COM3', 'ppk2', 'COM3'],
    // where it is by its kind
    ['lpm01a', 'lpm01a', '/dev/ttyACM7'],
    ['ppk2', 'ppk2', '/dev/ttyACM3'],
  ])('%s', (text, kind, address) => {
    expect(parseMonitor(text, ports)).toEqual({ ok: true, value: { kind, address } });
  });

  it('a rate stands behind the kind', () => {
    expect(parseMonitor('lpm01a@100k:COM7', ports)).toEqual({
      ok: true,
      value: { kind: 'lpm01a', address: 'COM7', sampleRateHz: 100_000 },
    });
    expect(parseMonitor('scpi@5:tcp://a:5025', ports)).toMatchObject({
      ok: true,
      value: { sampleRateHz: 5 },
    });
  });

  it('unknown kinds, and kinds of which none or several are there, are refused with what is known', () => {
    expect(parseMonitor('otii:tcp://127.0.0.1:1905', ports)).toMatchObject({
      ok: false,
      id: 'cli.unknown-monitor',
    });
    expect(parseMonitor('ina', ports)).toMatchObject({
      ok: false,
      id: 'cli.no-monitor-address',
      facts: { found: [] },
    });
    const two = [...ports, { ...ports[0]!, path: '/dev/ttyACM9', serialNumber: 'P2' }];
    expect(parseMonitor('ppk2', two)).toMatchObject({ ok: false, id: 'cli.no-monitor-address' });
  });
});
