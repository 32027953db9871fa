/** The flash, a W25Q16JV: one test a fact of its data sheet (chapters 7 status, 8 commands, 9.6 times). */
import { describe, expect, it } from 'vitest';
import { Flash } from '../../../../src-main/sim/pico/flash.ts';
import { protectedRange } from '../../../../src-main/sim/pico/flash-facts.ts';

const BYTES = 2 * 1024 * 1024;
const WRITE_ENABLE = 0x06;
const MIB = 1024 * 1024;

class FlashBench {
  readonly cells = new Uint8Array(BYTES).fill(0xff);
  readonly notes: string[] = [];
  readonly changes: [number, number][] = [];
  readonly flash: Flash;
  us = 0;

  constructor(seed = 0) {
    this.flash = new Flash(this.cells, {
      nowUs: () => this.us,
      changed: (offset, bytes) => this.changes.push([offset, bytes]),
      note: (id) => this.notes.push(id),
      seed,
    });
    this.flash.powerOn();
  }

  /** One command between CS# falling and rising: what came back. */
  send(...bytes: number[]): number[] {
    const got = bytes.map((b) => this.flash.transfer(b));
    this.flash.deselect();
    return got;
  }

  at(command: number, offset: number, ...bytes: number[]): number[] {
    return this.send(command, offset >> 16, (offset >> 8) & 255, offset & 255, ...bytes);
  }

  /** With write enable before it. */
  write(command: number, offset: number, ...bytes: number[]): void {
    this.send(WRITE_ENABLE);
    this.at(command, offset, ...bytes);
  }

  status(register = 1): number {
    return this.send({ 1: 0x05, 2: 0x35, 3: 0x15 }[register]!, 0)[1]!;
  }

  pass(us: number): this {
    this.us += us;
    this.status();
    return this;
  }
}

describe('identification', () => {
  it('9Fh, 90h and ABh give manufacturer EF, type 40, capacity 15, device 14', () => {
    const b = new FlashBench();
    expect(b.send(0x9f, 0, 0, 0).slice(1)).toEqual([0xef, 0x40, 0x15]);
    expect(b.at(0x90, 0, 0, 0).slice(4)).toEqual([0xef, 0x14]);
    expect(b.at(0x90, 1, 0, 0).slice(4)).toEqual([0x14, 0xef]);
    expect(b.send(0xab, 0, 0, 0, 0)[4]).toBe(0x14);
  });

  it('4Bh gives 64 bits after four dummy bytes: the same for a part, others for another', () => {
    const id = (seed: number) => new FlashBench(seed).send(0x4b, ...Array<number>(12).fill(0)).slice(5);
    expect(id(3)).toEqual(id(3));
    expect(id(3)).not.toEqual(id(4));
    expect(id(3).length).toBe(8);
  });

  it('5Ah gives SFDP: signature, and a basic table that tells the density and the erase commands', () => {
    const b = new FlashBench();
    expect(String.fromCharCode(...b.at(0x5a, 0, 0, 0, 0, 0, 0).slice(5))).toBe('SFDP');
    const density = b.at(0x5a, 0x84, 0, 0, 0, 0, 0).slice(5);
    expect(new DataView(Uint8Array.from(density).buffer).getUint32(0, true)).toBe(BYTES * 8 - 1);
    expect(b.at(0x5a, 0x9c, 0, 0, 0, 0, 0).slice(5)).toEqual([12, 0x20, 15, 0x52]);
  });
});

