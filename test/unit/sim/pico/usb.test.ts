/** USB controller: RP2040 data sheet 4.1. Registers written as firmware does, packets put on the wire by hand. */
import { describe, expect, it } from 'vitest';
import { frequency } from '../../../../src-main/sim/pico/frequency.ts';
import { Usb } from '../../../../src-main/sim/pico/peripherals/usb.ts';
import type { UsbAnswer, UsbHostPort } from '../../../../src-main/sim/usb/device-port.ts';
import { TestChip } from './test-chip.ts';

const IRQ = 5;
const ADDR_ENDP = 0x00;
const MAIN_CTRL = 0x40;
const SOF_RD = 0x48;
const SIE_CTRL = 0x4c;
const SIE_STATUS = 0x50;
const BUFF_STATUS = 0x58;
const SHOULD_HANDLE = 0x5c;
const EP_ABORT = 0x60;
const EP_ABORT_DONE = 0x64;
const EP_STALL_ARM = 0x68;
const STALL_NAK = 0x70;
const MUXING = 0x74;
const PWR = 0x78;
const INTR = 0x8c;
const INTE = 0x90;
const INTF = 0x94;
const INTS = 0x98;

const PULLUP = 1 << 16;
const EP0_INT_1BUF = 1 << 29;
const AVAILABLE = 1 << 10;
const STALL = 1 << 11;
const SELECT = 1 << 12;
const DATA1 = 1 << 13;
const LAST = 1 << 14;
const FULL = 1 << 15;
const EP_BULK = 0x8000_0000 + (2 << 26);
const EACH = 1 << 29;
const BOTH = 1 << 28;
const DOUBLE = 1 << 30;
const NAK_INTERRUPT = 1 << 16;
const STALL_INTERRUPT = 1 << 17;

/** Byte offsets in DPRAM. */
const endpointControl = (endpoint: number, isIn: boolean) => 8 * endpoint + (isIn ? 0 : 4);
const bufferControl = (endpoint: number, isIn: boolean) => 0x80 + 8 * endpoint + (isIn ? 0 : 4);

class Bench implements UsbHostPort {
  readonly chip = new TestChip();
  vbus = false;
  readonly usb = new Usb(this.chip, { vbusPin: () => this.vbus, setVbus: (on) => (this.vbus = on) });
  readonly seen: string[] = [];

  constructor() {
    this.usb.setClock(frequency(48_000_000));
    this.usb.connectHost(this);
    this.usb.reset();
  }

  connectionChanged(): void {
    this.seen.push(this.usb.pulledUp ? 'connected' : 'gone');
  }
  ready(endpoint: number, isIn: boolean): void {
    this.seen.push(`ready ${endpoint} ${isIn ? 'in' : 'out'}`);
  }
  remoteWakeup(): void {
    this.seen.push('wakeup');
  }

  /** As the bring-up of every driver: 4.1.2.8.1. */
  up(): this {
    this.usb.write(MUXING, 9);
    this.usb.write(PWR, 0xc);
    this.usb.write(MAIN_CTRL, 1);
    this.usb.write(SIE_CTRL, EP0_INT_1BUF | PULLUP);
    this.seen.length = 0;
    return this;
  }

  put(offset: number, value: number): void {
    this.usb.dpram.write(offset, value >>> 0);
  }
  at(offset: number): number {
    return this.usb.dpram.read(offset);
  }
  arm(endpoint: number, isIn: boolean, half: number): void {
    this.put(bufferControl(endpoint, isIn), half);
    this.put(bufferControl(endpoint, isIn), half | AVAILABLE);
  }
  status(offset = SIE_STATUS): number {
    return this.usb.read(offset)! >>> 0;
  }
  out(endpoint: number, data1: boolean, payload: Uint8Array): UsbAnswer {
    this.usb.out(0, endpoint, false);
    return this.usb.data(data1, payload);
  }
  setup(...bytes: number[]): UsbAnswer {
    this.usb.out(0, 0, true);
    return this.usb.data(false, Uint8Array.from(bytes));
  }
  /** An IN transaction that the host acknowledges. */
  in(endpoint: number): { answer: UsbAnswer; bytes: number[] } {
    const answer = this.usb.in(0, endpoint);
    const bytes = answer === 'data0' || answer === 'data1' ? [...this.usb.packet] : [];
    if (bytes.length || answer === 'data0' || answer === 'data1') this.usb.inHandshake(true);
    return { answer, bytes };
  }
}

