/**
 * CLOCKS: RP2040 data sheet 2.15. clk_ref, clk_sys, clk_peri, clk_usb, clk_adc, clk_rtc, the frequency counter and the
 * sleep masks (kept; they change nothing but the current on silicon). clk_gpout0–3 are kept and drive no pin, which is
 * noted. Resuscitation stays off; gating blocks while awake is named.
 */
import type { Chip, RegisterBlock } from '../chip.ts';
import { hertz, sameFrequency, scaled, type Frequency } from '../frequency.ts';
import { FrequencyCounter } from './frequency-counter.ts';

export interface ClockSources {
  readonly rosc: () => Frequency | null;
  readonly xosc: () => Frequency | null;
  readonly pllSys: () => Frequency | null;
  readonly pllUsb: () => Frequency | null;
}

export interface ClockTree {
  readonly ref: Frequency | null;
  readonly sys: Frequency | null;
  readonly peri: Frequency | null;
  readonly usb: Frequency | null;
  readonly adc: Frequency | null;
  readonly rtc: Frequency | null;
}

const REF = 0x30;
const SYS = 0x3c;
const PERI = 0x48;
const USB = 0x54;
const ADC = 0x60;
const RTC = 0x6c;
const ENABLE = 1 << 11;
const KILL = 1 << 10;
/** 5.6 and 2.19.2: 133 MHz at the regulator's 1.10 V. Parts run beyond, with more volts; none far beyond. */
const RATED_SYS_HZ = 133e6;
const MAX_SYS_HZ = 420e6;
/** WAKE_EN0/1 with every clock on. */
const ALL_AWAKE = [0xffff_ffff, 0x7fff];

export class Clocks implements RegisterBlock {
  readonly #chip: Chip;
  readonly #sources: ClockSources;
  readonly #changed: (tree: ClockTree) => void;
  readonly #control = new Map<number, number>();
  readonly #divider = new Map<number, number>();
  readonly #masks = new Uint32Array(4);
  readonly #gpout = new Uint32Array(12);
  readonly #counter: FrequencyCounter;
  #resus = 0xff;
  #tree: ClockTree;

