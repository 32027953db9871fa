/** DMA in the whole chip: what it reaches, what it costs the core, and that slices never show. RP2040 data sheet 2.1, 2.5. */
import { describe, expect, it } from 'vitest';
import type { PicoOptions } from '../../../../src-main/sim/pico/emulated-pico.ts';
import {
  code,
  FLASH,
  fullSpeed,
  poll,
  read,
  REG,
  release,
  startUart,
  write,
  type Step,
} from './script-image.ts';
import { ScriptedPico } from './scripted-pico.ts';

const DMA = 0x5000_0000;
const SRAM = 0x2000_0000;
const COPY = 1 | (2 << 2) | (1 << 4) | (1 << 5) | (63 << 15);
const INTR = DMA + 0x400;
const ERRORS = 7 << 29;
const SLICES = [1, 7, 100, 12_500, 200_000];

const start = (n: number, from: number, to: number, count: number, control: number): Step[] => [
  write(DMA + 0x40 * n, from),
  write(DMA + 0x40 * n + 4, to),
  write(DMA + 0x40 * n + 8, count),
  write(DMA + 0x40 * n + 0xc, control | (n << 11)),
];
const wait = (n: number): Step => poll(INTR, 1 << n);
const run = (steps: readonly Step[], options: PicoOptions = {}): ScriptedPico =>
  new ScriptedPico([...release(2), ...steps], {}, options).advance(100_000);
const sram = (s: ScriptedPico, offset: number, count: number): number[] => [
  ...s.pico.core.sram.subarray(offset, offset + count),
];

describe('what the DMA reaches', () => {
  it('flash through XIP, the striped and the unstriped view of SRAM', () => {
    const s = run([
      ...start(0, FLASH, SRAM + 0x1000, 64, COPY),
      wait(0),
      ...start(1, SRAM + 0x1000, 0x2101_0000, 4, COPY), // SRAM bank 1: every fourth word
      wait(1),
    ]);
    expect(s.fault).toBeNull();
    expect(sram(s, 0x1000, 256)).toEqual([...s.pico.core.flash.subarray(0, 256)]);
    for (let i = 0; i < 4; i++) expect(sram(s, 4 + 16 * i, 4)).toEqual(sram(s, 0x1000 + 4 * i, 4));
  });

  it('the stream of XIP words at 0x5040_0000, paced by its request line', () => {
    const s = run([
      write(0x1400_0014, FLASH + 0x100),
      write(0x1400_0018, 40),
      ...start(0, 0x5040_0000, SRAM + 0x1000, 40, 1 | (2 << 2) | (1 << 5) | (37 << 15)),
      wait(0),
    ]);
    expect(s.fault).toBeNull();
    expect(sram(s, 0x1000, 160)).toEqual([...s.pico.core.flash.subarray(0x100, 0x100 + 160)]);
  });

  it('neither SIO nor the core’s private peripherals nor a hole: the channel halts with its flag', () => {
    for (const address of [REG.SIO + 4, REG.PPB + 0xd00, 0x3000_0000, 0x2004_2000]) {
      const from = run([...start(0, address, SRAM + 0x1000, 4, COPY), wait(0), read(DMA + 0x10, 0)]);
      expect(from.fault).toBeNull();
      expect(from.result(0) & ERRORS, address.toString(16)).toBe((1 << 30) | (1 << 31));
      const to = run([...start(0, SRAM + 0x1000, address, 4, COPY), wait(0), read(DMA + 0x10, 0)]);
      expect(to.result(0) & ERRORS).toBe((1 << 29) | (1 << 31));
    }
  });

  it('a block in reset by its name, as for the core', () => {
    expect(run([...start(0, SRAM, REG.UART0, 1, COPY), wait(0)]).fault).toBe('sim.fault.block-in-reset');
  });

  it('registers of APB blocks with their atomic aliases', () => {
    const s = run([
      ...release(5),
      write(SRAM + 0x800, 0x0000_0005),
      ...start(0, SRAM + 0x800, REG.IO_BANK0 + 0x2000 + 8 * 3 + 4, 1, COPY), // set FUNCSEL bits of 0x1f
      wait(0),
      read(REG.IO_BANK0 + 8 * 3 + 4, 0),
    ]);
    expect(s.result(0)).toBe(0x1f);
  });

  it('code it writes into SRAM is what runs next', () => {
    // At SRAM + 0x400: movs r0, #1; bx lr. Called, replaced by movs r0, #2, called again
    const call = (n: number): Step =>
      code(0x4902, 0x4788, 0x4902, 0x6008, 0xe004, 0xbf00, 0x0401, 0x2000, 4 * n, 0x2000, 0xbf00); // ldr r1; blx r1; ldr r1; str r0, [r1]; b over
    const s = run([
      write(SRAM + 0x400, 0x4770_2001),
      write(SRAM + 0x800, 0x4770_2002),
      call(0),
      ...start(0, SRAM + 0x800, SRAM + 0x400, 1, COPY),
      wait(0),
      call(1),
    ]);
    expect([s.fault, s.result(0), s.result(1)]).toEqual([null, 1, 2]);
  });
});