const bench = () => new Bench();
const counting = (n: number) => Uint8Array.from({ length: n }, (_, i) => i + 1);

describe('USB registers', () => {
  it('have their reset values', () => {
    const { usb } = bench();
    const values = new Map([
      [0x6c, 0x0010_0010],
      [0x84, 0x1f1f],
    ]);
    for (let offset = 0; offset <= 0x98; offset += 4)
      expect(usb.read(offset), `0x${offset.toString(16)}`).toBe(values.get(offset) ?? 0);
    expect(usb.read(0x9c)).toBeUndefined();
  });

  it('start-up code may fill the whole block with zeros', () => {
    const { usb } = bench();
    for (let offset = 0; offset < 0x9c; offset += 4) expect(usb.write(offset, 0)).toBe(true);
  });

  it('host mode and direct control of the pins are not modelled, and say so', () => {
    expect(bench().usb.write(MAIN_CTRL, 3)).toBe(false);
    expect(bench().usb.write(SIE_CTRL, 1 << 26)).toBe(false);
    expect(bench().usb.write(0x80, 4)).toBe(false);
  });

  it.each([SIE_STATUS, BUFF_STATUS, EP_ABORT_DONE, STALL_NAK, INTR])(
    '0x%s is cleared by writing ones through any alias',
    (offset) => {
      expect(bench().usb.clearsOnWrite(offset)).toBe(true);
    },
  );

  it('the controller without 48 MHz is a named fault; 0.25 % is the standard’s tolerance', () => {
    for (const [hz, stops] of [
      [12e6, 1],
      [48.2e6, 1],
      [48.1e6, 0],
    ] as const) {
      const b = bench();
      b.usb.setClock(frequency(hz));
      b.usb.write(MAIN_CTRL, 1);
      expect(b.chip.stops).toEqual(stops ? ['sim.fault.usb-clock'] : []);
    }
  });
});

describe('the pull-up', () => {
  it('is there only with PULLUP_EN, the PHY selected and powered, and VBUS detected', () => {
    const { usb, seen } = bench();
    usb.write(SIE_CTRL, PULLUP);
    expect(usb.pulledUp).toBe(false);
    usb.write(MUXING, 9);
    expect(usb.pulledUp).toBe(false);
    usb.setVbus(true); // no pin is routed to it, but the test's wiring reports it
    expect(usb.pulledUp).toBe(true);
    usb.write(SIE_CTRL, PULLUP | (1 << 18)); // TRANSCEIVER_PD
    expect(usb.pulledUp).toBe(false);
    usb.write(SIE_CTRL, PULLUP);
    usb.write(PWR, 0x8); // override: no VBUS
    expect(usb.pulledUp).toBe(false);
    expect(seen).toEqual(['connected', 'gone', 'connected', 'gone']);
  });

  it('goes with the reset of the block', () => {
    const b = bench().up();
    b.usb.reset();
    expect(b.usb.pulledUp).toBe(false);
    expect(b.seen).toEqual(['gone']);
  });

  it('VBUS and line state read back: detected, J idle, SE0 in reset, K in resume', () => {
    const b = bench().up();
    expect(b.status() & 0xd).toBe(1 | (1 << 2));
    b.usb.setBusReset(true, 0);
    expect(b.status() & 0xc).toBe(0);
    b.usb.setBusReset(false, 50_000);
    b.usb.setResume(true, 60_000);
    expect(b.status() & 0xc).toBe(2 << 2);
  });
});

