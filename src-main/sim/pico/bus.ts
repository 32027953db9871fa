import type { CoreBus } from './core/core.ts';
import { CPU, FAULT_BUS } from './core/cpu-state.ts';
import { inertPurpose } from './inert-registers.ts';
import { hex, type RegisterBlock } from './chip.ts';
import type { FactValue } from '../../base/errors.ts';

/** One block as the bus sees it. */
export interface BusBlock {
  readonly name: string;
  /** Null: the block exists on silicon and not in this model. */
  readonly block: RegisterBlock | null;
  /** Bit in RESETS, or null where the block is not under it. */
  readonly resetBit: number | null;
  /** False while the block's own clock stands; absent for blocks on clk_sys. */
  readonly clocked?: () => boolean;
  /** A memory behind the bus: narrow writes change only their lanes (the block is read first). */
  readonly honoursWidth?: boolean;
  /** Some of its registers are kept and change nothing: inert-registers.ts. */
  readonly inert?: boolean;
}

export interface BusWiring {
  readonly state: Uint32Array;
  readonly isHeld: (resetBit: number) => boolean;
  readonly stop: (
    id: string,
    facts: Readonly<Record<string, FactValue>>,
    cause: string,
    next: string,
  ) => void;
  readonly note: (
    id: string,
    facts: Readonly<Record<string, FactValue>>,
    cause: string,
    next: string,
  ) => void;
  /** Why XIP cannot read now, or null. */
  readonly xipProblem: () => string | null;
  readonly badXipWriteIsError: () => boolean;
}

/** APB block n at 0x4000_0000 + n · 0x4000, and the blocks with an address of their own: data sheet 2.2. */
export interface BusBlocks {
  readonly apb: readonly (BusBlock | null)[];
  readonly ahb: AhbBlocks;
  readonly xipCtrl: BusBlock;
  readonly ssi: BusBlock;
  readonly sio: BusBlock;
  readonly ppb: BusBlock;
}

/** Fast AHB-Lite blocks on the FASTPERI port: data sheet 2.2.5, addresses beside their names. */
export interface AhbBlocks {
  /** 0x5000_0000 */
  readonly dma: BusBlock;
  /** 0x5010_0000, 4 KiB: no atomic aliases (4.1.2.5) */
  readonly usbDpram: BusBlock;
  /** 0x5011_0000 */
  readonly usb: BusBlock;
  /** 0x5020_0000 */
  readonly pio0: BusBlock;
  /** 0x5030_0000 */
  readonly pio1: BusBlock;
  /** 0x5040_0000: the XIP stream's FIFO */
  readonly xipAux: BusBlock;
}

/** A block with the way its addresses are decoded; made once, so that an access allocates nothing. */
interface Decoded {
  readonly target: BusBlock;
  /** Address bits that select a register. */
  readonly mask: number;
  /** Address bits 13:12 select plain, XOR, set and clear. */
  readonly atomic: boolean;
}

/**
 * The strict bus: what is in reset, has no clock, or is not modelled stops the emulation by name with the address of
 * the instruction; what no block answers to is a bus error, as on silicon.
 */
export class Bus implements CoreBus {
  readonly #wiring: BusWiring;
  readonly #apb: readonly (Decoded | null)[];
  /** Indexed by address bits 23:16 of 0x50xx_xxxx. */
  readonly #ahb: readonly (Decoded | null)[];
  readonly #xipCtrl: Decoded;
  readonly #ssi: Decoded;
  readonly #sio: Decoded;
  readonly #ppb: Decoded;

  constructor(blocks: BusBlocks, wiring: BusWiring) {
    this.#wiring = wiring;
    this.#apb = blocks.apb.map((b) => b && withAliases(b));
    this.#ahb = decodedAhb(blocks.ahb);
    this.#xipCtrl = plain(blocks.xipCtrl, 0xfff);
    this.#ssi = withAliases(blocks.ssi);
    this.#sio = plain(blocks.sio, 0x1ff);
    this.#ppb = plain(blocks.ppb, 0xfff);
  }