describe('reading', () => {
  it('03h and 0Bh (one dummy byte) run on over the whole array and wrap at its end', () => {
    const b = new FlashBench();
    b.cells.set([1, 2, 3], BYTES - 3);
    b.cells.set([4, 5], 0);
    expect(b.at(0x03, BYTES - 3, 0, 0, 0, 0, 0).slice(4)).toEqual([1, 2, 3, 4, 5]);
    expect(b.at(0x0b, BYTES - 3, 0, 0, 0).slice(5)).toEqual([1, 2]);
  });

  it('continuous read lasts while M5:4 are 10, and is freed by a line held high', () => {
    const b = new FlashBench();
    b.flash.quadRead(0xa0);
    expect(b.send(0x9f, 0, 0)).toEqual([0xff, 0xff, 0xff]); // taken for an address
    b.flash.quadRead(0xa0);
    b.send(0xff, 0xff);
    expect(b.flash.continuousRead).toBe(false);
    expect(b.send(0x9f, 0)[1]).toBe(0xef);
    b.flash.quadRead(0x00);
    expect(b.flash.continuousRead).toBe(false);
  });
});

describe('program', () => {
  it('takes 0.4 ms, then the bytes are there and WEL is clear', () => {
    const b = new FlashBench();
    b.write(0x02, 0x1234, 1, 2, 3);
    expect(b.status()).toBe(3); // BUSY, WEL
    expect(b.pass(399).status()).toBe(3);
    expect(b.pass(1).status()).toBe(0);
    expect([...b.cells.subarray(0x1233, 0x1238)]).toEqual([0xff, 1, 2, 3, 0xff]);
    expect(b.changes).toEqual([[0x1200, 256]]);
  });

  it('only clears bits, which is noted', () => {
    const b = new FlashBench();
    b.write(0x02, 0, 0xf0);
    b.pass(400).write(0x02, 0, 0x3c);
    b.pass(400);
    expect(b.cells[0]).toBe(0x30);
    expect(b.notes).toEqual(['sim.diagnosis.flash-not-erased']);
  });

  it('wraps within its 256-byte page; of more bytes the last ones stay', () => {
    const b = new FlashBench();
    b.write(0x02, 0x1fe, 1, 2, 3);
    b.pass(400);
    expect([b.cells[0x1fe], b.cells[0x1ff], b.cells[0x100], b.cells[0x200]]).toEqual([1, 2, 3, 0xff]);
    const many = Array.from({ length: 300 }, (_, i) => i & 255);
    b.write(0x02, 0x400, ...many);
    b.pass(400);
    expect(b.cells[0x400]).toBe(256 & 255);
    expect(b.cells[0x400 + 44]).toBe(44);
  });

  it('without write enable does nothing, which is noted', () => {
    const b = new FlashBench();
    b.at(0x02, 0, 0);
    b.send(WRITE_ENABLE);
    b.send(0x04);
    b.at(0x02, 0, 0);
    expect(b.pass(1000).cells[0]).toBe(0xff);
    expect(b.notes).toEqual(Array(2).fill('sim.diagnosis.flash-write-disabled'));
  });
});

