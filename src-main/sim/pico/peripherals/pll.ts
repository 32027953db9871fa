/** PLL_SYS and PLL_USB: RP2040 data sheet 2.18. */
import type { Chip, RegisterBlock } from '../chip.ts';
import type { EventSlot } from '../events.ts';
import { hertz, scaled, type Frequency } from '../frequency.ts';

/** Not published; some tens of µs. What matters is that it is not zero. */
export const LOCK_US = 50;

const POWER_RESET = 0x2d;
const PD = 1;
const POSTDIVPD = 8;
const VCOPD = 32;

export class Pll implements RegisterBlock {
  readonly #name: string;
  readonly #chip: Chip;
  readonly #reference: () => Frequency | null;
  readonly #changed: () => void;
  readonly #lockAt: EventSlot;
  #control = 1;
  #power = POWER_RESET;
  #feedback = 0;
  #dividers = 0x77000;
  #locked = false;

  constructor(name: string, chip: Chip, reference: () => Frequency | null, changed: () => void) {
    this.#name = name;
    this.#chip = chip;
    this.#reference = reference;
    this.#changed = changed;
    this.#lockAt = chip.events.slot(() => {
      this.#locked = true;
      this.#changed();
    });
  }

  /** Null unless locked with the post dividers on. */
  get output(): Frequency | null {
    const reference = this.#reference();
    if (!reference || !this.#locked || this.#power & POSTDIVPD) return null;
    const [first, second] = [(this.#dividers >> 16) & 7, (this.#dividers >> 12) & 7];
    return scaled(
      reference,
      this.#feedback,
      (this.#control & 0x3f) * Math.max(1, first) * Math.max(1, second),
    );
  }

  read(offset: number): number | undefined {
    if (offset === 0x0) return ((this.#locked ? 1 << 31 : 0) | this.#control) >>> 0;
    if (offset === 0x4) return this.#power;
    if (offset === 0x8) return this.#feedback;
    return offset === 0xc ? this.#dividers : undefined;
  }

  write(offset: number, value: number): boolean {
    if (offset === 0x0) {
      if (value & 0x100) return false; // BYPASS is not modelled
      this.#control = value & 0x3f;
      this.#restart();
    } else if (offset === 0x4) {
      const was = this.#power;
      this.#power = value & 0x2d;
      if ((was ^ this.#power) & (PD | VCOPD)) this.#restart();
      else this.#changed();
    } else if (offset === 0x8) {
      this.#feedback = value & 0xfff;
      this.#restart();
    } else if (offset === 0xc) {
      this.#dividers = value & 0x77000;
      this.#changed();
    } else return false;
    return true;
  }

  reset(): void {
    this.#lockAt.clear();
    this.#control = 1;
    this.#power = POWER_RESET;
    this.#feedback = 0;
    this.#dividers = 0x77000;
    this.#locked = false;
  }

  /** The loop loses lock when its reference, divider or power changes. */
  #restart(): void {
    this.#locked = false;
    this.#lockAt.clear();
    if ((this.#power & (PD | VCOPD)) === 0 && this.#inRange()) {
      const timeline = this.#chip.timeline;
      this.#lockAt.atUs(timeline.usAt(this.#chip.now()) + LOCK_US);
    }
    this.#changed();
  }

  /** 2.18.2: VCO 750 to 1600 MHz (400 in older editions, which older start-up code uses: noted), FBDIV 16 to 320, reference after REFDIV at least 5 MHz. */
  #inRange(): boolean {
    const reference = this.#reference();
    const refdiv = this.#control & 0x3f;
    const name = this.#name;
    if (!reference) {
      this.#chip.stop(
        'sim.fault.pll-without-reference',
        { block: name },
        `${name} was powered up while the crystal oscillator is not stable.`,
        'Enable XOSC and poll STATUS.STABLE first.',
      );
      return false;
    }
    const refHz = refdiv === 0 ? 0 : hertz(reference) / refdiv;
    const vcoHz = refHz * this.#feedback;
    const fits =
      refHz >= 5e6 && this.#feedback >= 16 && this.#feedback <= 320 && vcoHz >= 400e6 && vcoHz <= 1600e6;
    if (fits && vcoHz < 750e6)
      this.#chip.note(
        'sim.diagnosis.pll-below-range',
        { block: name, vcoHz },
        'The VCO runs below 750 MHz, the least of the present data sheet; earlier ones allowed 400.',
        'Double FBDIV and a post divider.',
      );
    if (!fits)
      this.#chip.stop(
        'sim.fault.pll-out-of-range',
        { block: name, refdiv, fbdiv: this.#feedback, vcoHz },
        'The loop cannot lock there: VCO 750–1600 MHz, FBDIV 16–320, reference at least 5 MHz.',
        'Write CS.REFDIV and FBDIV_INT before clearing PWR.PD and VCOPD.',
      );
    return fits;
  }
}