describe('bus reset, suspend, resume', () => {
  it('BUS_RESET comes after 2.5 µs of SE0, not before', () => {
    const b = bench().up();
    b.usb.write(INTE, 1 << 12);
    b.usb.setBusReset(true, 0);
    b.chip.passUs(2.4);
    expect(b.status() & (1 << 19)).toBe(0);
    b.chip.passUs(0.2);
    expect(b.status() & (1 << 19)).not.toBe(0);
    expect(b.chip.interrupt(IRQ)).toBe(true);
    b.usb.write(SIE_STATUS, 1 << 19);
    expect(b.chip.interrupt(IRQ)).toBe(false);
  });

  it('a glitch of SE0 shorter than that is none', () => {
    const b = bench().up();
    b.usb.setBusReset(true, 0);
    b.chip.passUs(1);
    b.usb.setBusReset(false, 1);
    b.chip.passUs(100);
    expect(b.status() & (1 << 19)).toBe(0);
  });

  it('no packet is answered in reset', () => {
    const b = bench().up();
    b.arm(0, true, FULL);
    b.usb.setBusReset(true, 0);
    expect(b.usb.in(0, 0)).toBe('none');
  });

  it('suspends 3 ms after the last SOF and not earlier; any SOF puts it off', () => {
    const b = bench().up();
    b.usb.write(INTE, 1 << 14);
    for (let ms = 1; ms <= 10; ms++) {
      b.chip.passUs(1000);
      b.usb.sof(ms, ms * 1000);
    }
    b.chip.passUs(2990);
    expect(b.status() & (1 << 4)).toBe(0);
    b.chip.passUs(20);
    expect(b.status() & (1 << 4)).not.toBe(0);
    expect(b.chip.interrupt(IRQ)).toBe(true);
    b.usb.write(SIE_STATUS, 1 << 4);
    expect(b.chip.interrupt(IRQ)).toBe(false);
    b.chip.passUs(100_000);
    expect(b.status() & (1 << 4)).toBe(0);
  });

  it('K on a suspended bus is a resume', () => {
    const b = bench().up();
    b.usb.write(INTE, 1 << 15);
    b.chip.passUs(5000);
    b.usb.setResume(true, 5000);
    expect(b.status() & (1 << 11)).not.toBe(0);
    expect(b.chip.interrupt(IRQ)).toBe(true);
  });

  it('SIE_CTRL.RESUME drives K only while suspended, and clears itself', () => {
    const b = bench().up();
    b.usb.write(SIE_CTRL, EP0_INT_1BUF | PULLUP | (1 << 12));
    expect(b.seen).toEqual([]);
    b.chip.passUs(5000);
    b.usb.write(SIE_CTRL, EP0_INT_1BUF | PULLUP | (1 << 12));
    expect(b.seen).toEqual(['wakeup']);
    expect(b.usb.read(SIE_CTRL)! & (1 << 12)).toBe(0);
  });

  it('SOF gives its number and DEV_SOF until SOF_RD is read', () => {
    const b = bench().up();
    b.usb.write(INTE, 1 << 17);
    b.usb.sof(0x7fe, 1000);
    expect(b.chip.interrupt(IRQ)).toBe(true);
    expect(b.usb.read(SOF_RD)).toBe(0x7fe);
    expect(b.chip.interrupt(IRQ)).toBe(false);
  });
});

