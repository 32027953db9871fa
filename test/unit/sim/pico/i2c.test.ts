/** I2C, DW_apb_i2c as controller: RP2040 data sheet 4.3; UM10204. */
import { beforeEach, describe, expect, it } from 'vitest';
import { I2cBus, type I2cDevice } from '../../../../src-main/sim/pico/i2c-bus.ts';
import { I2c } from '../../../../src-main/sim/pico/peripherals/i2c.ts';
import { TestChip } from './test-chip.ts';

const [CON, TAR, SAR, DATA_CMD, SS_HCNT, SS_LCNT, FS_HCNT, FS_LCNT] = [
  0x00, 0x04, 0x08, 0x10, 0x14, 0x18, 0x1c, 0x20,
] as const; // prettier-ignore
const [INTR_STAT, INTR_MASK, RAW, RX_TL, TX_TL, CLR_INTR, CLR_TX_ABRT, CLR_STOP_DET] = [
  0x2c, 0x30, 0x34, 0x38, 0x3c, 0x40, 0x54, 0x60,
] as const; // prettier-ignore
const [ENABLE, STATUS, TXFLR, RXFLR, ABRT_SOURCE, DMA_CR, DMA_TDLR, ENABLE_STATUS, SPKLEN] = [
  0x6c, 0x70, 0x74, 0x78, 0x80, 0x88, 0x8c, 0x9c, 0xa0,
] as const; // prettier-ignore
const READ = 1 << 8;
const STOP = 1 << 9;
const RESTART = 1 << 10;
const RX_UNDER = 1;
const RX_OVER = 2;
const RX_FULL = 4;
const TX_OVER = 8;
const TX_EMPTY = 16;
const TX_ABRT = 64;
const STOP_DET = 1 << 9;
const START_DET = 1 << 10;
const RESTART_DET = 1 << 12;
const IRQ = 23;
/** Controller, fast, RESTART allowed, target side off. */
const FAST = 0x65;
/** SCL at the counts below: 188 low, 144 high. */
const LOW = 187 + 1;
const HIGH = 126 + 11 + 7;
const BYTE = 9 * (LOW + HIGH);
const ADDRESS = 0x42;

/** Remembers what happened on the wires; acknowledges its first `accepts` data bytes. */
class Recorder implements I2cDevice {
  readonly address = ADDRESS;
  readonly log: string[] = [];
  accepts = Infinity;
  stretch = 0;
  next = 0x10;
  readonly stopsAtUs: number[] = [];

  start(read: boolean): boolean {
    this.log.push(read ? 'SR' : 'SW');
    return true;
  }
  write(byte: number): boolean {
    this.log.push(byte.toString(16));
    return this.accepts-- > 0;
  }
  read(): number {
    return this.next++;
  }
  stop(timeUs: number): void {
    this.log.push('P');
    this.stopsAtUs.push(timeUs);
  }
  stretchUs(): number {
    return this.stretch;
  }
}

let chip: TestChip;
let device: Recorder;
let i2c: I2c;
let lines: 'ready' | 'not-routed' | 'no-pull-up';

beforeEach(() => {
  chip = new TestChip();
  device = new Recorder();
  lines = 'ready';
  const bus = new I2cBus();
  bus.attach(device);
  i2c = new I2c(chip, { name: 'I2C0', irq: IRQ, bus, lines: () => lines, dreqChanged: () => undefined });
  i2c.write(CON, FAST);
  i2c.write(FS_HCNT, 126);
  i2c.write(FS_LCNT, 187);
  i2c.write(SPKLEN, 11);
  i2c.write(TAR, ADDRESS);
  i2c.write(INTR_MASK, 0);
  i2c.write(ENABLE, 1);
});

const send = (...commands: number[]): void => commands.forEach((c) => i2c.write(DATA_CMD, c));
const raw = (): number => i2c.read(RAW)!;
const received = (): number[] => Array.from({ length: i2c.read(RXFLR)! }, () => i2c.read(DATA_CMD)!);

