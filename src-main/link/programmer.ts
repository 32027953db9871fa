import type { Result } from '../base/errors.ts';

/**
 * How a target is programmed, reset and powered. A real Pico: UF2 drive; the emulated one: the same bytes
 * into the same loader. `resetToImage` returns when the target was released from reset, not when it booted.
 */
export interface Programmer extends AsyncDisposable {
  readonly kind: 'sim' | 'uf2-drive' | 'none';
  /** Writes a complete UF2 and starts it. Fails before the target is touched if the file is malformed. */
  program(uf2: Uint8Array, onProgress?: (fraction: number) => void): Promise<Result<void>>;
  /** Hardware reset (RUN pin or power). `programmer.cannot-reset` where the target has no such wire. */
  reset(): Promise<Result<void>>;
}