describe('SETUP', () => {
  it('is acknowledged whatever the buffers say, lands at DPRAM 0 and interrupts', () => {
    const b = bench().up();
    b.usb.write(INTE, 1 << 16);
    expect(b.setup(0x80, 6, 0, 1, 0, 0, 64, 0)).toBe('ack');
    expect([b.at(0), b.at(4)]).toEqual([0x0100_0680, 0x0040_0000]);
    expect(b.status() & (1 << 17)).not.toBe(0);
    expect(b.chip.interrupt(IRQ)).toBe(true);
    b.usb.write(SIE_STATUS, 1 << 17);
    expect(b.chip.interrupt(IRQ)).toBe(false);
  });

  it('disarms the stall of endpoint 0', () => {
    const b = bench().up();
    b.usb.write(EP_STALL_ARM, 3);
    b.put(bufferControl(0, true), STALL);
    expect(b.usb.in(0, 0)).toBe('stall');
    b.setup(0x80, 6, 0, 1, 0, 0, 64, 0);
    expect(b.usb.read(EP_STALL_ARM)).toBe(0);
    expect(b.usb.in(0, 0)).toBe('nak');
  });

  it('with DATA1 it is a sequence error and is not taken', () => {
    const b = bench().up();
    b.usb.out(0, 0, true);
    expect(b.usb.data(true, new Uint8Array(8))).toBe('none');
    expect(b.status() >>> 31).toBe(1);
    expect(b.status() & (1 << 17)).toBe(0);
  });

  it('to another address or another endpoint is not heard', () => {
    const b = bench().up();
    b.usb.out(5, 0, true);
    expect(b.usb.data(false, new Uint8Array(8))).toBe('none');
    b.usb.out(0, 3, true);
    expect(b.usb.data(false, new Uint8Array(8))).toBe('none');
    b.usb.write(ADDR_ENDP, 5);
    b.usb.out(5, 0, true);
    expect(b.usb.data(false, new Uint8Array(8))).toBe('ack');
  });

  it('damaged, it sets the error and gets no answer', () => {
    const b = bench().up();
    b.usb.out(0, 0, true);
    expect(b.usb.data(false, new Uint8Array(8), 'crc')).toBe('none');
    b.usb.out(0, 0, true);
    expect(b.usb.data(false, new Uint8Array(8), 'bit-stuffing')).toBe('none');
    expect((b.status() >>> 24) & 3).toBe(3);
    expect(b.status(INTR) & 0x300).toBe(0x300);
  });
});