  read(address: number, bytes: number): number {
    const found = this.#find(address, false);
    if (!found) return 0;
    const offset = address & found.mask & ~3;
    const value = found.target.block!.read(offset);
    if (value === undefined) {
      this.#unmodelled(found.target, address, offset, 'read');
      return 0;
    }
    // I/O registers ignore the access width: a narrow read picks its lanes (2.1.4)
    return bytes === 4 ? value : value >>> (8 * (address & 3));
  }

  write(address: number, value: number, bytes: number): void {
    const found = this.#find(address, true);
    if (!found) return;
    const { target } = found;
    const offset = address & found.mask & ~3;
    let word = bytes === 4 ? value : bytes === 2 ? (value & 0xffff) * 0x1_0001 : (value & 0xff) * 0x101_0101;
    let alias = found.atomic ? (address >>> 12) & 3 : 0;
    if (alias !== 0 && target.block!.clearsOnWrite?.(offset)) alias = 0;
    if (alias !== 0 || (bytes !== 4 && target.honoursWidth)) {
      const was = target.block!.read(offset);
      if (was === undefined) {
        this.#unmodelled(target, address, offset, alias ? 'atomic write' : 'narrow write');
        return;
      }
      if (alias === 0) word = inLanes(was, word, address, bytes);
      else word = alias === 1 ? was ^ word : alias === 2 ? was | word : was & ~word;
    }
    const purpose = target.inert ? inertPurpose(target.name, offset) : undefined;
    const before = purpose === undefined ? undefined : target.block!.read(offset);
    if (!target.block!.write(offset, word >>> 0)) this.#unmodelled(target, address, offset, 'write');
    else if (purpose !== undefined && target.block!.read(offset) !== before)
      this.#inert(target, address, offset, purpose);
  }

