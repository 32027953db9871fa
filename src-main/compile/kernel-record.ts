import type { Kernel } from '../abi/generated.ts';
import type { BoardDescriptor } from '../board/board.ts';
import type { OpWork } from '../model/graph-check.ts';
import type { OpView } from '../model/op-view.ts';

/**
 * One compute kernel: what it needs beside the C file of the same name in firmware/engine/kernels. Several records
 * may serve one operator; `chooseKernel` takes the cheapest that applies.
 */
export interface KernelRecord {
  readonly kernel: Kernel;
  /** As the C function without `mj_kernel_`: `conv2d_s8`. */
  readonly name: string;
  /** .tflite builtin code of the operator it computes. */
  readonly builtin: number;
  /** Shapes, types and boards it can do; general kernels do all that passed the operator's check. */
  readonly applies: (view: OpView, board: BoardDescriptor) => boolean;
  /** Parameters, packed constants, scratch. */
  readonly lower: (view: OpView) => Lowered;
  /** Rough cycles on a Cortex-M0+, to rank kernels by; the prediction's coefficients are measured, not these. */
  readonly cost: (work: OpWork) => number;
}

/** What a kernel wants stored in the Program for one operator. */
export interface Lowered {
  readonly paramsBytes: number;
  /** By the names `writeParams` asks for; equal contents are stored once. */
  readonly constants: Readonly<Record<string, Uint8Array>>;
  /** `offset(name)` is where that constant lies in the Program; 0 when there is none. */
  readonly writeParams: (view: DataView, at: number, offset: (constant: string) => number) => void;
  /** Arena bytes wanted while the operator runs. */
  readonly scratchBytes: number;
}

export function i32Bytes(values: readonly number[]): Uint8Array {
  const out = new DataView(new ArrayBuffer(4 * values.length));
  values.forEach((x, i) => out.setInt32(4 * i, x, true));
  return new Uint8Array(out.buffer);
}