describe('I2C transfers', () => {
  it('reset values are those of the data sheet', () => {
    i2c.reset();
    const values = [CON, TAR, SAR, SS_HCNT, SS_LCNT, FS_HCNT, FS_LCNT, INTR_MASK, STATUS].map((r) =>
      i2c.read(r),
    );
    expect(values).toEqual([0x65, 0x55, 0x55, 0x28, 0x2f, 0x06, 0x0d, 0x8ff, 0x6]);
    expect([0xf8, 0xfc].map((r) => i2c.read(r))).toEqual([0x3230_312a, 0x4457_0140]);
  });

  it('writes: START, address, bytes, STOP where the command says so', () => {
    send(0xa1, 0xb2, 0xc3 | STOP);
    chip.passUs(200);
    expect(device.log).toEqual(['SW', 'a1', 'b2', 'c3', 'P']);
    expect(raw() & (START_DET | STOP_DET | TX_ABRT)).toBe(START_DET | STOP_DET);
    expect(i2c.read(STATUS)! & 0x21).toBe(0);
  });

  it('a register read: write the pointer, repeated START, read, STOP', () => {
    send(0x75, READ | RESTART, READ, READ | STOP);
    chip.passUs(300);
    expect(device.log).toEqual(['SW', '75', 'SR', 'P']);
    expect(raw() & RESTART_DET).toBe(RESTART_DET);
    expect(received()).toEqual([0x10, 0x11, 0x12]);
  });

  it('a change of direction makes a repeated START by itself', () => {
    send(0x75, READ | STOP);
    chip.passUs(200);
    expect(device.log).toEqual(['SW', '75', 'SR', 'P']);
  });

  it('without RESTART_EN it becomes a STOP and a START', () => {
    i2c.write(ENABLE, 0);
    i2c.write(CON, FAST & ~(1 << 5));
    i2c.write(ENABLE, 1);
    send(0x75, READ | STOP);
    chip.passUs(300);
    expect(device.log).toEqual(['SW', '75', 'P', 'SR', 'P']);
  });

  it('an empty FIFO without STOP holds the bus; the next command goes on with it', () => {
    send(0x01);
    chip.passUs(500);
    expect(device.log).toEqual(['SW', '1']);
    expect(i2c.read(STATUS)! & 0x20).toBe(0x20); // MST_ACTIVITY
    send(0x02 | STOP);
    chip.passUs(500);
    expect(device.log).toEqual(['SW', '1', '2', 'P']);
  });
});

describe('I2C timing', () => {
  it('a byte is nine bits of (LCNT + 1) + (HCNT + SPKLEN + 7) cycles', () => {
    send(0x01 | STOP);
    chip.pass(HIGH + BYTE - 1); // hold of the START, then the address
    expect(device.log).toEqual([]);
    chip.pass(1);
    expect(device.log).toEqual(['SW']);
    chip.pass(BYTE - 1);
    expect(device.log.length).toBe(1);
    chip.pass(1);
    expect(device.log).toEqual(['SW', '1']);
    chip.pass(LOW + HIGH - 1);
    expect(raw() & STOP_DET).toBe(0);
    chip.pass(1);
    expect(raw() & STOP_DET).toBe(STOP_DET);
  });

  it('standard mode takes its own counts', () => {
    i2c.write(ENABLE, 0);
    i2c.write(CON, (FAST & ~6) | 2);
    i2c.write(SS_HCNT, 600);
    i2c.write(SS_LCNT, 630);
    i2c.write(ENABLE, 1);
    send(0x01 | STOP);
    const [high, low] = [600 + 11 + 7, 630 + 1];
    chip.pass(high + 9 * (high + low) - 1);
    expect(device.log).toEqual([]);
    chip.pass(1);
    expect(device.log).toEqual(['SW']);
  });

  it('a device that stretches the clock delays every byte after it', () => {
    send(0x01, 0x02 | STOP);
    chip.passUs(500);
    device.stretch = 50;
    send(0x01, 0x02 | STOP);
    chip.passUs(500);
    const [plain, stretched] = device.stopsAtUs;
    expect(stretched! - 500 - plain!).toBeCloseTo(3 * 50, 1); // address and two bytes
  });

  it('between STOP and START the bus is free for a low time', () => {
    send(0x01 | STOP, 0x02 | STOP);
    chip.pass(2 * (HIGH + 2 * BYTE + LOW + HIGH) + LOW - 1);
    expect(device.log.filter((l) => l === 'P').length).toBe(1);
    chip.pass(1);
    expect(device.log.filter((l) => l === 'P').length).toBe(2);
  });
});

