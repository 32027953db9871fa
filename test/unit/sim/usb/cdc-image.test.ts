/** The emulated chip runs a USB driver of ours; the host model enumerates it and uses its serial port. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { Rng } from '../../../../src-main/base/rng.ts';
import { buildImage, COMPILER, compilerRelease, prebuiltImage } from '../../../images/build.ts';
import { describeWith, needs } from '../../../needs.ts';
import { brokenUsbImage, MODE, UsbBoard } from './usb-board.ts';
import { packetFault, wireBits } from './wire-bits.ts';

const PID_NAME: Readonly<Record<number, string>> = {
  0xe1: 'OUT', 0x69: 'IN', 0xa5: 'SOF', 0x2d: 'SETUP', 0xc3: 'DATA0', 0x4b: 'DATA1', 0xd2: 'ACK', 0x5a: 'NAK', 0x1e: 'STALL',
}; // prettier-ignore
const configuredBoard = () => new UsbBoard().configured();

describe('enumeration', () => {
  const board = new UsbBoard();
  board.capture = true;
  board.configured();
  const named = board.packets.map((p) => PID_NAME[p.bytes[0]!]!);

  it('finds the device, its strings and its serial function', () => {
    const found = board.host.device!;
    expect(found.device).toMatchObject({ vendorId: 0x2e8a, productId: 0x000a, packetBytes0: 64 });
    expect([found.manufacturer, found.product, found.serialNumber]).toEqual([
      'Microjoule',
      'USB test image',
      '0123456789ABCDEF',
    ]);
    expect(found.serial).toMatchObject({ controlInterface: 0, in: { endpoint: 2 }, out: { endpoint: 2 } });
    expect(board.problems).toEqual([]);
    expect(board.pico.failure).toBeNull();
    expect(board.pico.diagnoses.list).toEqual([]);
  });

  it('asks in the order of the standard: 8 bytes at address 0, SET_ADDRESS, 18 bytes at the address, configuration, strings, SET_CONFIGURATION', () => {
    const setups = board.packets.flatMap((p, i) => {
      if (p.bytes[0] !== 0x2d) return [];
      const data = board.packets[i + 1]!.bytes;
      return [`${p.bytes[1]! & 0x7f}: ${Buffer.from(data.subarray(1, 9)).toString('hex')}`];
    });
    expect(setups).toEqual([
      '0: 8006000100000800',
      '0: 0005010000000000',
      '1: 8006000100001200',
      '1: 8006000200000900',
      '1: 8006000200004b00',
      '1: 800600030000ff00',
      '1: 800601030904ff00',
      '1: 800602030904ff00',
      '1: 800603030904ff00',
      '1: 0009010000000000',
      '1: 2120000000000700',
      '1: 2122030000000000',
    ]);
  });

  it('every packet on the wire has a right PID, length and CRC', () => {
    expect(board.packets.length).toBeGreaterThan(150);
    for (const p of board.packets) expect(packetFault(p.bytes)).toBeNull();
  });

  it('no two packets overlap, an answer follows within 7.5 bit times, and SOFs are 1 ms apart', () => {
    const { packets } = board;
    for (let i = 1; i < packets.length; i++) {
      const [before, p] = [packets[i - 1]!, packets[i]!];
      const gapBits = (p.us - before.us) * 12 - wireBits(before.bytes);
      expect(gapBits, `${named[i - 1]} ${named[i]}`).toBeGreaterThan(1.99);
      if (!p.fromHost) expect(gapBits).toBeLessThan(7.51);
    }
    const sofs = packets.filter((p) => p.bytes[0] === 0xa5);
    for (let i = 1; i < sofs.length; i++) expect(sofs[i]!.us - sofs[i - 1]!.us).toBeCloseTo(1000, 6);
    const numbers = sofs.map((p) => (p.bytes[1]! | (p.bytes[2]! << 8)) & 0x7ff);
    for (let i = 1; i < numbers.length; i++) expect(numbers[i]).toBe((numbers[i - 1]! + 1) & 0x7ff);
  });

  it('debounces 100 ms, resets 50 ms and waits 10 ms before the first SETUP', () => {
    const firstSof = board.packets[0]!;
    expect(PID_NAME[firstSof.bytes[0]!]).toBe('SOF');
    const firstSetup = board.packets.find((p) => p.bytes[0] === 0x2d)!;
    expect(firstSetup.us - firstSof.us).toBeGreaterThanOrEqual(10_000);
    expect(firstSof.us).toBeGreaterThan(150_000);
    expect(firstSof.us).toBeLessThan(170_000); // the board is up within 20 ms of power-on
  });

  it('opens the port: line coding, DTR and RTS', () => {
    expect(board.statistics()).toMatchObject({ baud: 115_200, controlLines: 3, busResets: 1 });
    board.host.setBaud(9600);
    board.host.setControlLines(false, true);
    expect(board.statistics()).toMatchObject({ baud: 9600, controlLines: 2 });
  });
});

describe('control transfers', () => {
  const board = configuredBoard();
  const memory = (bytes: Uint8Array | number) =>
    board.ask({ type: typeof bytes === 'number' ? 0xc0 : 0x40, request: 1, value: 0, index: 0, data: bytes });

  it.each([1, 63, 64, 65, 128, 200, 256])('carry %s bytes out and back in packets of 64', (count) => {
    const bytes = new Rng(count).bytes(count);
    expect(memory(bytes).end).toBe('done');
    expect(memory(count)).toEqual({ end: 'done', bytes });
  });

  it('an IN shorter than asked ends with a short packet', () => {
    const result = board.ask({ type: 0x80, request: 6, value: 0x100, index: 0, data: 64 });
    expect([result.end, result.bytes.length]).toEqual(['done', 18]);
  });

  it('an unknown request is stalled, and the next one works', () => {
    expect(board.ask({ type: 0xc0, request: 99, value: 0, index: 0, data: 4 }).end).toBe('stalled');
    expect(board.ask({ type: 0x40, request: 99, value: 0, index: 0, data: Uint8Array.of(1, 2, 3) }).end).toBe(
      'stalled',
    );
    expect(board.ask({ type: 0x40, request: 99, value: 0, index: 0, data: 0 }).end).toBe('stalled');
    expect(memory(8).end).toBe('done');
    expect(board.problems).toEqual([]);
  });
});

describe('bulk', () => {
  it('echoes 40 000 bytes in order, not one lost, while the device throttles the host with NAK', () => {
    const board = configuredBoard();
    const bytes = new Rng(1).bytes(40_000);
    board.capture = true;
    board.write(bytes);
    board.until(() => board.received.length >= bytes.length, 2_000_000, 5000);
    expect(Buffer.from(board.received).equals(Buffer.from(bytes))).toBe(true);
    expect(board.host.waitingBytes).toBe(0);
    expect(board.packets.some((p) => p.bytes[0] === 0x5a)).toBe(true);
    for (const p of board.packets) expect(packetFault(p.bytes)).toBeNull();
  });

  it('the host that does not read blocks the device, and nothing is lost', () => {
    const board = configuredBoard();
    board.host.setReading(false);
    const bytes = new Rng(2).bytes(5000);
    board.write(bytes);
    board.advance(100_000);
    // ring of 512, two buffers each way: the rest waits in the host
    expect(board.received.length).toBe(0);
    expect(board.host.waitingBytes).toBeGreaterThan(5000 - 512 - 4 * 64 - 1);
    board.host.setReading(true);
    board.until(() => board.received.length >= bytes.length);
    expect(Buffer.from(board.received).equals(Buffer.from(bytes))).toBe(true);
  });

  it('one frame carries at most 19 packets of 64 bytes, and the source comes near it', () => {
    const board = configuredBoard();
    board.setMode(MODE.source);
    board.advance(5000);
    board.takeReceived();
    board.packets.length = 0;
    board.capture = true;
    board.advance(100_000);
    const perFrame: number[] = [];
    for (const p of board.packets) {
      if (p.bytes[0] === 0xa5) perFrame.push(0);
      else if (!p.fromHost && p.bytes.length === 67 && perFrame.length > 0) perFrame[perFrame.length - 1]!++;
    }
    expect(Math.max(...perFrame)).toBeLessThanOrEqual(19);
    const bytes = board.takeReceived();
    expect(bytes.length).toBeLessThanOrEqual(19 * 64 * 101);
    expect(bytes.length).toBeGreaterThan(15 * 64 * 99);
    for (let i = 1; i < bytes.length; i++)
      if (bytes[i] !== ((bytes[i - 1]! + 1) & 255)) throw new Error(`a gap at ${i}`);
  });

  it('a sink takes a counting stream at full rate without an error', () => {
    const board = configuredBoard();
    board.setMode(MODE.sink);
    const count = 64 * 1000;
    const from = board.host.bus.frame;
    board.write(Uint8Array.from({ length: count }, (_, i) => i & 255));
    board.until(() => board.host.waitingBytes === 0);
    const frames = board.host.bus.frame - from;
    expect(frames).toBeGreaterThanOrEqual(Math.floor(1000 / 19));
    expect(board.statistics()).toMatchObject({ received: count, wrong: 0 });
  });

  it('bytes written before the port is there wait for it', () => {
    const board = new UsbBoard();
    board.write(Buffer.from('early'));
    board.until(() => board.received.length >= 5);
    expect(Buffer.from(board.received).toString()).toBe('early');
  });

  it('a halted endpoint is cleared and goes on with DATA0', () => {
    const board = configuredBoard();
    board.setMode(MODE.halt);
    board.write(Buffer.from('x'));
    board.advance(20_000);
    expect(board.problems).toEqual([]);
    expect(board.host.waitingBytes).toBe(0);
  });
});

describe('a packet that fills the frame', () => {
  it('by hand: a bulk transaction of 64 bytes that needs no stuffing takes 616 bit times', () => {
    const board = configuredBoard();
    board.setMode(MODE.sink);
    board.capture = true;
    board.packets.length = 0;
    // 55h never makes six ones in a row, and its CRC16 does not either
    board.write(new Uint8Array(64 * 19).fill(0x55));
    board.until(() => board.host.waitingBytes === 0);
    const tokens = board.packets.filter((p) => p.bytes[0] === 0xe1 && (p.bytes[1]! >> 7 || p.bytes[2]! & 7));
    const gaps = tokens.slice(1).map((p, i) => (p.us - tokens[i]!.us) * 12);
    // 35 token + 2 + 547 data + 7.5 + 19 handshake + 5.5; an IN that is answered NAK may lie between
    expect(Math.min(...gaps)).toBeGreaterThan(615.9);
    expect(gaps.some((g) => Math.abs(g - 616) < 1e-3)).toBe(true);
  });
});

describe('suspend, resume, reset, unplug', () => {
  it('the device notices 3 ms without frames, and goes on after the resume', () => {
    const board = configuredBoard();
    // debouncing is 100 ms without frames: a device is suspended before its first reset
    expect(board.statistics()).toMatchObject({ suspends: 1, resumes: 0 });
    board.host.suspend();
    board.advance(50_000);
    board.host.resume();
    board.advance(40_000);
    expect(board.statistics()).toMatchObject({ suspends: 2, resumes: 1, busResets: 1 });
    board.write(Buffer.from('again'));
    board.advance(5000);
    expect(Buffer.from(board.received).toString()).toBe('again');
  });

  it('a suspend in mid-transfer loses nothing', () => {
    const board = configuredBoard();
    const bytes = new Rng(3).bytes(10_000);
    board.write(bytes);
    board.advance(3337);
    board.host.suspend();
    board.advance(10_000);
    board.host.resume();
    board.until(() => board.received.length >= bytes.length);
    expect(Buffer.from(board.received).equals(Buffer.from(bytes))).toBe(true);
  });

  it('a port reset in mid-transfer enumerates again; the port works after it', () => {
    const board = configuredBoard();
    board.write(new Rng(4).bytes(10_000));
    board.advance(2221);
    board.host.reset();
    board.until(() => board.host.state === 'configured').advance(5000);
    expect(board.statistics()).toMatchObject({ busResets: 2 });
    board.takeReceived();
    board.write(Buffer.from('fresh'));
    board.advance(5000);
    expect(Buffer.from(board.received).toString()).toBe('fresh');
    expect(board.problems).toEqual([]);
  });

  it('unplugged in mid-transfer and plugged in again: a new enumeration, old bytes are gone', () => {
    const board = configuredBoard();
    board.write(new Rng(5).bytes(10_000));
    board.advance(2000);
    board.host.unplug();
    expect(board.host.state).toBe('unplugged');
    board.advance(50_000);
    board.takeReceived();
    board.host.plug();
    board.configured();
    board.takeReceived();
    board.write(Buffer.from('fresh'));
    board.advance(5000);
    expect(Buffer.from(board.received).toString()).toBe('fresh');
  });

  it('the board that loses power is gone, and is found when it comes back', () => {
    const board = configuredBoard();
    board.pico.setPower(false, board.us);
    expect([board.host.state, board.host.bus.state]).toEqual(['waiting', 'empty']);
    board.advance(20_000);
    board.pico.setPower(true, board.us);
    board.configured();
    expect(board.problems).toEqual([]);
  });

  it('the RUN pin takes the pull-up away and the device comes back', () => {
    const board = configuredBoard();
    board.pico.reset();
    expect(board.host.state).toBe('waiting');
    board.configured();
    expect(board.host.device).not.toBeNull();
  });
});

describe('resets of the chip', () => {
  const WDSEL = 8;
  const ALL_BUT_OSCILLATORS = 0x1_fffc;
  const TRIGGER = 0x8000_0000;

  it('a watchdog reboot as the SDK does it takes the device off the bus; it is found again', () => {
    const board = configuredBoard();
    board.pico.blocks.psm.write(WDSEL, ALL_BUT_OSCILLATORS);
    board.pico.blocks.watchdog.write(0, TRIGGER);
    board.advance(2000);
    expect(board.host.state).toBe('waiting');
    board.configured();
    expect(board.pico.failure).toBeNull();
    board.write(Buffer.from('back'));
    board.advance(5000);
    expect(Buffer.from(board.received).toString()).toBe('back');
  });

  it('clk_usb stopped under a connected device is named at the next frame', () => {
    const board = configuredBoard();
    board.pico.blocks.clocks.write(0x54, 0);
    board.advance(2000);
    expect(board.pico.failure).toMatchObject({ id: 'sim.fault.usb-clock', facts: { clkUsbHz: 0 } });
  });
});

describeWith([needs.armGcc], 'firmware that is wrong', () => {
  const ids = (what: Parameters<typeof brokenUsbImage>[0], us: number) => {
    const board = new UsbBoard(brokenUsbImage(what));
    board.advance(us);
    return { board, ids: board.problems.map((p) => p.id) };
  };

  it('clk_usb at 12 MHz stops with a name', () => {
    const { board } = ids('USB_CLOCK', 300_000);
    expect(board.pico.failure).toMatchObject({ id: 'sim.fault.usb-clock', facts: { clkUsbHz: 12e6 } });
  });

  it('a wrong wTotalLength is named after three tries', () => {
    const { board, ids: found } = ids('LENGTH', 1_000_000);
    expect(found).toEqual(['sim.diagnosis.usb-bad-descriptor']);
    expect(board.problems[0]!.facts).toMatchObject({ wTotalLength: 79, bytes: 75, attempts: 3 });
    expect(board.host.state).toBe('failed');
  });

  it('a device that never takes its address does not answer', () => {
    expect(ids('ADDRESS', 1_000_000).ids).toEqual(['sim.diagnosis.usb-no-answer']);
  });

  it('an endpoint halted for ever is a stall loop', () => {
    const board = new UsbBoard(brokenUsbImage('HALT')).configured();
    board.setMode(MODE.halt);
    board.write(Buffer.from('x'));
    board.advance(50_000);
    expect(new Set(board.problems.map((p) => p.id))).toEqual(new Set(['sim.diagnosis.usb-stall-loop']));
  });

  it('AVAILABLE without waiting for clk_usb works and is noted', () => {
    const board = new UsbBoard(brokenUsbImage('AVAILABLE')).configured();
    expect(board.pico.diagnoses.list.map((d) => d.id)).toContain('sim.diagnosis.usb-available-too-early');
  });
});

describe('slices', () => {
  it('of 1, 7, 100, 12 500 and 200 000 cycles give the same packets at the same times', () => {
    const run = (slice: number) => {
      const board = new UsbBoard(prebuiltImage('usb-cdc'), slice);
      board.capture = true;
      board.write(new Rng(6).bytes(600));
      board.advance(195_000);
      const hash = createHash('sha256');
      for (const p of board.packets) hash.update(`${p.us} ${p.fromHost}`).update(p.bytes);
      const { arrivalsUs, received, pico } = board;
      return { packets: hash.digest('hex'), arrivalsUs, received, cycles: pico.now() };
    };
    const whole = run(200_000);
    expect(whole.received.length).toBe(600);
    for (const slice of [1, 7, 100, 12_500]) expect(run(slice)).toEqual(whole);
  });
});

describeWith([needs.armGcc], 'the committed image', () => {
  it('is what its sources give: byte for byte by the same compiler, in what it does by another', () => {
    const fresh = buildImage('usb-cdc');
    if (compilerRelease() === COMPILER)
      expect(Buffer.from(fresh).equals(Buffer.from(prebuiltImage('usb-cdc')))).toBe(true);
    const board = new UsbBoard(fresh).configured();
    board.write(Buffer.from('the same'));
    board.advance(5000);
    expect(Buffer.from(board.received).toString()).toBe('the same');
  });
});
