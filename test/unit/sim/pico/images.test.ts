/**
 * Firmware that is not ours in kind: images written to the start-up contract of the vendor's SDK (test/images), as
 * committed UF2 files, and built afresh where the compiler is there.
 */
import { describe, expect, it } from 'vitest';
import { buildImage, prebuiltImage, prebuiltNames } from '../../../images/build.ts';
import { ImageBench } from '../../../images/image-bench.ts';
import { describeWith, needs } from '../../../needs.ts';

describe('an image that leans on ROM, SIO and TIMER', () => {
  it('finds every service right, with nothing to diagnose', () => {
    const b = new ImageBench(prebuiltImage('services')).advance(500_000);
    expect(b.diagnosed).toEqual([]);
    expect(b.lines.filter((l) => l.includes('WRONG'))).toEqual([]);
    expect(b.lines.filter((l) => l.endsWith(' ok')).length).toBe(16);
    expect(b.lines).toContain('rom version=3');
    expect(b.lines).toContain('clk_sys kHz=125000');
    expect(b.lines).toContain('clk_usb kHz=48000');
    expect(b.lines).toContain('alarms=3');
    expect(b.lines.at(-1)).toBe('done');
  });
});

describe('an image that writes its own flash through the ROM', () => {
  const start = () => new ImageBench(prebuiltImage('flash-writer'), { seed: 9 });

  it('erases, programs and reads back, with the flash’s times, ids and nothing to diagnose', () => {
    const b = start().advance(600_000);
    expect(b.diagnosed).toEqual([]);
    expect(b.lines.filter((l) => l.includes('WRONG'))).toEqual([]);
    expect(b.lines.at(-1)).toBe('done');
    const us = (name: string) => Number(b.lines.find((l) => l.startsWith(`${name}=`))!.split('=')[1]);
    // 45 ms for a sector; 150 + 45 for a block and a sector; commands and polls add little
    expect(us('erase us')).toBeGreaterThan(45_000);
    expect(us('erase us')).toBeLessThan(45_100);
    expect(us('block and sector us')).toBeGreaterThan(195_000);
    expect(us('block and sector us')).toBeLessThan(195_200);
  });

  it('finds what it wrote after power was off', () => {
    const b = start().advance(600_000);
    expect(b.lines).toContain('first start');
    b.said[0] = '';
    b.powerCycle().advance(100_000);
    expect(b.lines).toContain('kept from before');
  });

  it('power lost in mid-erase: the sector is neither what it was nor erased, and the next start repairs it', () => {
    const b = start().advance(600_000);
    const sector = () => b.pico.core.flash.subarray(0x4_0000, 0x4_1000);
    b.said[0] = '';
    b.powerCycle();
    while (!b.said[0].includes('kept from before')) b.advance(100);
    b.advance(30_000).powerCycle();
    expect(sector().some((v, i) => v !== 0xff && v !== (((i & 255) * 7 + (i >> 8) + 1) & 255))).toBe(true);
    b.said[0] = '';
    b.advance(600_000);
    expect(b.lines.at(-1)).toBe('done');
    expect(b.lines.filter((l) => l.includes('WRONG'))).toEqual([]);
  });

  it('the RUN pin in mid-erase: the flash goes on by itself, and the ROM waits for it', () => {
    const b = start().advance(600_000);
    b.pico.reset();
    b.said[0] = '';
    while (!b.said[0].includes('kept from before')) b.advance(100);
    b.advance(1_000);
    b.pico.reset();
    b.advance(30_000);
    expect(b.pico.mode).toBe('rom');
    b.said[0] = '';
    b.advance(600_000);
    expect(b.lines.at(-1)).toBe('done');
    expect(b.lines).toContain('first start'); // the erase was finished
  });
});

describe('an image for RAM', () => {
  it('runs without flash from the lowest address, with UART1 on GPIO 8', () => {
    const b = new ImageBench(prebuiltImage('ram-only')).advance(100_000);
    expect(b.diagnosed).toEqual([]);
    expect(b.lines).toEqual(['hello from ram', 'vectors in ram ok', 'code in ram ok']);
    expect(b.said[1]).toBe('second uart\n');
    expect(b.pico.core.flash.every((v) => v === 0xff)).toBe(true);
  });

  it('is gone after RUN: the flash is empty and the ROM waits', () => {
    const b = new ImageBench(prebuiltImage('ram-only')).advance(100_000);
    b.pico.reset();
    b.advance(100_000);
    expect(b.pico.mode).toBe('bootsel');
    expect(b.pico.failure).toBeNull();
  });
});

describe('an image that reboots by the watchdog', () => {
  it('keeps scratch, boots on after a vector that returns, and ends in BOOTSEL with what it asked for', () => {
    const b = new ImageBench(prebuiltImage('watchdog-reboot')).advance(500_000);
    const passes = [0, 1, 2, 3].flatMap((n) => [`reason=${n === 0 ? 0 : 1}`, `pass=${n}`]);
    expect(b.lines).toEqual(passes);
    expect(b.pico.mode).toBe('bootsel');
    expect(b.pico.diagnoses.list.at(-1)).toMatchObject({
      id: 'sim.diagnosis.usb-boot',
      facts: { why: 'requested', activityPins: 1 << 25, disabledInterfaces: 2 },
    });
    b.pico.reset();
    b.said[0] = '';
    b.advance(30_000);
    expect(b.lines[0]).toBe('reason=0');
  });
});

describeWith([needs.armGcc], 'the committed images', () => {
  it.each(prebuiltNames)('%s says what a fresh build says', (name) => {
    const said = (uf2: Uint8Array) => new ImageBench(uf2, { seed: 2 }).advance(600_000).said;
    expect(said(buildImage(name))).toEqual(said(prebuiltImage(name)));
  });
});