describe('erase', () => {
  it.each([
    [0x20, 4096, 45_000],
    [0x52, 32_768, 120_000],
    [0xd8, 65_536, 150_000],
  ])('%s clears %s bytes around the address in %s µs', (command, bytes, us) => {
    const b = new FlashBench();
    b.cells.fill(0);
    b.write(command, 0x18_1234);
    b.pass(us - 1);
    expect(b.cells[0x18_1234]).toBe(0);
    b.pass(1);
    const start = 0x18_1234 & ~(bytes - 1);
    expect(b.cells.subarray(start, start + bytes).every((v) => v === 0xff)).toBe(true);
    expect([b.cells[start - 1], b.cells[start + bytes]]).toEqual([0, 0]);
  });

  it.each([0xc7, 0x60])('the whole chip by %s in 5 s', (command) => {
    const b = new FlashBench();
    b.cells.fill(0);
    b.send(WRITE_ENABLE);
    b.send(command);
    expect(b.pass(4_999_999).status() & 1).toBe(1);
    b.pass(1);
    expect(b.cells.every((v) => v === 0xff)).toBe(true);
  });

  it('while it goes on only status reads and suspend are taken, and that is noted', () => {
    const b = new FlashBench();
    b.write(0x20, 0);
    expect(b.send(0x9f, 0, 0)).toEqual([0xff, 0xff, 0xff]);
    expect(b.at(0x03, 0, 0)[4]).toBe(0xff);
    expect(b.flash.unreadable).toContain('busy');
    expect(b.notes).toEqual(Array(2).fill('sim.diagnosis.flash-command-ignored'));
    expect(b.status() & 1).toBe(1);
    b.pass(45_000);
    expect(b.flash.unreadable).toBeNull();
  });

  it('may be suspended: other sectors read and program, SUS is set, resume finishes the rest of its time', () => {
    const b = new FlashBench();
    b.cells.fill(0x55, 0, 4096);
    b.cells[8192] = 0x5a;
    b.write(0x20, 0);
    b.pass(10_000).send(0x75);
    expect([b.status() & 1, b.status(2) & 0x80]).toEqual([1, 0x80]);
    b.pass(20);
    expect(b.status() & 1).toBe(0);
    expect(b.at(0x03, 8192, 0)[4]).toBe(0x5a);
    b.write(0x02, 4096, 0x11);
    b.pass(400);
    expect(b.cells[4096]).toBe(0x11);
    b.write(0x02, 100, 0); // into what is suspended
    expect(b.notes).toEqual(['sim.diagnosis.flash-protected']);
    b.send(0x7a);
    expect(b.pass(34_999).status() & 1).toBe(1);
    expect(b.pass(1).status()).toBe(0);
    expect(b.cells.subarray(0, 4096).every((v) => v === 0xff)).toBe(true);
    expect(b.status(2) & 0x80).toBe(0);
  });
});

describe('status registers', () => {
  it('01h writes one or both in 10 ms, 31h the second; QE is kept without power', () => {
    const b = new FlashBench();
    expect(b.flash.quadEnabled).toBe(false);
    b.send(WRITE_ENABLE);
    b.send(0x01, 0, 2);
    expect(b.status() & 1).toBe(1);
    b.pass(10_000);
    expect([b.status(), b.status(2)]).toEqual([0, 2]);
    b.send(WRITE_ENABLE);
    b.send(0x01, 0x1c); // status 1 alone leaves status 2
    b.pass(10_000);
    expect([b.status(), b.status(2)]).toEqual([0x1c, 2]);
    b.send(WRITE_ENABLE);
    b.send(0x31, 0x42);
    b.pass(10_000);
    b.flash.powerOff();
    b.flash.powerOn();
    expect([b.status(), b.status(2)]).toEqual([0x1c, 0x42]);
  });

  it('after 50h they change at once and are forgotten without power', () => {
    const b = new FlashBench();
    b.send(0x50);
    b.send(0x31, 2);
    expect([b.status(), b.flash.quadEnabled]).toEqual([0, true]);
    b.flash.powerOff();
    b.flash.powerOn();
    expect(b.flash.quadEnabled).toBe(false);
  });

  it.each([
    [0x00, 0, 0, 0],
    [0x04, 0, 31 * 65_536, BYTES], // BP 1: the last 1/32
    [0x24, 0, 0, 65_536], // TB: the first
    [0x14, 0, MIB, BYTES], // BP 5: the upper half
    [0x18, 0, 0, BYTES], // BP 6: all
    [0x44, 0, BYTES - 4096, BYTES], // SEC, BP 1: the last 4 KiB
    [0x70, 0, 0, 32_768], // SEC, TB, BP 4
    [0x04, 0x40, 0, 31 * 65_536], // CMP: the complement
  ])('status 1 %s with CMP %s protects %s to %s', (status1, status2, from, to) => {
    const range = protectedRange(status1, status2, BYTES);
    expect(range[1] - range[0]).toBe(to - from);
    if (to > from) expect(range).toEqual([from, to]);
  });

  it('a protected range is neither programmed nor erased, which is noted', () => {
    const b = new FlashBench();
    b.send(WRITE_ENABLE);
    b.send(0x01, 0x24);
    b.pass(10_000).write(0x02, 0x8000, 0);
    expect(b.pass(1000).cells[0x8000]).toBe(0xff);
    b.write(0x02, 0x1_0000, 0);
    expect(b.pass(1000).cells[0x1_0000]).toBe(0);
    expect(b.notes).toEqual(['sim.diagnosis.flash-protected']);
  });
});

