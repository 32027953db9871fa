import { readFileSync } from 'node:fs';
import { BugError } from '../../../base/errors.ts';
import { CPU, CPU_WORDS } from './cpu-state.ts';
import { CoreProfile } from './profile.ts';

/** What the core sees beyond its memories. Addresses and values are unsigned 32-bit; `bytes` is 1, 2 or 4. */
export interface CoreBus {
  read(address: number, bytes: number): number;
  write(address: number, value: number, bytes: number): void;
  /** The core wants to execute from where silicon could and this model does not. Must stop the emulation. */
  refuseFetch(address: number): void;
  /** A read hit a word of the XIP cache that is no longer what the flash holds. Must stop the emulation. */
  staleCache(address: number): void;
}

// The part of the WebAssembly API that is used; the types otherwise come with the DOM's
export interface WasmModule {
  readonly brand: 'module';
}
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => WasmModule;
  readonly Instance: new (module: WasmModule, imports: object) => { readonly exports: object };
};

interface CoreExports {
  readonly memory: { readonly buffer: ArrayBuffer };
  mj_cpu_address(): number;
  mj_cpu_bytes(): number;
  mj_rom_address(): number;
  mj_flash_address(): number;
  mj_sram_address(): number;
  mj_forget_all(): void;
  mj_forget_sram(offset: number, count: number): void;
  mj_forget_flash(offset: number, count: number): void;
  mj_xip_flush(): void;
  mj_xip_enable(on: number): void;
  mj_xip_outdate(offset: number, count: number): void;
  mj_xip_by_other(address: number, cycle: number): number;
  mj_contend(address: number, cycle: number): void;
  mj_profile_array(n: number): number;
  mj_table_entries(): number;
  mj_entry_address(entry: number): number;
  mj_base_cycles(entry: number): number;
  mj_run(): number;
  mj_asleep(): number;
}

export const ROM_BYTES = 0x4000;
export const FLASH_BYTES = 2 * 1024 * 1024;
export const SRAM_BYTES = 264 * 1024;

let compiled: WasmModule | undefined;

/**
 * The compiled core, once a process: workers are given it (`adoptCoreModule`) instead of compiling their own. V8 may abort when
 * the code of short-lived modules is freed again and again (nodejs/node issue 64500); this one lives as long as the
 * process, and what one world has tiered up the next one starts with.
 */
export function coreModule(): WasmModule {
  compiled ??= new WebAssembly.Module(readFileSync(new URL('./core.wasm', import.meta.url)));
  return compiled;
}

/** For a worker, before its first core: the module its parent compiled. */
export function adoptCoreModule(module: WasmModule): void {
  compiled = module;
}

/** One Cortex-M0+ with ROM, flash and SRAM: the WASM instance built from this folder's C. */
export class M0Core {
  /** Indexed by `CPU`; the registers first. `left` is signed: use `signedState`. */
  readonly state: Uint32Array;
  readonly signedState: Int32Array;
  readonly rom: Uint8Array;
  readonly flash: Uint8Array;
  readonly sram: Uint8Array;
  /** It counts nothing until it is started. */
  readonly profile: CoreProfile;
  readonly #exports: CoreExports;
  readonly #doubles: Float64Array;

  constructor(bus: CoreBus) {
    const imports = {
      bus: {
        read: (address: number, bytes: number) => bus.read(address >>> 0, bytes),
        write: (address: number, value: number, bytes: number) =>
          bus.write(address >>> 0, value >>> 0, bytes),
        refuseFetch: (address: number) => bus.refuseFetch(address >>> 0),
        staleCache: (address: number) => bus.staleCache(address >>> 0),
        forgetting: (first: number, count: number) => this.profile.collect(first, count),
      },
    };
    const e = new WebAssembly.Instance(coreModule(), imports).exports as unknown as CoreExports;
    if (e.mj_cpu_bytes() !== CPU_WORDS * 4)
      throw new BugError('core.wasm and cpu-state.ts differ: rebuild the core');
    const buffer = e.memory.buffer;
    this.#exports = e;
    this.state = new Uint32Array(buffer, e.mj_cpu_address(), CPU_WORDS);
    this.signedState = new Int32Array(buffer, e.mj_cpu_address(), CPU_WORDS);
    this.#doubles = new Float64Array(buffer, e.mj_cpu_address(), CPU_WORDS / 2);
    this.profile = new CoreProfile(this.state, buffer, e);
    this.rom = new Uint8Array(buffer, e.mj_rom_address(), ROM_BYTES);
    this.flash = new Uint8Array(buffer, e.mj_flash_address(), FLASH_BYTES);
    this.sram = new Uint8Array(buffer, e.mj_sram_address(), SRAM_BYTES);
    e.mj_forget_all();
    e.mj_xip_enable(1);
    this.#setDouble(CPU.xipBusyUntil, -Infinity);
    this.#setDouble(CPU.contendedUntil, -Infinity);
    this.resetRegisters();
  }

