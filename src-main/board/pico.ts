import type { BoardDescriptor } from './board.ts';

/** Raspberry Pi Pico: RP2040 at 125 MHz with 2 MiB W25Q16JV. Facts: RP2040 data sheet §2.2, §5.7; Pico data sheet. */
export const pico: BoardDescriptor = {
  id: 'pico',
  name: 'Raspberry Pi Pico (RP2040)',
  core: { id: 'm0plus', name: 'cortex-m0plus', features: ['muls-1-cycle'] },
  clockHz: 125_000_000,
  unit: 'us',
  // The XIP cache (data sheet 2.6.3.1) with what our boot2 sets: EBh at clk_sys/2, 20 SCK a word, and 10 cycles of
  // overhead, which were observed on silicon and are not published
  flash: {
    base: 0x1000_0000,
    bytes: 2 * 1024 * 1024,
    eraseBytes: 4096,
    cache: { wordCycles: 20 * 2 + 10, cacheBytes: 16 * 1024, lineBytes: 8, ways: 2 },
  },
  ram: { base: 0x2000_0000, bytes: 264 * 1024 },
  image: {
    firmwareBytes: 64 * 1024,
    configOffset: 64 * 1024,
    programOffset: 68 * 1024,
    arenaBytes: 200 * 1024,
  },
  usb: [{ vendorId: 0x2e8a, name: 'Raspberry Pi' }],
  // GPIO 0/1 are UART0; D0 is high during a window, D1–D3 carry the operator counter in Gray code,
  // D4 is the dialect's timestamp pulse (idle high).
  pins: {
    window: { gpio: 2, channel: 0 },
    operator: [
      { gpio: 3, channel: 1 },
      { gpio: 4, channel: 2 },
      { gpio: 5, channel: 3 },
    ],
    timestamp: { gpio: 6, channel: 4 },
  },
  program: { kind: 'uf2', familyId: 0xe48b_ff56 },
  // VSYS would take 1.8–5.5 V, but then the board's switching converter is measured with the chip
  supply: {
    point: '3V3 (pin 36) with 3V3_EN (pin 37) to ground',
    minV: 3.135,
    maxV: 3.6,
    source:
      'RP2040 data sheet, supplies: USB_VDD from 3.135 V, IOVDD and VREG_VIN to 3.63 V; W25Q16JV: VCC to 3.6 V',
  },
  power: {
    supplyV: 3.3,
    runA: 0.026,
    sleepA: 0.009,
    source:
      'derived from RP2040 data sheet 5.7: 0.19–0.23 mA/MHz all included at 48 MHz, times 125 MHz; WFI with clocks on taken as BOOTSEL idle, 9.0 mA',
  },
};
