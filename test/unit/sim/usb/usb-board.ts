/** An emulated Pico on a USB cable, with the test image or a broken one, watched at every level. */
import { orThrow, type Failure } from '../../../../src-main/base/errors.ts';
import { EmulatedPico } from '../../../../src-main/sim/pico/emulated-pico.ts';
import { readUf2 } from '../../../../src-main/sim/pico/uf2.ts';
import type { ControlRequest, ControlResult } from '../../../../src-main/sim/usb/pipes.ts';
import { UsbHost } from '../../../../src-main/sim/usb/usb-host.ts';
import { buildImage, prebuiltImage } from '../../../images/build.ts';

export interface SeenPacket {
  readonly us: number;
  readonly fromHost: boolean;
  readonly bytes: Uint8Array;
}

/** What vendor request 2 of the image hands out. */
export interface Statistics {
  readonly busResets: number;
  readonly suspends: number;
  readonly resumes: number;
  readonly received: number;
  readonly sent: number;
  readonly wrong: number;
  readonly baud: number;
  readonly controlLines: number;
}

/** Modes of the image's data endpoints. */
export const MODE = { echo: 0, source: 1, sink: 2, halt: 3, deaf: 4 } as const;

/** The image with one thing wrong; needs the cross-compiler. */
export function brokenUsbImage(what: 'USB_CLOCK' | 'LENGTH' | 'ADDRESS' | 'HALT' | 'AVAILABLE'): Uint8Array {
  return buildImage('usb-cdc', { defines: [`MJ_BROKEN_${what}`] });
}

export class UsbBoard {
  readonly pico: EmulatedPico;
  readonly host: UsbHost;
  readonly packets: SeenPacket[] = [];
  readonly problems: Failure[] = [];
  /** When each of `received` arrived, µs. */
  readonly arrivalsUs: number[] = [];
  capture = false;
  us = 0;
  #received: number[] = [];

  constructor(uf2 = prebuiltImage('usb-cdc'), sliceCycles?: number) {
    this.pico = new EmulatedPico(sliceCycles ? { sliceCycles } : {});
    this.pico.program(orThrow(readUf2(uf2, this.pico.core.flash.length)));
    this.host = new UsbHost({
      device: this.pico.blocks.usb,
      alarm: (fire) => this.pico.surroundings.alarm(fire),
      nowUs: () => this.pico.timeUs,
      arrived: (bytes) => {
        this.#received.push(...bytes);
        this.arrivalsUs.push(this.pico.timeUs);
      },
      diagnosed: (problem) => this.problems.push(problem),
      packet: (us, fromHost, bytes) => {
        if (this.capture) this.packets.push({ us, fromHost, bytes: bytes.slice() });
      },
    });
    this.host.plug();
    this.pico.setPower(true, 0);
  }

  get received(): Uint8Array {
    return Uint8Array.from(this.#received);
  }

  takeReceived(): Uint8Array {
    const taken = this.received;
    this.#received = [];
    return taken;
  }

  advance(us: number): this {
    this.pico.advanceTo((this.us += us));
    return this;
  }

  /** Advances until `done`, at most `limitUs`. */
  until(done: () => boolean, limitUs = 1_000_000, stepUs = 1000): this {
    const endUs = this.us + limitUs;
    while (!done()) {
      if (this.us >= endUs) throw new Error(`not within ${limitUs} µs; the host is ${this.host.state}`);
      this.advance(stepUs);
    }
    return this;
  }

  configured(): this {
    return this.until(() => this.host.state === 'configured').advance(5000);
  }

  write(bytes: Uint8Array): void {
    this.host.write(bytes, this.us);
  }

  ask(request: ControlRequest): ControlResult {
    let result: ControlResult | null = null;
    this.host.request('test', request, (r) => (result = r));
    this.until(() => result !== null, 10_000_000, 200);
    return result!;
  }

  setMode(mode: number): ControlResult {
    return this.ask({ type: 0x40, request: 3, value: mode, index: 0, data: 0 });
  }

  statistics(): Statistics {
    const { bytes } = this.ask({ type: 0xc0, request: 2, value: 0, index: 0, data: 32 });
    const words = [...new Uint32Array(bytes.slice().buffer)] as [
      number,
      number,
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    const [busResets, suspends, resumes, received, sent, wrong, baud, controlLines] = words;
    return { busResets, suspends, resumes, received, sent, wrong, baud, controlLines };
  }
}