  /** ARMv6-M reset state; VTOR 0, interrupts off, nothing pending. XIP and its cache stay as they are. */
  resetRegisters(): void {
    this.state.fill(0, 0, CPU.xipBytes);
    this.state[CPU.z] = 1;
  }

  /** The clk_sys cycle at which `left` is 0. */
  set sliceEnd(cycle: number) {
    this.#setDouble(CPU.sliceEnd, cycle);
  }

  /** Accesses through the XIP port since the world began: CTR_ACC and CTR_HIT count these (data sheet 2.6.3.6). */
  get xipAccesses(): { readonly all: number; readonly hits: number } {
    const hits = this.#count(CPU.cacheHits);
    return { all: hits + this.#count(CPU.cacheMisses), hits };
  }

  /** Cycles the core waited for flash or for another master at a port. */
  get stallCycles(): number {
    return this.#count(CPU.stallCycles);
  }

  /** Cycles of exception entries, returns and tail-chains: they belong to no instruction. */
  get exceptionCycles(): number {
    return this.#count(CPU.exceptionCycles);
  }

  /** Clears the tags of the XIP cache. */
  flushCache(): void {
    this.#exports.mj_xip_flush();
  }

  /** XIP_CTRL.CTRL.EN: off, the tags keep what they hold and every access goes to the flash chip. */
  enableCache(on: boolean): void {
    this.#exports.mj_xip_enable(on ? 1 : 0);
  }

  /** Nobody is served by the XIP port before `cycle`. */
  keepXipBusyUntil(cycle: number): void {
    this.#setDouble(CPU.xipBusyUntil, cycle);
  }

  /** Flash was erased or programmed through the SSI. Words of it in the cache are out of date until it is flushed. */
  flashChanged(offset: number, count: number): void {
    this.#exports.mj_forget_flash(offset, count);
    this.#exports.mj_xip_outdate(offset, count);
  }

  /** Another master reads the word at `address` (0x10 to 0x13) through the XIP port: cycles beyond those of a hit. */
  xipReadByOther(address: number, cycle: number): number {
    return this.#exports.mj_xip_by_other(address, cycle);
  }

  /** Another master uses the bus port of `address` in `cycle`: see `Chip.contend`. */
  contend(address: number, cycle: number): void {
    this.#exports.mj_contend(address, cycle);
  }

  #setDouble(field: number, value: number): void {
    this.#doubles[field >> 1] = value;
  }

  #count(field: number): number {
    return this.state[field]! + this.state[field + 1]! * 0x1_0000_0000;
  }

  /** Runs for `left` cycles; returns one of `EXIT`. */
  run(): number {
    return this.#exports.mj_run();
  }

  /** True while WFI or WFE goes on; wakes the core, without running it, when what is pending ends the sleep. */
  asleep(): boolean {
    return this.#exports.mj_asleep() !== 0;
  }

  /** After flash or ROM was written from outside. */
  forgetAll(): void {
    this.#exports.mj_forget_all();
  }

  /** The word of flash at an address in any of the XIP windows, past the cache. */
  flashWord(address: number): number {
    return new DataView(this.flash.buffer, this.flash.byteOffset).getUint32(
      address & (FLASH_BYTES - 4),
      true,
    );
  }

  /** After SRAM was written from outside. */
  forgetSram(offset: number, count: number): void {
    this.#exports.mj_forget_sram(offset, count);
  }
}
