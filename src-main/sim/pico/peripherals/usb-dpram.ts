/** USB DPRAM: RP2040 data sheet 4.1.2.5. Set-up packet, endpoint and buffer control, data; 4 KiB, any width. */
import type { RegisterBlock } from '../chip.ts';

export const DPRAM_BYTES = 4096;
const BUFFER_CONTROL = 0x80;
const BUFFER_CONTROL_END = 0x100;

export interface DpramEvents {
  /** Endpoint control n was written: 2 · endpoint, + 1 for OUT. */
  readonly endpointControl: (n: number) => void;
  readonly bufferControl: (n: number, before: number, after: number) => void;
}

export class UsbDpram implements RegisterBlock {
  readonly words = new Uint32Array(DPRAM_BYTES / 4);
  readonly bytes = new Uint8Array(this.words.buffer);
  readonly #events: DpramEvents;

  constructor(events: DpramEvents) {
    this.#events = events;
  }

  /** `index` is 2 · endpoint, + 1 for OUT. There is none for endpoint 0. */
  endpointControl(index: number): number {
    return this.words[index]!;
  }

  bufferControl(index: number): number {
    return this.words[(BUFFER_CONTROL >> 2) + index]!;
  }

  setBufferControl(index: number, value: number): void {
    this.words[(BUFFER_CONTROL >> 2) + index] = value;
  }

  read(offset: number): number {
    return this.words[offset >> 2]!;
  }

  write(offset: number, value: number): boolean {
    const before = this.words[offset >> 2]!;
    this.words[offset >> 2] = value;
    if (offset >= BUFFER_CONTROL && offset < BUFFER_CONTROL_END)
      this.#events.bufferControl((offset - BUFFER_CONTROL) >> 2, before, value);
    else if (offset >= 8 && offset < BUFFER_CONTROL) this.#events.endpointControl(offset >> 2);
    return true;
  }

  /** A reset of the controller leaves the memory as it is. */
  reset(): void {
    // nothing to do
  }

  /** What a chip finds after power-on is not specified; zeros here. */
  powerOn(): void {
    this.words.fill(0);
  }
}
