/** PL011: RP2040 data sheet 4.2. */
import { describe, expect, it } from 'vitest';
import { frequency } from '../../../../src-main/sim/pico/frequency.ts';
import { Uart } from '../../../../src-main/sim/pico/peripherals/uart.ts';
import type { SerialFrame } from '../../../../src-main/sim/serial-line.ts';
import { TestChip } from './test-chip.ts';

const IRQ = 20;
const [DR, RSR, FR, IBRD, FBRD, LCR_H, CR, IFLS, IMSC, RIS, MIS, ICR] = [
  0x00, 0x04, 0x18, 0x24, 0x28, 0x2c, 0x30, 0x34, 0x38, 0x3c, 0x40, 0x44,
] as const; // prettier-ignore
const BUSY = 8;
const RXFE = 16;
const TXFF = 32;
const RXFF = 64;
const TXFE = 128;
const RX = 1 << 4;
const TX = 1 << 5;
const RT = 1 << 6;
const OE = 1 << 10;
/** 125 MHz, divisor 67 52/64: 1085 cycles a bit. */
const BIT_CYCLES = 1085;
const CHARACTER = 10 * BIT_CYCLES;

function open(fifo = true): { chip: TestChip; uart: Uart; sent: SerialFrame[] } {
  const chip = new TestChip();
  const sent: SerialFrame[] = [];
  const uart = new Uart(chip, {
    name: 'UART0',
    irq: IRQ,
    transmitter: () => ({ send: (f) => void sent.push(f) }),
  });
  uart.setClock(frequency(125_000_000));
  uart.write(IBRD, 67);
  uart.write(FBRD, 52);
  uart.write(LCR_H, fifo ? 0x70 : 0x60);
  uart.write(CR, 0x301);
  return { chip, uart, sent };
}

describe('UART transmitter', () => {
  it('a character takes 10 bit times of 16 · (IBRD + FBRD / 64) clk_peri cycles', () => {
    const { chip, uart, sent } = open();
    uart.write(DR, 0x41);
    expect(uart.read(FR)! & (BUSY | TXFE)).toBe(BUSY | TXFE); // already in the shifter
    chip.pass(CHARACTER - 1);
    expect(uart.read(FR)! & BUSY).toBe(BUSY);
    chip.pass(1);
    expect(uart.read(FR)! & BUSY).toBe(0);
    expect(sent).toEqual([{ startUs: 0, bitUs: 8.68, byte: 0x41 }]);
  });

  it('characters of a full FIFO follow each other without a gap', () => {
    const { chip, uart, sent } = open();
    for (let i = 0; i < 33; i++) uart.write(DR, i);
    expect(uart.read(FR)! & TXFF).toBe(TXFF); // 1 in the shifter, 32 waiting
    chip.pass(33 * CHARACTER - 1);
    expect(uart.read(FR)! & BUSY).toBe(BUSY);
    chip.pass(1);
    expect(uart.read(FR)! & BUSY).toBe(0);
    sent.forEach((f, i) => expect(f.startUs).toBeCloseTo(i * 86.8, 9));
  });

  it('a divisor written takes effect with the next LCR_H write only', () => {
    const { chip, uart, sent } = open();
    uart.write(IBRD, 1);
    uart.write(FBRD, 0);
    uart.write(DR, 1);
    chip.pass(CHARACTER);
    uart.write(LCR_H, 0x70);
    uart.write(DR, 2);
    expect(sent.map((f) => f.bitUs)).toEqual([8.68, 0.128]);
  });

  it('the TX interrupt is a transition: an empty FIFO gives none, falling to the level gives one', () => {
    const { chip, uart } = open();
    uart.write(IMSC, TX);
    expect(uart.read(RIS)! & TX).toBe(0);
    uart.write(DR, 0);
    expect(uart.read(RIS)! & TX).toBe(0);
    for (let i = 0; i < 20; i++) uart.write(DR, i); // 20 waiting, level is 16
    chip.pass(3 * CHARACTER); // 17 left
    expect(chip.interrupt(IRQ)).toBe(false);
    chip.pass(CHARACTER);
    expect(uart.read(MIS)! & TX).toBe(TX);
    expect(chip.interrupt(IRQ)).toBe(true);
    uart.write(ICR, TX);
    expect(chip.interrupt(IRQ)).toBe(false);
  });

  it('without FIFOs one character waits and TXFF shows it', () => {
    const { uart } = open(false);
    uart.write(DR, 1);
    expect(uart.read(FR)! & TXFF).toBe(0);
    uart.write(DR, 2);
    expect(uart.read(FR)! & TXFF).toBe(TXFF);
  });

  it('sending without a divisor is named', () => {
    const chip = new TestChip();
    const uart = new Uart(chip, { name: 'UART0', irq: IRQ, transmitter: () => null });
    uart.setClock(frequency(125_000_000));
    uart.write(LCR_H, 0x70);
    uart.write(CR, 0x301);
    uart.write(DR, 1);
    expect(chip.stops).toEqual(['sim.fault.uart-no-baud']);
  });

  it('a clock of its own: bit time follows clk_peri, not clk_sys', () => {
    const { uart } = open();
    uart.setClock(frequency(48_000_000));
    expect(uart.bitUs).toBeCloseTo(1085 / 48, 9);
  });
});