  constructor(chip: Chip, sources: ClockSources, changed: (tree: ClockTree) => void) {
    this.#chip = chip;
    this.#sources = sources;
    this.#changed = changed;
    this.#counter = new FrequencyCounter(chip, {
      reference: () => this.#tree.ref,
      source: (number) => this.#counted(number),
    });
    this.#setDefaults();
    this.#tree = this.#compute();
  }

  get tree(): ClockTree {
    return this.#tree;
  }

  read(offset: number): number | undefined {
    if (offset < REF) return offset % 12 === 8 ? 1 : this.#gpout[offset >> 2];
    if (offset >= 0x80 && offset <= 0x9c) return this.#counter.read(offset);
    if (offset >= REF && offset < 0x78) return this.#readClock(offset);
    if (offset === 0x78) return this.#resus;
    if (offset === 0x7c) return 0;
    if (offset >= 0xa0 && offset <= 0xac) return this.#masks[(offset - 0xa0) >> 2];
    if (offset === 0xb0 || offset === 0xb4) return this.#masks[(offset - 0xb0) >> 2];
    // Only resuscitation raises this interrupt
    if (offset >= 0xb8 && offset <= 0xc4) return 0;
    return undefined;
  }

  write(offset: number, value: number): boolean {
    if (offset >= 0xa0 && offset <= 0xac) {
      const n = (offset - 0xa0) >> 2;
      this.#masks[n] = value & ALL_AWAKE[n & 1]!;
      return n >= 2 || this.#masks[n] === ALL_AWAKE[n];
    }
    if (offset >= 0x80 && offset <= 0x9c) return this.#counter.write(offset, value);
    if (offset === 0xbc || offset === 0xc0) return value === 0;
    if (offset === 0x78) {
      this.#resus = value & 0x1ffff;
      return (value & 0x100) === 0; // automatic resuscitation is not modelled
    }
    if (offset < REF) return this.#writeOutput(offset, value);
    if (offset >= 0x78) return false;
    return this.#writeClock(offset, value);
  }

  reset(): void {
    this.#setDefaults();
    this.update();
  }

  /** A source started, stopped or changed: recomputes the tree and tells who depends on it. */
  update(): void {
    const before = this.#tree;
    const tree = this.#compute();
    this.#tree = tree;
    this.#checkRunning(tree);
    const same = (Object.keys(tree) as (keyof ClockTree)[]).every((k) => sameFrequency(tree[k], before[k]));
    if (!same && tree.sys && tree.ref) this.#changed(tree);
  }

  #setDefaults(): void {
    for (const clock of [REF, SYS, PERI, USB, ADC, RTC]) {
      this.#control.set(clock, 0);
      this.#divider.set(clock, 0x100);
    }
    this.#masks.set([...ALL_AWAKE, ...ALL_AWAKE]);
    this.#gpout.fill(0);
    for (const divider of [1, 4, 7, 10]) this.#gpout[divider] = 0x100;
    this.#counter.reset();
    this.#resus = 0xff;
  }

  #writeOutput(offset: number, value: number): boolean {
    if (offset % 12 === 8) return false;
    this.#gpout[offset >> 2] = value;
    if (offset % 12 === 0 && value & ENABLE)
      this.#chip.note(
        'sim.diagnosis.clock-output',
        { clock: `clk_gpout${offset / 12}` },
        'A clock output was enabled; this model shows no edges on its pin.',
        'Count the clock with FC0 instead.',
      );
    return true;
  }

  /** FC0_SRC: 2.15.6.1. */
  #counted(number: number): Frequency | null {
    const { pllSys, pllUsb, rosc, xosc } = this.#sources;
    const { ref, sys, peri, usb, adc, rtc } = this.#tree;
    const byNumber = [
      null,
      pllSys(),
      pllUsb(),
      rosc(),
      rosc(),
      xosc(),
      null,
      null,
      ref,
      sys,
      peri,
      usb,
      adc,
      rtc,
    ];
    return byNumber[number] ?? null;
  }

  #readClock(offset: number): number | undefined {
    const base = REF + Math.floor((offset - REF) / 12) * 12;
    if (offset === base) return this.#control.get(base);
    // clk_peri has no divider; start-up code that treats all clocks alike reads and writes its place
    if (offset === base + 4) return base === PERI ? 0 : this.#divider.get(base);
    // SELECTED: one-hot for the glitchless muxes, fixed elsewhere
    if (base === REF) return 1 << (this.#control.get(REF)! & 3);
    return base === SYS ? 1 << (this.#control.get(SYS)! & 1) : 1;
  }

  #writeClock(offset: number, value: number): boolean {
    const base = REF + Math.floor((offset - REF) / 12) * 12;
    if (offset === base + 8) return false;
    if (offset === base + 4 && base === PERI) return true;
    if (offset === base + 4) {
      const mask = base === SYS || base === RTC ? 0xffff_ffff : 0x300;
      this.#divider.set(base, (value & mask) >>> 0);
    } else {
      this.#checkGlitch(base, this.#control.get(base)!, value);
      this.#control.set(base, value & 0x1fff);
    }
    this.update();
    return true;
  }

  /** 2.15.3.2: an auxiliary mux may glitch; it is changed only while nothing runs from it. */
  #checkGlitch(base: number, was: number, value: number): void {
    const aux = base === REF ? 0x60 : 0xe0;
    if (((was ^ value) & aux) === 0) return;
    const onAux = base === REF ? (was & 3) === 1 : base === SYS ? (was & 1) === 1 : (was & ENABLE) !== 0;
    if (!onAux) return;
    this.#chip.stop(
      'sim.fault.clock-glitch',
      { clock: clockName(base) },
      `AUXSRC of ${clockName(base)} was changed while the clock runs from it; silicon may see a glitch.`,
      'Switch SRC away or clear ENABLE first, then change AUXSRC.',
    );
  }

  #compute(): ClockTree {
    const { rosc, xosc, pllSys, pllUsb } = this.#sources;
    const refControl = this.#control.get(REF)!;
    const refSource = [rosc(), (refControl >> 5) & 3 ? null : pllUsb(), xosc(), null][refControl & 3] ?? null;
    const ref = divided(refSource, ((this.#divider.get(REF)! >> 8) & 3 || 4) * 256);
    const sysControl = this.#control.get(SYS)!;
    const sysAux = [pllSys(), pllUsb(), rosc(), xosc()][(sysControl >> 5) & 7] ?? null;
    const sys = divided(sysControl & 1 ? sysAux : ref, this.#divider.get(SYS)! || 2 ** 24);
    return {
      ref,
      sys,
      peri: this.#gated(PERI, [sys, pllSys(), pllUsb(), rosc(), xosc()], 256),
      usb: this.#gated(
        USB,
        [pllUsb(), pllSys(), rosc(), xosc()],
        ((this.#divider.get(USB)! >> 8) & 3 || 4) * 256,
      ),
      adc: this.#gated(
        ADC,
        [pllUsb(), pllSys(), rosc(), xosc()],
        ((this.#divider.get(ADC)! >> 8) & 3 || 4) * 256,
      ),
      rtc: this.#gated(RTC, [pllUsb(), pllSys(), rosc(), xosc()], this.#divider.get(RTC)! || 2 ** 24),
    };
  }

  #gated(base: number, sources: readonly (Frequency | null)[], divider256: number): Frequency | null {
    const control = this.#control.get(base)!;
    if (!(control & ENABLE) || control & KILL) return null;
    return divided(sources[(control >> 5) & 7] ?? null, divider256);
  }

  #checkRunning(tree: ClockTree): void {
    for (const clock of ['ref', 'sys'] as const) {
      if (tree[clock]) continue;
      this.#chip.stop(
        'sim.fault.clock-source-stopped',
        { clock: `clk_${clock}` },
        `clk_${clock} runs from a source that does not oscillate: silicon hangs here.`,
        'Start the oscillator or PLL and poll STABLE or LOCK before switching to it.',
      );
      return;
    }
    const clockHz = hertz(tree.sys!);
    if (clockHz > MAX_SYS_HZ)
      this.#chip.stop(
        'sim.fault.clock-too-fast',
        { clockHz, maximumHz: MAX_SYS_HZ },
        'clk_sys is far above what any RP2040 runs at.',
        'Set the post dividers (PRIM) before switching clk_sys to the PLL.',
      );
    else if (clockHz > RATED_SYS_HZ)
      this.#chip.note(
        'sim.diagnosis.clock-above-rating',
        { clockHz, ratedHz: RATED_SYS_HZ },
        'clk_sys is above what the RP2040 is specified for at 1.10 V.',
        'A part may run so, with more volts; nothing here says that it will.',
      );
  }
}

function divided(source: Frequency | null, divider256: number): Frequency | null {
  return source && divider256 ? scaled(source, 256, divider256) : null;
}

function clockName(base: number): string {
  return (
    { [REF]: 'clk_ref', [SYS]: 'clk_sys', [PERI]: 'clk_peri', [USB]: 'clk_usb', [ADC]: 'clk_adc' }[base] ??
    'clk_rtc'
  );
}
