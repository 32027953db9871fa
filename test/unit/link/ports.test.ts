import { describe, expect, it } from 'vitest';
import { pico } from '../../../src-main/board/pico.ts';
import { listPorts, namePorts } from '../../../src-main/link/ports.ts';

describe('ports', () => {
  it('are named by their USB ids: boards by their descriptors, monitors and interface boards by the list', () => {
    const entries = namePorts(
      [
        { path: '/dev/ttyS0' },
        {
          path: '/dev/ttyACM10',
          vendorId: '1915',
          productId: 'C00A',
          serialNumber: 'D1',
          manufacturer: 'Nordic',
        },
        { path: '/dev/ttyACM2', vendorId: '2e8a', productId: '000a' },
        { path: '/dev/ttyUSB0', vendorId: '0403', productId: '6001' },
        { path: '/dev/ttyACM3', vendorId: '0483', productId: '374e' },
        { path: '/dev/ttyACM4', vendorId: '0483', productId: '9999' },
      ],
      [pico],
    );
    expect(entries.map((e) => [e.path, e.device?.kind ?? null, e.device?.id ?? null])).toEqual([
      ['/dev/ttyACM2', 'board', 'pico'],
      ['/dev/ttyACM3', 'interface-board', 'h573i-dk'],
      ['/dev/ttyACM10', 'monitor', 'ppk2'],
      ['/dev/ttyACM4', null, null],
      ['/dev/ttyUSB0', null, null],
      ['/dev/ttyS0', null, null],
    ]);
    expect(entries[2]).toMatchObject({
      vendorId: 0x1915,
      productId: 0xc00a,
      serialNumber: 'D1',
      manufacturer: 'Nordic',
    });
  });

  it('are listed, or the reason is given why not', async () => {
    const listed = await listPorts([pico]);
    if (listed.ok) expect(Array.isArray(listed.value)).toBe(true);
    else expect(listed.id).toBe('link.no-port-list');
  });
});
