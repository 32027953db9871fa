/** DMA: RP2040 data sheet 2.5. */
import { crc32 as zlibCrc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { crc32Mpeg2 } from '../../../../src-main/base/crc.ts';
import type { DmaBus } from '../../../../src-main/sim/pico/dma-bus.ts';
import { Dma } from '../../../../src-main/sim/pico/peripherals/dma.ts';
import { TestChip } from './test-chip.ts';

const [READ, WRITE, COUNT, CTRL_TRIG] = [0x0, 0x4, 0x8, 0xc] as const;
const [INTR, INTE0, INTF0, INTS0, INTE1, INTS1] = [0x400, 0x404, 0x408, 0x40c, 0x414, 0x41c] as const;
const [TIMER0, MULTI, SNIFF_CTRL, SNIFF_DATA, ABORT, N_CHANNELS] = [
  0x420, 0x430, 0x434, 0x438, 0x444, 0x448,
] as const; // prettier-ignore
const EN = 1;
const HIGH = 2;
const SIZE = { byte: 0, half: 1 << 2, word: 2 << 2 } as const;
const INCR_READ = 1 << 4;
const INCR_WRITE = 1 << 5;
const ring = (bits: number, onWrite = false): number => (bits << 6) | (onWrite ? 1 << 10 : 0);
const chain = (n: number): number => n << 11;
const treq = (n: number): number => n << 15;
const UNPACED = treq(63);
const QUIET = 1 << 21;
const BSWAP = 1 << 22;
const SNIFF = 1 << 23;
const BUSY = 1 << 24;
const READ_ERROR = 1 << 30;
const WRITE_ERROR = 1 << 29;
const PERIPHERAL = 0x4000_0000;
const HOLE = 0x8000_0000;
const IRQ = 11;

/** Memory at 0, a peripheral's data register at 0x4000_0000 (APB costs), nothing at 0x8000_0000. */
class TestBus implements DmaBus {
  readonly memory = new DataView(new ArrayBuffer(4096));
  /** Every access in order: what, where and the cycle of the chip when it was made. */
  readonly log: { write: boolean; address: number; value: number; cycle: number }[] = [];
  readonly claims: { address: number; cycle: number }[] = [];
  readonly #now: () => number;
  onPeripheral: () => void = () => undefined;

  constructor(now: () => number) {
    this.#now = now;
  }

  read(address: number, bytes: number): number | null {
    if (address >= HOLE) return null;
    if (address >= PERIPHERAL) this.onPeripheral();
    const value = address >= PERIPHERAL ? this.log.length : this.#get(address, bytes);
    this.log.push({ write: false, address, value, cycle: this.#now() });
    return value;
  }

  write(address: number, value: number, bytes: number): boolean {
    if (address >= HOLE) return false;
    this.log.push({ write: true, address, value, cycle: this.#now() });
    if (address >= PERIPHERAL) this.onPeripheral();
    else if (bytes === 4) this.memory.setUint32(address, value, true);
    else if (bytes === 2) this.memory.setUint16(address, value, true);
    else this.memory.setUint8(address, value);
    return true;
  }

  readCycles(address: number): number {
    return this.isMemory(address) ? 1 : 3;
  }
  writeCycles(address: number): number {
    return this.isMemory(address) ? 1 : 4;
  }
  isMemory(address: number): boolean {
    return address < PERIPHERAL;
  }
  claim(address: number, cycle: number): void {
    this.claims.push({ address, cycle });
  }

  bytes(from: number, count: number): number[] {
    return Array.from({ length: count }, (_, i) => this.memory.getUint8(from + i));
  }

  #get(address: number, bytes: number): number {
    if (bytes === 4) return this.memory.getUint32(address, true);
    return bytes === 2 ? this.memory.getUint16(address, true) : this.memory.getUint8(address);
  }
}

function open() {
  const chip = new TestChip();
  const bus = new TestBus(() => chip.now());
  const credits = new Map<number, number>();
  const dma = new Dma(chip, { bus, dreq: (n) => (n < 40 ? (credits.get(n) ?? 0) : null) });
  for (let i = 0; i < 1024; i++) bus.memory.setUint8(i, (i * 7 + 3) & 0xff);
  const start = (n: number, read: number, write: number, count: number, control: number): void => {
    dma.write(0x40 * n + READ, read);
    dma.write(0x40 * n + WRITE, write);
    dma.write(0x40 * n + COUNT, count);
    dma.write(0x40 * n + CTRL_TRIG, control);
  };
  const status = (n: number): number => dma.read(0x40 * n + 0x10)!;
  return { chip, bus, dma, credits, start, status };
}

const COPY = EN | SIZE.word | INCR_READ | INCR_WRITE | UNPACED;

describe('DMA transfers', () => {
  it('copies memory, one transfer a cycle, and says BUSY until the last write is over', () => {
    const { chip, bus, dma, start, status } = open();
    start(0, 0, 2048, 64, COPY);
    expect(status(0) & BUSY).toBe(BUSY);
    chip.pass(64);
    expect(status(0) & BUSY).toBe(BUSY);
    chip.pass(3); // two to start, one for the last write
    expect(status(0) & BUSY).toBe(0);
    expect(bus.bytes(2048, 256)).toEqual(bus.bytes(0, 256));
    expect([dma.read(READ), dma.read(WRITE), dma.read(COUNT)]).toEqual([256, 2048 + 256, 0]);
  });

  it('to an APB register a transfer takes four cycles, from one three', () => {
    for (const [read, write, cycles] of [[0, PERIPHERAL, 4], [PERIPHERAL, 2048, 3]] as const) {
      const { chip, bus, start } = open();
      start(0, read, write, 10, EN | SIZE.word | UNPACED);
      chip.pass(200);
      const at = bus.log.filter((l) => l.address === PERIPHERAL).map((l) => l.cycle);
      expect(at.slice(3).map((c, i) => c - at[i + 2]!)).toEqual(Array(7).fill(cycles));
    } // prettier-ignore
  });

  it('bytes and halfwords move with their own increments', () => {
    const { chip, bus, start } = open();
    start(0, 1, 2049, 5, EN | SIZE.byte | INCR_READ | INCR_WRITE | UNPACED);
    start(1, 2, 2060, 3, EN | SIZE.half | INCR_READ | INCR_WRITE | UNPACED);
    chip.pass(100);
    expect(bus.bytes(2049, 5)).toEqual(bus.bytes(1, 5));
    expect(bus.bytes(2060, 6)).toEqual(bus.bytes(2, 6));
    expect(bus.bytes(2054, 2)).toEqual([0, 0]);
  });

  it('without increments an address stays', () => {
    const { chip, bus, dma, start } = open();
    start(0, 8, 2048, 4, EN | SIZE.byte | INCR_WRITE | UNPACED);
    chip.pass(50);
    expect(bus.bytes(2048, 4)).toEqual(Array(4).fill((8 * 7 + 3) & 0xff));
    expect(dma.read(READ)).toBe(8);
  });

  it('BSWAP turns the bytes of words and halfwords', () => {
    const { chip, bus, start } = open();
    start(0, 0, 2048, 1, COPY | BSWAP);
    start(1, 0, 2056, 1, EN | SIZE.half | UNPACED | BSWAP);
    chip.pass(50);
    expect(bus.bytes(2048, 4)).toEqual(bus.bytes(0, 4).reverse());
    expect(bus.bytes(2056, 2)).toEqual(bus.bytes(0, 2).reverse());
  });

  it('a ring keeps the upper bits of the address: 2^4 bytes on the read side, then on the write side', () => {
    const { chip, bus, dma, start } = open();
    start(0, 16, 2048, 8, COPY | ring(4));
    chip.pass(50);
    expect(bus.bytes(2048, 32)).toEqual([...bus.bytes(16, 16), ...bus.bytes(16, 16)]);
    expect(dma.read(READ)).toBe(16);
    start(1, 0, 3072 + 8, 6, COPY | ring(4, true));
    chip.pass(50);
    expect(dma.read(0x40 + WRITE)).toBe(3072); // two words to the end of the ring, four from its start
    expect(bus.bytes(3072, 16)).toEqual(bus.bytes(8, 16));
  });

  it('COUNT reloads at each trigger', () => {
    const { chip, bus, dma, start } = open();
    start(0, 0, 2048, 3, COPY);
    chip.pass(50);
    dma.write(0x1c, 3); // alias 1: COUNT with trigger
    chip.pass(50);
    expect(dma.read(WRITE)).toBe(2048 + 24);
    expect(bus.bytes(2048, 24)).toEqual(bus.bytes(0, 24));
  });

  it('each alias triggers with its last register and only with that', () => {
    const triggers = [[0x0c, COPY], [0x1c, 1], [0x2c, 2048], [0x3c, 4]] as const; // prettier-ignore
    for (const [offset, value] of triggers) {
      const { chip, dma, status } = open();
      dma.write(0x10, COPY); // CTRL without a trigger
      dma.write(0x00, 4);
      dma.write(0x04, 2048);
      dma.write(0x08, 1);
      expect(status(0) & BUSY, `before ${offset}`).toBe(0);
      dma.write(offset, value);
      expect(status(0) & BUSY, `after ${offset}`).toBe(BUSY);
      chip.pass(20);
      expect(dma.read(WRITE)).toBe(2052);
    }
  });

  it('MULTI_CHAN_TRIGGER starts several; a channel without EN takes no trigger', () => {
    const { dma, status } = open();
    for (const n of [2, 5, 7]) {
      dma.write(0x40 * n + COUNT, 4);
      dma.write(0x40 * n + 0x10, n === 7 ? COPY & ~EN : COPY);
    }
    dma.write(MULTI, (1 << 2) | (1 << 5) | (1 << 7));
    expect([2, 5, 7].map((n) => (status(n) & BUSY) !== 0)).toEqual([true, true, false]);
  });

  it('clearing EN pauses a channel, setting it goes on', () => {
    const { chip, dma, start } = open();
    start(0, 0, 2048, 100, COPY);
    chip.pass(20);
    dma.write(0x10, COPY & ~EN);
    const left = dma.read(COUNT)!;
    chip.pass(100);
    expect(dma.read(COUNT)).toBe(left);
    dma.write(0x10, COPY);
    chip.pass(100);
    expect(dma.read(COUNT)).toBe(0);
  });

  it('channels take turns; one of high priority goes before all others', () => {
    const { chip, bus, start } = open();
    start(0, PERIPHERAL, 2048, 50, EN | SIZE.word | UNPACED);
    start(1, PERIPHERAL + 4, 2052, 50, EN | SIZE.word | UNPACED);
    chip.pass(60);
    const turns = bus.log.filter((l) => !l.write).map((l) => l.address & 4);
    expect(turns.slice(2, 12)).toEqual([0, 4, 0, 4, 0, 4, 0, 4, 0, 4]);
    bus.log.length = 0;
    start(2, PERIPHERAL + 8, 2056, 5, EN | HIGH | SIZE.word | UNPACED);
    chip.pass(40);
    const reads = bus.log.filter((l) => !l.write).map((l) => l.address & 15);
    const first = reads.indexOf(8);
    expect(reads.slice(first, first + 5)).toEqual([8, 8, 8, 8, 8]);
  });

  it('tells the bus which ports it will use in which cycles: a read, and its write a cycle later', () => {
    const { chip, bus, start } = open();
    start(0, 0, 2048, 4, COPY);
    chip.pass(20);
    const cycles = (address: number): number[] =>
      bus.claims.filter((c) => c.address === address).map((c) => c.cycle);
    for (let i = 0; i < 4; i++) {
      expect(new Set(cycles(4 * i))).toEqual(new Set([2 + i]));
      expect(new Set(cycles(2048 + 4 * i))).toEqual(new Set([3 + i]));
    }
  });
});

describe('DMA pacing', () => {
  it('a request line allows as many transfers as it has credits', () => {
    const { chip, bus, dma, credits, start } = open();
    credits.set(36, 0);
    bus.onPeripheral = () => void credits.set(36, credits.get(36)! - 1);
    start(0, PERIPHERAL, 2048, 10, EN | SIZE.word | INCR_WRITE | treq(36));
    chip.pass(100);
    expect(dma.read(COUNT)).toBe(10);
    for (const items of [1, 3]) {
      const before = dma.read(COUNT)!;
      credits.set(36, items);
      dma.dreqChanged();
      expect(dma.read(0x800)).toBe(items); // CTDREQ
      chip.pass(100);
      expect(dma.read(COUNT)).toBe(before - items);
    }
  });

  it('a peripheral that is not modelled is named when a channel waits for it', () => {
    const { chip, start } = open();
    start(0, 0, 2048, 1, EN | treq(40));
    expect(chip.stops).toEqual(['sim.fault.unmodelled-dreq']);
  });

  it('timer 0 at 3/1000 of clk_sys gives three transfers in 1000 cycles, evenly', () => {
    const { chip, bus, dma, start } = open();
    dma.write(TIMER0, (3 << 16) | 1000);
    start(0, PERIPHERAL, 2048, 30, EN | SIZE.word | treq(59));
    chip.pass(10_010);
    const at = bus.log.filter((l) => !l.write).map((l) => l.cycle);
    expect(at.length).toBe(30);
    at.forEach((cycle, i) => expect(cycle).toBe(Math.ceil(((i + 1) * 1000) / 3)));
  });
});

describe('DMA interrupts and chains', () => {
  it('the end of a block sets INTR, and IRQ 11 or 12 where it is enabled; a write of 1 clears it', () => {
    const { chip, dma, start } = open();
    dma.write(INTE0, 1 << 3);
    dma.write(INTE1, 1 << 4);
    start(3, 0, 2048, 1, COPY);
    chip.pass(20);
    expect([dma.read(INTR), dma.read(INTS0), dma.read(INTS1)]).toEqual([8, 8, 0]);
    expect([chip.interrupt(IRQ), chip.interrupt(IRQ + 1)]).toEqual([true, false]);
    dma.write(INTS0, 8);
    expect([dma.read(INTR), chip.interrupt(IRQ)]).toEqual([0, false]);
    start(4, 0, 2048, 1, COPY);
    chip.pass(20);
    expect([chip.interrupt(IRQ), chip.interrupt(IRQ + 1)]).toEqual([false, true]);
    dma.write(INTR, 0xfff);
    dma.write(INTF0, 1);
    expect([dma.read(INTR), dma.read(INTS0), chip.interrupt(IRQ)]).toEqual([0, 1, true]);
  });

  it('IRQ_QUIET: no interrupt at the end, one for a null trigger', () => {
    const { chip, dma, start } = open();
    start(0, 0, 2048, 1, COPY | QUIET);
    chip.pass(20);
    expect(dma.read(INTR)).toBe(0);
    dma.write(0x3c, 0); // alias 3: READ_ADDR with trigger
    expect(dma.read(INTR)).toBe(1);
    expect(dma.read(0x10)! & BUSY).toBe(0);
  });

  it('CHAIN_TO starts the other channel when the first is done: ping and pong for ever', () => {
    const { chip, bus, dma } = open();
    for (const [n, to] of [[0, 2048], [1, 2064]] as const) {
      dma.write(0x40 * n + READ, 0);
      dma.write(0x40 * n + WRITE, to);
      dma.write(0x40 * n + COUNT, 4);
      dma.write(0x40 * n + 0x10, COPY | ring(4, true) | chain(1 - n));
    } // prettier-ignore
    dma.write(MULTI, 1);
    chip.pass(25);
    expect(dma.read(INTR)).toBe(3);
    expect(bus.bytes(2048, 16)).not.toEqual(Array(16).fill(0));
    expect(bus.bytes(2064, 16)).not.toEqual(Array(16).fill(0));
    dma.write(INTR, 3);
    chip.pass(25);
    expect(dma.read(INTR)).toBe(3);
  });

  it('CHAIN_TO resets to the channel itself, which is none', () => {
    const { status } = open();
    for (let n = 0; n < 12; n++) expect((status(n) >> 11) & 15).toBe(n);
  });

  it('a bus error halts the channel, sets its flag and raises the interrupt even when quiet', () => {
    for (const [read, write, flag] of [[HOLE, 2048, READ_ERROR], [0, HOLE, WRITE_ERROR]] as const) {
      const { chip, dma, start, status } = open();
      start(0, read, write, 10, COPY | QUIET);
      chip.pass(50);
      expect(status(0) & (BUSY | READ_ERROR | WRITE_ERROR)).toBe(flag);
      expect(status(0) >>> 31).toBe(1); // AHB_ERROR
      expect(dma.read(INTR)).toBe(1);
      dma.write(0x10, (READ_ERROR | WRITE_ERROR | COPY) >>> 0);
      expect(status(0) >>> 29).toBe(0);
    } // prettier-ignore
  });

  it('RP2040-E13: an abort reads back 0 at once, BUSY stays a little, and the interrupt comes', () => {
    const { chip, dma, start, status } = open();
    start(0, PERIPHERAL, 2048, 100, EN | SIZE.word | UNPACED);
    chip.pass(30);
    dma.write(ABORT, 1);
    expect([dma.read(ABORT), status(0) & BUSY]).toEqual([0, BUSY]);
    chip.pass(10);
    expect([status(0) & BUSY, dma.read(INTR)]).toEqual([0, 1]);
  });

  it('there are twelve channels', () => {
    expect(open().dma.read(N_CHANNELS)).toBe(12);
  });
});

describe('DMA sniffer', () => {
  const check = new TextEncoder().encode('123456789');

  function sniffed(calc: number, seed: number, extra = 0, size: number = SIZE.byte, bytes = check): number {
    const { chip, bus, dma, start } = open();
    bytes.forEach((b, i) => bus.memory.setUint8(i, b));
    dma.write(SNIFF_DATA, seed);
    dma.write(SNIFF_CTRL, 1 | (2 << 1) | (calc << 5) | extra);
    start(
      2,
      0,
      2048,
      size === SIZE.byte ? bytes.length : bytes.length / 4,
      EN | size | INCR_READ | UNPACED | SNIFF,
    );
    chip.pass(200);
    return dma.read(SNIFF_DATA)!;
  }

  it('CRC-32 most significant bit first is CRC-32/MPEG-2', () => {
    expect(sniffed(0, 0xffff_ffff)).toBe(crc32Mpeg2(check));
    expect(sniffed(0, 0xffff_ffff)).toBe(0x0376_e6e7);
  });

  it('with reversed data, output reversed and inverted it is the CRC-32 of zip files, by bytes or by words', () => {
    expect(sniffed(1, 0xffff_ffff, (1 << 10) | (1 << 11))).toBe(0xcbf4_3926);
    const words = Uint8Array.from({ length: 64 }, (_, i) => i * 37);
    expect(sniffed(1, 0xffff_ffff, (1 << 10) | (1 << 11), SIZE.word, words)).toBe(zlibCrc32(words));
  });

  it('CRC-16-CCITT, its value for the check string', () => {
    expect(sniffed(2, 0xffff)).toBe(0x29b1);
  });

  it('a plain sum', () => {
    expect(sniffed(15, 5)).toBe(5 + check.reduce((a, b) => a + b, 0));
  });
});
