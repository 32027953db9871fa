import { readFileSync } from 'node:fs';
import { BugError } from '../../../base/errors.ts';
import { CPU, CPU_WORDS } from './cpu-state.ts';

/** What the core sees beyond its memories. Addresses and values are unsigned 32-bit; `bytes` is 1, 2 or 4. */
export interface CoreBus {
  read(address: number, bytes: number): number;
  write(address: number, value: number, bytes: number): void;
  /** The core wants to execute from where silicon could and this model does not. Must stop the emulation. */
  refuseFetch(address: number): void;
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
  readonly #exports: CoreExports;

  constructor(bus: CoreBus) {
    const imports = {
      bus: {
        read: (address: number, bytes: number) => bus.read(address >>> 0, bytes),
        write: (address: number, value: number, bytes: number) =>
          bus.write(address >>> 0, value >>> 0, bytes),
        refuseFetch: (address: number) => bus.refuseFetch(address >>> 0),
      },
    };
    const e = new WebAssembly.Instance(coreModule(), imports).exports as unknown as CoreExports;
    if (e.mj_cpu_bytes() !== CPU_WORDS * 4)
      throw new BugError('core.wasm and cpu-state.ts differ: rebuild the core');
    const buffer = e.memory.buffer;
    this.#exports = e;
    this.state = new Uint32Array(buffer, e.mj_cpu_address(), CPU_WORDS);
    this.signedState = new Int32Array(buffer, e.mj_cpu_address(), CPU_WORDS);
    this.rom = new Uint8Array(buffer, e.mj_rom_address(), ROM_BYTES);
    this.flash = new Uint8Array(buffer, e.mj_flash_address(), FLASH_BYTES);
    this.sram = new Uint8Array(buffer, e.mj_sram_address(), SRAM_BYTES);
    e.mj_forget_all();
    this.resetRegisters();
  }

  /** ARMv6-M reset state; VTOR 0, interrupts off, nothing pending. XIP stays as the SSI has it. */
  resetRegisters(): void {
    const xip = this.state[CPU.xipBytes]!;
    const compatible = this.state[CPU.compatible]!;
    const halt = this.state[CPU.haltOnBkpt]!;
    this.state.fill(0);
    this.state[CPU.z] = 1;
    this.state[CPU.xipBytes] = xip;
    this.state[CPU.compatible] = compatible;
    this.state[CPU.haltOnBkpt] = halt;
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

  /** After SRAM was written from outside. */
  forgetSram(offset: number, count: number): void {
    this.#exports.mj_forget_sram(offset, count);
  }
}
