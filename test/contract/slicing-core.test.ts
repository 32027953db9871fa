/**
 * Random programs in flash under interrupts and another master's accesses: how the core's time is cut never changes
 * a register, a cycle or a counter of the XIP cache. Interrupts come at any cycle: in the middle of register lists,
 * of exception entries, of waits for flash.
 */
import { describe, expect, it } from 'vitest';
import { Rng } from '../../src-main/base/rng.ts';
import { CPU } from '../../src-main/sim/pico/core/cpu-state.ts';
import { BareCore, SRAM } from '../unit/sim/pico/bare-core.ts';

const FLASH = 0x1000_0000;
const ENTRY = FLASH + 0x400;
const HANDLER = FLASH + 0x200;
const SLICES = [1, 7, 100, 12_500, 200_000];
const END = 40_000;
const IRQS = 4;

interface Event {
  readonly cycle: number;
  readonly irq: number;
}

/** Arithmetic, loads from flash and SRAM, register lists, pushes, branches over a few instructions; for ever. */
function randomCode(rng: Rng): number[] {
  const code: number[] = [];
  const literals: number[] = [];
  const loadPointer = (register: number, value: number): void => {
    // ldr rN, [pc, #0]; b over; .word
    if (code.length & 1) code.push(0xbf00);
    code.push(0x4800 | (register << 8), 0xe001, value & 0xffff, value >>> 16);
    literals.push(value);
  };
  while (code.length < 700) {
    const kind = rng.int(0, 9);
    if (kind < 3)
      code.push(0x1800 | rng.int(0, 0x1ff)); // adds, subs of r0-r7
    else if (kind === 3) loadPointer(0, FLASH + 4 * rng.int(0, 0x3000));
    else if (kind === 4) {
      loadPointer(1, rng.int(0, 1) ? SRAM + 0x8000 + 4 * rng.int(0, 200) : FLASH + 4 * rng.int(0, 0x3000));
      code.push(0xc900 | rng.int(4, 255), 0xbf00); // ldm r1!, {…}
    } else if (kind === 5) {
      loadPointer(2, FLASH + 4 * rng.int(0, 0x3000));
      code.push(0x6810 | (rng.int(0, 31) << 6) | rng.int(3, 7)); // ldr rN, [r2, #…]
    } else if (kind === 6)
      code.push(0xb4f8, 0xbcf8); // push, pop {r3-r7}
    else if (kind === 7) {
      loadPointer(1, SRAM + 0x8000 + 4 * rng.int(0, 200));
      code.push(0xc100 | rng.int(4, 255)); // stm r1!, {…}
    } else if (kind === 8) code.push(0xd000 | (rng.int(0, 13) << 8) | rng.int(0, 2), 0x3501, 0x3601, 0x3701);
    else code.push(0xf3bf, 0x8f6f); // isb, in either half of a word
  }
  code.push(0xe000 | (-(code.length + 2) & 0x7ff));
  return code;
}

function core(code: readonly number[]): BareCore {
  const c = new BareCore();
  const flash = new DataView(c.core.flash.buffer, c.core.flash.byteOffset);
  new Rng(9).bytes(0x10_0000).forEach((b, i) => flash.setUint8(i, b));
  code.forEach((h, i) => flash.setUint16(ENTRY - FLASH + 2 * i, h, true));
  // push {r4-r7, lr}; ldm r0 is whatever the program left, so only r4 is used: adds r4, #1; nop; pop {r4-r7, pc}
  [0xb5f0, 0x3401, 0xbf00, 0xbdf0].forEach((h, i) => flash.setUint16(HANDLER - FLASH + 2 * i, h, true));
  for (let irq = 0; irq < IRQS; irq++) flash.setUint32(4 * (16 + irq), HANDLER | 1, true);
  c.core.forgetAll();
  const s = c.state;
  s[CPU.xipBytes] = c.core.flash.length;
  s[CPU.missCycles] = 50;
  s[CPU.vtor] = FLASH;
  s[CPU.irqEnabled] = 0xf;
  s[CPU.irqPriority] = 0x4000_80c0; // IRQ0 3, IRQ1 2, IRQ2 0, IRQ3 1
  s[15] = ENTRY;
  return c;
}

function run(code: readonly number[], events: readonly Event[], busy: readonly number[], slice: number) {
  const c = core(code);
  const s = c.state;
  let now = 0;
  let [nextEvent, nextBusy] = [0, 0];
  const ends: number[] = [];
  while (now < END) {
    for (; events[nextEvent] && events[nextEvent]!.cycle <= now; nextEvent++)
      s[CPU.irqPending]! |= 1 << events[nextEvent]!.irq;
    const until = Math.min(events[nextEvent]?.cycle ?? END, END);
    // another master announces what it does in the next thousand cycles, whenever the chip looks
    for (; busy[nextBusy] !== undefined && busy[nextBusy]! < now + 900; nextBusy++)
      c.core.contend(SRAM + 0x8000 + 4 * (nextBusy & 3), busy[nextBusy]!);
    const cycles = Math.min(slice, until - now, busy.length > 0 ? 500 : Infinity);
    c.core.sliceEnd = now + cycles;
    c.cycles = 0;
    c.run(cycles);
    now += c.cycles;
    if (now >= until) ends.push(now);
  }
  const { all, hits } = c.core.xipAccesses;
  return {
    now, ends, registers: [...s.subarray(0, 16)], flags: c.flags(), all, hits,
    stalls: c.core.stallCycles, exceptions: c.core.exceptionCycles, sram: Buffer.from(c.core.sram).toString('latin1'),
  }; // prettier-ignore
}

describe('random programs in flash under interrupts', () => {
  it('are the same however the core’s time is cut', () => {
    const rng = new Rng(41);
    for (let n = 0; n < 12; n++) {
      const code = randomCode(rng);
      const events = Array.from({ length: 150 }, () => ({
        cycle: rng.int(1, END - 1),
        irq: rng.int(0, IRQS - 1),
      }));
      events.sort((a, b) => a.cycle - b.cycle);
      const busy = Array.from({ length: n % 2 ? 3_000 : 0 }, () => rng.int(1, END)).sort((a, b) => a - b);
      const [whole, ...cut] = SLICES.toReversed().map((slice) => run(code, events, busy, slice));
      expect(whole!.exceptions).toBeGreaterThan(1_500);
      expect(whole!.stalls).toBeGreaterThan(5_000);
      for (const c of cut) expect(c).toEqual(whole);
    }
  });
});
