import type { Kernel } from '../abi/generated.ts';
import type { BoardDescriptor, CoreId } from '../board/board.ts';
import type { OpWork } from '../model/graph-check.ts';
import type { TensorType } from '../model/graph.ts';
import type { OpView } from '../model/op-view.ts';

/**
 * One compute kernel: what it needs beside the C file of the same name in firmware/engine/kernels. Several records
 * may serve one operator; the compiler chooses among those that apply (choice.ts).
 */
export interface KernelRecord {
  readonly kernel: Kernel;
  /** As the C function without `mj_`: `conv2d_s8`. */
  readonly name: string;
  /** .tflite builtin code of the operator it computes; a kernel for several has a record for each. */
  readonly builtin: number;
  /** Tells records apart that have one kernel and one operator: `less scratch`, at the price of cycles. */
  readonly variant?: string;
  /** `all`: portable C for every core. Else the cores whose images may carry it; ids from 256. */
  readonly cores: 'all' | readonly CoreId[];
  /** Types of the operator's first input it is for. Absent: every one, or only int8 where `cores` names some. */
  readonly inputTypes?: readonly TensorType[];
  /**
   * True, or the reason why it cannot do this layer, as `microjoule predict --explain` prints it. Everything the
   * kernel's exactness rests on is proven here. General kernels do all that passed the operator's check.
   */
  readonly applies: (view: OpView, board: BoardDescriptor) => true | string;
  /** Parameters, packed constants, scratch; asked only where it applies. */
  readonly lower: (view: OpView) => Lowered;
  /**
   * Cycles (instructions where the board's unit is that) without waits for memory, to rank kernels by; the prediction's
   * coefficients are measured. `Lowered.cycles` goes before it where the packing decides the cost.
   */
  readonly cost: (work: OpWork, view: OpView, core: CoreId) => number;
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
  /**
   * Positions of the operator's inputs that the kernel reads as tensors. All of them where absent, but those that
   * became the constant `weights` and what follows it.
   */
  readonly operands?: readonly number[];
  /** Positions of inputs that are states the kernel also writes: outputs behind the operator's own. */
  readonly updates?: readonly number[];
  /** Cycles without waits, where they follow from the packed constants. */
  readonly cycles?: number;
  /** How the kernel goes through its constants; absent: through all of them, once. */
  readonly reads?: ConstantReads;
}

/** In which order constants are read decides what a cache in front of the flash keeps of them. */
export interface ConstantReads {
  /** Constants gone through in turn … */
  readonly bytes: number;
  /** … so often, all of them from first to last each time. */
  readonly sweeps: number;
  /** Read once, beside those. */
  readonly onceBytes: number;
}

/** A kernel that says nothing reads parameters and constants once. */
export function readsOf({ reads, constants, paramsBytes }: Lowered): ConstantReads {
  const bytes = Object.values(constants).reduce((n, c) => n + c.length, 0);
  return reads ?? { bytes: 0, sweeps: 0, onceBytes: paramsBytes + bytes };
}

export function i32Bytes(values: readonly number[]): Uint8Array {
  const out = new DataView(new ArrayBuffer(4 * values.length));
  values.forEach((x, i) => out.setInt32(4 * i, x, true));
  return new Uint8Array(out.buffer);
}
