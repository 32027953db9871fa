/** The boot ROM's services (RP2040 data sheet 2.8.3), called as firmware calls them; numbers against this computer's own. */
import { beforeAll, describe, expect, it } from 'vitest';
import { Rng } from '../../../../src-main/base/rng.ts';
import { romImage } from '../../../../src-main/sim/pico/boot-rom.ts';
import { EXIT } from '../../../../src-main/sim/pico/core/cpu-state.ts';
import { BareCore, BKPT, CODE, SRAM, STACK } from './bare-core.ts';

const ROM_BYTES = 0x4000;
let b: BareCore;
let rom: DataView;

beforeAll(() => {
  b = new BareCore();
  b.core.rom.set(romImage(ROM_BYTES));
  b.core.forgetAll();
  b.put([BKPT, BKPT]);
  rom = new DataView(b.core.rom.buffer, b.core.rom.byteOffset);
});

/** Calls the function at `address` (Thumb bit set); r0 to r3 as it leaves them. */
function call(address: number, ...args: number[]): number[] {
  expect(address & 1).toBe(1);
  const s = b.state;
  args.forEach((v, i) => (s[i] = v >>> 0));
  s[13] = STACK;
  s[14] = CODE | 1;
  s[15] = address & ~1;
  expect(b.run(20_000_000)).toBe(EXIT.breakpoint);
  expect(s[13]).toBe(STACK);
  return [0, 1, 2, 3].map((n) => s[n]!);
}

const code = (name: string) => name.charCodeAt(0) | (name.charCodeAt(1) << 8);
const lookUp = (table: number, name: string) =>
  call(rom.getUint16(0x18, true), rom.getUint16(table, true), code(name))[0]!;
const functionOf = (name: string) => lookUp(0x14, name);

describe('the ROM’s head', () => {
  it('has the magic, version 3, and tables that the look-up finds entries in', () => {
    expect([...new Uint8Array(rom.buffer, rom.byteOffset + 0x10, 4)]).toEqual([0x4d, 0x75, 1, 3]);
    expect(rom.getUint32(0, true)).toBe(0x2004_1f00);
    const all = ['P3', 'R3', 'L3', 'T3', 'MS', 'S4', 'MC', 'C4', 'UB', 'IF', 'EX', 'RE', 'RP', 'FC', 'CX', 'WV', 'DT', 'DE']; // prettier-ignore
    for (const name of all) expect(functionOf(name) & 1, name).toBe(1);
    for (const name of ['SF', 'SD', 'FS', 'FE', 'GR', 'CR'])
      expect(lookUp(0x16, name), name).toBeGreaterThan(0);
    expect([functionOf('ZZ'), lookUp(0x16, 'P3')]).toEqual([0, 0]);
  });
});

