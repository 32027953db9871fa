import type { CoreBus } from './core/core.ts';
import { CPU, FAULT_BUS } from './core/cpu-state.ts';
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
  /** Why XIP cannot read now, or null. */
  readonly xipProblem: () => string | null;
  readonly badXipWriteIsError: () => boolean;
}

/** APB block n at 0x4000_0000 + n · 0x4000, and the blocks with an address of their own: data sheet 2.2. */
export interface BusBlocks {
  readonly apb: readonly (BusBlock | null)[];
  readonly xipCtrl: BusBlock;
  readonly ssi: BusBlock;
  readonly sio: BusBlock;
  readonly ppb: BusBlock;
}

/** Unmodelled AHB-Lite blocks at 0x5000_0000 + n · 0x10_0000. */
const AHB_NAMES = ['DMA', 'USBCTRL', 'PIO0', 'PIO1', 'XIP_AUX'];

/**
 * The strict bus: what is in reset, has no clock, or is not modelled stops the emulation by name with the address of
 * the instruction; what no block answers to is a bus error, as on silicon.
 */
export class Bus implements CoreBus {
  readonly #blocks: BusBlocks;
  readonly #wiring: BusWiring;

  constructor(blocks: BusBlocks, wiring: BusWiring) {
    this.#blocks = blocks;
    this.#wiring = wiring;
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
    const alias = found.atomic ? (address >>> 12) & 3 : 0;
    if (alias !== 0) {
      const was = target.block!.read(offset);
      if (was === undefined) {
        this.#unmodelled(target, address, offset, 'atomic write');
        return;
      }
      word = alias === 1 ? was ^ word : alias === 2 ? was | word : was & ~word;
    }
    if (!target.block!.write(offset, word >>> 0)) this.#unmodelled(target, address, offset, 'write');
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

  #find(address: number, write: boolean): { target: BusBlock; mask: number; atomic: boolean } | null {
    const top = address >>> 24;
    let target: BusBlock | null | undefined;
    let mask = 0xfff;
    let atomic = false;
    if (top >>> 4 === 4) {
      target = address < 0x4007_0000 ? this.#blocks.apb[(address - 0x4000_0000) >>> 14] : null;
      atomic = true;
    } else if (top === 0xd0) {
      target = this.#blocks.sio;
      mask = 0x1ff;
    } else if (top === 0xe0) target = this.#blocks.ppb;
    else if (top === 0x18) {
      target = this.#blocks.ssi;
      atomic = true;
    } else if (top === 0x14) target = this.#blocks.xipCtrl;
    else {
      this.#elsewhere(address, write);
      return null;
    }
    if (!target) {
      this.#busError(address);
      return null;
    }
    return this.#usable(target, address) ? { target, mask, atomic } : null;
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
        'Enable the clock (CLOCKS.CLK_PERI_CTRL.ENABLE for UART and SPI) first.',
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

  /** Not one of the register blocks: XIP windows, cache RAM, AHB. */
  #elsewhere(address: number, write: boolean): void {
    const top = address >>> 24;
    if (top >= 0x10 && top <= 0x13) {
      if (write) this.#writeToXip(address);
      else this.#xipOff(address, this.#wiring.xipProblem() ?? 'XIP is off');
      return;
    }
    const ahb = top === 0x50 ? AHB_NAMES[(address >>> 20) & 15] : top === 0x15 ? 'cache as SRAM' : undefined;
    if (ahb)
      this.#wiring.stop(
        'sim.fault.unmodelled-block',
        { block: ahb, address: hex(address) },
        `${ahb} exists on the chip but not in this model.`,
        'See docs/emulated-pico.md for what is modelled.',
      );
    else this.#busError(address);
  }

  #writeToXip(address: number): void {
    if (address >>> 24 !== 0x10 && this.#wiring.badXipWriteIsError()) {
      this.#busError(address);
      return;
    }
    this.#wiring.stop(
      'sim.fault.flash-write',
      { address: hex(address) },
      'A store went to flash by pointer; silicon ignores it (and drops a cache line).',
      'Flash is written by the UF2 loader or by program commands, not by stores.',
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