describe('power', () => {
  it('after B9h only ABh is taken, and 3 µs after it everything is', () => {
    const b = new FlashBench();
    b.send(0xb9);
    expect(b.send(0x9f, 0)[1]).toBe(0xff);
    expect(b.flash.unreadable).toContain('powered down');
    b.send(0xab);
    expect(b.flash.unreadable).not.toBeNull();
    b.us += 3;
    expect(b.send(0x9f, 0)[1]).toBe(0xef);
  });

  it('66h and 99h in a row reset: volatile bits, write enable; 99h alone does nothing', () => {
    const b = new FlashBench();
    b.send(WRITE_ENABLE);
    b.send(0x99);
    expect(b.status()).toBe(2);
    b.send(0x66);
    b.send(0x99);
    expect(b.status() & 1).toBe(1);
    expect(b.pass(30).status()).toBe(0);
  });

  it('lost in mid-program leaves some of the bits cleared, more of them the later: the same for the same seed', () => {
    const after = (us: number, seed: number) => {
      const b = new FlashBench(seed);
      b.write(0x02, 0, ...Array<number>(256).fill(0));
      b.us += us;
      b.flash.powerOff();
      b.flash.powerOn();
      expect(b.status()).toBe(0);
      return b.cells.slice(0, 256);
    };
    const cleared = (cells: Uint8Array) => cells.reduce((n, v) => n + bits(~v & 255), 0);
    expect(after(200, 1)).toEqual(after(200, 1));
    expect(after(200, 1)).not.toEqual(after(200, 2));
    const counts = [40, 200, 360].map((us) => cleared(after(us, 1)));
    expect(counts[0]).toBeGreaterThan(0);
    expect(counts[1]).toBeGreaterThan(counts[0]!);
    expect(counts[2]).toBeGreaterThan(counts[1]!);
    expect(counts[2]).toBeLessThan(2048);
  });

  it('lost in mid-erase leaves a sector neither old nor erased; outside it nothing changes', () => {
    const after = (us: number) => {
      const b = new FlashBench(5);
      b.cells.fill(0xa5);
      b.write(0x20, 4096);
      b.us += us;
      b.flash.powerOff();
      expect([b.cells[4095], b.cells[8192]]).toEqual([0xa5, 0xa5]);
      return b.cells.slice(4096, 8192);
    };
    const early = after(4_000);
    expect(early.every((v) => (v & ~0xa5) === 0)).toBe(true); // pre-programming only clears
    expect(early.some((v) => v !== 0xa5)).toBe(true);
    const late = after(40_000);
    expect(late.some((v) => v !== 0xff)).toBe(true);
    expect(late.filter((v) => v === 0xff).length).toBeGreaterThan(early.filter((v) => v === 0xff).length);
  });

  it('a suspended erase is lost with the power too', () => {
    const b = new FlashBench();
    b.cells.fill(0);
    b.write(0x20, 0);
    b.pass(30_000).send(0x75);
    b.us += 1e6;
    b.flash.powerOff();
    b.flash.powerOn();
    expect(b.status(2) & 0x80).toBe(0);
    expect(b.cells.subarray(0, 4096).some((v) => v !== 0)).toBe(true);
    expect(b.cells.subarray(0, 4096).some((v) => v !== 0xff)).toBe(true);
  });
});

it('a command the model does not have is told once', () => {
  const b = new FlashBench();
  b.send(0x42, 0, 0, 0);
  expect([b.flash.takeUnknownCommand(), b.flash.takeUnknownCommand()]).toEqual([0x42, null]);
});

function bits(value: number): number {
  return value.toString(2).replaceAll('0', '').length;
}