  refuseFetch(address: number): void {
    const problem = address >>> 24 === 0x10 ? this.#wiring.xipProblem() : null;
    if (problem) this.#xipOff(address, problem);
    else
      this.#wiring.stop(
        'sim.fault.unmodelled-code',
        { address: hex(address) },
        'Code runs from an alias of SRAM or flash, or from cache RAM, which this model does not execute.',
        'Run code from 0x1000_0000 or 0x2000_0000.',
      );
  }

  staleCache(address: number): void {
    this.#wiring.stop(
      'sim.fault.stale-cache',
      { address: hex(address) },
      'Flash was erased or programmed, and this word of it is still in the XIP cache as it was before.',
      'Flush the cache (XIP_CTRL.FLUSH, or the ROM function FC) after each write of flash.',
    );
  }

  #find(address: number, write: boolean): Decoded | null {
    const top = address >>> 24;
    let found: Decoded | null | undefined;
    if (top >>> 4 === 4) found = address < 0x4007_0000 ? this.#apb[(address - 0x4000_0000) >>> 14] : null;
    else if (top === 0x50) found = this.#onAhb(address);
    else if (top === 0xd0) found = this.#sio;
    else if (top === 0xe0) found = this.#ppb;
    else if (top === 0x18) found = this.#ssi;
    else if (top === 0x14) found = this.#xipCtrl;
    else {
      this.#elsewhere(address, write);
      return null;
    }
    if (!found) {
      this.#busError(address);
      return null;
    }
    return this.#usable(found.target, address) ? found : null;
  }

  /** Registers and their aliases take 16 KiB, DPRAM 4 KiB; nobody answers in the rest of their segments. */
  #onAhb(address: number): Decoded | null {
    const found = this.#ahb[(address >>> 16) & 0xff];
    return found && (address & 0xffff) < (found.atomic ? 0x4000 : 0x1000) ? found : null;
  }

  #usable(target: BusBlock, address: number): boolean {
    if (target.resetBit !== null && this.#wiring.isHeld(target.resetBit)) {
      this.#wiring.stop(
        'sim.fault.block-in-reset',
        { block: target.name, address: hex(address) },
        `${target.name} is held in reset; on silicon reads give 0 and writes are lost.`,
        `Clear RESETS.RESET bit ${target.resetBit} and poll RESET_DONE first.`,
      );
      return false;
    }
    if (target.clocked && !target.clocked()) {
      this.#wiring.stop(
        'sim.fault.block-without-clock',
        { block: target.name, address: hex(address) },
        `${target.name} is used while its own clock stands.`,
        'Enable the clock first: CLOCKS.CLK_PERI_CTRL.ENABLE for UART and SPI, CLK_USB_CTRL for USB, CLK_ADC_CTRL for the ADC.',
      );
      return false;
    }
    if (target.block) return true;
    this.#wiring.stop(
      'sim.fault.unmodelled-block',
      { block: target.name, address: hex(address) },
      `${target.name} exists on the chip but not in this model.`,
      'See docs/emulated-pico.md for what is modelled.',
    );
    return false;
  }

  /** Not one of the register blocks: XIP windows. */
  #elsewhere(address: number, write: boolean): void {
    const top = address >>> 24;
    if (top >= 0x10 && top <= 0x13) {
      if (write) this.#writeToXip(address);
      else this.#xipOff(address, this.#wiring.xipProblem() ?? 'XIP is off');
      return;
    }
    this.#busError(address);
  }

  #writeToXip(address: number): void {
    if (address >>> 24 !== 0x10 && this.#wiring.badXipWriteIsError()) {
      this.#busError(address);
      return;
    }
    this.#wiring.note(
      'sim.diagnosis.flash-write',
      { address: hex(address) },
      'A store went to flash by pointer; as silicon does, it was ignored (and dropped a cache line).',
      'Flash is written by the UF2 loader or by program commands, not by stores.',
    );
  }

  #inert(target: BusBlock, address: number, offset: number, purpose: string): void {
    this.#wiring.note(
      'sim.diagnosis.no-effect',
      { block: target.name, register: `0x${offset.toString(16)}`, address: hex(address) },
      `This register sets ${purpose} on silicon; here it is kept and changes nothing.`,
      'See docs/emulated-pico.md; time and current of the emulated board do not follow it.',
    );
  }

  #xipOff(address: number, problem: string): void {
    this.#wiring.stop(
      'sim.fault.xip-not-set-up',
      { address: hex(address), problem },
      'Flash was read through XIP before boot2 set the SSI up, or after it was turned off.',
      'Run boot2 (or call a copy of it in RAM) before touching flash.',
    );
  }

  #busError(address: number): void {
    this.#wiring.state[CPU.trap] = FAULT_BUS;
    this.#wiring.state[CPU.trapAddress] = address;
  }

  #unmodelled(target: BusBlock, address: number, offset: number, access: string): void {
    this.#wiring.stop(
      'sim.fault.unmodelled-register',
      { block: target.name, register: `0x${offset.toString(16)}`, address: hex(address), access },
      `${target.name} has no such register in this model, or not this use of it.`,
      'See docs/emulated-pico.md for what is modelled.',
    );
  }
}

function withAliases(target: BusBlock): Decoded {
  return { target, mask: 0xfff, atomic: true };
}

function plain(target: BusBlock, mask: number): Decoded {
  return { target, mask, atomic: false };
}

function decodedAhb(blocks: AhbBlocks): (Decoded | null)[] {
  const segments = Array<Decoded | null>(256).fill(null);
  segments[0x00] = withAliases(blocks.dma);
  segments[0x10] = plain(blocks.usbDpram, 0xfff);
  segments[0x11] = withAliases(blocks.usb);
  segments[0x20] = withAliases(blocks.pio0);
  segments[0x30] = withAliases(blocks.pio1);
  segments[0x40] = plain(blocks.xipAux, 0xfff);
  return segments;
}

/** `word` holds the written value in every lane; only the lanes of the access replace `was`. */
function inLanes(was: number, word: number, address: number, bytes: number): number {
  const lanes = (bytes === 2 ? 0xffff : 0xff) << (8 * (address & 3));
  return (was & ~lanes) | (word & lanes);
}
