import { describe, expect, it } from 'vitest';
import { fail, orThrow } from '../../../src-main/base/errors.ts';
import { pico } from '../../../src-main/board/pico.ts';
import { realRigs } from '../../../src-main/core/real-rig.ts';
import { addressOf, usbPlaceOf } from '../../../src-main/core/usb-place.ts';
import type { PortEntry } from '../../../src-main/link/ports.ts';
import { listenTcp } from '../../../src-main/link/tcp.ts';
import { WallClock } from '../../../src-main/base/clock.ts';

const port = (path: string, serialNumber: string | null): PortEntry => ({
  path,
  serialNumber,
  vendorId: 1,
  productId: 2,
  manufacturer: null,
  device: null,
});

describe('a port by its USB serial number', () => {
  const before = [
    port('/dev/ttyACM0', 'BOARD'),
    port('/dev/ttyACM2', 'PPK'),
    port('/dev/ttyACM10', 'PPK'),
    port('/dev/ttyS0', null),
  ];

  it('is found again under another name', () => {
    const place = usbPlaceOf('/dev/ttyACM0', before)!;
    expect(place.serial).toBe('BOARD');
    expect(addressOf(place, [port('/dev/ttyACM7', 'BOARD'), port('/dev/ttyACM0', 'ANOTHER')])).toBe(
      '/dev/ttyACM7',
    );
    expect(addressOf(place, [port('/dev/ttyACM0', 'ANOTHER')])).toBeNull();
  });

  it('keeps apart the two ports of one device', () => {
    const second = usbPlaceOf('/dev/ttyACM10', before)!;
    expect(addressOf(second, [port('/dev/ttyACM4', 'PPK'), port('/dev/ttyACM3', 'PPK')])).toBe(
      '/dev/ttyACM4',
    );
    expect(addressOf(second, [port('/dev/ttyACM3', 'PPK')])).toBeNull();
  });

  it('is not known where the system tells no serial number, and never for TCP', () => {
    expect(usbPlaceOf('/dev/ttyS0', before)).toBeNull();
    expect(usbPlaceOf('/dev/ttyUSB9', before)).toBeNull();
    expect(usbPlaceOf('tcp://127.0.0.1:7', before)).toBeNull();
  });
});

describe('a rig of real ports', () => {
  it('has no serial number for TCP, asks for no list there, and opens again after a loss', async () => {
    const clients: AsyncDisposable[] = [];
    await using server = orThrow(
      await listenTcp({ port: 0, clock: new WallClock() }, (c) => clients.push(c)),
    );
    const rigs = realRigs({
      board: pico,
      port: `tcp://127.0.0.1:${server.port}`,
      monitorPort: null,
      listPorts: () => Promise.reject(new Error('asked')),
    });
    const first = orThrow(await rigs.open(false));
    expect(first.serials).toEqual({ board: null, monitor: null });
    await using second = orThrow(await rigs.reopen(first, false, new AbortController().signal));
    expect(second.dut).not.toBe(first.dut);
    for (const c of clients) await c[Symbol.asyncDispose]();
  });

  it('goes on by path where ports cannot be listed', async () => {
    const rigs = realRigs({
      board: pico,
      port: '/dev/ttyFAKE0',
      monitorPort: null,
      listPorts: async () => fail('link.no-port-list', {}, '', ''),
    });
    expect(await rigs.open(false)).toMatchObject({
      ok: false,
      id: 'link.not-found',
      facts: { address: '/dev/ttyFAKE0' },
    });
  });
});