describe('DMA and the UART', () => {
  it('feeds the transmitter by its request line: 200 characters, none lost, none early', () => {
    const s = new ScriptedPico([
      ...fullSpeed,
      ...startUart(67 * 64 + 52),
      ...release(2),
      write(REG.UART0 + 0x48, 2),
      ...start(0, FLASH + 0x100, REG.UART0, 200, 1 | (1 << 4) | (20 << 15)),
      poll(INTR, 1),
      poll(REG.UART0 + 0x18, 0x80),
      read(REG.UART0 + 0x18, 0),
    ]);
    const sent: number[] = [];
    s.pico.connectUart(0, { bitUs: 8.68, listening: true, receive: (byte) => void sent.push(byte) });
    s.advance(100_000);
    expect(s.fault).toBeNull();
    expect(sent).toEqual([...s.pico.core.flash.subarray(0x100, 0x100 + 200)]);
  });

  it('empties the receiver by its request line', () => {
    const s = new ScriptedPico([
      ...fullSpeed,
      ...startUart(67 * 64 + 52),
      ...release(2),
      write(REG.UART0 + 0x48, 1),
      ...start(0, REG.UART0, SRAM + 0x1000, 50, 1 | (1 << 5) | (21 << 15)),
      poll(INTR, 1),
    ]);
    s.advance(20_000);
    const bytes = Array.from({ length: 50 }, (_, i) => (i * 31 + 7) & 0xff);
    bytes.forEach((byte, i) => s.pico.uartInput(0).send({ startUs: 20_000 + i * 86.8, bitUs: 8.68, byte }));
    s.advance(40_000);
    expect(sram(s, 0x1000, 50)).toEqual(bytes);
  });
});

describe('DMA and the core', () => {
  /** A loop of `turns` loads from `address`, timed by SysTick. */
  const timed = (address: number, turns: number): Step =>
    code(
      0x4a05, 0x4b06, 0x4c03, 0x6825, // ldr r2, =turns; ldr r3, =address; ldr r4, =SYST_CVR; ldr r5, [r4]
      0x6818, 0x3a01, 0xd1fc, 0x6826, // ldr r0, [r3]; subs r2, #1; bne .-4; ldr r6, [r4]
      0xe005, 0xbf00, 0xe018, 0xe000, turns & 0xffff, turns >>> 16, address & 0xffff, address >>> 16,
      0x1bad, 0x4801, 0x6005, 0xe002, 0x0000, 0x2000, 0xbf00, 0xbf00, // subs r5, r5, r6; ldr r0, =RESULTS; str r5, [r0]
    ); // prettier-ignore
  const systick = [write(REG.PPB + 0x14, 0xff_ffff), write(REG.PPB + 0x18, 0), write(REG.PPB + 0x10, 5)];
  /** Copies for ever between words of one bank: channel 0 and 1 chained, 1000 transfers each. */
  const busy = (from: number, to: number): Step[] =>
    [0, 1].flatMap((n) => [
      write(DMA + 0x40 * n, from),
      write(DMA + 0x40 * n + 4, to),
      write(DMA + 0x40 * n + 8, 1000),
      write(DMA + 0x40 * n + (n === 0 ? 0x10 : 0xc), (1 | (2 << 2) | (63 << 15) | ((1 - n) << 11)) >>> 0),
    ]);
  const cycles = (load: number, dma: Step[]): number => {
    const s = run([...systick, ...dma, timed(load, 200)]);
    expect(s.fault).toBeNull();
    return s.result(0);
  };
  const [BANK0, BANK1, SRAM4] = [SRAM + 0x3000, SRAM + 0x3004, 0x2004_0000];

  it('a bank that both use costs the core cycles, another bank none', () => {
    const alone = cycles(BANK0, []);
    const other = cycles(BANK0, busy(BANK1, SRAM4));
    const same = cycles(BANK0, busy(BANK0, BANK0));
    expect(other).toBe(alone);
    expect(same - alone).toBeGreaterThanOrEqual(150); // 200 loads, the bank taken in every cycle
    expect(same - alone).toBeLessThanOrEqual(200);
  });

  it('slices never show: memory, registers and timing of copies under a running core', () => {
    const seen = SLICES.map((sliceCycles) => {
      const s = run(
        [
          ...systick,
          ...busy(SRAM + 0x3000, SRAM + 0x3400),
          timed(SRAM + 0x3000, 200),
          read(DMA + 8, 1),
          read(INTR, 2),
        ],
        { sliceCycles },
      );
      return [s.result(0), s.result(1), s.result(2), s.pico.timeUs];
    });
    for (const other of seen.slice(1)) expect(other).toEqual(seen[0]);
  });
});