describe('I2C FIFOs and interrupts', () => {
  it('sixteen commands fit; one more sets TX_OVER', () => {
    send(...Array<number>(17).fill(1)); // the first one waits for its START in the FIFO
    expect(i2c.read(TXFLR)).toBe(16);
    expect(raw() & TX_OVER).toBe(TX_OVER);
    expect(i2c.read(STATUS)! & 2).toBe(0); // TFNF
  });

  it('TX_EMPTY is at or below TX_TL, RX_FULL above RX_TL', () => {
    i2c.write(TX_TL, 2);
    i2c.write(RX_TL, 1);
    send(READ, READ, READ, READ | STOP);
    expect(raw() & TX_EMPTY).toBe(0);
    chip.pass(HIGH + BYTE + BYTE);
    expect([raw() & TX_EMPTY, raw() & RX_FULL]).toEqual([TX_EMPTY, 0]);
    chip.pass(BYTE);
    expect(raw() & RX_FULL).toBe(RX_FULL);
    received();
    expect(raw() & RX_FULL).toBe(0);
  });

  it('with TX_EMPTY_CTRL, TX_EMPTY waits until the byte is on the wires', () => {
    i2c.write(ENABLE, 0);
    i2c.write(CON, FAST | (1 << 8));
    i2c.write(ENABLE, 1);
    send(0x01);
    chip.pass(HIGH + BYTE + BYTE - 1);
    expect(raw() & TX_EMPTY).toBe(0);
    chip.pass(1);
    expect(raw() & TX_EMPTY).toBe(TX_EMPTY);
  });

  it('a full receive FIFO loses the new byte and sets RX_OVER, or holds SCL with RX_FIFO_FULL_HLD_CTRL', () => {
    send(...Array<number>(16).fill(READ));
    chip.passUs(1000);
    send(READ | STOP);
    chip.passUs(1000);
    expect(raw() & RX_OVER).toBe(RX_OVER);
    expect(received()).toEqual(Array.from({ length: 16 }, (_, i) => 0x10 + i));
    i2c.write(ENABLE, 0);
    i2c.write(CON, FAST | (1 << 9));
    i2c.write(ENABLE, 1);
    device.next = 0x40;
    send(...Array<number>(16).fill(READ));
    chip.passUs(1000);
    send(READ | STOP);
    chip.passUs(1000);
    expect([raw() & RX_OVER, i2c.read(RXFLR)]).toEqual([0, 16]);
    expect(i2c.read(DATA_CMD)).toBe(0x40);
    chip.passUs(1000);
    expect(received()).toEqual(Array.from({ length: 16 }, (_, i) => 0x41 + i));
  });

  it('reading an empty FIFO sets RX_UNDER', () => {
    expect(i2c.read(DATA_CMD)).toBe(0);
    expect(raw() & RX_UNDER).toBe(RX_UNDER);
  });

  it('a mask bit of 1 lets a source through to the IRQ; reading its CLR register clears it', () => {
    i2c.write(INTR_MASK, STOP_DET);
    send(0x01 | STOP);
    chip.passUs(100);
    expect([i2c.read(INTR_STAT), chip.interrupt(IRQ)]).toEqual([STOP_DET, true]);
    expect(i2c.read(CLR_STOP_DET)).toBe(1);
    expect([i2c.read(INTR_STAT), chip.interrupt(IRQ), i2c.read(CLR_STOP_DET)]).toEqual([0, false, 0]);
    expect(raw() & START_DET).toBe(START_DET);
    i2c.read(CLR_INTR);
    expect(raw() & START_DET).toBe(0);
  });

  it('asks the DMA for bytes up to TDLR and offers what it received', () => {
    expect([i2c.transmitDreq, i2c.receiveDreq]).toEqual([0, 0]);
    i2c.write(DMA_CR, 3);
    i2c.write(DMA_TDLR, 7);
    expect(i2c.transmitDreq).toBe(8);
    send(READ, READ, READ | STOP);
    expect(i2c.transmitDreq).toBe(5);
    chip.passUs(300);
    expect(i2c.receiveDreq).toBe(3);
  });
});

