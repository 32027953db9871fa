/** NVIC, SCB and the vendor's choices in them: RP2040 data sheet 2.4; ARMv6-M ARM B3. State lives in the core. */
import { CPU } from '../core/cpu-state.ts';
import type { RegisterBlock } from '../chip.ts';
import type { SysTick } from './systick.ts';

const PENDSV = 1 << 14;
const SYSTICK = 1 << 15;
const NMI = 1 << 2;
const AIRCR_KEY = 0x05fa;
/** SCR: what gets pending wakes from WFE even where it is not enabled. */
const SEVONPEND = 1 << 4;

export interface PpbWiring {
  readonly state: Uint32Array;
  /** Something pending or a priority changed: the core must look before its next instruction. */
  readonly reconsider: () => void;
  readonly systemReset: () => void;
}

export class Ppb implements RegisterBlock {
  readonly #wiring: PpbWiring;
  readonly #systick: SysTick;

  constructor(systick: SysTick, wiring: PpbWiring) {
    this.#systick = systick;
    this.#wiring = wiring;
  }

  read(offset: number): number | undefined {
    const s = this.#wiring.state;
    if (offset >= 0x010 && offset <= 0x01c) return this.#systick.read(offset);
    if (offset >= 0x400 && offset <= 0x41c) return s[CPU.irqPriority + ((offset - 0x400) >> 2)];
    switch (offset) {
      case 0x100:
      case 0x180:
        return s[CPU.irqEnabled];
      case 0x200:
      case 0x280:
        return (s[CPU.irqPending]! | (s[CPU.irqLevel]! & ~s[CPU.irqActive]!)) >>> 0;
      case 0xd00:
        return 0x410c_c601;
      case 0xd04:
        return this.#icsr();
      case 0xd08:
        return s[CPU.vtor];
      case 0xd0c:
        return 0xfa05_0000;
      case 0xd10:
        return s[CPU.scr];
      case 0xd14:
        return 0x208; // CCR: STKALIGN, UNALIGN_TRP, fixed
      case 0xd1c:
        return s[CPU.shpr2];
      case 0xd20:
        return s[CPU.shpr3];
      case 0xd24:
        return s[CPU.systemPending]! & (1 << 11) ? 1 << 15 : 0;
      case 0xd90:
        return 0x800; // MPU_TYPE: 8 regions; the MPU's own registers are not modelled
      default:
        return undefined;
    }
  }

  write(offset: number, value: number): boolean {
    if (offset >= 0x010 && offset <= 0x01c) return this.#systick.write(offset, value);
    const s = this.#wiring.state;
    const known = this.#writeNvic(offset, value) || this.#writeScb(offset, value);
    // As ARMv6-M B3.4: a level that is still asserted makes its interrupt pending again by itself
    const asserted = s[CPU.irqPending]! | s[CPU.irqLevel]!;
    const heeded = s[CPU.scr]! & SEVONPEND ? asserted : asserted & s[CPU.irqEnabled]!;
    if (known && (heeded | s[CPU.systemPending]!) !== 0) this.#wiring.reconsider();
    return known;
  }

  reset(): void {
    this.#systick.reset();
  }

  #writeNvic(offset: number, value: number): boolean {
    const s = this.#wiring.state;
    if (offset >= 0x400 && offset <= 0x41c)
      s[CPU.irqPriority + ((offset - 0x400) >> 2)] = value & 0xc0c0_c0c0;
    else if (offset === 0x100) s[CPU.irqEnabled]! |= value;
    else if (offset === 0x180) s[CPU.irqEnabled]! &= ~value;
    else if (offset === 0x200) s[CPU.irqPending]! |= value;
    else if (offset === 0x280) s[CPU.irqPending]! &= ~value;
    else return false;
    return true;
  }

  #writeScb(offset: number, value: number): boolean {
    const s = this.#wiring.state;
    if (offset === 0xd04) {
      const set =
        (value >>> 31 ? NMI : 0) | ((value >>> 28) & 1 ? PENDSV : 0) | ((value >>> 26) & 1 ? SYSTICK : 0);
      const clear = ((value >>> 27) & 1 ? PENDSV : 0) | ((value >>> 25) & 1 ? SYSTICK : 0);
      s[CPU.systemPending] = (s[CPU.systemPending]! & ~clear) | set;
    } else if (offset === 0xd08) s[CPU.vtor] = value & 0xffff_ff00;
    else if (offset === 0xd0c) {
      if (value >>> 16 === AIRCR_KEY && value & 4) this.#wiring.systemReset();
    } else if (offset === 0xd10) s[CPU.scr] = value & 0x16;
    else if (offset === 0xd1c) s[CPU.shpr2] = value & 0xc000_0000;
    else if (offset === 0xd20) s[CPU.shpr3] = value & 0xc0c0_0000;
    else return false;
    return true;
  }

  #icsr(): number {
    const s = this.#wiring.state;
    const pending = s[CPU.systemPending]!;
    const irqs = (s[CPU.irqPending]! | (s[CPU.irqLevel]! & ~s[CPU.irqActive]!)) & s[CPU.irqEnabled]!;
    const first = pending
      ? 31 - Math.clz32(pending & -pending)
      : irqs
        ? 16 + 31 - Math.clz32(irqs & -irqs)
        : 0;
    return (
      ((pending & NMI ? 1 << 31 : 0) |
        (pending & PENDSV ? 1 << 28 : 0) |
        (pending & SYSTICK ? 1 << 26 : 0) |
        (irqs ? 1 << 22 : 0) |
        (first << 12) |
        s[CPU.ipsr]!) >>>
      0
    );
  }
}
