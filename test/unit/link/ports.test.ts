import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
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

describe('ports without udevadm', () => {
  const roots: string[] = [];
  afterAll(() => roots.forEach((r) => rmSync(r, { recursive: true })));

  /** A sysfs as Linux lays it out: a USB device, its interface, the terminal, and links from class/tty. */
  function sysfs(): string {
    const sys = mkdtempSync(join(tmpdir(), 'microjoule-sys-'));
    roots.push(sys);
    const usb = join(sys, 'devices/pci0/usb1/1-2');
    const terminal = (name: string, device: string | null, type?: string) => {
      const folder = join(sys, 'class/tty', name);
      mkdirSync(folder, { recursive: true });
      if (type !== undefined) writeFileSync(join(folder, 'type'), `${type}\n`);
      if (device !== null) symlinkSync(device, join(folder, 'device'));
    };
    mkdirSync(join(usb, '1-2:1.1'), { recursive: true });
    for (const [file, text] of [
      ['idVendor', '1915'],
      ['idProduct', 'c00a'],
      ['serial', 'D1'],
      ['manufacturer', 'Nordic'],
    ] as const)
      writeFileSync(join(usb, file), `${text}\n`);
    const onBoard = join(sys, 'devices/platform/serial8250');
    mkdirSync(onBoard, { recursive: true });
    terminal('ttyACM0', join(usb, '1-2:1.1'));
    terminal('ttyS0', onBoard, '4');
    terminal('ttyS1', onBoard, '0');
    terminal('tty0', null);
    return sys;
  }
  const noUdevadm = () => Promise.reject(new Error('spawn udevadm ENOENT'));

  it('are read from the kernel: USB ids, serial number, and no port without a chip', async () => {
    const listed = await listPorts([pico], { list: noUdevadm, roots: { sys: sysfs(), dev: '/dev' } });
    if (!listed.ok) throw new Error(listed.id);
    expect(listed.value.map((p) => [p.path, p.device?.id ?? null, p.serialNumber, p.manufacturer])).toEqual([
      ['/dev/ttyACM0', 'ppk2', 'D1', 'Nordic'],
      ['/dev/ttyS0', null, null, null],
    ]);
  });

  it('fail with the reason where there is no sysfs either', async () => {
    const listed = await listPorts([pico], { list: noUdevadm, roots: { sys: '/nowhere', dev: '/dev' } });
    expect(listed).toMatchObject({
      ok: false,
      id: 'link.no-port-list',
      facts: { reason: 'spawn udevadm ENOENT' },
    });
  });
});
