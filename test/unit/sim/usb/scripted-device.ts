/** A USB device made of a few lines, and time by hand, for tests of the host model without an emulated chip. */
import type { Alarm } from '../../../../src-main/sim/serial-line.ts';
import type { UsbAnswer, UsbDevicePort, UsbHostPort } from '../../../../src-main/sim/usb/device-port.ts';

export class ManualTime {
  nowUs = 0;
  readonly #pending: { us: number; readonly fire: () => void }[] = [];

  readonly alarm = (fire: () => void): Alarm => {
    const own = { us: Infinity, fire };
    this.#pending.push(own);
    return { at: (us) => void (own.us = us), clear: () => void (own.us = Infinity) };
  };

  advance(us: number): void {
    const endUs = this.nowUs + us;
    for (;;) {
      const next = this.#pending.reduce((a, b) => (b.us < a.us ? b : a));
      if (next.us > endUs) break;
      this.nowUs = Math.max(this.nowUs, next.us);
      next.us = Infinity;
      next.fire();
    }
    this.nowUs = endUs;
  }
}

const bytes = (...values: number[]) => Uint8Array.from(values);

export const DEVICE = bytes(18, 1, 0, 2, 0xef, 2, 1, 64, 0x8a, 0x2e, 0x0a, 0, 0, 1, 0, 0, 0, 1);
/** CDC-ACM: notifications on 1 IN, data on 2. */
export const CONFIGURATION = bytes(
  9, 2, 48, 0, 2, 1, 0, 0x80, 50,
  9, 4, 0, 0, 1, 2, 2, 0, 0, 7, 5, 0x81, 3, 8, 0, 16,
  9, 4, 1, 0, 2, 10, 0, 0, 0, 7, 5, 2, 2, 64, 0, 0, 7, 5, 0x82, 2, 64, 0, 0,
); // prettier-ignore

/** What a device does about a request: bytes for IN, null for a bare acknowledgement. */
export type Reply = Uint8Array | 'stall' | 'nak' | 'silence' | null;

/** Answers descriptor requests from `descriptors` (type << 8 | index) and everything else with an acknowledgement. */
export class ScriptedDevice implements UsbDevicePort {
  pulledUp = false;
  packet: Uint8Array = new Uint8Array(0);
  readonly descriptors = new Map<number, Reply>([
    [0x100, DEVICE],
    [0x200, CONFIGURATION],
  ]);
  /** By bRequest of class and vendor requests, and of standard ones that are not GET_DESCRIPTOR. */
  readonly requests = new Map<number, Reply>();
  /** Answers of the bulk endpoints; `moved` counts packets. */
  inAnswer: () => UsbAnswer = () => 'nak';
  outAnswer: (payload: Uint8Array) => UsbAnswer = () => 'ack';
  readonly setups: string[] = [];
  readonly sofs: number[] = [];
  /** bMaxPacketSize0. */
  packetBytes0 = 64;
  resets = 0;
  address = 0;
  host: UsbHostPort | null = null;
  #newAddress: number | null = null;
  #reply: Reply = null;
  #sent = 0;
  #data1 = true;
  #out: { readonly endpoint: number; readonly setup: boolean } | null = null;

  connectHost(host: UsbHostPort | null): void {
    this.host = host;
  }

  attach(): void {
    this.pulledUp = true;
    this.host?.connectionChanged();
  }

  setVbus(): void {
    // powered by itself
  }

  setBusReset(active: boolean): void {
    if (!active) return;
    this.resets++;
    this.address = 0;
    this.#newAddress = null;
  }

  setResume(): void {
    // follows
  }

  sof(frame: number): void {
    this.sofs.push(frame);
  }

  in(address: number, endpoint: number): UsbAnswer {
    if (address !== this.address) return 'none';
    if (endpoint !== 0) return this.inAnswer();
    const reply = this.#reply;
    if (reply === 'silence') return 'none';
    if (reply === 'stall' || reply === 'nak') return reply;
    this.packet = (reply ?? new Uint8Array(0)).slice(this.#sent, this.#sent + this.packetBytes0);
    return this.#data1 ? 'data1' : 'data0';
  }

  inHandshake(): void {
    if (this.#newAddress !== null) this.address = this.#newAddress;
    this.#newAddress = null;
    this.#sent += this.packetBytes0;
    this.#data1 = !this.#data1;
  }

  out(address: number, endpoint: number, setup: boolean): void {
    this.#out = address === this.address ? { endpoint, setup } : null;
  }

  data(_data1: boolean, payload: Uint8Array): UsbAnswer {
    const to = this.#out;
    this.#out = null;
    if (!to) return 'none';
    if (to.endpoint !== 0) return this.outAnswer(payload);
    if (to.setup) return this.#setup(payload);
    return this.#reply === 'stall' || this.#reply === 'nak' ? this.#reply : 'ack';
  }

  naksMatter(): boolean {
    return false;
  }

  #setup(p: Uint8Array): UsbAnswer {
    this.setups.push(Buffer.from(p).toString('hex'));
    const [type, request, low, high] = p as unknown as [number, number, number, number];
    const value = low | (high << 8);
    const found = request === 6 ? this.descriptors.get(value) : this.requests.get(request);
    const length = p[6]! | (p[7]! << 8);
    this.#reply = found instanceof Uint8Array ? found.slice(0, length) : (found ?? null);
    if (request === 6 && found === undefined) this.#reply = 'stall';
    if (type === 0 && request === 5) this.#newAddress = value;
    this.#sent = 0;
    this.#data1 = true;
    return this.#reply === 'silence' ? 'none' : 'ack';
  }
}
