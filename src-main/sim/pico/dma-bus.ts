import type { Bus } from './bus.ts';
import type { M0Core } from './core/core.ts';
import { CPU } from './core/cpu-state.ts';
import { FLASH_BYTES, ROM_BYTES, SRAM_BYTES } from './core/core.ts';

/** What the DMA's two masters reach: data sheet 2.1.1, 2.2. Addresses are aligned to the access. */
export interface DmaBus {
  /** The value, or null on a bus error. */
  read(address: number, bytes: number): number | null;
  /** False on a bus error. */
  write(address: number, value: number, bytes: number): boolean;
  /** Cycles a read that starts at `cycle` holds its port. XIP: the cache is looked up and filled. */
  readCycles(address: number, cycle: number): number;
  writeCycles(address: number): number;
  /** ROM, flash or SRAM: an access has no side effects and needs no peripheral's consent. */
  isMemory(address: number): boolean;
  /** The access holds its port from `cycle` on, for so many cycles. */
  claim(address: number, cycle: number, cycles: number): void;
}

const SRAM_BASE = 0x2000_0000;
/** 2.1.3: cycles of the APB bridge on the bus. */
const APB_READ = 3;
const APB_WRITE = 4;

/** The chip's bus as the DMA sees it: no I/O port of the core (SIO), none of its private peripherals. */
export class ChipDmaBus implements DmaBus {
  readonly #core: M0Core;
  readonly #bus: () => Bus;
  readonly #sram: DataView;
  readonly #flash: DataView;
  readonly #rom: DataView;

  constructor(core: M0Core, bus: () => Bus) {
    this.#core = core;
    this.#bus = bus;
    this.#sram = viewOf(core.sram);
    this.#flash = viewOf(core.flash);
    this.#rom = viewOf(core.rom);
  }

  read(address: number, bytes: number): number | null {
    const offset = sramOffset(address);
    if (offset >= 0) return get(this.#sram, offset, bytes);
    const top = address >>> 24;
    if (address < ROM_BYTES) return get(this.#rom, address, bytes);
    if (top >= 0x10 && top <= 0x13 && this.#core.state[CPU.xipBytes] !== 0)
      return get(this.#flash, address & (FLASH_BYTES - 1), bytes);
    if (!onBus(top)) return null;
    const value = this.#bus().read(address, bytes);
    return this.#trapped() ? null : value;
  }

  write(address: number, value: number, bytes: number): boolean {
    const offset = sramOffset(address);
    if (offset >= 0) {
      put(this.#sram, offset, value, bytes);
      this.#core.forgetSram(offset, bytes);
      return true;
    }
    const top = address >>> 24;
    if (address < ROM_BYTES) return true; // 2.6.1: writes to ROM are ignored
    if (!onBus(top)) return false;
    this.#bus().write(address, value, bytes);
    return !this.#trapped();
  }

  readCycles(address: number, cycle: number): number {
    const top = address >>> 24;
    if (top >= 0x10 && top <= 0x13 && this.#core.state[CPU.xipBytes] !== 0)
      return 1 + this.#core.xipReadByOther(address, cycle);
    return isApb(top) ? APB_READ : 1;
  }

  writeCycles(address: number): number {
    return isApb(address >>> 24) ? APB_WRITE : 1;
  }

  isMemory(address: number): boolean {
    const top = address >>> 24;
    return top <= 0x13 || top === 0x20 || top === 0x21;
  }

  claim(address: number, cycle: number, cycles: number): void {
    for (let i = 0; i < cycles; i++) this.#core.contend(address, cycle + i);
  }

  /** A bus error belongs to the DMA, not to the instruction the core is at. */
  #trapped(): boolean {
    const trapped = this.#core.state[CPU.trap] !== 0;
    this.#core.state[CPU.trap] = 0;
    return trapped;
  }
}

/** Offset into SRAM's striped view, or −1: the unstriped windows are other names of the same bytes (2.6.2). */
function sramOffset(address: number): number {
  const offset = address - SRAM_BASE;
  if (offset >= 0 && offset < SRAM_BYTES) return offset;
  if (address >>> 18 !== 0x2100_0000 >>> 18) return -1;
  return ((address & 0xfffc) << 2) | (((address >>> 16) & 3) << 2) | (address & 3);
}

function isApb(top: number): boolean {
  return top >>> 4 === 4 || top === 0x14 || top === 0x18;
}

/** Blocks the bus dispatches that are not the core's own; XIP windows too, for their diagnoses. */
function onBus(top: number): boolean {
  return top >>> 4 === 4 || top >>> 4 === 5 || (top >= 0x10 && top <= 0x15) || top === 0x18;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function get(view: DataView, offset: number, bytes: number): number {
  if (bytes === 4) return view.getUint32(offset, true);
  return bytes === 2 ? view.getUint16(offset, true) : view.getUint8(offset);
}

function put(view: DataView, offset: number, value: number, bytes: number): void {
  if (bytes === 4) view.setUint32(offset, value, true);
  else if (bytes === 2) view.setUint16(offset, value & 0xffff, true);
  else view.setUint8(offset, value & 0xff);
}
