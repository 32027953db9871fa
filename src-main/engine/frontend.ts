import { readFile } from 'node:fs/promises';

/**
 * The device's audio front end on this computer: firmware/engine/frontend as WASM, so every coefficient equals
 * the device's bit for bit. 16 kHz mono int16, 30 ms windows every 20 ms, 10 coefficients a frame; one second
 * gives 49 frames.
 */
export interface FrontEnd {
  readonly sampleRateHz: 16000;
  readonly frameSamples: number;
  readonly hopSamples: number;
  readonly coefficientCount: number;
  readonly melCount: number;
  /** Whole frames in so many samples; what is left over at the end is not used. */
  frameCount(samples: number): number;
  /** log2 of the mel energies in steps of 1/65536, [frame][melCount]. */
  logMel(samples: Int16Array): Int32Array;
  /** MFCCs in steps of 1/256, [frame][coefficient]. */
  mfcc(samples: Int16Array): Int16Array;
  /** MFCCs as the model's int8 input: real = scale · (q − zeroPoint). */
  mfccInt8(samples: Int16Array, to: InputQuantization): Int8Array;
  /** Requantises what `mfcc` returned; together they give what `mfccInt8` gives. */
  quantise(mfcc: Int16Array, to: InputQuantization): Int8Array;
}

export interface InputQuantization {
  readonly scale: number;
  readonly zeroPoint: number;
}

// the part of the WebAssembly API that is used; the types otherwise come with the DOM's
declare const WebAssembly: {
  instantiate(bytes: Uint8Array): Promise<{ readonly instance: { readonly exports: unknown } }>;
};

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  samples(): number;
  coefficients(): number;
  quantised(): number;
  logMel(): number;
  melCount(): number;
  frameSamples(): number;
  hopSamples(): number;
  coefficientCount(): number;
  frame(): void;
  quantise(multiplier: number, shift: number, zeroPoint: number): void;
}

/** real/scale = q8 · multiplier / 2^shift, with a 15-bit multiplier as mj_mfcc_output wants it. */
export function outputMultiplier(scale: number): { multiplier: number; shift: number } {
  let multiplier = 1 / (256 * scale);
  let shift = 0;
  while (multiplier < 16384 && shift < 30) {
    multiplier *= 2;
    shift++;
  }
  const rounded = Math.round(multiplier);
  return rounded === 32768 ? { multiplier: 16384, shift: shift - 1 } : { multiplier: rounded, shift };
}

class WasmFrontEnd implements FrontEnd {
  readonly sampleRateHz = 16000;
  readonly frameSamples: number;
  readonly hopSamples: number;
  readonly coefficientCount: number;
  readonly melCount: number;
  readonly #wasm: Exports;
  readonly #samples: Int16Array;
  readonly #logMel: Int32Array;
  readonly #coefficients: Int16Array;
  readonly #quantised: Int8Array;

  constructor(wasm: Exports) {
    this.#wasm = wasm;
    this.frameSamples = wasm.frameSamples();
    this.hopSamples = wasm.hopSamples();
    this.coefficientCount = wasm.coefficientCount();
    this.melCount = wasm.melCount();
    const { buffer } = wasm.memory;
    this.#logMel = new Int32Array(buffer, wasm.logMel(), this.melCount);
    this.#samples = new Int16Array(buffer, wasm.samples(), this.frameSamples);
    this.#coefficients = new Int16Array(buffer, wasm.coefficients(), this.coefficientCount);
    this.#quantised = new Int8Array(buffer, wasm.quantised(), this.coefficientCount);
  }

  frameCount(samples: number): number {
    return Math.max(0, Math.floor((samples - this.frameSamples) / this.hopSamples) + 1);
  }

  logMel(samples: Int16Array): Int32Array {
    const frames = this.frameCount(samples.length);
    const out = new Int32Array(frames * this.melCount);
    for (let f = 0; f < frames; f++) {
      this.#frame(samples, f);
      out.set(this.#logMel, f * this.melCount);
    }
    return out;
  }

  mfcc(samples: Int16Array): Int16Array {
    const frames = this.frameCount(samples.length);
    const out = new Int16Array(frames * this.coefficientCount);
    for (let f = 0; f < frames; f++) {
      this.#frame(samples, f);
      out.set(this.#coefficients, f * this.coefficientCount);
    }
    return out;
  }

  mfccInt8(samples: Int16Array, to: InputQuantization): Int8Array {
    return this.quantise(this.mfcc(samples), to);
  }

  quantise(mfcc: Int16Array, to: InputQuantization): Int8Array {
    const { multiplier, shift } = outputMultiplier(to.scale);
    const out = new Int8Array(mfcc.length);
    for (let at = 0; at < mfcc.length; at += this.coefficientCount) {
      this.#coefficients.set(mfcc.subarray(at, at + this.coefficientCount));
      this.#wasm.quantise(multiplier, shift, to.zeroPoint);
      out.set(this.#quantised, at);
    }
    return out;
  }

  #frame(samples: Int16Array, index: number): void {
    const start = index * this.hopSamples;
    this.#samples.set(samples.subarray(start, start + this.frameSamples));
    this.#wasm.frame();
  }
}

export async function openFrontEnd(): Promise<FrontEnd> {
  const bytes = await readFile(new URL('./frontend.wasm', import.meta.url));
  const { instance } = await WebAssembly.instantiate(bytes);
  return new WasmFrontEnd(instance.exports as Exports);
}