describe('I2C going wrong', () => {
  it('nobody at the address: TX_ABRT with 7B_ADDR_NOACK, FIFO flushed and counted, STOP sent', () => {
    i2c.write(ENABLE, 0);
    i2c.write(TAR, 0x11);
    i2c.write(ENABLE, 1);
    send(1, 2, 3 | STOP);
    chip.passUs(200);
    expect(raw() & (TX_ABRT | STOP_DET)).toBe(TX_ABRT | STOP_DET);
    expect(i2c.read(ABRT_SOURCE)).toBe(1 | (3 << 23));
    expect([i2c.read(TXFLR), device.log]).toEqual([0, []]);
    send(4);
    expect([i2c.read(TXFLR), chip.notes]).toEqual([0, ['sim.diagnosis.i2c-lost']]);
    i2c.read(CLR_TX_ABRT);
    expect([raw() & TX_ABRT, i2c.read(ABRT_SOURCE)]).toEqual([0, 0]);
    send(4);
    expect(i2c.read(TXFLR)).toBe(1);
  });

  it('a byte that is not acknowledged: TXDATA_NOACK', () => {
    device.accepts = 1;
    send(1, 2, 3, 4 | STOP);
    chip.passUs(300);
    expect(device.log).toEqual(['SW', '1', '2', 'P']);
    expect(i2c.read(ABRT_SOURCE)).toBe(8 | (2 << 23));
  });

  it('ENABLE.ABORT ends a transfer with ABRT_USER_ABRT', () => {
    send(1, 2, 3, 4 | STOP);
    chip.pass(HIGH + BYTE + 10);
    i2c.write(ENABLE, 3);
    chip.passUs(300);
    expect(device.log).toEqual(['SW', '1', 'P']);
    expect(i2c.read(ABRT_SOURCE)! & (1 << 16)).toBe(1 << 16);
  });

  it('disabled in mid-transfer, the byte is finished and a STOP sent before ENABLE_STATUS falls', () => {
    send(1, 2, 3 | STOP);
    chip.pass(HIGH + BYTE + 10);
    i2c.write(ENABLE, 0);
    expect(i2c.read(ENABLE_STATUS)).toBe(1);
    chip.passUs(200);
    expect([i2c.read(ENABLE_STATUS), device.log]).toEqual([0, ['SW', '1', 'P']]);
  });

  it('TAR written while enabled is ignored, and named', () => {
    i2c.write(TAR, 0x11);
    expect(i2c.read(TAR)).toBe(ADDRESS);
    expect(chip.notes).toEqual(['sim.diagnosis.i2c-enabled']);
  });

  it('pins that go nowhere are heard by nobody: no acknowledge', () => {
    lines = 'not-routed';
    send(1 | STOP);
    chip.passUs(200);
    expect([device.log, i2c.read(ABRT_SOURCE)! & 1]).toEqual([[], 1]);
  });

  it('without pull-ups the wires stay low: the transfer hangs, and is named', () => {
    lines = 'no-pull-up';
    send(1 | STOP);
    chip.passUs(10_000);
    expect([device.log, chip.notes]).toEqual([[], ['sim.diagnosis.i2c-no-pull-up']]);
    expect(i2c.read(STATUS)! & 0x20).toBe(0x20);
  });

  it('the target side and 10-bit addresses are refused', () => {
    i2c.write(ENABLE, 0);
    expect(i2c.write(CON, FAST & ~(1 << 6))).toBe(false);
    expect(i2c.write(CON, FAST | (1 << 4))).toBe(false);
    expect(i2c.write(TAR, 0x400)).toBe(false);
  });
});