describe('UART receiver', () => {
  it('hands characters out in order and shows empty and full', () => {
    const { uart } = open();
    expect(uart.read(FR)! & RXFE).toBe(RXFE);
    for (let i = 0; i < 32; i++) uart.receive(i, false);
    expect(uart.read(FR)! & (RXFE | RXFF)).toBe(RXFF);
    for (let i = 0; i < 32; i++) expect(uart.read(DR)).toBe(i);
    expect(uart.read(FR)! & RXFE).toBe(RXFE);
  });

  it('the 33rd character of an undrained FIFO is lost, the FIFO is kept, and the next stored one carries OE', () => {
    const { uart } = open();
    for (let i = 0; i < 34; i++) uart.receive(i, false);
    expect(uart.read(RIS)! & OE).toBe(OE);
    expect(uart.read(RSR)! & 8).toBe(8);
    expect(uart.read(DR)).toBe(0);
    uart.receive(0x55, false);
    for (let i = 1; i < 32; i++) expect(uart.read(DR)).toBe(i);
    expect(uart.read(DR)).toBe(0x55 | (1 << 11));
  });

  it('the RX interrupt is up at or above the level and falls below it', () => {
    const { chip, uart } = open();
    uart.write(IFLS, 0x00); // 1/8: 4
    uart.write(IMSC, RX);
    for (let i = 0; i < 3; i++) uart.receive(i, false);
    expect(chip.interrupt(IRQ)).toBe(false);
    uart.receive(3, false);
    expect(chip.interrupt(IRQ)).toBe(true);
    uart.read(DR);
    expect(chip.interrupt(IRQ)).toBe(false);
  });

  it('RT rises 32 bit times after the last character while the FIFO is not empty', () => {
    const { chip, uart } = open();
    uart.write(IMSC, RT);
    uart.receive(1, false);
    chip.pass(32 * BIT_CYCLES - 1);
    expect(chip.interrupt(IRQ)).toBe(false);
    chip.pass(1);
    expect(chip.interrupt(IRQ)).toBe(true);
    uart.read(DR);
    expect(chip.interrupt(IRQ)).toBe(false);
  });

  it('a character with a low stop bit carries FE, an all-low one BE as well', () => {
    const { uart } = open();
    uart.receive(0x12, true);
    uart.receive(0x00, true);
    expect(uart.read(DR)).toBe(0x12 | (1 << 8));
    expect(uart.read(DR)).toBe((1 << 8) | (1 << 10));
  });

  it('does not listen while RXE or UARTEN is off', () => {
    const { uart } = open();
    uart.write(CR, 0x101);
    uart.receive(1, false);
    expect(uart.read(FR)! & RXFE).toBe(RXFE);
  });
});

describe('UART and DMA', () => {
  const DMACR = 0x48;

  it('asks for characters while there is room, offers what it received, each only where DMACR says so', () => {
    const { uart } = open();
    uart.receive(1, false);
    uart.receive(2, false);
    expect([uart.transmitDreq, uart.receiveDreq]).toEqual([0, 0]);
    uart.write(DMACR, 3);
    expect([uart.transmitDreq, uart.receiveDreq]).toEqual([32, 2]);
    for (let i = 0; i < 5; i++) uart.write(DR, i); // one goes to the shifter at once
    expect(uart.transmitDreq).toBe(28);
    uart.read(DR);
    expect(uart.receiveDreq).toBe(1);
    uart.write(CR, 0);
    expect(uart.transmitDreq).toBe(0);
  });
});