describe('IN', () => {
  it('needs AVAILABLE and FULL, sends LENGTH bytes with the PID of the buffer, and frees it when acknowledged', () => {
    const b = bench().up();
    b.usb.write(INTE, 1 << 4);
    b.put(0x100, 0x0403_0201);
    b.put(bufferControl(0, true), FULL | DATA1 | 3);
    expect(b.usb.in(0, 0)).toBe('nak');
    b.put(bufferControl(0, true), AVAILABLE | DATA1 | 3);
    expect(b.usb.in(0, 0)).toBe('nak');
    b.arm(0, true, FULL | DATA1 | 3);
    expect(b.usb.in(0, 0)).toBe('data1');
    expect([...b.usb.packet]).toEqual([1, 2, 3]);
    expect(b.at(bufferControl(0, true)) & AVAILABLE).toBe(AVAILABLE);
    b.usb.inHandshake(true);
    expect(b.at(bufferControl(0, true))).toBe(DATA1 | 3);
    expect(b.usb.read(BUFF_STATUS)).toBe(1);
    expect(b.chip.interrupt(IRQ)).toBe(true);
    b.usb.write(BUFF_STATUS, 1);
    expect(b.chip.interrupt(IRQ)).toBe(false);
  });

  it('without the host’s ACK it sends the same again', () => {
    const b = bench().up();
    b.arm(0, true, FULL | 8);
    expect(b.usb.in(0, 0)).toBe('data0');
    b.usb.inHandshake(false);
    expect(b.status() & (1 << 27)).not.toBe(0); // RX_TIMEOUT
    expect(b.usb.read(BUFF_STATUS)).toBe(0);
    expect(b.in(0).answer).toBe('data0');
    expect(b.usb.read(BUFF_STATUS)).toBe(1);
  });

  it('a length of 0 is an empty packet', () => {
    const b = bench().up();
    b.arm(0, true, FULL | DATA1);
    expect(b.in(0)).toEqual({ answer: 'data1', bytes: [] });
  });

  it('LAST raises TRANS_COMPLETE', () => {
    const b = bench().up();
    b.arm(0, true, FULL | 1);
    b.in(0);
    expect(b.status() & (1 << 18)).toBe(0);
    b.arm(0, true, FULL | LAST | 1);
    b.in(0);
    expect(b.status() & (1 << 18)).not.toBe(0);
    expect(b.status(INTR) & 8).toBe(8);
    b.usb.write(SIE_STATUS, 1 << 18);
    expect(b.status(INTR) & 8).toBe(0);
  });

  it('an endpoint that is not enabled does not answer', () => {
    const b = bench().up();
    b.arm(3, true, FULL | 1);
    expect(b.usb.in(0, 3)).toBe('none');
    b.put(endpointControl(3, true), EP_BULK + 0x180);
    expect(b.usb.in(0, 3)).toBe('data0');
  });

  it('takes the data from the buffer its endpoint control names', () => {
    const b = bench().up();
    b.put(endpointControl(15, true), EP_BULK + 0xfc0);
    b.put(0xfc0, 0xcafe_f00d);
    b.arm(15, true, FULL | 4);
    expect(b.in(15).bytes).toEqual([0x0d, 0xf0, 0xfe, 0xca]);
  });

  it('a buffer beyond DPRAM is a named fault', () => {
    const b = bench().up();
    b.put(endpointControl(1, true), EP_BULK + 0xffc0);
    b.arm(1, true, FULL | 64);
    expect(b.usb.in(0, 1)).toBe('none');
    expect(b.chip.stops).toEqual(['sim.fault.usb-buffer-outside']);
  });

  it('without interrupt bits in endpoint control BUFF_STATUS stays clear', () => {
    const b = bench().up();
    b.put(endpointControl(1, true), EP_BULK + 0x180);
    b.arm(1, true, FULL | 4);
    b.in(1);
    expect(b.usb.read(BUFF_STATUS)).toBe(0);
  });
});

describe('OUT', () => {
  const withEndpoint = (control: number) => {
    const b = bench().up();
    b.put(endpointControl(2, false), EP_BULK + control + 0x200);
    return b;
  };

  it('needs AVAILABLE and not FULL; the buffer gets the data, FULL and LENGTH', () => {
    const b = withEndpoint(EACH);
    expect(b.out(2, false, counting(5))).toBe('nak');
    b.arm(2, false, FULL | 64);
    expect(b.out(2, false, counting(5))).toBe('nak');
    b.arm(2, false, 64);
    expect(b.out(2, false, counting(5))).toBe('ack');
    expect(b.at(bufferControl(2, false))).toBe(FULL | 5);
    expect(b.at(0x200)).toBe(0x0403_0201);
    expect(b.usb.read(BUFF_STATUS)).toBe(1 << 5);
  });

  it('the other DATA PID is acknowledged and dropped, with DATA_SEQ_ERROR', () => {
    const b = withEndpoint(EACH);
    b.arm(2, false, 64);
    expect(b.out(2, true, counting(5))).toBe('ack');
    expect(b.status() >>> 31).toBe(1);
    expect(b.at(bufferControl(2, false))).toBe(AVAILABLE | 64);
    expect(b.usb.read(BUFF_STATUS)).toBe(0);
    expect(b.chip.notes).toContain('sim.diagnosis.usb-wrong-pid');
  });

  it('a damaged packet leaves the buffer as it is', () => {
    const b = withEndpoint(EACH);
    b.arm(2, false, 64);
    b.usb.out(0, 2, false);
    expect(b.usb.data(false, counting(5), 'crc')).toBe('none');
    expect(b.at(bufferControl(2, false))).toBe(AVAILABLE | 64);
  });

  it('more than 64 bytes overflow', () => {
    const b = withEndpoint(EACH);
    b.arm(2, false, 64);
    expect(b.out(2, false, new Uint8Array(65))).toBe('none');
    expect(b.status() & (1 << 26)).not.toBe(0);
  });

  it('a bus reset between token and data loses the transaction', () => {
    const b = withEndpoint(EACH);
    b.arm(2, false, 64);
    b.usb.out(0, 2, false);
    b.usb.setBusReset(true, 0);
    expect(b.usb.data(false, counting(5))).toBe('none');
    expect(b.at(bufferControl(2, false))).toBe(AVAILABLE | 64);
  });
});

