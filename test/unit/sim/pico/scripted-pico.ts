import { EmulatedPico, type PicoOptions } from '../../../../src-main/sim/pico/emulated-pico.ts';
import type { DutActivity } from '../../../../src-main/sim/parts.ts';
import { scriptImage, type ImageOptions, type Step } from './script-image.ts';

/** An emulated Pico that runs a script from power-on at 0 µs, without waits for flash: scripts test what is beside it. */
export class ScriptedPico {
  readonly pico: EmulatedPico;
  readonly activity: DutActivity[] = [];

  constructor(steps: readonly Step[], image: ImageOptions = {}, options: PicoOptions = {}) {
    this.pico = new EmulatedPico({
      activity: { activity: (a) => this.activity.push(a) },
      zeroWait: true,
      ...options,
    });
    this.pico.program(scriptImage(steps, image));
    this.pico.setPower(true, 0);
  }

  advance(us: number): this {
    this.pico.advanceTo(us);
    return this;
  }

  /** The n-th word a script has read. */
  result(n: number): number {
    return new DataView(this.pico.core.sram.buffer, this.pico.core.sram.byteOffset).getUint32(4 * n, true);
  }

  /** The id of the failure that stopped the emulation, or null. */
  get fault(): string | null {
    return this.pico.failure?.id ?? null;
  }
}
