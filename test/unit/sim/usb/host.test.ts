/** The host model against devices made by hand: USB 2.0 chapters 5, 8, 9. */
import { describe, expect, it } from 'vitest';
import type { Failure } from '../../../../src-main/base/errors.ts';
import { Rng } from '../../../../src-main/base/rng.ts';
import { parseConfiguration, parseDevice, parseString } from '../../../../src-main/sim/usb/descriptors.ts';
import { UsbHost } from '../../../../src-main/sim/usb/usb-host.ts';
import { CONFIGURATION, DEVICE, ManualTime, ScriptedDevice, type Reply } from './scripted-device.ts';

class Cable {
  readonly time = new ManualTime();
  readonly device = new ScriptedDevice();
  readonly problems: Failure[] = [];
  readonly received: number[] = [];
  readonly tokens: { readonly us: number; readonly kind: number; readonly endpoint: number }[] = [];
  readonly host: UsbHost;

  constructor() {
    this.host = new UsbHost({
      device: this.device,
      alarm: this.time.alarm,
      nowUs: () => this.time.nowUs,
      arrived: (b) => this.received.push(...b),
      diagnosed: (p) => this.problems.push(p),
      packet: (us, fromHost, p) => {
        if (fromHost && p.length === 3 && p[0] !== 0xa5)
          this.tokens.push({ us, kind: p[0]!, endpoint: (p[1]! >> 7) | ((p[2]! & 7) << 1) });
      },
    });
  }

  /** Plugged in and attached, one second later. */
  up(): this {
    this.host.plug();
    this.device.attach();
    this.time.advance(1_000_000);
    return this;
  }

  get ids(): string[] {
    return this.problems.map((p) => p.id);
  }
}

const withDescriptor = (value: number, reply: Reply): Cable => {
  const cable = new Cable();
  cable.device.descriptors.set(value, reply);
  return cable.up();
};

describe('the host', () => {
  it('debounces a plug that bounces: the 100 ms begin again with each contact', () => {
    const { host, device, time } = new Cable();
    host.plug();
    for (let i = 0; i < 5; i++) {
      device.attach();
      time.advance(60_000);
      device.pulledUp = false;
      device.host!.connectionChanged();
      time.advance(1000);
    }
    expect(device.resets).toBe(0);
    device.attach();
    time.advance(99_000);
    expect(device.resets).toBe(0);
    time.advance(2000);
    expect(device.resets).toBe(1);
  });

  it('configures a device without strings, and needs no notification endpoint’s answer', () => {
    const { host, problems, device } = new Cable().up();
    expect(host.state).toBe('configured');
    expect(problems).toEqual([]);
    expect(device.resets).toBe(1);
  });

  it('numbers frames modulo 2048, one a millisecond', () => {
    const { device, time } = new Cable().up();
    device.sofs.length = 0;
    time.advance(5_000_000);
    expect(device.sofs.length).toBe(5000);
    for (let i = 1; i < device.sofs.length; i++)
      expect(device.sofs[i]).toBe((device.sofs[i - 1]! + 1) & 0x7ff);
  });

  it('asks the notification endpoint every 16 ms, and not at all while it is known to have nothing', () => {
    const cable = new Cable();
    cable.up();
    const polls = cable.tokens.filter((t) => t.endpoint === 1);
    expect(polls.length).toBeLessThanOrEqual(1);
  });

  it.each([8, 16, 32])('puts a configuration of 48 bytes together from packets of %s', (size) => {
    const cable = new Cable();
    const device = DEVICE.slice();
    device[7] = size;
    cable.device.packetBytes0 = size;
    cable.device.descriptors.set(0x100, device);
    cable.up();
    expect(cable.ids).toEqual([]);
    expect(cable.host.device?.configuration.interfaces.length).toBe(2);
  });
});