describe('double buffering', () => {
  it('takes the buffers in turn; CPU_SHOULD_HANDLE names the one that is done; the second one’s bit comes back', () => {
    const b = bench().up();
    b.put(endpointControl(2, false), EP_BULK + EACH + DOUBLE + 0x200);
    const both = 64 | ((64 | DATA1) << 16);
    b.put(bufferControl(2, false), both);
    b.put(bufferControl(2, false), both | AVAILABLE | (AVAILABLE << 16));
    expect(b.out(2, false, counting(3))).toBe('ack');
    expect(b.out(2, true, counting(4))).toBe('ack');
    expect(b.out(2, false, counting(5))).toBe('nak');
    expect(b.at(bufferControl(2, false))).toBe((FULL | 3 | ((FULL | DATA1 | 4) << 16)) >>> 0);
    expect(b.at(0x240)).toBe(0x0403_0201);
    expect([b.usb.read(BUFF_STATUS), b.usb.read(SHOULD_HANDLE)! & 0x20]).toEqual([0x20, 0]);
    b.usb.write(BUFF_STATUS, 0x20);
    expect([b.usb.read(BUFF_STATUS), b.usb.read(SHOULD_HANDLE)! & 0x20]).toEqual([0x20, 0x20]);
    b.usb.write(BUFF_STATUS, 0x20);
    expect(b.usb.read(BUFF_STATUS)).toBe(0);
  });

  it('with an interrupt per two buffers the first one is silent', () => {
    const b = bench().up();
    b.put(endpointControl(1, true), EP_BULK + BOTH + DOUBLE + 0x200);
    b.put(bufferControl(1, true), FULL | 1 | ((FULL | DATA1 | 1) << 16));
    b.put(bufferControl(1, true), b.at(bufferControl(1, true)) | AVAILABLE | (AVAILABLE << 16));
    expect(b.in(1).answer).toBe('data0');
    expect(b.usb.read(BUFF_STATUS)).toBe(0);
    expect(b.in(1).answer).toBe('data1');
    expect(b.usb.read(BUFF_STATUS)).toBe(4);
  });

  it('RESET_SELECT goes back to the first buffer', () => {
    const b = bench().up();
    b.put(endpointControl(1, true), EP_BULK + EACH + DOUBLE + 0x200);
    b.arm(1, true, FULL | 1);
    b.in(1);
    b.arm(1, true, FULL | 2); // buffer 0 again, while buffer 1 is next
    expect(b.usb.in(0, 1)).toBe('nak');
    b.put(bufferControl(1, true), SELECT);
    b.arm(1, true, FULL | 2);
    expect(b.in(1).bytes.length).toBe(2);
  });

  it('EP0_DOUBLE_BUF puts the second buffer of endpoint 0 at 0x140', () => {
    const b = bench().up();
    b.usb.write(SIE_CTRL, EP0_INT_1BUF | DOUBLE | PULLUP);
    b.put(0x140, 0x77);
    b.arm(0, true, FULL);
    b.in(0);
    b.put(bufferControl(0, true), (FULL | DATA1 | 1) << 16);
    b.put(bufferControl(0, true), (FULL | DATA1 | 1 | AVAILABLE) << 16);
    expect(b.in(0)).toEqual({ answer: 'data1', bytes: [0x77] });
  });
});