describe('bits and memory', () => {
  it('popcount, reverse, clz and ctz are right for random words and at the ends', () => {
    const rng = new Rng(4);
    const words = [
      0,
      1,
      0x8000_0000,
      0xffff_ffff,
      ...Array.from({ length: 40 }, () => rng.u32() >>> rng.int(0, 31)),
    ];
    for (const w of words) {
      const text = w.toString(2).padStart(32, '0');
      expect(call(functionOf('P3'), w)[0]).toBe(text.replaceAll('0', '').length);
      expect(call(functionOf('R3'), w)[0]).toBe(parseInt([...text].reverse().join(''), 2));
      expect(call(functionOf('L3'), w)[0]).toBe(Math.clz32(w));
      expect(call(functionOf('T3'), w)[0]).toBe(w === 0 ? 32 : 31 - Math.clz32(w & -w));
    }
  });

  it('memset and memcpy touch exactly their bytes, at every alignment, and give the destination back', () => {
    const [to, from] = [SRAM + 0x4000, SRAM + 0x6000];
    const bytes = (at: number, n: number) => [...b.core.sram.subarray(at - SRAM, at - SRAM + n)];
    for (let skew = 0; skew < 4; skew++)
      for (const count of [0, 1, 3, 4, 5, 17, 64]) {
        b.core.sram.fill(0xee, 0x4000, 0x4100);
        expect(call(functionOf('MS'), to + skew, 0x1a5, count)[0]).toBe(to + skew);
        expect(bytes(to, 80)).toEqual(
          Array.from({ length: 80 }, (_, i) => (i >= skew && i < skew + count ? 0xa5 : 0xee)),
        );
        b.core.sram.set(
          Array.from({ length: 100 }, (_, i) => i),
          0x6000,
        );
        call(functionOf('MC'), to + skew, from + 1, count);
        expect(bytes(to + skew, count)).toEqual(bytes(from + 1, count));
        expect(bytes(to + skew + count, 1)).toEqual([0xee]);
      }
    call(functionOf('C4'), to, from, 8);
    expect(bytes(to, 8)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });
});

const view = new DataView(new ArrayBuffer(8));
const floatBits = (v: number) => (view.setFloat32(0, v), view.getUint32(0));
const floatOf = (bits: number) => (view.setUint32(0, bits), view.getFloat32(0));
const doubleBits = (v: number): [number, number] => (
  view.setFloat64(0, v, true),
  [view.getUint32(0, true), view.getUint32(4, true)]
);
const doubleOf = (low: number, high: number) => (
  view.setUint32(0, low, true),
  view.setUint32(4, high, true),
  view.getFloat64(0, true)
);

/** By offset in the tables: 2.8.3.2. */
const entry = (table: 'SF' | 'SD', offset: number) => rom.getUint32(lookUp(0x16, table) + offset, true);
const single = (offset: number, ...args: number[]) =>
  floatOf(call(entry('SF', offset), ...args.map(floatBits))[0]!);
const double = (offset: number, ...args: number[]) => {
  const [low, high] = call(entry('SD', offset), ...args.flatMap(doubleBits));
  return doubleOf(low!, high!);
};

/** A number whose size is spread over many powers of two. */
function spread(rng: Rng, power: number): number {
  return (rng.float() * 2 - 1) * 2 ** rng.int(-power, power);
}

describe('float and double arithmetic', () => {
  it('add, sub, mul, div and sqrt are rounded as this computer rounds them', () => {
    const rng = new Rng(11);
    const operations: [number, (x: number, y: number) => number][] = [
      [0x00, (x, y) => x + y],
      [0x04, (x, y) => x - y],
      [0x08, (x, y) => x * y],
      [0x0c, (x, y) => x / y],
    ];
    for (let n = 0; n < 300; n++) {
      const [x, y] = [spread(rng, 40), spread(rng, 40)];
      const [fx, fy] = [Math.fround(x), Math.fround(y)];
      for (const [offset, f] of operations) {
        expect(double(offset, x, y), `double ${offset} ${x} ${y}`).toBe(f(x, y));
        expect(single(offset, fx, fy), `float ${offset} ${fx} ${fy}`).toBe(Math.fround(f(fx, fy)));
      }
      expect(double(0x18, Math.abs(x))).toBe(Math.sqrt(Math.abs(x)));
      expect(single(0x18, Math.abs(fx))).toBe(Math.fround(Math.sqrt(Math.abs(fx))));
    }
  });

  it('near cancellations, halves and carries round to even', () => {
    const ulp = 2 ** -52;
    for (const [x, y] of [
      [1, ulp / 2],
      [1 + ulp, ulp / 2],
      [1, -ulp / 4],
      [1, -1 + ulp],
      [2 ** 53, 1],
      [-1, 1],
    ])
      // prettier-ignore
      expect(double(0, x!, y!)).toBe(x! + y!);
    expect(single(0, 16777216, 1)).toBe(16777216);
    expect(single(0, 16777216, 3)).toBe(16777220);
  });

  it('overflow and division by zero give infinity, a denormal is zero, the root of a negative is minus infinity', () => {
    expect(single(0x08, 3e38, 10)).toBe(Infinity);
    expect(single(0x0c, -1, 0)).toBe(-Infinity);
    expect(single(0x00, 1e-40, 0)).toBe(0);
    expect(double(0x08, 1e-200, 1e-200)).toBe(0);
    expect(double(0x18, -4)).toBe(-Infinity);
    expect(single(0x00, Infinity, 1)).toBe(Infinity);
  });

  it('compare gives -1, 0 and 1, and the flags of the run-time ABI', () => {
    for (const [x, y, want] of [
      [1, 2, -1],
      [2, 1, 1],
      [-1, -2, 1],
      [0, -0, 0],
      [-3, 4, -1],
      [5, 5, 0],
    ] as const) {
      // prettier-ignore
      expect(call(entry('SF', 0x10), floatBits(x), floatBits(y))[0]! | 0).toBe(want);
      expect(call(entry('SD', 0x54), ...doubleBits(x), ...doubleBits(y))[0]! | 0).toBe(want);
      const kept = call(entry('SD', 0x14), ...doubleBits(x), ...doubleBits(y));
      expect(kept).toEqual([...doubleBits(x), ...doubleBits(y)]);
      expect(b.flags().replace(/[NV]/g, '')).toBe(want < 0 ? '' : want === 0 ? 'ZC' : 'C');
    }
  });

  it('conversions round towards minus infinity and clamp', () => {
    const toInt = (offset: number, v: number, ...more: number[]) =>
      call(entry('SF', offset), floatBits(v), ...more)[0]!;
    expect([2.75, -2.25, 3e9, -3e9, 0].map((v) => toInt(0x1c, v) | 0)).toEqual([
      2,
      -3,
      2 ** 31 - 1,
      -(2 ** 31),
      0,
    ]);
    expect([2.75, -2.25, 5e9].map((v) => toInt(0x24, v))).toEqual([2, 0, 0xffff_ffff]);
    expect(toInt(0x20, -1.5, 8) | 0).toBe(-384);
    expect(toInt(0x28, 1.5, 8)).toBe(384);
    expect(floatOf(call(entry('SF', 0x2c), -7)[0]!)).toBe(-7);
    expect(floatOf(call(entry('SF', 0x34), 0xffff_ffff)[0]!)).toBe(2 ** 32);
    expect(floatOf(call(entry('SF', 0x30), -384, 8)[0]!)).toBe(-1.5);
    expect(doubleOf(...(call(entry('SD', 0x38), 384, 8) as [number, number]))).toBe(1.5);
    const [low, high] = call(entry('SD', 0x6c), ...doubleBits(-(2 ** 40) - 0.5));
    expect((BigInt(high! | 0) << 32n) | BigInt(low!)).toBe(-(2n ** 40n) - 1n);
    expect(doubleOf(...(call(entry('SD', 0x5c), 5, 0xffff_ffff) as [number, number]))).toBe(5 - 2 ** 32);
    expect(floatOf(call(entry('SD', 0x7c), ...doubleBits(1.1))[0]!)).toBe(Math.fround(1.1));
    expect(doubleOf(...(call(entry('SF', 0x7c), floatBits(1.5)) as [number, number]))).toBe(1.5);
  });
});

describe('functions by series', () => {
  const functions: [string, number, (x: number) => number, (rng: Rng) => number][] = [
    ['cos', 0x3c, Math.cos, (rng) => spread(rng, 6)],
    ['sin', 0x40, Math.sin, (rng) => spread(rng, 6)],
    ['tan', 0x44, Math.tan, (rng) => spread(rng, 6)],
    ['exp', 0x4c, Math.exp, (rng) => spread(rng, 6)],
    ['ln', 0x50, Math.log, (rng) => Math.abs(spread(rng, 60))],
  ];

  it.each(functions)('%s is within 2 units of the last place', (_, offset, f, argument) => {
    const rng = new Rng(offset);
    for (let n = 0; n < 25; n++) {
      const x = argument(rng);
      const fx = Math.fround(x);
      expect(unitsApart(double(offset, x), f(x), 2 ** -52), `${x}`).toBeLessThanOrEqual(2);
      expect(unitsApart(single(offset, fx), f(fx), 2 ** -23), `${fx}`).toBeLessThanOrEqual(0.75);
    }
  });

  it('atan2 is right in all quadrants and on the axes', () => {
    const rng = new Rng(8);
    const pairs: [number, number][] = [[0, 1], [1, 0], [0, -1], [-1, 0], [1, 1], [-1, -1]]; // prettier-ignore
    for (let n = 0; n < 30; n++) pairs.push([spread(rng, 12), spread(rng, 12)]);
    for (const [y, x] of pairs)
      expect(unitsApart(double(0x58, y, x), Math.atan2(y, x), 2 ** -52), `${y} ${x}`).toBeLessThanOrEqual(2);
  });

  it('sincos gives both, exp and ln their limits', () => {
    const both = call(entry('SF', 0x48), floatBits(1));
    expect([floatOf(both[0]!), floatOf(both[1]!)]).toEqual([
      Math.fround(Math.sin(1)),
      Math.fround(Math.cos(1)),
    ]);
    expect([double(0x4c, 1000), double(0x4c, -1000), double(0x4c, 0)]).toEqual([Infinity, 0, 1]);
    expect([double(0x50, 0), double(0x50, 1)]).toEqual([-Infinity, 0]);
  });
});

function unitsApart(got: number, want: number, epsilon: number): number {
  if (got === want) return 0;
  const unit = 2 ** Math.floor(Math.log2(Math.abs(want) || Number.MIN_VALUE)) * epsilon;
  return Math.abs(got - want) / unit;
}