describe('what a host says of a broken device', () => {
  it('one that answers nothing: after three resets', () => {
    const cable = withDescriptor(0x100, 'silence');
    expect(cable.ids).toEqual(['sim.diagnosis.usb-no-answer']);
    expect(cable.device.resets).toBe(3);
    expect(cable.host.state).toBe('failed');
  });

  it('one that says NAK for ever: after five seconds a try', () => {
    const cable = withDescriptor(0x200, 'nak');
    expect(cable.ids).toEqual([]);
    cable.time.advance(16_000_000);
    expect(cable.ids).toEqual(['sim.diagnosis.usb-request-timeout']);
    expect(cable.problems[0]!.facts.request).toContain('configuration');
  });

  it('one that stalls a descriptor it must have', () => {
    expect(withDescriptor(0x200, 'stall').ids).toEqual(['sim.diagnosis.usb-request-stalled']);
  });

  it('one that stalls SET_CONFIGURATION', () => {
    const cable = new Cable();
    cable.device.requests.set(9, 'stall');
    cable.up();
    expect(cable.problems[0]).toMatchObject({
      id: 'sim.diagnosis.usb-request-stalled',
      facts: { request: 'SET_CONFIGURATION 1', attempts: 3 },
    });
  });

  it('one that knows no line coding still gets its serial port; the refusal is named', () => {
    const cable = new Cable();
    cable.device.requests.set(0x20, 'stall');
    cable.up();
    expect(cable.ids).toEqual(['sim.diagnosis.usb-request-stalled']);
    cable.device.inAnswer = () => 'nak';
    cable.host.write(Uint8Array.of(1), cable.time.nowUs);
    cable.time.advance(2000);
    expect(cable.host.waitingBytes).toBe(0);
  });

  it.each([
    ['a length of 17', Uint8Array.of(17, ...DEVICE.slice(1)), 'bLength'],
    ['another type', Uint8Array.of(18, 2, ...DEVICE.slice(2)), 'bDescriptorType'],
    ['packets of 12', DEVICE.map((b, i) => (i === 7 ? 12 : b)), 'bMaxPacketSize0'],
    ['no configuration', DEVICE.map((b, i) => (i === 17 ? 0 : b)), 'bNumConfigurations'],
    ['10 bytes in all', DEVICE.slice(0, 10), 'bytes'],
  ])('a device descriptor with %s', (_, descriptor, fact) => {
    const cable = withDescriptor(0x100, descriptor);
    expect(cable.ids).toEqual(['sim.diagnosis.usb-bad-descriptor']);
    expect(cable.problems[0]!.facts).toHaveProperty(fact);
  });

  it.each([
    ['wTotalLength too long', 2, 60],
    ['wTotalLength too short', 2, 30],
    ['wTotalLength of 4', 2, 4],
    ['one interface', 4, 1],
    ['a bLength of 0', 9, 0],
    ['a bLength of 200', 9, 200],
    ['endpoint 0', 20, 0x80],
    ['a bulk endpoint of 48 bytes', 38, 48],
  ])('a configuration with %s', (_, at, value) => {
    const bytes = CONFIGURATION.slice();
    bytes[at] = value;
    expect(withDescriptor(0x200, bytes).ids).toEqual(['sim.diagnosis.usb-bad-descriptor']);
  });

  it('one without a serial port is configured and named', () => {
    const bytes = CONFIGURATION.slice();
    bytes[14] = 3; // HID
    const cable = withDescriptor(0x200, bytes);
    expect([cable.host.state, cable.ids]).toEqual(['configured', ['sim.diagnosis.usb-no-serial']]);
  });

  it('a bulk endpoint that goes silent, babbles, or stalls again and again', () => {
    const silent = new Cable().up();
    silent.device.outAnswer = () => 'none';
    silent.host.write(Uint8Array.of(1), silent.time.nowUs);
    silent.time.advance(10_000);
    expect(silent.ids).toEqual(['sim.diagnosis.usb-no-answer']);

    const babbling = new Cable();
    babbling.device.inAnswer = () => {
      babbling.device.packet = new Uint8Array(65);
      return 'data0';
    };
    babbling.up();
    expect(new Set(babbling.ids)).toEqual(new Set(['sim.diagnosis.usb-babble']));

    const stalling = new Cable().up();
    stalling.device.outAnswer = () => 'stall';
    stalling.host.write(Uint8Array.of(1), stalling.time.nowUs);
    stalling.time.advance(50_000);
    expect(stalling.ids).toEqual(['sim.diagnosis.usb-stall-loop']);
    expect(stalling.device.setups.filter((s) => s.startsWith('0201')).length).toBe(4);
  });

  it('after a failure it can be reset by hand, or replugged', () => {
    const cable = withDescriptor(0x100, 'silence');
    cable.device.descriptors.set(0x100, DEVICE);
    cable.host.reset();
    cable.time.advance(500_000);
    expect(cable.host.state).toBe('configured');
  });
});

