/** SYSRESETREQ resets the core alone: RP2040 data sheet 2.4.8, AIRCR. */
import { describe, expect, it } from 'vitest';
import { FLASH, fullSpeed, poll, read, REG, release, startUart, write } from './script-image.ts';
import { ScriptedPico } from './scripted-pico.ts';

const DMA = 0x5000_0000;
const SRAM = 0x2000_0000;
const RESET_CORE = write(REG.PPB + 0xd0c, 0x05fa_0004);
const SCRATCH = REG.WATCHDOG + 0x0c;

describe('a reset of the core alone', () => {
  it('leaves an armed alarm, a DMA channel and a UART at their work', () => {
    // The first pass sets everything going and resets the core; the second waits for UART0's FIFO to run empty
    const s = new ScriptedPico([
      ...fullSpeed,
      ...startUart(67 * 64 + 52),
      ...release(2),
      ...release(21),
      write(REG.UART0 + 0x48, 2),
      write(DMA, FLASH + 0x100),
      write(DMA + 4, REG.UART0),
      write(DMA + 8, 100),
      write(DMA + 0xc, 1 | (1 << 4) | (20 << 15)),
      write(REG.TIMER + 0x10, 5000),
      write(SCRATCH, 1),
      RESET_CORE,
    ]);
    const sent: number[] = [];
    s.pico.connectUart(0, { bitUs: 8.68, listening: true, receive: (byte) => void sent.push(byte) });
    // Held in the ROM's few ms after the reset: what moves by then moves without the core
    while (s.pico.blocks.watchdog.scratch[0] !== 1) s.advance(s.pico.timeUs + 100);
    const before = sent.length;
    s.advance(s.pico.timeUs + 150);
    expect(s.fault).toBeNull();
    expect(s.pico.mode).toBe('rom');
    expect(sent.length).toBeGreaterThan(before);
    expect(s.pico.blocks.timer.read(0x20)).toBe(1);
    expect(sent).toEqual([...s.pico.core.flash.subarray(0x100, 0x100 + sent.length)]);
  });

  it('stops SysTick and forgets what was pending', () => {
    const s = new ScriptedPico([
      read(REG.PPB + 0x10, 0),
      read(REG.PPB + 0x200, 1),
      read(SCRATCH, 2),
      poll(REG.PSM + 0xc, 1),
      write(SRAM + 12, 1),
      write(REG.PPB + 0x14, 1000),
      write(REG.PPB + 0x10, 5),
      write(REG.PPB + 0x200, 1 << 26),
      write(SCRATCH, 7),
      RESET_CORE,
    ]);
    s.advance(20_000);
    expect([s.result(0), s.result(1), s.result(2)]).toEqual([0, 0, 7]);
  });
});
