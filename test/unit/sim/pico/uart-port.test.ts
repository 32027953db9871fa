/** Which pins carry which UART (data sheet 2.19.2), and what of a UART's registers is kept or refused (4.2.8). */
import { describe, expect, it } from 'vitest';
import { EmulatedPico } from '../../../../src-main/sim/pico/emulated-pico.ts';
import { frequency } from '../../../../src-main/sim/pico/frequency.ts';
import { Uart } from '../../../../src-main/sim/pico/peripherals/uart.ts';
import { code, fullSpeed, read, REG, release, scriptImage, write, type Step } from './script-image.ts';
import { TestChip } from './test-chip.ts';

const UART = [0x4003_4000, 0x4003_8000] as const;
const DIVISOR = 67 * 64 + 52; // 115 200 baud of 125 MHz
const BIT_US = DIVISOR / 4 / 125;

/** UART `n` with TX on `pin` and RX on `pin` + 1: sends `text`, then stores what it hears in SRAM. */
function talk(n: 0 | 1, pin: number, text: string): Step[] {
  const at = UART[n];
  return [
    ...fullSpeed,
    ...release(5),
    ...release(8),
    ...release(22 + n),
    // the ROM has switched the inputs of GPIO26 to 29 off (RP2040-E6)
    write(REG.PADS_BANK0 + 8 + 4 * pin, 0x56),
    write(REG.IO_BANK0 + 8 * pin + 4, 2),
    write(REG.IO_BANK0 + 8 * (pin + 1) + 4, 2),
    write(at + 0x24, DIVISOR >> 6),
    write(at + 0x28, DIVISOR & 63),
    write(at + 0x2c, 0x70),
    write(at + 0x30, 0x301),
    ...[...text].map((c) => write(at, c.charCodeAt(0))),
    // until RXFE (bit 4 of FR) is clear: lsls r0, r0, #27 puts it into the sign
    code(0x4802, 0x6981, 0x06c9, 0xd4fc, 0xe001, 0xbf00, at & 0xffff, at >>> 16),
    read(at, 0),
  ];
}

function heardFrom(steps: readonly Step[]): { said: [string, string]; pico: EmulatedPico } {
  const pico = new EmulatedPico();
  const said: [string, string] = ['', ''];
  for (const n of [0, 1] as const)
    pico.connectUart(n, {
      bitUs: BIT_US,
      listening: true,
      receive: (byte) => void (said[n] += String.fromCharCode(byte)),
    });
  pico.program(scriptImage(steps));
  pico.setPower(true, 0);
  pico.advanceTo(20_000);
  return { said, pico };
}

describe('a UART is on the pins it is routed to', () => {
  it.each([
    [0, 0], [0, 12], [0, 16], [0, 28], [1, 4], [1, 8], [1, 20], [1, 24],
  ] as const)('UART%s speaks and hears on GPIO %s and the next', (n, pin) => {
    const { said, pico } = heardFrom(talk(n, pin, 'hi'));
    expect(pico.failure).toBeNull();
    expect(said[n]).toBe('hi');
    expect(said[1 - n]).toBe('');
    pico.uartInput(n).send({ startUs: 20_100, bitUs: BIT_US, byte: 0x5a });
    pico.advanceTo(21_000);
    expect(pico.core.sram[0]).toBe(0x5a);
  }); // prettier-ignore

  it.each([
    ['a pin of the other UART', 0, 4],
    ['its own RX pin', 0, 1],
  ] as const)('TX routed to %s is not heard', (_, n, pin) => {
    expect(heardFrom(talk(n, pin, 'hi')).said).toEqual(['', '']);
  });
});

describe('registers of a UART', () => {
  const uart = () => {
    const chip = new TestChip();
    const u = new Uart(chip, { name: 'UART0', irq: 20, transmitter: () => null });
    u.setClock(frequency(125_000_000));
    return { chip, u };
  };

  it('DMACR is kept: start-up code sets it whether it uses DMA or not', () => {
    const { u } = uart();
    expect([u.write(0x48, 3), u.read(0x48)]).toEqual([true, 3]);
    u.reset();
    expect(u.read(0x48)).toBe(0);
  });

  it('hardware flow control, loop-back and other formats are not modelled', () => {
    const { u } = uart();
    expect([0x301, 0x381, 0x4301, 0x8301].map((cr) => u.write(0x30, cr))).toEqual([
      true,
      false,
      false,
      false,
    ]);
    // 8N1 with and without FIFOs; 7 bits, parity, 2 stop bits, break
    expect([0x70, 0x60, 0x50, 0x62, 0x68, 0x61].map((lcr) => u.write(0x2c, lcr))).toEqual([
      ...[true, true],
      ...[false, false, false, false],
    ]);
  });

  it('a divisor takes effect with the next write of LCR_H', () => {
    const { u } = uart();
    u.write(0x24, 67);
    u.write(0x28, 52);
    expect(u.bitUs).toBe(0);
    u.write(0x2c, 0x70);
    expect(u.bitUs).toBeCloseTo(BIT_US, 9);
  });
});
