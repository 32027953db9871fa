import type { BoardDescriptor } from '../../../src-main/board/board.ts';
import type { Program } from '../../../src-main/compile/program.ts';

/** One Program and what it is asked. */
export interface GraphCase {
  readonly program: Program;
  /** [set][input tensor] raw bytes. */
  readonly sets: readonly (readonly Uint8Array[])[];
}

/** Some give only the CRC of all outputs of a set. */
export type GraphReply =
  | { readonly ok: true; readonly crcs: readonly number[] }
  | { readonly ok: true; /** [set][output tensor] */ readonly outputs: readonly (readonly Uint8Array[])[] }
  | { readonly ok: false; readonly why: string };

/**
 * Something that runs Programs: a core, real or emulated, or the engine in another build. A new one is a file here and
 * a line in runners.ts; it is then asked every random graph.
 */
export interface GraphRunner extends Disposable {
  /** `m0plus emulated`, for messages and the command line. */
  readonly name: string;
  /** Graphs are compiled for it, with the kernels of its core. */
  readonly board: BoardDescriptor;
  /** One reply a case, in order. A crash or a byte written where it must not be is a reply that says so. */
  run(cases: readonly GraphCase[]): Promise<readonly GraphReply[]>;
}