describe('transactions', () => {
  it('a lost handshake is repeated with the same DATA PID and the same bytes, and counted once', () => {
    const cable = new Cable().up();
    const seen: string[] = [];
    let lose = 2;
    cable.device.outAnswer = (payload) => {
      seen.push(Buffer.from(payload).toString());
      return lose-- > 0 ? 'none' : 'ack';
    };
    cable.host.write(Buffer.from('abc'), cable.time.nowUs);
    cable.time.advance(2000);
    expect(seen).toEqual(['abc', 'abc', 'abc']);
    expect(cable.host.waitingBytes).toBe(0);
    expect(cable.problems).toEqual([]);
  });

  it('a repeated IN packet is taken once', () => {
    const cable = new Cable().up();
    const answers: (readonly ['data0' | 'data1', number])[] = [
      ['data0', 1],
      ['data0', 1],
      ['data1', 2],
      ['data0', 3],
    ];
    cable.device.inAnswer = () => {
      const next = answers.shift();
      if (!next) return 'nak';
      cable.device.packet = Uint8Array.of(next[1]);
      return next[0];
    };
    cable.device.host!.ready(2, true);
    cable.time.advance(5000);
    expect(cable.received).toEqual([1, 2, 3]);
    // our bus loses no handshake, so this device repeats by mistake
    expect(cable.ids).toEqual(['sim.diagnosis.usb-repeated-pid']);
  });

  it('control goes before bulk, and both directions of bulk take turns', () => {
    const cable = new Cable().up();
    cable.device.inAnswer = () => {
      cable.device.packet = new Uint8Array(64);
      return 'nak';
    };
    cable.host.write(new Uint8Array(64 * 30), cable.time.nowUs);
    cable.time.advance(200);
    cable.tokens.length = 0;
    cable.host.setBaud(9600);
    cable.time.advance(400);
    const order = cable.tokens.map((t) => t.endpoint);
    // the transaction under way may end first; then the request's stages come until it is through
    const first = order.indexOf(0);
    expect(first).toBeLessThanOrEqual(1);
    expect(order.slice(first, first + 3)).toEqual([0, 0, 0]);
  });

  it('nothing reaches into the last 32 bit times of a frame', () => {
    const cable = new Cable().up();
    cable.tokens.length = 0;
    const rng = new Rng(1);
    cable.host.write(
      Uint8Array.from({ length: 64 * 200 }, () => (rng.int(0, 2) ? 0xff : rng.int(0, 255))),
      cable.time.nowUs,
    );
    cable.time.advance(20_000);
    const perFrame = new Map<number, number>();
    const firstUs = cable.tokens[0]!.us;
    for (const t of cable.tokens) {
      const inFrame = (t.us - firstUs) % 1000;
      perFrame.set(
        Math.floor((t.us - firstUs) / 1000),
        (perFrame.get(Math.floor((t.us - firstUs) / 1000)) ?? 0) + 1,
      );
      expect(inFrame).toBeLessThan(1000);
    }
    expect(Math.max(...perFrame.values())).toBeLessThanOrEqual(19);
    expect(cable.host.waitingBytes).toBe(0);
  });
});

describe('remote wake-up', () => {
  it('a device that drives K on a suspended bus gets its frames back after 20 ms of resume and 10 of recovery', () => {
    const cable = new Cable().up();
    cable.host.suspend();
    cable.time.advance(50_000);
    cable.device.sofs.length = 0;
    cable.device.host!.remoteWakeup();
    cable.time.advance(19_000);
    expect(cable.device.sofs.length).toBe(0);
    cable.time.advance(12_000);
    expect(cable.device.sofs.length).toBeGreaterThanOrEqual(10);
    expect(cable.host.bus.state).toBe('running');
  });

  it('on a bus that runs it means nothing', () => {
    const cable = new Cable().up();
    cable.device.host!.remoteWakeup();
    expect(cable.host.bus.state).toBe('running');
  });
});

describe('descriptors', () => {
  it('random bytes never break the parsers', () => {
    const rng = new Rng(11);
    for (let i = 0; i < 20_000; i++) {
      const bytes = rng.bytes(rng.int(0, 80));
      if (i & 1) bytes.set(CONFIGURATION.subarray(0, Math.min(bytes.length, rng.int(0, 48))));
      for (const parse of [parseDevice, parseConfiguration, parseString])
        expect(typeof parse(bytes).ok).toBe('boolean');
    }
  });

  it('a configuration with one byte changed is read or named, never misread as another length', () => {
    for (let at = 0; at < CONFIGURATION.length; at++)
      for (const value of [0, 1, 2, 9, 0x7f, 0xff]) {
        const bytes = CONFIGURATION.slice();
        bytes[at] = value;
        const parsed = parseConfiguration(bytes);
        if (!parsed.ok) expect(parsed.id).toBe('sim.diagnosis.usb-bad-descriptor');
      }
  });
});