describe('STALL, NAK, ABORT', () => {
  it('endpoint 0 stalls only while its arm bit is set; others by the buffer’s bit alone', () => {
    const b = bench().up();
    b.put(bufferControl(0, true), STALL);
    expect(b.usb.in(0, 0)).toBe('nak');
    b.usb.write(EP_STALL_ARM, 1);
    expect(b.usb.in(0, 0)).toBe('stall');
    b.put(endpointControl(1, false), EP_BULK + 0x180);
    b.put(bufferControl(1, false), STALL);
    expect(b.out(1, false, counting(1))).toBe('stall');
  });

  it('EP_STATUS_STALL_NAK is set where endpoint control asks for it, and is cleared by ones', () => {
    const b = bench().up();
    b.usb.write(INTE, 1 << 19);
    b.put(endpointControl(1, true), EP_BULK + 0x180);
    b.usb.in(0, 1);
    expect(b.usb.read(STALL_NAK)).toBe(0);
    expect(b.usb.naksMatter(1, true)).toBe(false);
    b.put(endpointControl(1, true), EP_BULK + NAK_INTERRUPT + 0x180);
    expect(b.usb.naksMatter(1, true)).toBe(true);
    b.usb.in(0, 1);
    expect(b.usb.read(STALL_NAK)).toBe(4);
    expect(b.chip.interrupt(IRQ)).toBe(true);
    b.usb.write(STALL_NAK, 4);
    expect(b.chip.interrupt(IRQ)).toBe(false);
    b.put(endpointControl(1, true), EP_BULK + STALL_INTERRUPT + 0x180);
    b.put(bufferControl(1, true), STALL);
    expect(b.usb.in(0, 1)).toBe('stall');
    expect(b.usb.read(STALL_NAK)).toBe(4);
  });

  it('EP_ABORT makes an armed endpoint NAK and is done at once when nothing is under way', () => {
    const b = bench().up();
    b.arm(0, true, FULL | 4);
    b.usb.write(EP_ABORT, 1);
    expect(b.usb.read(EP_ABORT_DONE)).toBe(1);
    expect(b.usb.in(0, 0)).toBe('nak');
    b.usb.write(EP_ABORT_DONE, 1);
    b.seen.length = 0;
    b.usb.write(EP_ABORT, 0);
    expect(b.seen).toEqual(['ready 0 in']);
    expect(b.in(0).answer).toBe('data0');
  });

  it('EP_ABORT in mid-transaction is done when that transaction is over', () => {
    const b = bench().up();
    b.arm(0, true, FULL | 4);
    b.usb.in(0, 0);
    b.usb.write(EP_ABORT, 1);
    expect(b.usb.read(EP_ABORT_DONE)).toBe(0);
    b.usb.inHandshake(true);
    expect(b.usb.read(EP_ABORT_DONE)).toBe(1);
    expect(b.status(INTR) & (1 << 18)).not.toBe(0);
  });

  it('INTF forces interrupts that were not enabled', () => {
    const b = bench().up();
    b.usb.write(INTF, 1 << 10);
    expect(b.chip.interrupt(IRQ)).toBe(true);
    expect(b.usb.read(INTS)).toBe(1 << 10);
  });
});

describe('AVAILABLE', () => {
  it('set with the rest of buffer control, or within a clk_usb cycle of it, is noted', () => {
    const early = bench().up();
    early.put(bufferControl(0, true), FULL | AVAILABLE | 4);
    expect(early.chip.notes).toContain('sim.diagnosis.usb-available-too-early');

    const right = bench().up();
    right.put(bufferControl(0, true), FULL | 4);
    right.chip.pass(3);
    right.put(bufferControl(0, true), FULL | AVAILABLE | 4);
    expect(right.chip.notes).toEqual([]);
  });
});
