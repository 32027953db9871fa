import { readFile } from 'node:fs/promises';
import { FrontEnd, readStreamSetup } from '../abi/generated.ts';
import { BugError, fail, ok, type Result } from '../base/errors.ts';

/**
 * The firmware's streaming front end and detector on this computer (firmware/engine/frontend as WASM): from samples to
 * windows of int8 features, equal to the device's bit for bit, however the samples are cut.
 */
export interface FeatureStream {
  /** Memory the device needs for it, beside set-up and ring. */
  readonly workBytes: number;
  /** Values a sample frame: channels, or features a row where the host makes them. */
  readonly width: number;
  /** Sample frames from the first to the last of a window. */
  readonly windowSamples: number;
  /** Bytes a window. */
  readonly windowBytes: number;
  /**
   * Takes interleaved sample frames. `onWindow` is called for each window completed, with the number of frames of
   * `samples` taken by then; `features` is valid during the call only.
   */
  push(samples: Int16Array, onWindow: (features: Int8Array, takenFrames: number) => void): void;
  /** Samples are missing here: forgets what was gathered. */
  restart(): void;
  /** Forgets the windows the detector has seen; `classes` outputs come a window. */
  resetDetector(classes: number): void;
  /** Class detected with this window, or −1; `score` in 1/256 of an int8 step. */
  detect(outputs: Int8Array, lastSample: number): { readonly classIndex: number; readonly score: number };
}

interface WasmModule {
  readonly compiledModule: never;
}
// the part of the WebAssembly API that is used; the types otherwise come with the DOM's
declare const WebAssembly: {
  compile(bytes: Uint8Array): Promise<WasmModule>;
  instantiate(module: WasmModule): Promise<{ readonly exports: unknown }>;
};

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  streamSetup(): number;
  streamValues(): number;
  streamWindow(): number;
  detectOutputs(): number;
  streamOpen(bytes: number): number;
  streamRestart(): void;
  streamPush(fromValue: number, count: number): number;
  windowSamples(): number;
  mulawDecode(code: number): number;
  detectReset(classes: number): void;
  detect(lastSample: number): number;
  detectScore(): number;
}

/** The buffer between here and the WASM, in int16 values. */
const VALUES = 8192;
const MOST_SETUP_BYTES = 16384;
const MOST_CLASSES = 32;

let compiled: Promise<WasmModule> | null = null;

async function instance(): Promise<Exports> {
  compiled ??= readFile(new URL('./frontend.wasm', import.meta.url)).then((bytes) =>
    WebAssembly.compile(bytes),
  );
  const made = await WebAssembly.instantiate(await compiled);
  return made.exports as Exports;
}

class WasmFeatureStream implements FeatureStream {
  readonly workBytes: number;
  readonly width: number;
  readonly windowSamples: number;
  readonly windowBytes: number;
  readonly #wasm: Exports;
  readonly #values: Int16Array;
  readonly #window: Int8Array;
  readonly #outputs: Int8Array;

  constructor(wasm: Exports, setup: Uint8Array, workBytes: number) {
    const s = readStreamSetup(new DataView(setup.buffer, setup.byteOffset), 0);
    this.#wasm = wasm;
    this.workBytes = workBytes;
    this.width = s.frontEnd === FrontEnd.Features ? s.rowElements : s.channels;
    this.windowSamples = wasm.windowSamples();
    this.windowBytes = s.windowRows * s.rowElements;
    const { buffer } = wasm.memory;
    this.#values = new Int16Array(buffer, wasm.streamValues(), VALUES);
    this.#window = new Int8Array(buffer, wasm.streamWindow(), this.windowBytes);
    this.#outputs = new Int8Array(buffer, wasm.detectOutputs(), MOST_CLASSES);
  }

  push(samples: Int16Array, onWindow: (features: Int8Array, takenFrames: number) => void): void {
    const { width } = this;
    if (samples.length % width !== 0) throw new BugError('samples are not whole frames');
    const most = Math.floor(VALUES / width);
    for (let start = 0; start < samples.length / width; start += most) {
      const frames = Math.min(most, samples.length / width - start);
      this.#values.set(samples.subarray(start * width, (start + frames) * width));
      for (let at = 0; at < frames;) {
        const taken = this.#wasm.streamPush(at * width, frames - at);
        at += taken & 0x7fffffff;
        if (taken < 0) onWindow(this.#window, start + at);
      }
    }
  }

  restart(): void {
    this.#wasm.streamRestart();
  }

  resetDetector(classes: number): void {
    this.#wasm.detectReset(classes);
  }

  detect(outputs: Int8Array, lastSample: number): { classIndex: number; score: number } {
    this.#outputs.set(outputs.subarray(0, MOST_CLASSES));
    const classIndex = this.#wasm.detect(lastSample >>> 0);
    return { classIndex, score: this.#wasm.detectScore() };
  }
}

/** `setup` as `streamSetup` made it. Fails with `engine.stream-setup-refused`. */
export async function openFeatureStream(setup: Uint8Array): Promise<Result<FeatureStream>> {
  const refuse = () =>
    fail(
      'engine.stream-setup-refused',
      { setupBytes: setup.length },
      "The front end found the stream's set-up inconsistent.",
      'Open the stream with a front end of this version.',
    );
  if (setup.length > MOST_SETUP_BYTES) return refuse();
  const wasm = await instance();
  new Uint8Array(wasm.memory.buffer, wasm.streamSetup(), setup.length).set(setup);
  const workBytes = wasm.streamOpen(setup.length);
  return workBytes === 0 ? refuse() : ok(new WasmFeatureStream(wasm, setup, workBytes));
}

/** G.711 µ-law as the device decodes it: what a sample is worth after the line. */
export async function openMulawDecoder(): Promise<(code: number) => number> {
  const wasm = await instance();
  return (code) => wasm.mulawDecode(code);
}
